"""Lists in the pages: uploaded, mended, submitted, reviewed, released with the second factor, watched, finished."""

from io import BytesIO

import openpyxl

from registry.actors import Role
from tests.console.rig import Caller, Console
from tests.registry.rig import RULES
from tests.registry.sheets import YEAR, annual, identity
from tests.review.desk import csv_bytes

FORM = {"kind": "annual", "for_year": str(YEAR), "rule_set": RULES}


def upload(caller: Caller, data: bytes, name: str = "名单.csv", **fields: str) -> int:
    answer = caller.post("/console/batches/new", {**FORM, **fields}, files={"file": (name, data)})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


def test_a_clerks_way(console: Console) -> None:
    clerk = console.signed_in(Role.CLERK)
    assert "上传名单" in clerk.get("/console/batches").text
    draft = upload(clerk, csv_bytes([annual(101), annual(102, 姓名="李1雷")]))
    page = clerk.get(f"/console/batches/{draft}").text
    assert "待改的 1 行" in page
    found = clerk.get(f"/console/batches/{draft}/findings").text
    assert "第 3 行" in found
    assert '<mark class="bad">李1雷</mark>' in found
    assert identity(102) not in found
    book = openpyxl.load_workbook(BytesIO(clerk.get(f"/console/batches/{draft}/to-mend.xlsx").content))
    row = [cell.value for cell in book.active[2]]
    assert (row[0], row[1], row[7]) == ("李1雷", identity(102), "1/3/名单")
    book.active["A2"] = "李雷"
    mended = BytesIO()
    book.save(mended)
    answer = clerk.post(
        f"/console/batches/{draft}/upload",
        {"mode": "mended"},
        files={"file": ("待改.xlsx", mended.getvalue())},
    )
    assert answer.status_code == 303
    assert "将为 2 人提交" in clerk.get(f"/console/batches/{draft}").text
    assert clerk.post(f"/console/batches/{draft}/submit", {"remark": "请审"}).status_code == 303
    assert "等待另一人签发" in clerk.get(f"/console/batches/{draft}").text
    assert clerk.get(f"/console/batches/{draft}/review").status_code == 200
    assert "须由另一人审核签发" in clerk.get(f"/console/batches/{draft}/review").text
