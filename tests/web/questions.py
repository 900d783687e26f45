"""Questions to the browser's verifier, as JSON: a case of the vectors, or evidence made up by a test."""

import json
from base64 import b64decode, b64encode
from typing import Any

from tests.vectors.files import CASE, FOLDER, POOL, case_files
from tests.vectors.model import Scene, Vector

Question = dict[str, Any]


def question_of_case(document: dict[str, Any]) -> Question:
    """A committed case, with the documents that it names."""
    trust = document["trust"]
    names = [trust["pin"], *trust["chain"], *document["evidence"]["status"].values()]
    return {
        "task": "judge",
        "document": document,
        "pool": {name: base64((FOLDER / POOL / name).read_bytes()) for name in names},
    }


def question_of_scene(scene: Scene) -> Question:
    """What a test made up, in the same form."""
    files = case_files(Vector("asked", "", "", lambda: scene), scene)
    document = json.loads(files.pop(f"asked/{CASE}"))
    pool = {path.removeprefix(f"{POOL}/"): base64(data) for path, data in files.items()}
    return {"task": "judge", "document": document, "pool": pool}


def base64(data: bytes) -> str:
    """Bytes as they stand in a question."""
    return b64encode(data).decode("ascii")


def unbase64(text: str) -> bytes:
    """Bytes as they stand in an answer."""
    return b64decode(text, validate=True)
