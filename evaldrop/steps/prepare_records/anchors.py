"""
Anchors as records: responses known to pass or fail, put to the judges of a run as any other.

Each is a line of `records.jsonl` behind the records, with a candidate list of its own: the workflow calls no
candidate for it, and BuildScorecard keeps it out of all candidates' numbers.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

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


def anchor_records(
    definition: RunDefinition, questions_about: Callable[[Record], tuple[list[JSON], Mapping[str, str]]]
) -> Iterator[JSON]:
    """
    Yield the anchors of a run as lines of `records.jsonl`.

    `questions_about` gives the judges' requests about a record, and the criteria that do not apply and why.

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
            judgements, not_applicable = questions_about(record)
            criteria = _criteria(anchor, judgements, not_applicable)
            calls = _calls(anchor, record, judgements, criteria, fences)
        except (PromptError, _UnusableAnchorError) as error:
            raise EvaluationError(f"anchors: {name}: {error}") from error
        yield {
            "record_id": record.id,
            "line": number,
            **anchor.model_dump(mode="json", include={"prompt", "system", "context", "reference"}),
            "category": None,
            "group": None,
            "metadata": {},
            # Else it would get unscored verdicts on criteria that it is not known for.
            "not_applicable": {},
            "anchor": {"id": name, "passes": anchor.passes, "criteria": sorted(criteria)},
            "calls": calls,
        }


class _UnusableAnchorError(Exception):
    """Why an anchor cannot be judged."""


def _calls(
    anchor: Anchor, record: Record, judgements: list[JSON], criteria: set[str], fences: Fences
) -> JSON:
    def fence(judgement: JSON) -> JSON:
        place = (judgement["judge"], *judgement["criteria"], judgement["repeat"])
        return {ANCHOR: fences.fence(record.id, ANCHOR, *place)}

    calls = {
        "record_id": record.id,
        "candidates": [{"name": ANCHOR, "api": GIVEN}],
        "requests": {},
        "given": {ANCHOR: {"text": anchor.response}},
        "judgements": [
            {**judgement, "fences": fence(judgement)}
            for judgement in judgements
            # A joint call goes out whole, as it does for records, even where the anchor is known for one
            # criterion of it.
            if not criteria.isdisjoint(judgement["criteria"])
        ],
        "comparisons": [],
    }
    size = len(orjson.dumps(calls))
    if size > MAX_ANCHOR_BYTES:
        raise _UnusableAnchorError(
            f"its requests come to {size:,} bytes; there is room for {MAX_ANCHOR_BYTES:,}. Shorten it."
        )
    return calls


def _criteria(anchor: Anchor, judgements: list[JSON], not_applicable: Mapping[str, str]) -> set[str]:
    """Return what the anchor is known for."""
    judged = {name for judgement in judgements for name in judgement["criteria"]}
    wanted = set(anchor.criteria) or judged
    if wanted and wanted <= judged:
        return wanted
    reasons = [
        f"{name} {not_applicable.get(name, 'is no criterion of this evaluation')}"
        for name in sorted(wanted - judged) or not_applicable
    ]
    raise _UnusableAnchorError(f"{'; '.join(reasons)}.")
