"""What each child would do first, done once in the fork server that it comes from: mappers, statements, templates, a font's table.

A registry of its own is founded, issues, publishes and is looked through, and is gone before the first child. Nothing stays but what
a program keeps of its own files (``lru_cache``), and SQLAlchemy of its statements.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from registry.fsck import fsck
from tests.registry.rig import Place, copy_home, found, opened


def _warm(folder: Path) -> None:
    founded, home = Place(folder / "founded"), folder / "home"
    found(founded).database.close()
    with opened(Place(copy_home(founded.home, home)), folder) as rig:
        number = rig.issue(1)[0]
        rig.publish()
        rig.judge(number)
        fsck(rig.app)


with TemporaryDirectory() as name:
    _warm(Path(name))
