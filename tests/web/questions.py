"""Questions to the browser's verifier about evidence that a test made up."""

import json

from tests.lineprogram import Question
from tests.vectors.files import CASE, POOL, case_files
from tests.vectors.model import Scene, Vector
from tests.vectors.protocol import question_of


def question_of_scene(scene: Scene) -> Question:
    """What a test made up, as a case of the vectors is asked."""
    files = case_files(Vector("asked", "", "", lambda: scene), scene)
    document = json.loads(files.pop(f"asked/{CASE}"))
    return question_of(document, lambda name: files[f"{POOL}/{name}"])
