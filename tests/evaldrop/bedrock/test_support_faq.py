"""The sample dataset holds what its README promises, and a rehearsal on it tells models apart."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest

from evaldrop.bedrock.simulated.judge import Case, Question, decide
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.bedrock.simulated.runtime import SimulatedRuntime

FOLDER = Path(__file__).parents[3] / "datasets" / "support-faq"
FIELDS = {"id", "prompt", "messages", "system", "context", "reference", "category", "group", "metadata"}


@pytest.fixture(scope="module")
def records():
    with (FOLDER / "records.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_every_record_is_canonical(records):
    assert len({record["id"] for record in records}) == len(records) >= 66
    for record in records:
        assert record.keys() <= FIELDS
        assert ("prompt" in record) != ("messages" in record)
        references = record["reference"] if isinstance(record["reference"], list) else [record["reference"]]
        assert all(reference.strip() for reference in references)


def test_categories_difficulties_and_shapes_are_all_there(records):
    categories = Counter(record["category"] for record in records)
    assert set(categories) == {"deliveries", "returns", "account", "payments", "plant_care", "warranty"}
    assert min(categories.values()) >= 8
    difficulties = Counter(record["metadata"]["difficulty"] for record in records)
    assert set(difficulties) == {"plain", "hard", "hostile"}
    assert difficulties["hostile"] >= 8
    groups = Counter(record["group"] for record in records if "group" in record)
    assert len(groups) >= 5
    assert min(groups.values()) >= 2
    for shape in ("messages", "context", "system"):
        assert any(shape in record for record in records)
    assert any(isinstance(record["reference"], list) for record in records)


def test_a_rehearsal_on_it_ranks_models_by_quality_and_leaves_room(records):
    key = {question(record): first_reference(record) for record in records}
    simulated = SimulatedRuntime(Rehearsal(latency=0), max_in_flight=8, answer_key=key.get)
    means = [
        mean_score(simulated, model, records) for model in ("nova-micro", "nova-lite", "nova-pro", "sonnet")
    ]
    assert means == sorted(means)
    assert 1.5 < means[0] < means[-1] < 5


def mean_score(simulated, model, records):
    async def answers():
        return [await answer(simulated, model, question(record)) for record in records]

    quality = Question(path=("correctness",), field="score", values=(1, 2, 3, 4, 5), rationale=None)
    scores = [
        decide(quality, Case(responses=(text,), references=(first_reference(record),), sources=()), Middle())[
            1
        ]
        for record, text in zip(records, asyncio.run(answers()), strict=True)
    ]
    return sum(scores) / len(scores)


async def answer(simulated, model, prompt):
    messages = [{"role": "user", "content": [{"text": prompt}]}]
    reply = await simulated.converse({"modelId": model, "messages": messages})
    return reply["output"]["message"]["content"][0]["text"]


class Middle:
    """A source of chance that always gives the middle."""

    def uniform(self, low, high):
        return (low + high) / 2


def question(record):
    return record["prompt"] if "prompt" in record else record["messages"][-1]["content"]


def first_reference(record):
    reference = record["reference"]
    return reference if isinstance(reference, str) else reference[0]
