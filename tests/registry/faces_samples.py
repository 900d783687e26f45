"""Certificates for the tests of faces and containers: really signed, in the published templates' own form."""

from functools import cache
from pathlib import Path

from keys.did import authority_did
from keys.proofs import hash_data
from registry.faces.face import FaceSource, face_source
from tests.builders import HOST, MUNICIPAL, municipal_authority, signer
from tests.certificates import assemble_record
from verifier.catalogue import Catalogue, catalogue_of
from verifier.number import number_of
from verifier.qrvalues import Field
from verifier.record import UnverifiedRecord, VerifiedRecord

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
ISSUER = municipal_authority().names["zh"]
LOG_PROOF = b"c2sp.org/tlog-proof@v1\nindex 7\n" + b"q83vEjRWeJA=\n" * 20

MINORITY_NAME = "买买提·吐尔逊"
LONGEST_NAME = "阿卜杜热合曼·阿卜杜克热木·麦麦提吐尔逊·努尔买买提江·买买提艾力·吐尔洪江哈山"
LONGEST_EMPLOYER = "河南省郑州市中原区高新技术产业开发区科学大道一百六十六号河南省人工智能与数字经济产业技术研究院附属第一综合实验医院第一部"
LONGEST_PROGRAMME = "面向装备制造业关键核心技术攻关的工业互联网平台架构设计数据治理与智能运维综合能力提升高级研修项目第二十三期线上线下混合班"
HOSTILE = (
    '#panic("x")',
    "*粗* _斜_",
    "$x^2$",
    "\\",
    '"引"',
    "<a> @b -- ~",
    "= 标题",
    "// 注",
    "[内]{容}",
    "`码`",
)

_HOLDER: dict[str, Field] = {
    "name": "张文博",
    "identityDocument": "410105********1234",
    "employer": "郑州市第一人民医院",
}
_OWN: dict[str, dict[str, Field]] = {
    "annual": {
        "grade": "intermediate",
        "ruleSet": "henan-2012",
        "professionalHours": 60,
        "publicHours": 26,
    },
    "completion": {
        "programme": "人工智能与数字化转型高级研修班",
        "institution": "河南省继续教育基地（郑州大学）",
        "category": "professional",
        "classHours": 24,
        "completedOn": "2026-09-18",
    },
}


@cache
def catalogue() -> Catalogue:
    """The project's own published templates."""
    files = {"ns/certificate/v1": (TEMPLATES / "ns/certificate/v1.json").read_bytes()}
    for kind in _OWN:
        files[f"templates/{kind}/v1/record.json"] = (TEMPLATES / kind / "v1/record.json").read_bytes()
        files[f"schemas/{kind}/v1.json"] = (TEMPLATES / kind / "v1/schema.json").read_bytes()
    return catalogue_of(files)


def verified(
    kind: str = "annual", serial: int = 123, *, host: str = HOST, issuer: str = ISSUER, **changes: Field
) -> VerifiedRecord:
    """A record as ``verify`` would hand it out, with some values of its subject changed."""
    template = catalogue().templates[(kind, "v1")]
    number = number_of(MUNICIPAL, 2026, template.record.kind_digit, serial)
    fields: dict[str, Field] = {
        "certificateNumber": number.digits,
        "validFrom": "2026-11-20",
        "created": "2026-11-20T08:00:00Z",
        "keySequence": 1,
        **_HOLDER,
        **_OWN[kind],
        **changes,
    }
    unsigned = template.record.expand(fields, host=host, issuer_name=issuer)
    method = f"{authority_did(HOST, MUNICIPAL)}#2026-1"
    signature = signer(method).sign(hash_data(unsigned, unsigned["proof"]))
    _, data = assemble_record(unsigned, signature)
    # Not parsed: some samples have characters that no parser lets pass.
    record = UnverifiedRecord(method[:-7], issuer, number.digits, method, 0, signature, _data=data)
    return VerifiedRecord(record, number, template, host)


def source(kind: str = "annual", serial: int = 123, *, issuer: str = ISSUER, **changes: Field) -> FaceSource:
    """The face of such a record, with a log proof."""
    return face_source(verified(kind, serial, issuer=issuer, **changes), log_proof=LOG_PROOF)


@cache
def variants() -> dict[str, FaceSource]:
    """Shortest, typical, longest that still scan, and minority names with rare characters, of both kinds."""
    brief: dict[str, Field] = {"employer": "某校", "institution": "党校"}
    return {
        "annual-shortest": source(name="王五", employer="某校"),
        "annual-typical": source(),
        "annual-longest-name": source(name=LONGEST_NAME),
        "annual-longest-employer": source(employer=LONGEST_EMPLOYER),
        "annual-minority": source(name=MINORITY_NAME + "𠮷㐱", employer="新疆喀什地区䶮堃喆学校"),
        "completion-shortest": source("completion", name="王五", programme="安全", **brief),
        "completion-typical": source("completion"),
        "completion-longest-name": source("completion", name=LONGEST_NAME, **brief),
        "completion-longest-programme": source("completion", programme=LONGEST_PROGRAMME, **brief),
        "completion-minority": source("completion", name=MINORITY_NAME + "𠮷㐱"),
    }
