"""
Anchors as records: responses known to pass or fail, put to the judges of a run as any other.

Each is a line of `records.jsonl` behind the records, with a candidate list of its own: the workflow calls no
candidate for it, and BuildScorecard keeps it out of all candidates' numbers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from evaldrop.datasets import Record
from evaldrop.errors import EvaluationError, PromptError
from evaldrop.evaluation.anchors import ANCHOR, Anchor
from evaldrop.evaluation.definition import GIVEN
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.prepare_records.judge_texts import Fences

JSON = dict[str, Any]

MAX_ANCHOR_BYTES = 128 * 1024
"""An anchor's requests; far below what a child may hold, and far above what an anchor needs."""


class AnchorQuestions(NamedTuple):
    """Judges' questions about a record: requests' parts, and which criteria do not apply and why."""

    judgements: Sequence[JSON]
    not_applicable: Mapping[str, str]


def anchor_records(
    definition: RunDefinition, questions_about: Callable[[Record], AnchorQuestions]
) -> Iterator[JSON]:
    """
    Yield the anchors of a run as lines of `records.jsonl`.

    Args:
        definition: The run.
        questions_about: Gives the judges' questions about a record.

    Raises:
        EvaluationError: An anchor cannot be judged; the message says which, and why.
    """
    anchors = definition.evaluation.anchors
    fences = Fences(nonce=definition.nonce)
    for number, anchor in enumerate(anchors.records if anchors else (), 1):
        name = anchor.id or f"anchor-{number}"
        # The mark keeps the ID apart from those of the dataset's records.
        record = Record(
            id=f"anchor-{number}-{fences.mark('anchor', number)}",
            **anchor.model_dump(include={"prompt", "system", "context", "reference"}),
        )
        try:
            calls, criteria = _calls(anchor, record, questions_about(record), fences)
        except (PromptError, _UnusableAnchorError) as error:
            raise EvaluationError(f"anchors: {name}: {error}") from error
        yield {
            "record_id": record.id,
            "line": number,
            **anchor.model_dump(mode="json", include={"prompt", "system", "context", "reference"}),
            "category": None,
            "group": None,
            "metadata": {},
            "not_applicable": {},
            "anchor": {"id": name, "passes": anchor.passes, "criteria": criteria},
            "calls": calls,
        }


class _UnusableAnchorError(Exception):
    """Why an anchor cannot be judged."""


def _calls(
    anchor: Anchor, record: Record, questions: AnchorQuestions, fences: Fences
) -> tuple[JSON, list[str]]:
    criteria = _criteria(anchor, questions)
    judgements = [
        {**judgement, "fences": {ANCHOR: _fence(record.id, judgement, fences)}}
        for judgement in questions.judgements
        if not criteria.isdisjoint(judgement["criteria"])
    ]
    calls = {
        "record_id": record.id,
        "candidates": [{"name": ANCHOR, "api": GIVEN}],
        "requests": {},
        "given": {ANCHOR: {"text": anchor.response}},
        "judgements": judgements,
        "comparisons": [],
    }
    size = len(orjson.dumps(calls))
    if size > MAX_ANCHOR_BYTES:
        raise _UnusableAnchorError(
            f"its requests come to {size:,} bytes; there is room for {MAX_ANCHOR_BYTES:,}. Shorten it."
        )
    return calls, sorted(criteria)


def _criteria(anchor: Anchor, questions: AnchorQuestions) -> set[str]:
    """Return what the anchor is known for."""
    judged = {name for judgement in questions.judgements for name in judgement["criteria"]}
    wanted = set(anchor.criteria) or judged
    if wanted and wanted <= judged:
        return wanted
    reasons = [
        f"{name} {questions.not_applicable.get(name, 'is no criterion of this evaluation')}"
        for name in sorted(wanted - judged) or questions.not_applicable
    ]
    raise _UnusableAnchorError(f"{'; '.join(reasons)}.")


def _fence(record_id: str, judgement: JSON, fences: Fences) -> JSON:
    place = (judgement["judge"], *judgement["criteria"], judgement["repeat"])
    return fences.fence(record_id, ANCHOR, *place)._asdict()
