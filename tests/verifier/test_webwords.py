"""The page's words are the command line's sentences."""

import json
from pathlib import Path

from verifier.messages import LANGUAGES
from verifier.webwords import FOLDER, files, main, words


def test_the_committed_words_are_what_is_written(tmp_path: Path) -> None:
    main(tmp_path / "words")
    for lang in LANGUAGES:
        committed = (FOLDER / f"{lang}.json").read_bytes()
        assert committed == (tmp_path / "words" / f"{lang}.json").read_bytes(), (
            "verifier.webwords.main() writes them anew"
        )
        assert json.loads(committed) == words(lang)
    assert len(files()) == len(list(FOLDER.iterdir())) == len(LANGUAGES)


def test_both_languages_have_the_same_words() -> None:
    chinese, english = (words(lang) for lang in LANGUAGES)
    assert {name: set(table) for name, table in chinese.items()} == {
        name: set(table) for name, table in english.items()
    }
