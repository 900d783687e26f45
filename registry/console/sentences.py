"""Sentences of codes: from the catalogues, else from the registry's own messages. Without templates, for the command line too."""

from collections.abc import Mapping

from registry.console.language import translations
from registry.messages import ERRORS, error_sentence


def sentence(code: str, params: Mapping[str, str | int], lang: str) -> str:
    """The sentence of a code: from the catalogues, else from the registry's own messages."""
    found = translations()[lang].gettext(code)
    if found != code:
        return found.format_map(params)
    return error_sentence(code, params, lang) if code in ERRORS else code


def problem_sentence(code: str, params: Mapping[str, str | int], lang: str) -> str:
    """``problem.CODE`` of the catalogues, else the registry's own sentence."""
    name = f"problem.{code}"
    found = sentence(name, params, lang)
    return found if found != name else sentence(code, params, lang)
