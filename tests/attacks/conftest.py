"""A registry, and a review panel that had the root's file from elsewhere before anything began."""

import shutil
from pathlib import Path

import pytest

from tests.attacks.panel import Panel
from tests.journeys.program import Shell
from tests.registry.rig import Rig


@pytest.fixture
def panel(lite: Rig, tmp_path: Path) -> Panel:
    """The panel, before the registry's first certificate."""
    folder = tmp_path / "panel"
    folder.mkdir()
    shutil.copy(lite.publish() / "root.json", folder / "root.json")
    return Panel(Shell(folder, passphrase=None))
