"""The page's words are the command line's sentences."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verifier.messages import LANGUAGES
from verifier.sentences import SENTENCES, UNDECIDED
from verifier.webwords import DESK_FOLDER, FOLDER, desk_words, files, main, rare_words, words


def test_the_committed_words_are_what_is_written(tmp_path: Path) -> None:
    main(tmp_path / "words", tmp_path / "desk")
    for folder, name, saids in ((FOLDER, "words", (words, rare_words)), (DESK_FOLDER, "desk", (desk_words,))):
        expected = {file: data for said in saids for file, data in files(said).items()}
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == expected, (
            "verifier.webwords.main() writes them anew"
        )
        assert expected == {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        assert [json.loads(data) for data in expected.values()] == [
            said(lang) for said in saids for lang in LANGUAGES
        ]


def test_common_and_rare_words_are_all_words_and_each_once() -> None:
    for lang in LANGUAGES:
        common, rare = words(lang)["codes"], rare_words(lang)["codes"]
        assert not set(common) & set(rare)
        told = {**common, **rare, **desk_words(lang)["codes"]}
        assert set(told) == set(SENTENCES)
        assert set(UNDECIDED) <= set(rare)  # so that their other sentence is loaded where it is needed


@pytest.mark.parametrize("said", [words, rare_words, desk_words])
def test_both_languages_have_the_same_words(said: Callable[[str], dict[str, Any]]) -> None:
    chinese, english = (said(lang) for lang in LANGUAGES)
    assert {name: set(table) for name, table in chinese.items()} == {
        name: set(table) for name, table in english.items()
    }
