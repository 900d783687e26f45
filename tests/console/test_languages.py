"""Words: every sentence of the templates and every code has both languages, and no template says anything else."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from registry.actors import Role
from registry.console.language import EN, ZH, catalogue_files, chosen_language, translations
from registry.console.problems import STATUS
from registry.console.rendering import environment
from registry.console.sentences import problem_sentence
from registry.messages import UNKNOWN

_CODE = re.compile(r"[a-z][a-z0-9_.-]+")
_TAGS = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_SPOKEN = {
    "aria-label",
    "alt",
    "title",
    "placeholder",
    "data-label",
    "data-waiting",
    "data-failed",
    "data-absent",
    "data-held",
}
_CONVERSION = re.compile(r"%\((\w+)\)s")


def templates() -> list[tuple[str, str]]:
    """Name and text of every page's template."""

    def walk(folder: Traversable, before: str) -> Iterator[tuple[str, str]]:
        for one in folder.iterdir():
            if one.is_dir():
                yield from walk(one, f"{before}{one.name}/")
            elif one.name.endswith(".html"):
                yield f"{before}{one.name}", one.read_text("utf-8")

    return sorted(walk(files("templates") / "console", ""))


def catalogues(folder: str) -> list[tuple[str, Catalog]]:
    from io import BytesIO

    return [(name, read_po(BytesIO(data), locale=folder)) for name, data in catalogue_files(folder)]


def test_every_sentence_has_english() -> None:
    from io import BytesIO

    missing: list[str] = []
    for name, text in templates():
        found = extract(
            "jinja2", BytesIO(text.encode()), options={"newstyle_gettext": "true", "silent": "false"}
        )
        for _, message, _, _ in found:
            for one in message if isinstance(message, tuple) else (message,):
                if one and translations()[EN].gettext(one) == one:
                    missing.append(f"{name}: {one}")
    assert missing == []


def test_every_code_has_both_languages_and_the_same_values() -> None:
    named = [
        {one.id: one.string for _, catalogue in catalogues(folder) for one in catalogue if one.id}
        for folder in ("zh_CN", "en")
    ]
    chinese = named[0]
    english = {
        name: text for name, text in named[1].items() if isinstance(name, str) and _CODE.fullmatch(name)
    }
    assert chinese.keys() == english.keys()
    for name, text in chinese.items():
        values = [
            {part[1] for part in Formatter().parse(str(one)) if part[1]} for one in (text, english[name])
        ]
        assert values[0] == values[1], name
        assert text, name
        assert english[name], name


def test_values_of_sentences_survive_translation() -> None:
    for _, catalogue in catalogues("en"):
        for one in catalogue:
            if one.id and isinstance(one.id, str) and not _CODE.fullmatch(one.id):
                assert set(_CONVERSION.findall(one.id)) == set(_CONVERSION.findall(str(one.string))), one.id


def test_no_sentence_is_translated_twice_differently() -> None:
    """Each capability has a file of its own; what two share they say alike."""
    for folder in ("zh_CN", "en"):
        said: dict[object, dict[str, list[str]]] = {}
        for name, catalogue in catalogues(folder):
            for one in filter(lambda one: one.id, catalogue):
                key = one.id if isinstance(one.id, str) else tuple(one.id)
                said.setdefault(key, {}).setdefault(str(one.string), []).append(name)
        assert {key: texts for key, texts in said.items() if len(texts) > 1} == {}


class Bare(HTMLParser):
    """Finds what a template says by itself, once its expressions are taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._aside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._aside = (dict(attrs).get("lang") or "") in (ZH, EN)  # a word in its own language: the switch
        self.found += [f"{name}={value}" for name, value in attrs if name in _SPOKEN and _says(value or "")]

    def handle_endtag(self, tag: str) -> None:
        self._aside = False

    def handle_data(self, data: str) -> None:
        if _says(data) and not self._aside:
            self.found.append(data.strip())


def _says(text: str) -> bool:
    return any(character.isalpha() for character in text)


@pytest.mark.parametrize("name", [name for name, _ in templates()])
def test_no_template_says_anything_outside_the_catalogues(name: str) -> None:
    bare = Bare()
    bare.feed(_TAGS.sub(" ", dict(templates())[name]))
    assert bare.found == []


@pytest.mark.parametrize("lang", [ZH, EN])
def test_every_role_and_problem_has_a_sentence(lang: str) -> None:
    for role in Role:
        assert translations()[lang].gettext(f"role.{role.value}") != f"role.{role.value}"
    for code in STATUS:
        text = translations()[lang].gettext(f"problem.{code}")
        said = problem_sentence(code, {part[1]: 1 for part in Formatter().parse(text) if part[1]}, lang)
        assert said not in (code, f"problem.{code}", *UNKNOWN)


@pytest.mark.parametrize(
    ("cookie", "accept", "lang"),
    [
        (None, "", ZH),
        (None, "fr-FR,fr", ZH),
        (None, "en-GB,en;q=0.9", EN),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", ZH),
        (None, "fr,en;q=0.5,zh;q=0.4", EN),
        (None, "en;q=nonsense", ZH),
        (EN, "zh-CN", EN),
        (ZH, "en", ZH),
        ("de", "en", EN),
    ],
)
def test_the_language_of_a_reader(cookie: str | None, accept: str, lang: str) -> None:
    assert chosen_language(cookie, accept) == lang


def test_dates_and_counts() -> None:
    moment = 1_795_798_800  # 2026-11-27T17:00:00Z, which is the 28th in China
    for lang, day in ((ZH, "2026年11月28日"), (EN, "28 Nov 2026")):
        made = environment(lang)
        assert made.from_string("{{ at | day }}").render(at=moment) == day
        assert made.from_string("{{ at | moment }}").render(at=moment) == f"{day} 01:00"
        assert made.from_string("{{ n | count }}").render(n=1234567) == "1,234,567"


def test_who_issues_is_called_as_on_the_paper() -> None:
    """``发证机关`` stands on every published face; 施教机构, 省级机构 and the like are somebody else."""
    from registry import messages
    from verifier import sentences

    said = [text for _, text in templates()]
    said += [
        str(one.id) + str(one.string)
        for lang in ("en", "zh_CN")
        for _, found in catalogues(lang)
        for one in found
    ]
    said += [pair[0] for pair in messages.ERRORS.values()] + [one.zh for one in sentences.SENTENCES.values()]
    others = [text[:80] for text in said if re.search("发证机构|签发机关|本机构|该机构", text)]
    assert others == [], "the issuing authority is 发证机关, 机关 for short"
