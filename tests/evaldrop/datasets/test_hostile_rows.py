"""Whatever a row holds under a key that a tool has, it becomes a record or a problem; nothing breaks."""

import io
import json
import random

import pytest

from evaldrop.datasets import survey_dataset
from evaldrop.datasets.shapes.known import FOREIGN_SHAPES, PROMPT_SHAPES
from evaldrop.datasets.shapes.multiple_choice import KEYS

KNOWN = sorted({key for shape in (*PROMPT_SHAPES, *FOREIGN_SHAPES) for key in shape.keys} | KEYS)
FURTHER = ["A", "B", "option1", "option2", "paragraphs"]
INNER = [
    "text", "label", "labels", "content", "role", "from", "value", "parts", "type", "name", "id", "qas",
    "messages", "question", "context", "stem", "choices", "output", "message", "modelIdentifier", "tags",
    "response", "answers", "aliases", "args", "kwargs", "prompt", "referenceResponses", "referenceContexts",
    "inputRecord", "retrievedPassages", "retrievalResults", "arg_0", "raw", "\u200b",
]  # fmt: skip
SCALARS = [
    "x", "A", "1", "", None, 0, 1, 4, -1, True, 1.5, "a<OR>b", "user", "assistant", "A) x B) y", "[[[[",
    "{1: 2}", '["a", "b"]', "['a', 'b']", "w\n#### 4", "correct", "thinking",
]  # fmt: skip


def anything(dice, depth=0):
    kind = dice.random()
    if depth > 3 or kind < 0.35:
        return dice.choice(SCALARS)
    if kind < 0.65:
        return [anything(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {dice.choice(INNER): anything(dice, depth + 1) for _ in range(dice.randrange(5))}


@pytest.mark.parametrize("seed", range(20))
def test_no_value_under_a_known_key_breaks_the_reading(seed):
    dice = random.Random(seed)
    for _ in range(60):
        keys = dice.sample([*KNOWN, *FURTHER], dice.randrange(1, 7))
        rows = [{key: anything(dice) for key in keys} for _ in range(3)]
        fields = dice.choice([None, {"reference": dice.choice(KNOWN)}, {"prompt": dice.choice(KNOWN)}])
        data = "\n".join(map(json.dumps, rows)).encode()
        survey = survey_dataset(lambda data=data: io.BytesIO(data), source="faq.jsonl", fields=fields)
        assert survey.n_read >= 3


@pytest.mark.parametrize(
    "written", ["{1: 'a', 2: 'b'}", "[(1, 2), {3}]", "{(1,): 2}", "[b'a', b'b']", "[1e999, 1]"]
)
def test_what_python_writes_and_json_has_not_breaks_nothing(written):
    row = json.dumps({"question": "Which?", "choices": written, "contexts": written, "answer": "1"})
    assert survey_dataset(lambda: io.BytesIO(row.encode()), source="faq.jsonl").n_read == 1
