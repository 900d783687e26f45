"""The page's words are the command line's sentences."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verifier.messages import LANGUAGES
from verifier.webwords import DESK_FOLDER, FOLDER, desk_words, files, main, words


def test_the_committed_words_are_what_is_written(tmp_path: Path) -> None:
    main(tmp_path / "words", tmp_path / "desk")
    for folder, name, said in ((FOLDER, "words", words), (DESK_FOLDER, "desk", desk_words)):
        for lang in LANGUAGES:
            committed = (folder / f"{lang}.json").read_bytes()
            assert committed == (tmp_path / name / f"{lang}.json").read_bytes(), (
                "verifier.webwords.main() writes them anew"
            )
            assert json.loads(committed) == said(lang)
        assert len(files(said)) == len(list(folder.iterdir())) == len(LANGUAGES)


@pytest.mark.parametrize("said", [words, desk_words])
def test_both_languages_have_the_same_words(said: Callable[[str], dict[str, Any]]) -> None:
    chinese, english = (said(lang) for lang in LANGUAGES)
    assert {name: set(table) for name, table in chinese.items()} == {
        name: set(table) for name, table in english.items()
    }
