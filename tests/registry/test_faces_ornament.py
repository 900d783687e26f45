"""The published decoration is what the code computes, and stays inside its place."""

import re
from pathlib import Path

from registry.faces.ornament import files, write
from registry.faces.plane import Frame, smooth_path
from tests.registry.faces_samples import TEMPLATES


def test_published_decoration_is_what_the_code_computes() -> None:
    """If this fails, code was changed under a published face: undo it, or publish a new version of the face."""
    for name, text in files().items():
        assert (TEMPLATES / "face" / "v1" / name).read_text(encoding="utf-8") == text, name


def test_decoration_is_written_for_a_new_version(tmp_path: Path) -> None:
    write(tmp_path)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == files()


def test_decoration_draws_lines_only() -> None:
    """No text, no script, no reference to anything outside the file."""
    for text in files().values():
        assert set(re.findall(r"<(\w+)", text)) <= {"svg", "g", "path", "rect", "circle"}
        assert "href" not in text


def test_a_smooth_path_meets_its_curve_at_the_ends() -> None:
    line = smooth_path(lambda t: (t, 3 * t), 1, 2.0)
    assert line == "M0 0C33 50 67 100 100 150"


def test_a_band_runs_across_or_down() -> None:
    assert Frame(1, 2).along(3) == "translate(200 100)"
    assert Frame(1, 2, upright=True).along(3) == "matrix(0 1 -1 0 50 250)"
