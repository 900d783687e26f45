"""The sentences of intake, by code and language: what is wrong, and what the clerk can do about it.

Each entry is (problem, remedy). Placeholders are `{value} {heading} {column} {sheet} {row}` and the finding's own
parameters; they are inserted as text. Both languages of an entry use the same placeholders.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LANGUAGES = ("zh-CN", "en")
Sentences = tuple[str, str]


def _entry(zh_problem: str, zh_remedy: str, en_problem: str, en_remedy: str) -> Mapping[str, Sentences]:
    return MappingProxyType({"zh-CN": (zh_problem, zh_remedy), "en": (en_problem, en_remedy)})


_FILE: Mapping[str, Mapping[str, Sentences]] = {
    "file_empty": _entry(
        "文件是空的。",
        "请选择填好的表格后重新提交。",
        "The file is empty.",
        "Choose the completed spreadsheet and submit it again.",
    ),
    "file_too_large": _entry(
        "文件超过{limit}。",
        "请删去图片等无关内容，或分成几个文件提交。",
        "The file is larger than {limit}.",
        "Remove pictures and other extras, or split it into several files.",
    ),
    "not_a_workbook": _entry(
        "这不是电子表格文件。",
        "请提交 XLSX 工作簿或 CSV 文件。",
        "This is not a spreadsheet.",
        "Submit an XLSX workbook or a CSV file.",
    ),
    "workbook_old": _entry(
        "这是旧版 Excel 97-2003（.xls）工作簿，改扩展名并不能改变格式。",
        "请用 Excel 或 WPS 打开，另存为“Excel 工作簿（*.xlsx）”。",
        "This is an old Excel 97-2003 (.xls) workbook; renaming it does not change its format.",
        "Open it in Excel or WPS and save it as an Excel Workbook (*.xlsx).",
    ),
    "workbook_encrypted": _entry(
        "工作簿设有打开密码。",
        "请取消密码后另存，再提交。",
        "The workbook is protected by a password.",
        "Remove the password, save, and submit it again.",
    ),
    "workbook_damaged": _entry(
        "工作簿已损坏或含有不允许的内容（{detail}）。",
        "请用 Excel 或 WPS 打开并另存为新的 XLSX 文件。",
        "The workbook is damaged or holds something not allowed ({detail}).",
        "Open it in Excel or WPS and save it as a new XLSX file.",
    ),
    "markup_disguised": _entry(
        "这是网页或 XML 文件，只是用了表格的扩展名（多由其他系统导出）。",
        "请用 Excel 或 WPS 打开，另存为“Excel 工作簿（*.xlsx）”。",
        "This is a web page or XML file under a spreadsheet's name (usually an export).",
        "Open it in Excel or WPS and save it as an Excel Workbook (*.xlsx).",
    ),
    "zip_bomb": _entry(
        "工作簿解压后异常巨大（{size}，上限{limit}）。",
        "请删去数据区以外设了格式的空行空列后另存。",
        "The workbook unpacks to an abnormal size ({size}, limit {limit}).",
        "Delete formatted but empty rows and columns beyond the data, and save it again.",
    ),
    "too_many_parts": _entry(
        "工作簿内部件超过{limit}个。",
        "请把数据复制到新的工作簿后提交。",
        "The workbook has more than {limit} parts inside.",
        "Copy the data into a new workbook and submit that.",
    ),
    "too_many_sheets": _entry(
        "工作表超过{limit}张。",
        "请分成几个文件提交。",
        "There are more than {limit} sheets.",
        "Split the workbook into several files.",
    ),
    "too_many_rows": _entry(
        "第{last}行仍有内容，行数上限为{limit}。",
        "请分成几个文件，或删去远处多余的内容。",
        "Row {last} still has content; the limit is {limit} rows.",
        "Split the file, or delete stray content far below the data.",
    ),
    "too_many_columns": _entry(
        "{last}列仍有内容，列数上限为{limit}。",
        "请删去右侧多余的内容。",
        "Column {last} still has content; the limit is {limit} columns.",
        "Delete stray content far to the right of the data.",
    ),
    "too_many_cells": _entry(
        "单元格总数超过{limit}。",
        "请删去无关的列和工作表，或分成几个文件。",
        "There are more than {limit} cells.",
        "Delete columns and sheets that are not needed, or split the file.",
    ),
    "encoding_unknown": _entry(
        "无法识别文字编码（已试{tried}）。",
        "请在 Excel 中另存为“CSV UTF-8”或 XLSX。",
        "The text encoding is not recognised (tried {tried}).",
        "Save it from Excel as CSV UTF-8 or as XLSX.",
    ),
    "csv_damaged": _entry(
        "CSV 第{line}行格式有误（{detail}）。",
        "请检查该行的引号是否成对，或另存为 XLSX。",
        "The CSV is malformed at row {line} ({detail}).",
        "Check that the quotation marks of that row are paired, or save it as XLSX.",
    ),
    "header_not_found": _entry(
        "前{rows}行内找不到表头；已查看的工作表：{sheets}。",
        "表头应在数据上方，列名为：{columns}；也可填写空白名单。如列名显示为乱码，请另存为 XLSX 或“CSV UTF-8”。",
        "No heading row was found in the first {rows} rows; sheets looked at: {sheets}.",
        "Put the headings above the data: {columns}; or fill in an empty list. "
        "If headings look garbled, save the file as XLSX or as CSV UTF-8.",
    ),
    "missing_columns": _entry(
        "工作表「{sheet}」以第{headings_row}行为表头，缺少列：{columns}；未能识别的列名：{unread}。",
        "请补上缺少的列，或把未能识别的列改为规定的列名；列的顺序不限。",
        "Sheet “{sheet}”, with row {headings_row} taken for the headings, lacks the columns {columns}; "
        "headings that were not understood: {unread}.",
        "Add the columns, or give those that were not understood the prescribed headings; their order does not matter.",
    ),
    "duplicate_column": _entry(
        "工作表「{sheet}」有两列含义相同：{columns}。",
        "请删去或改名其中一列，以免取错。",
        "Sheet “{sheet}” has two columns with one meaning: {columns}.",
        "Delete or rename one of them, so that the wrong one is not taken.",
    ),
    "wrong_kind": _entry(
        "工作表「{sheet}」是{found}证书的表，而办理的是{expected}证书。",
        "请改选{found}证书，或提交正确的表格。",
        "Sheet “{sheet}” is a form for another kind of certificate ({found}) than the one asked for ({expected}).",
        "Choose the kind {found}, or submit the right form.",
    ),
}

_NOTES: Mapping[str, Mapping[str, Sentences]] = {
    "normalised": _entry(
        "已规范书写：「{before}」→「{after}」，含义不变。",
        "无需处理；如不符请改正原表。",
        "Written in standard form: “{before}” → “{after}”, same meaning.",
        "Nothing to do, unless it is not what you meant.",
    ),
    "total_row": _entry(
        "合计行，已跳过：{value}",
        "无需处理。",
        "A row of totals, passed over: {value}",
        "Nothing to do.",
    ),
    "footer_row": _entry(
        "签署或说明行，已跳过：{value}",
        "无需处理。",
        "A row of signatures or remarks, passed over: {value}",
        "Nothing to do.",
    ),
    "repeated_header": _entry(
        "重复的表头，已跳过。",
        "无需处理。",
        "The headings repeated, passed over.",
        "Nothing to do.",
    ),
    "sheet_ignored": _entry(
        "工作表「{sheet}」没有表头，未读取。",
        "如其中有人员，请补上表头后重新提交。",
        "Sheet “{sheet}” has no headings and was not read.",
        "If there are people in it, add the headings and submit it again.",
    ),
    "columns_unused": _entry(
        "工作表「{sheet}」中未使用的列：{columns}。",
        "如其中有应填的内容，请改用规定的列名；否则无需处理。",
        "Columns of sheet “{sheet}” that are not used: {columns}.",
        "If one of them matters, give it the prescribed heading; otherwise nothing to do.",
    ),
    "hidden_sheet": _entry(
        "工作表「{sheet}」是隐藏的，其中的人员一律暂不发证。",
        "请取消隐藏并核对后重新提交；不需要的请删除。",
        "Sheet “{sheet}” is hidden; the people in it are held back.",
        "Unhide it, check it and submit it again; delete it if it is not wanted.",
    ),
    "hidden_rows": _entry(
        "工作表「{sheet}」有{count}个隐藏行（{rows}），其中的人员一律暂不发证。",
        "请取消隐藏或清除筛选，核对后重新提交；不需要的请删除。",
        "Sheet “{sheet}” has {count} hidden rows ({rows}); the people in them are held back.",
        "Unhide them or clear the filter, check, and submit again; delete those not wanted.",
    ),
    "hidden_columns": _entry(
        "工作表「{sheet}」中隐藏的列也已读取：{columns}。",
        "请取消隐藏并核对。",
        "Hidden columns of sheet “{sheet}” were read all the same: {columns}.",
        "Unhide and check them.",
    ),
    "hidden_sheet_included": _entry(
        "工作表「{sheet}」是隐藏的，已按要求一并办理。",
        "请取消隐藏并核对。",
        "Sheet “{sheet}” is hidden; as asked, it is treated like the others.",
        "Unhide and check it.",
    ),
    "hidden_rows_included": _entry(
        "工作表「{sheet}」有{count}个隐藏行（{rows}），已按要求一并办理。",
        "请取消隐藏或清除筛选并核对。",
        "Sheet “{sheet}” has {count} hidden rows ({rows}); as asked, they are treated like the others.",
        "Unhide them or clear the filter, and check.",
    ),
    "total_uncalculated": _entry(
        "「{heading}」的公式没有计算结果，未能核对合计。",
        "请核对两项学时；用 Excel 打开并保存后重新提交即可核对。",
        "The formula in “{heading}” was never calculated, so the total was not checked.",
        "Check both kinds of hours; once the file is opened and saved in Excel the total is checked.",
    ),
    "total_unread": _entry(
        "「{heading}」无法识别（{value}），未能核对合计。",
        "请核对两项学时；合计只填数字即可核对。",
        "“{heading}” cannot be read ({value}), so the total was not checked.",
        "Check both kinds of hours; a plain number here is checked.",
    ),
}

_CELLS: Mapping[str, Mapping[str, Sentences]] = {
    "cell_empty": _entry("「{heading}」为空。", "请补填。", "“{heading}” is empty.", "Fill it in."),
    "cell_merged": _entry(
        "「{heading}」在合并单元格内，本行实际没有内容。",
        "请取消合并，并在每一行填写。",
        "“{heading}” lies in a merged range; this row holds nothing of its own.",
        "Unmerge the cells and fill in every row.",
    ),
    "formula_error": _entry(
        "「{heading}」是公式错误 {error}。",
        "请改正公式，或直接填写内容。",
        "“{heading}” is the formula error {error}.",
        "Correct the formula, or type the content.",
    ),
    "formula_uncalculated": _entry(
        "「{heading}」的公式没有计算结果。",
        "请用 Excel 打开并保存，或直接填写内容。",
        "The formula in “{heading}” was never calculated.",
        "Open and save the file in Excel, or type the content.",
    ),
    "text_expected": _entry(
        "「{heading}」应为文字，现为数字、日期或逻辑值：{value}",
        "请把单元格设为“文本”格式后重新填写。",
        "“{heading}” should be text but is a number, date or truth value: {value}",
        "Set the cell's format to Text and type it again.",
    ),
    "text_characters": _entry(
        "「{heading}」含有不可见或不允许的字符：{characters}",
        "请删去这些字符后重新填写。",
        "“{heading}” holds characters that are invisible or not allowed: {characters}",
        "Delete these characters and type it again.",
    ),
    "text_length": _entry(
        "「{heading}」有{length}个字，应为{least}至{most}个。",
        "请填写规范的全称或简称。",
        "“{heading}” has {length} characters; {least} to {most} are allowed.",
        "Use the proper full or short name.",
    ),
    "text_placeholder": _entry(
        "「{value}」是省略或占位的写法，不能作为{heading}。",
        "请在每一行填写全名或全称。",
        "“{value}” is a ditto mark or a placeholder and cannot stand for {heading}.",
        "Write the full name in every row.",
    ),
    "private_use": _entry(
        "「{heading}」含有自造字（{characters}），换一台电脑就不能显示。",
        "请改用国家标准中的字重新输入。",
        "“{heading}” holds private-use characters ({characters}), which other computers cannot show.",
        "Type the standard character instead.",
    ),
    "glyph_missing": _entry(
        "「{heading}」中的字证书字库没有：{characters}",
        "请核对用字；确为生僻字的，请联系发证机关添加字库。",
        "The certificate's font lacks characters of “{heading}”: {characters}",
        "Check the characters; for a truly rare one ask the issuing authority to extend the font.",
    ),
    "name_lost_character": _entry(
        "姓名「{value}」含有问号或方框，生僻字可能在保存时丢失。",
        "请对照身份证重新输入，并保存为 XLSX 或 UTF-8。",
        "The name “{value}” holds a question mark or box; a rare character was probably lost on saving.",
        "Type it again from the identity card and save as XLSX or UTF-8.",
    ),
    "name_dot": _entry(
        "姓名「{value}」的间隔号是 {found}，应为 ·（U+00B7）。",
        "请改为「{right}」。",
        "The dot in the name “{value}” is {found}; it should be · (U+00B7).",
        "Write “{right}”.",
    ),
    "name_space": _entry(
        "姓名「{value}」中间有空格。",
        "少数民族姓名的间隔处请写 ·（U+00B7），如「{right}」；否则请删去空格。",
        "The name “{value}” has a space in it.",
        "Where a minority's name is parted write · (U+00B7), as in “{right}”; otherwise delete the space.",
    ),
    "name_line_break": _entry(
        "姓名中间有换行：{value}",
        "一行只填一人；同一人的姓名请删去换行。",
        "The name has a line break in it: {value}",
        "One person a row; if it is one person's name, delete the line break.",
    ),
    "name_single": _entry(
        "姓名「{value}」只有一个字。",
        "请对照身份证填写全名；确为一个字的，本系统暂不能办理，请联系发证机关。",
        "The name “{value}” is a single character.",
        "Write the full name as on the identity card; if it truly is one character, it cannot be handled here yet: ask the issuing authority.",
    ),
    "name_length": _entry(
        "姓名有{length}个字，应为{least}至{most}个。",
        "请对照身份证填写；确有这样长的，本系统暂不能办理，请联系发证机关。",
        "The name has {length} characters; {least} to {most} are allowed.",
        "Write it as on the identity card; if it truly is so long, it cannot be handled here yet: ask the issuing authority.",
    ),
    "name_digits": _entry(
        "姓名「{value}」含有数字。",
        "请对照身份证填写姓名，去掉编号。",
        "The name “{value}” holds digits.",
        "Write the name as on the identity card, without numbering.",
    ),
    "name_characters": _entry(
        "姓名「{value}」含有不应出现的字符：{characters}",
        "请对照身份证填写；一行只填一人。",
        "The name “{value}” holds characters that do not belong there: {characters}",
        "Write it as on the identity card, one person a row.",
    ),
    "grade_unknown": _entry(
        "职称等级「{value}」无法识别。",
        "只接受：{accepted}。请勿填写职称名称。",
        "The title grade “{value}” is not known.",
        "Accepted: {accepted}. Do not write the title itself.",
    ),
    "category_unknown": _entry(
        "科目类别「{value}」无法识别。",
        "只接受：{accepted}。",
        "The category “{value}” is not known.",
        "Accepted: {accepted}.",
    ),
    "year_form": _entry(
        "年度「{value}」不是四位年份。",
        "请填写如 2026。",
        "The year “{value}” is not a four-digit year.",
        "Write it like 2026.",
    ),
    "year_mismatch": _entry(
        "本行年度是{year}，而本次办理的是{expected}年度。",
        "请核对；其他年度的请另行提交。",
        "This row is for {year}, but the year asked for is {expected}.",
        "Check it; submit other years separately.",
    ),
    "duplicate_other_name": _entry(
        "身份证号与工作表「{first_sheet}」第{first_row}行相同，姓名却不同：那里是「{first_name}」，这里是「{name}」。",
        "请对照原件，两行中至少有一行的姓名或号码填错。",
        "The identity number is that of sheet “{first_sheet}”, row {first_row}, but the name is not: "
        "“{first_name}” there, “{name}” here.",
        "Check both against the originals; a name or a number of one of the rows is wrong.",
    ),
    "duplicate_in_file": _entry(
        "与工作表「{first_sheet}」第{first_row}行重复。",
        "请核对后只保留一行。",
        "The same as sheet “{first_sheet}”, row {first_row}.",
        "Check which is right and keep one row.",
    ),
    "hidden_row": _entry(
        "本行是隐藏的，暂不发证。",
        "请取消隐藏或清除筛选，核对后重新提交。",
        "This row is hidden and held back.",
        "Unhide it or clear the filter, check it, and submit it again.",
    ),
    "hidden_sheet_row": _entry(
        "本工作表是隐藏的，本行暂不发证。",
        "请取消隐藏，核对后重新提交。",
        "This sheet is hidden, so the row is held back.",
        "Unhide the sheet, check it, and submit it again.",
    ),
    "total_differs": _entry(
        "「{heading}」为 {stated}，而专业科目与公需科目学时之和为 {sum}。",
        "请核对三个数字，改正填错的一个。",
        "“{heading}” is {stated}, but professional and public hours add up to {sum}.",
        "Check the three numbers and correct the wrong one.",
    ),
    "row_too_wide": _entry(
        "本行比表头多出内容，列可能错位。",
        "内容中有逗号时请用双引号括起，或改存为 XLSX。",
        "This row has more cells than there are headings; its columns may be shifted.",
        "Put content with commas in double quotes, or save it as XLSX.",
    ),
}

_IDENTITY: Mapping[str, Mapping[str, Sentences]] = {
    "identity_numeric": _entry(
        "身份证号存成了数字，Excel 只保留 15 位有效数字，末几位已丢失。",
        "请把该列设为“文本”格式，再对照原件重新输入；只改格式不能找回。",
        "The identity number was stored as a number; Excel keeps 15 digits, so the last ones are lost.",
        "Format the column as Text and type the number again from the original; the format alone restores nothing.",
    ),
    "identity_scientific": _entry(
        "身份证号变成了科学计数「{value}」，数字已丢失。",
        "请把该列设为“文本”格式，再对照原件重新输入。",
        "The identity number became scientific notation “{value}”; digits are lost.",
        "Format the column as Text and type the number again from the original.",
    ),
    "identity_digits_lost": _entry(
        "身份证号以 000 结尾且校验不符，可能曾被 Excel 当作数字，末几位已丢失。",
        "请对照原件重新输入，该列设为“文本”格式。",
        "The identity number ends in 000 and its check fails; Excel has probably treated it as a number.",
        "Type it again from the original, with the column formatted as Text.",
    ),
    "identity_old": _entry(
        "这是 15 位的旧身份证号。",
        "请填写现行 18 位号码；系统不代为换算。",
        "This is an old identity number of 15 digits.",
        "Write the present number of 18; it is not converted here.",
    ),
    "identity_other_document": _entry(
        "「{value}」像是护照、港澳居民或台湾居民的证件号码，不是居民身份证号；目前只受理 18 位号码。",
        "有港澳台居民居住证或新版外国人永久居留身份证的，请填其 18 位号码；没有的请联系发证机关，本行删去后其余照常办理。",
        "“{value}” looks like a passport or a permit of Hong Kong, Macao or Taiwan; "
        "only resident identity numbers of 18 characters are accepted yet.",
        "Write the 18-character number of a residence permit or a permanent residence card if there is one; "
        "otherwise ask the issuing authority. The other rows go ahead.",
    ),
    "identity_words": _entry(
        "身份证号栏填的是「{value}」，没有号码。",
        "请填写本人的 18 位号码；“同上”“无”等一律不能代替。",
        "“{value}” stands in the place of the identity number.",
        "Write the person's own 18-character number; words such as ‘same as above’ or ‘none’ are not taken.",
    ),
    "identity_masked": _entry(
        "身份证号打了星号。",
        "请填写完整号码；证书上只显示前 6 位和后 4 位。",
        "The identity number is starred out.",
        "Write the full number; the certificate shows only the first 6 and last 4.",
    ),
    "identity_length": _entry(
        "身份证号有{length}位，应为 18 位。",
        "请对照原件核对。",
        "The identity number has {length} characters; it should have 18.",
        "Check it against the original.",
    ),
    "identity_digits": _entry(
        "身份证号含有不应出现的字符：{characters}（应为 17 位数字，末位数字或 X）。",
        "请对照原件核对，注意字母 O 与数字 0、字母 l 与数字 1。",
        "The identity number holds characters that do not belong: {characters} (17 digits, then a digit or X).",
        "Check it against the original; mind the letter O for 0 and l for 1.",
    ),
    "identity_last": _entry(
        "身份证号末位是 {found}，应为字母 X。",
        "请用键盘输入英文字母 X。",
        "The identity number ends in {found}; it should be the letter X.",
        "Type the letter X of the Latin alphabet.",
    ),
    "identity_signs": _entry(
        "身份证号中夹有其他字符：{characters}。",
        "请只填 18 位号码，删去连字符和文字说明。",
        "Other characters stand in or beside the identity number: {characters}.",
        "Write the 18 characters alone, without hyphens or words.",
    ),
    "identity_date": _entry(
        "身份证号第 7 至 14 位不是可能的出生日期。",
        "请对照原件核对。",
        "Characters 7 to 14 of the identity number are no possible date of birth.",
        "Check it against the original.",
    ),
    "age_implausible": _entry(
        "按身份证号，此人在{year}年底为{age}岁，可能有一位写错。",
        "请对照原件核对；无误则无需处理，照常发证。",
        "By the identity number this person is {age} years old at the end of {year}; a digit may be wrong.",
        "Check it against the original; if it is right there is nothing to do, and the row is issued.",
    ),
    "identity_check": _entry(
        "身份证号校验码不符，至少有一位写错。",
        "请对照原件核对。",
        "The check character of the identity number does not fit; at least one character is wrong.",
        "Check it against the original.",
    ),
}

_NUMBERS: Mapping[str, Mapping[str, Sentences]] = {
    "hours_none": _entry(
        "本行学时为 0，没有可以证明的学习。",
        "请填写实际学时；确未参加学习的，请删去本行。",
        "This row has 0 class hours: there is nothing to certify.",
        "Write the hours that were done; delete the row if there were none.",
    ),
    "hours_fraction": _entry(
        "「{heading}」是小数 {value}，学时应为整数。",
        "请按规定折算后填写整数。",
        "“{heading}” is the fraction {value}; class hours are whole numbers.",
        "Convert it by the rules and write a whole number.",
    ),
    "hours_near": _entry(
        "「{heading}」是 {exact}，不是整数：多由公式计算产生，Excel 显示为 {right}。",
        "请直接填写 {right}，或在公式外加 ROUND( … ,0)。",
        "“{heading}” is {exact}, no whole number: a formula's remainder, which Excel shows as {right}.",
        "Write {right} itself, or put ROUND( … ,0) around the formula.",
    ),
    "hours_unit": _entry(
        "「{heading}」带有单位：{value}",
        "请只填数字；一学时为 45 分钟，小时或天数请先折算。",
        "“{heading}” has a unit: {value}",
        "Write the number only; a class hour is 45 minutes, so convert hours or days first.",
    ),
    "hours_words": _entry(
        "「{heading}」是汉字数字：{value}",
        "请用阿拉伯数字填写。",
        "“{heading}” is written in words: {value}",
        "Use digits.",
    ),
    "hours_negative": _entry(
        "「{heading}」是负数：{value}",
        "请填写 0 或以上的整数。",
        "“{heading}” is negative: {value}",
        "Write a whole number from 0.",
    ),
    "hours_too_many": _entry(
        "「{heading}」为 {value}，超过上限 {limit}。",
        "请核对是否填错。",
        "“{heading}” is {value}, above the limit of {limit}.",
        "Check whether it was mistyped.",
    ),
    "hours_date_format": _entry(
        "「{heading}」的单元格是日期或时间格式：{value}",
        "请把单元格设为“常规”格式后重新填写数字。",
        "The cell of “{heading}” is formatted as a date or time: {value}",
        "Set its format to General and type the number again.",
    ),
    "hours_form": _entry(
        "「{heading}」不是学时数：{value}",
        "请只填 0 或以上的整数，不加千位分隔符、加号或其他符号。",
        "“{heading}” is not a number of class hours: {value}",
        "Write a whole number from 0, without separators of thousands, plus or other signs.",
    ),
    "date_ambiguous": _entry(
        "「{heading}」的日期「{value}」有两种读法。",
        "请写成 2026-11-20 的形式。",
        "The date “{value}” in “{heading}” can be read in two ways.",
        "Write it like 2026-11-20.",
    ),
    "date_order": _entry(
        "「{heading}」的日期「{value}」不是按年、月、日的顺序写的。",
        "请写成 {right} 的形式。",
        "The date “{value}” in “{heading}” is not in the order of year, month and day.",
        "Write it like {right}.",
    ),
    "date_zone": _entry(
        "「{heading}」的「{value}」带有时区，不同时区可能不是同一天，因此不予受理。",
        "请只写日期，如 2026-11-20。",
        "“{value}” in “{heading}” has a time zone; it may be another day elsewhere, so it is not taken.",
        "Write the date alone, like 2026-11-20.",
    ),
    "date_serial": _entry(
        "「{heading}」是日期序号 {value}，单元格不是日期格式。",
        "请把单元格设为日期格式，或写成 2026-11-20 的形式。",
        "“{heading}” is the date serial {value} in a cell that is not formatted as a date.",
        "Format the cell as a date, or write it like 2026-11-20.",
    ),
    "date_invalid": _entry(
        "「{heading}」的日期「{value}」不存在。",
        "请核对月份和日期。",
        "The date “{value}” in “{heading}” does not exist.",
        "Check the month and the day.",
    ),
    "date_incomplete": _entry(
        "「{heading}」的日期「{value}」不完整。",
        "请写到日，如 2026-11-20。",
        "The date “{value}” in “{heading}” is incomplete.",
        "Write it to the day, like 2026-11-20.",
    ),
    "date_future": _entry(
        "「{heading}」的日期「{value}」晚于今天（{today}）。",
        "请核对；尚未结业的不能出具证书。",
        "The date “{value}” in “{heading}” is later than today ({today}).",
        "Check it; nothing can be certified before it is completed.",
    ),
    "completed_other_year": _entry(
        "「{heading}」是 {date}，不在本次办理的{year}年度，也不在上一年。",
        "请核对日期；确为{other}年结业的，请按{other}年度另行提交。",
        "“{heading}” is {date}, neither in {year}, the year asked for, nor in the year before.",
        "Check the date; if the training was completed in {other}, submit it with the year {other}.",
    ),
    "completed_year_before": _entry(
        "「{heading}」是 {date}，在本次办理的{year}年度的上一年。",
        "请核对；无误则无需处理，照常发证。",
        "“{heading}” is {date}, in the year before {year}, the year asked for.",
        "Check it; if it is right there is nothing to do, and the row is issued.",
    ),
    "completed_too_young": _entry(
        "按身份证号，此人在「{heading}」{date} 时未满{age}周岁。",
        "请对照原件核对日期和身份证号。",
        "By the identity number this person was not yet {age} on {date} (“{heading}”).",
        "Check the date and the identity number against the originals.",
    ),
    "date_form": _entry(
        "「{heading}」不是日期：{value}",
        "请写成 2026-11-20 的形式。",
        "“{heading}” is not a date: {value}",
        "Write it like 2026-11-20.",
    ),
}

_ISSUANCE: Mapping[str, Mapping[str, Sentences]] = {
    "already_issued": _entry(
        "此人本年度（或本项目）已有证书 {number}。",
        "不再重复发证；如需修改，请办理更正。",
        "This person has certificate {number} for this year (or programme) already.",
        "Nothing is issued twice; ask for a correction if something is wrong.",
    ),
    "already_issued_differs": _entry(
        "此人本年度（或本项目）已有证书 {number}，本行的{fields}与该证书不同。",
        "不再重复发证，原证书内容不变。请核对；原证书有误的，请办理更正。",
        "This person has certificate {number} for this year (or programme) already; this row differs in {fields}.",
        "Nothing is issued twice and the certificate stays as it is. Check it; ask for a correction if the certificate is wrong.",
    ),
    "issued_to_another_name": _entry(
        "身份证号已有证书 {number}，但登记的姓名与本行的「{value}」不同。",
        "请对照原件核对姓名和身份证号，改正后重新提交本行；确系原证书有误的，请办理更正。",
        "The identity number has certificate {number} already, but in another name than this row's “{value}”.",
        "Check name and number against the originals and submit the row again; if the certificate is wrong, ask for its correction.",
    ),
    "lost_for_cause": _entry(
        "此人（{value}）的证书 {number} 已被撤销（{reason}）。",
        "未经批准不再发证。确需再发的，请在证书 {number} 的页面提出「准许再次发证」，另一人核准后再提交本行。",
        "Certificate {number} of this person ({value}) was revoked ({reason}).",
        "Nothing is issued without approval: propose on the page of {number} that another may be issued; once somebody else has confirmed it, submit the row again.",
    ),
    "hours_short": _entry(
        "学时低于 {rule} 的要求，还差：专业科目 {professional}、公需科目 {public}、合计 {total} 学时。",
        "证书照常发出，核验时会显示学时不足；如填写有误请改正后再提交。",
        "The hours are below what {rule} demands; missing: professional {professional}, public {public}, in all {total}.",
        "The certificate is issued and verifiers say that its hours are short; correct the row first if it is mistyped.",
    ),
    "number_void": _entry(
        "编号 {number} 未能签发，已作废（{reason}）。",
        "请联系管理员；原因消除后重新提交本行。",
        "Number {number} could not be issued and is void ({reason}).",
        "Ask the administrator; submit the row again once the cause is gone.",
    ),
    "qr_too_large": _entry(
        "姓名、单位等文字合计过长，二维码将过密而无法扫描。",
        "请使用单位规范简称，缩短后重新提交。",
        "The texts of this row are too long together; the QR code would be too dense to scan.",
        "Use the employer's registered short name and submit the row again.",
    ),
}

CATALOGUE: Mapping[str, Mapping[str, Sentences]] = MappingProxyType(
    {**_FILE, **_NOTES, **_CELLS, **_IDENTITY, **_NUMBERS, **_ISSUANCE}
)

COMMANDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "header_not_found": {
            "zh-CN": "空白名单：certreg template。",
            "en": "An empty list: certreg template.",
        },
        "hidden_sheet": {"zh-CN": "一并办理：--include-hidden。", "en": "To include it: --include-hidden."},
        "hidden_rows": {"zh-CN": "一并办理：--include-hidden。", "en": "To include them: --include-hidden."},
        "lost_for_cause": {
            "zh-CN": "批准后：certreg release {number}。",
            "en": "Once approved: certreg release {number}.",
        },
    }
)
"""By code, what a remedy says besides to whoever has a command line; a clerk in the console has none."""

_KINDS: Mapping[str, Mapping[str, str]] = {
    "annual": {"zh-CN": "年度", "en": "annual"},
    "completion": {"zh-CN": "结业", "en": "completion"},
}
_CSV_DETAILS = {
    "unexpected end of data": "引号没有成对，文件提前结束",
    "',' expected after '\"'": "引号后应为逗号",
    "';' expected after '\"'": "引号后应为分号",
    "'\t' expected after '\"'": "引号后应为制表符",
    "field larger than field limit (131072)": "单元格内容超过 131072 个字符，多因引号没有成对",
}
_WORKBOOK_DETAILS = {
    "BadZipFile": "压缩包不完整",
    "EOFError": "压缩包不完整",
    "error": "压缩数据有误",
    "NotImplementedError": "压缩方式不受支持",
    "Doctype": "含有不允许的 DTD 声明",
    "CellReference": "单元格地址有误",
    "RowNumber": "行号有误",
    "Encoding": "文字编码不是 UTF-8",
    "DuplicateMember": "内部有重名的文件",
    "ExpatError": "内部 XML 有误",
    "CalamineError": "工作表内容有误",
}


def _in_chinese(details: Mapping[str, str], otherwise: str) -> Mapping[str, Mapping[str, str]]:
    return {"": {"zh-CN": otherwise}, **{detail: {"zh-CN": text} for detail, text in details.items()}}


WORDS: Mapping[tuple[str, str], Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        ("wrong_kind", "found"): _KINDS,
        ("wrong_kind", "expected"): _KINDS,
        ("csv_damaged", "detail"): _in_chinese(_CSV_DETAILS, "格式有误"),
        ("workbook_damaged", "detail"): _in_chinese(_WORKBOOK_DETAILS, "内部结构有误"),
    }
)
"""By code and parameter, how a value that is a word of ours or of a library is said in a language; under ``""`` any other."""
LISTS = frozenset(("accepted", "characters", "columns", "fields", "rows", "sheets", "tried", "unread"))
"""Parameters that are lists, written as Chinese has them."""
