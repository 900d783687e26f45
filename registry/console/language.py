"""Language of a page: chosen by the reader (cookie), else by his browser, else Chinese. Message catalogues.

The source text in templates is Chinese and is the message's own name. Sentences that belong to a code (``problem.csrf``)
have both languages in catalogues. Each capability has its own file, so that two never wait for each other; they are read
and joined at the start.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

ZH, EN = "zh-CN", "en"
LANGUAGES = (ZH, EN)
LANGUAGE_COOKIE = "__Host-certreg-lang"
_FOLDERS = {ZH: "zh_CN", EN: "en"}


def chosen_language(cookie: str | None, accept: str) -> str:
    """The reader's language."""
    if cookie in LANGUAGES:
        return str(cookie)
    best, weight = ZH, 0.0
    for part in accept.split(","):
        name, _, rest = part.strip().partition(";")
        quality = _quality(rest)
        if quality > weight and name[:2].lower() in ("zh", "en"):
            best, weight = (EN if name[:2].lower() == "en" else ZH), quality
    return best


def _quality(rest: str) -> float:
    name, _, value = rest.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


@cache
def translations() -> Mapping[str, Translations]:
    """All catalogues of each language as one."""
    return {lang: _joined(_FOLDERS[lang]) for lang in LANGUAGES}


def _joined(folder: str) -> Translations:
    joined = Translations()
    for entry in sorted(catalogue_files(folder), key=lambda one: one[0]):
        compiled = BytesIO()
        write_mo(compiled, read_po(BytesIO(entry[1]), locale=folder, abort_invalid=True))
        compiled.seek(0)
        joined.merge(Translations(compiled))
    return joined


def catalogue_files(folder: str) -> list[tuple[str, bytes]]:
    """Name and bytes of each catalogue of a language's folder."""
    place = files("templates") / "locale" / folder / "LC_MESSAGES"
    return [(one.name, one.read_bytes()) for one in place.iterdir() if one.name.endswith(".po")]
