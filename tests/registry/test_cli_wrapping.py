"""No letter is lost where Chinese and English are wrapped, in help and in tables."""

import pytest
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

from registry.cli.main import app

SENTENCE = "内部备注，不公开 · a remark for the office, not published"


CLAUSE = "更正缘由，只在屏幕上显示；公开事由为 superseded · why, shown here only"


@pytest.mark.parametrize("sentence", [SENTENCE, CLAUSE])
def test_a_cell_of_any_width_keeps_every_letter(sentence: str) -> None:
    for width in range(24, 70):
        console = Console(width=width)
        table = Table(show_header=False, box=None, padding=0)
        table.add_row(sentence)
        with console.capture() as captured:
            console.print(table)
        assert "".join(captured.get().split()) == "".join(sentence.split()), width


@pytest.mark.parametrize("width", [72, 80, 100, 132])
def test_a_clause_without_a_space_is_kept(width: int) -> None:
    said = CliRunner().invoke(app, ["correct", "--help"], env={"COLUMNS": str(width)})
    assert "".join(CLAUSE.split()) in "".join(said.output.split()).replace("│", "")


@pytest.mark.parametrize("width", [60, 72, 80, 100, 132])
def test_help_keeps_every_letter(width: int) -> None:
    said = CliRunner().invoke(app, ["revoke", "--help"], env={"COLUMNS": str(width)})
    shown = "".join(said.output.split()).replace("│", "")
    for sentence in (SENTENCE, "不再询问 · do not ask"):
        assert "".join(sentence.split()) in shown
