// @ts-check
/**
 * Applicants and their claims from the rows of a spreadsheet: the heading row is found, columns may come in any order and
 * under many names, and an identity number is masked as soon as it is read, as certificates have it.
 */

import { parseTypedNumber } from '../core/forms.js';
import { fold } from './rows.js';
import { FileProblem } from './zip.js';

/** @typedef {import('./rows.js').Applicant} Applicant */

const HEADER_ROWS = 20;
const NAMES = /** @type {Object<string, string[]>} */ ({
  name: ['姓名', '名字', '申报人', '申报人姓名', '申请人', '申请人姓名', '参评人', '参评人姓名', '人员姓名', '教师姓名', '持证人', '持证人姓名', 'name', 'fullname', 'applicant'],
  identity: ['身份证号', '身份证号码', '身份证', '证件号码', '证件号', '身份证件号', '身份证件号码', '公民身份号码', '居民身份证号', '居民身份证号码', 'idnumber', 'identitynumber', 'identitydocument'],
  employer: ['工作单位', '单位', '所在单位', '单位名称', '用人单位', '工作单位名称', 'employer', 'organisation', 'organization'],
  grade: ['职称等级', '职称级别', '申报级别', '申报等级', '申报职称级别', '评审级别', '级别', '等级', 'grade', 'level'],
  year: ['年度', '年份', '学年', '年', '学时年度', '继续教育年度', 'year'],
  numbers: ['证书编号', '编号', '证书号', '证书号码', '继续教育证书编号', '继续教育证书号', '合格证编号', '证书', 'number', 'numbers', 'certificatenumber', 'certificateno', 'certificate'],
  professional: ['专业科目学时', '专业科目', '专业学时', '专业课学时', '专业课', '专业', 'professionalhours', 'professional'],
  public: ['公需科目学时', '公需科目', '公需学时', '公需课学时', '公需课', '公需', '公共学时', 'publichours', 'generalhours', 'public'],
  total: ['学时', '总学时', '合计学时', '合计', '学时合计', '申报学时', '申报学时合计', '继续教育学时', '完成学时', 'hours', 'totalhours', 'claimedhours', 'total'],
});
const FIELDS = new Map(Object.entries(NAMES).flatMap(([field, names]) => names.map((name) => /** @type {[string, string]} */ ([name, field]))));
const GRADES = /** @type {[RegExp, string][]} */ ([[/高级|正高|副高|senior/i, 'senior'], [/中级|intermediate/i, 'intermediate'], [/初级|助理|员级|junior/i, 'junior']]);

/** @param {string} text @returns {{field: string, year: number}|undefined} what a heading means: `2024年专业科目学时` is of a year */
function headingOf(text) {
  const bare = fold(text).replace(/[(（[【].*?[)）\]】]/g, '').replace(/[*:：_-]/g, '');
  const match = /^((?:19|20)[0-9]{2})(?:年度|年)?(.*)$/.exec(bare) || /^(.*?)((?:19|20)[0-9]{2})(?:年度|年)?$/.exec(bare);
  const [year, rest] = !match ? ['0', bare] : /^[0-9]{4}$/.test(match[1]) ? [match[1], match[2]] : [match[2], match[1]];
  const field = FIELDS.get(rest.replace(/[0-9]+$/, '')) || (Number(year) && !rest ? 'numbers' : undefined);
  return field ? { field, year: Number(year) } : undefined;
}

/** @param {string[][]} sheet @returns {{at: number, columns: ({field: string, year: number}|undefined)[]}|undefined} */
function header(sheet) {
  const found = sheet.slice(0, HEADER_ROWS).map((row, at) => ({ at, columns: row.map(headingOf) }));
  const scored = found.filter(({ columns }) => columns.some((one) => one && one.field === 'name'));
  return scored.sort((a, b) => b.columns.filter(Boolean).length - a.columns.filter(Boolean).length)[0];
}

/** @param {string} text @returns {string} masked as in a record; empty where it is no identity number */
export function masked(text) {
  const bare = fold(text).toUpperCase();
  if (/^[0-9]{17}[0-9X]$/.test(bare)) return `${bare.slice(0, 6)}********${bare.slice(-4)}`;
  return /^[0-9]{6}\*{8}[0-9]{3}[0-9X]$/.test(bare) ? bare : '';
}

/** @param {string} text @returns {string[]} numbers, one or several in a cell; what is none stays as it was typed */
function numbersIn(text) {
  return text.split(/[,，、;；\n]+|\s{2,}/).map((one) => one.trim()).filter(Boolean).slice(0, 20).map((one) => {
    try {
      const { authority, year, kind, serial } = parseTypedNumber(one);
      const digits = one.normalize('NFKC').replace(/[^0-9]/g, '');
      return digits.length === 20 && authority && year && kind && serial ? digits : one.slice(0, 64);
    } catch (_) {
      return one.slice(0, 64);
    }
  });
}

const SUM = /^(?:合计|总计|小计|total|sum)$/i;

/** @param {string} text @returns {number|undefined} */
function hoursIn(text) {
  const match = /^([0-9]{1,5})(?:\.0*)?(?:学时|课时|小时|h)?$/i.exec(fold(text));
  return match ? Number(match[1]) : undefined;
}

/**
 * @param {string[][][]} sheets
 * @returns {{applicants: Applicant[], doubts: number}} `doubts`: cells that should say a year or hours and do not, rows without a name
 */
export function applicantsOf(sheets) {
  /** @type {Map<string, Applicant>} */
  const people = new Map();
  let doubts = 0;
  for (const sheet of sheets) {
    const found = header(sheet);
    if (!found) continue;
    for (const row of sheet.slice(found.at + 1)) doubts += readRow(row, found.columns, people);
  }
  if (!people.size) throw new FileProblem('sheetNoNames');
  return { applicants: [...people.values()], doubts };
}

/** @param {string[]} row @param {({field: string, year: number}|undefined)[]} columns @param {Map<string, Applicant>} people @returns {number} */
function readRow(row, columns, people) {
  const cells = columns.flatMap((column, at) => (column && row[at] ? [{ ...column, text: row[at] }] : []));
  const first = (/** @type {string} */ field) => (cells.find((cell) => cell.field === field) || { text: '' }).text;
  const name = first('name').normalize('NFC').trim().slice(0, 200);
  // A row of which nobody knows whose it is is told, unless it is a sum, which names nobody on purpose.
  if (!name) return cells.some(({ field }) => ['numbers', 'identity'].includes(field)) ? 1 : 0;
  if (headingOf(name) || SUM.test(fold(name))) return 0;
  const identity = masked(first('identity'));
  const key = `${fold(name)}|${identity}`;
  const person = people.get(key) || { name, identity, claims: {} };
  people.set(key, person);
  const said = first('year');
  const year = Number((/(?:19|20)[0-9]{2}/.exec(fold(said)) || ['0'])[0]);
  let doubts = said && !year ? 1 : 0;
  for (const cell of cells) doubts += claim(person, cell, cell.year || year);
  return doubts;
}

/** @param {Applicant} person @param {{field: string, text: string}} cell @param {number} year @returns {number} */
function claim(person, { field, text }, year) {
  if (field === 'employer') set(person, year)[field] = text.slice(0, 200);
  if (field === 'grade') set(person, year)[field] = (GRADES.find(([pattern]) => pattern.test(text)) || ['', text.slice(0, 200)])[1];
  if (field === 'numbers') {
    for (const number of numbersIn(text)) {
      const mine = set(person, year || (/^[0-9]{20}$/.test(number) ? Number(number.slice(6, 10)) : 0));
      mine.numbers = [...new Set([...(mine.numbers || []), number])].slice(0, 20);
    }
  }
  if (!['professional', 'public', 'total'].includes(field)) return 0;
  const hours = hoursIn(text);
  if (hours === undefined) return 1;
  set(person, year)[/** @type {'professional'|'public'|'total'} */ (field)] = hours;
  return 0;
}

/** @param {Applicant} person @param {number} year */
function set(person, year) {
  person.claims[year] = person.claims[year] || {};
  return person.claims[year];
}
