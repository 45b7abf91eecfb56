"""Judges' requests about a record, with holes for the responses, and their constant parts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson

from evaldrop.datasets import Record
from evaldrop.evaluation import Judge
from evaldrop.evaluation.criteria import Criterion, built_in, criterion_from_config
from evaldrop.evaluation.prompts import Prompt
from evaldrop.evaluation.questions import compared_pairs
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.prepare_records.judge_texts import (
    Fences,
    around,
    criteria_for_prompt,
    judge_constants,
    leading_text,
)
from evaldrop.steps.prepare_records.kept_replies import ParentReplies, calls_of
from evaldrop.steps.prepare_records.pair_texts import comparison_texts, orders, pair_constants
from evaldrop.verdicts.tool import VERDICT_TOOL_NAME

JSON = dict[str, Any]

MAX_SHARED_JUDGE_BYTES = 64 * 1024
"""Judge requests kept in the state, which every child gets too; further ones travel with their records."""
_MOST_KEPT = 1_000
"""Groups of criteria; records may bring ever new ones, and memory is not to grow with them."""


class RecordCriteria:
    """By which criteria each record of a run is judged: the evaluation's, and those it brings itself."""

    def __init__(self, definition: RunDefinition) -> None:
        self._criteria = definition.judged_criteria
        self._own_criteria = [
            criterion_from_config(config, path="criteria") for config in definition.evaluation.criteria
        ]
        self._job_judges = [judge.name for judge in definition.evaluation.job_judges]

    def applicable(self, record: Record) -> list[Criterion]:
        """Return those that can be judged: the record has what they need."""
        return [criterion for criterion in self._criteria_of(record) if not _missing_for(criterion, record)]

    def asked_of_jobs(self, record: Record) -> list[JSON]:
        """
        Return what evaluation jobs are asked about a record's responses: one criterion each.

        A job asks the same of all its rows: what a record brings, or words in another way, it is not asked.
        """
        own = {criterion.name: criterion for criterion in self._own_criteria}
        asked = [each.name for each in self.applicable(record) if own.get(each.name) == each]
        return [
            {"judge": judge, "criteria": [name], "repeat": 0} for judge in self._job_judges for name in asked
        ]

    def _criteria_of(self, record: Record) -> list[Criterion]:
        """Return the evaluation's criteria, then those the record brings, a question of its own included."""
        own = {criterion.name: criterion for criterion in self._own_criteria}
        for name, question in record.criteria.items():
            # Of a built-in criterion a record may give any spelling.
            criterion = self._criteria.get(name) or self._criteria[built_in(name, path="criteria").name]
            own[criterion.name] = replace(criterion, question=question) if question else criterion
        return list(own.values())

    def not_applicable(self, record: Record) -> dict[str, str]:
        """Return what a record lacks, by the name of the criterion that needs it."""
        reasons = {criterion.name: _missing_for(criterion, record) for criterion in self._criteria_of(record)}
        return {name: reason for name, reason in reasons.items() if reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class _AskedCriteria:
    """
    What is the same of every request on some criteria.

    `criteria` are kept so that their IDs, by which this is found, are nobody else's. `shown` is what a prompt
    is told of them, `key` names the constants of the calls.
    """

    criteria: Sequence[Criterion]
    shown: list[dict[str, Any]]
    key: str


class JudgeRequests:
    """
    Makes the judges' requests of one record after another.

    Args:
        definition: The run.
        prompts: Its prompts, by name.
        criteria: By which each record is judged.
        parent: What a rejudged run takes from its parent.
        known: The constants that there are, and no others; by default they are gathered.

    Attributes:
        constants: What every request of a judge about the same criteria has in common, by its key: the
            `judges` of the workflow's state.
    """

    def __init__(
        self,
        definition: RunDefinition,
        prompts: Mapping[str, Prompt],
        criteria: RecordCriteria,
        parent: ParentReplies | None,
        known: Mapping[str, JSON] | None = None,
    ) -> None:
        self._evaluation = definition.evaluation
        self._delivery = partial(definition.delivery_of, "judge")
        self._fences = Fences(nonce=definition.nonce)
        self._prompts = prompts
        self._criteria = criteria
        self._parent = parent
        self.constants: dict[str, JSON] = dict(known or {})
        # Parts of a dataset are prepared apart: what all of them share is settled before.
        self._shared_bytes = 0 if known is None else MAX_SHARED_JUDGE_BYTES
        self._extra_calls: dict[str, JSON] = {}
        self._kept: dict[tuple[object, ...], _AskedCriteria] = {}

    def judgements(self, record: Record, values: Mapping[str, Any]) -> Iterator[JSON]:
        """Yield judges' requests about a record's responses, which are not there yet."""
        criteria = self._criteria.applicable(record)
        for judge in self._evaluation.called_judges:
            if self._parent:
                groups = self._parent.groups(judge, criteria, record.id)
            else:
                groups = calls_of(judge, criteria)
            for group in filter(None, groups):
                yield from self._requests(judge, group, record, values)

    def _requests(
        self, judge: Judge, criteria: list[Criterion], record: Record, values: Mapping[str, Any]
    ) -> Iterator[JSON]:
        prompt, asked = self._prompts[f"judge/{judge.prompt}"], self._asked(judge, criteria)
        names = [criterion.name for criterion in criteria]
        # Drawn by the nonce: no text of the record can hold it and be taken for the response's place.
        hole = self._fences.mark("hole", record.id)
        shown = {
            **values,
            "criteria": asked.shown,
            "verdict": judge.verdict,
            "tool": VERDICT_TOOL_NAME,
            "mark": self._fences.mark("record", record.id),
        }
        before, after = around(prompt, shown, {"response": hole})
        before = leading_text(judge, prompt, tool=VERDICT_TOOL_NAME) + before
        make = partial(judge_constants, judge, prompt, criteria, self._delivery(judge.name))
        for repeat in range(judge.repeats):
            yield {
                "judge": judge.name,
                "api": judge.api,
                **self._shared(asked.key, make),
                "criteria": names,
                "repeat": repeat,
                "before": before,
                "after": after,
                # One for each response: a constant text that closed the prompt's delimiters and opened its
                # own won 77 % of comparisons (arXiv 2410.07137).
                "fences": {
                    candidate.name: self._fences.fence(record.id, candidate.name, judge.name, *names, repeat)
                    for candidate in self._evaluation.candidates
                },
            }

    def _asked(self, judge: Judge, criteria: list[Criterion]) -> "_AskedCriteria":
        """Return what is the same of every request of a judge on these very criteria."""
        place = (judge.name, *map(id, criteria))
        if (kept := self._kept.get(place)) is not None:
            return kept
        # A record may bring its own question under a name that others use: the name alone is no key.
        questions = [(criterion.name, criterion.question, criterion.scale) for criterion in criteria]
        key = f"{judge.name}/{self._fences.mark(judge.name, questions)}"
        made = _AskedCriteria(criteria=criteria, shown=criteria_for_prompt(criteria), key=key)
        if len(self._kept) < _MOST_KEPT:
            self._kept[place] = made
        return made

    def _shared(self, key: str, make: Callable[[], JSON]) -> JSON:
        """Return the key of a call's constants, with the constants where the state has no more room."""
        if key in self.constants:
            return {"request_key": key}
        constants = self._extra_calls.get(key) or make()
        size = len(orjson.dumps({key: constants}))
        if self._shared_bytes + size <= MAX_SHARED_JUDGE_BYTES:
            self.constants[key] = constants
            self._shared_bytes += size
            return {"request_key": key}
        if len(self._extra_calls) < _MOST_KEPT:
            self._extra_calls[key] = constants
        return {"request_key": key, "call": constants}

    def comparisons(self, record: Record, values: Mapping[str, Any]) -> Iterator[JSON]:
        """Yield judges' requests about pairs of a record's responses."""
        pairwise = self._evaluation.pairwise
        if pairwise is None:
            return
        prompt = self._prompts[f"judge/{pairwise.prompt}"]
        for judge in self._evaluation.called_judges:
            make = partial(pair_constants, judge, prompt, pairwise, self._delivery(judge.name))
            call = self._shared(f"{judge.name}/pairs", make)
            for candidate, baseline in compared_pairs(self._evaluation):
                for first, second in orders(pairwise, record.id, candidate, baseline):
                    place = (record.id, first, second)
                    yield {
                        "judge": judge.name,
                        "api": judge.api,
                        **call,
                        "candidate": candidate,
                        "baseline": baseline,
                        "first": first,
                        "second": second,
                        **comparison_texts(
                            judge, prompt, values, pairwise=pairwise, fences=self._fences, place=place
                        ),
                    }


def _missing_for(criterion: Criterion, record: Record) -> str:
    if criterion.needs_reference and not record.reference:
        return "needs a reference"
    if criterion.needs_context and not record.context:
        return "needs a context"
    return ""
