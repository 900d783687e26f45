"""A clerk who hands in lists: somebody twice, under two offices, spelled otherwise. One clerk alone can still invent a person.

That a second person must release a batch is not built yet; what binds a clerk today is in the intake, the claims and the scopes.
"""

import pytest

from tests.attacks.panel import Panel
from tests.builders import INDUSTRY
from tests.matrices import cells
from tests.registry.rig import Rig, assert_sound
from tests.registry.sheets import ANNUAL, annual, identity, write_csv

SERIAL = next(serial for serial in range(1000) if identity(serial).endswith("X"))
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


SPELLED: dict[str, dict[str, object]] = {
    "as it was": {},
    "small x": {"身份证号": identity(SERIAL).lower()},
    "full width": {"身份证号": identity(SERIAL).translate(FULL_WIDTH)},
    "spaces": {"身份证号": f" {identity(SERIAL)[:6]} {identity(SERIAL)[6:]} "},
    "another name and employer": {"姓名": "张文搏", "工作单位": "河南省人民医院", "职称等级": "高级"},
    "a spaced name": {"姓名": "张 文 博"},
}


@pytest.mark.parametrize("how", cells(SPELLED, always=("as it was", "another name and employer")))
def test_somebody_twice_under_two_offices(lite: Rig, panel: Panel, how: str) -> None:
    spelled = SPELLED[how]
    (number,) = lite.issue(SERIAL)
    file = write_csv(lite.folder / "again.csv", [ANNUAL, annual(SERIAL, **spelled)])
    result = lite.submit(file, authority=INDUSTRY)
    assert result.issued == []
    code = "issued_to_another_name" if how == "another name and employer" else "already_issued"
    assert code in {one.code for one in result.findings}
    assert_sound(lite.app, issued=1)
    lite.publish()
    assert panel.verdict(panel.file("a.json", lite.record(number)), site=lite.site) == ("PASSED", "valid")


def test_an_identity_number_that_nobody_can_have(lite: Rig) -> None:
    false = identity(SERIAL)[:-1] + "1"
    file = write_csv(lite.folder / "false.csv", [ANNUAL, annual(SERIAL, 身份证号=false)])
    assert lite.submit(file).issued == []
    assert_sound(lite.app, issued=0)
