"""
What a run takes of an account's quotas, before anything is spent: requests and tokens by the minute.

Bedrock takes a call's input and its `max_tokens` from the quota when the call begins, however short the
answer will be: `max_tokens` is a setting of throughput.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from math import ceil
from typing import Any

from evaldrop import storage
from evaldrop.evaluation import Called, Evaluation, Judge
from evaldrop.evaluation.burndown import READ, burndown, quota_tokens
from evaldrop.run.definition import RunDefinition
from evaldrop.run.tables import read_rows
from evaldrop.steps.validate_dataset.plan import Plan
from evaldrop.steps.validate_dataset.planned_lines import Line, Role

ENOUGH_CALLS = 100
"""Calls of a judge from which the longest of a hundred answers is known."""

ROOM = 1.5
"""How much longer than the longest of a hundred answers may be: one that is cut off is no verdict."""

_STEP = 64
_MOST_LOOKED_AT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLine:
    """
    What one call of a candidate or judge takes of its model's tokens by the minute.

    Attributes:
        begins_with: Tokens that are taken when it begins: its input, and its `max_tokens`.
        ends_with: Tokens that it has taken when it has ended, likely: an answer's as often as `factor` says.
        max_tokens: None where there is no limit, which takes what the model may write.
        longest: Tokens that 99 of 100 answers of a judge took at most in an earlier run; None where unknown.
        proposed: A `max_tokens` that leaves room for it, where that is less than half of what is stated.
    """

    role: Role
    name: str
    model: str
    max_tokens: int | None
    factor: int
    begins_with: int
    ends_with: int
    longest: int | None = None
    proposed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """A limit, and the seconds that a run's calls take by it at least."""

    model: str
    limit: str
    quota: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaPlan:
    """What a run takes of quotas: a call, and all by the limits that are stated. `lengths_of` is a folder."""

    lines: tuple[QuotaLine, ...]
    held_back: tuple[HeldBack, ...]
    factors_date: str = READ
    lengths_of: str | None = None

    @property
    def slowest(self) -> HeldBack | None:
        """The limit that a run waits for."""
        return max(self.held_back, key=lambda each: each.seconds, default=None)

    def to_json(self) -> dict[str, Any]:
        """Return it as `evaldrop plan --json` gives it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AnswerLengths:
    """How many tokens the calls of judges were answered with, by judge, in the run of a folder."""

    folder: str
    tokens: Mapping[str, Sequence[int]]


def plan_quotas(plan: Plan, evaluation: Evaluation, *, lengths: AnswerLengths | None = None) -> QuotaPlan:
    """Return what a planned run takes of quotas; `lengths` are of an earlier run."""
    called: dict[tuple[Role, str], Called] = {}
    called |= {("candidate", each.name): each for each in evaluation.candidates}
    called |= {("judge", each.name): each for each in evaluation.called_judges}
    lines, requests, tokens = [], Counter[str](), Counter[str]()
    for line in plan.lines:
        # What an evaluation job calls is held back by nobody here.
        if line.calls and (line.role, line.name) in called:
            known = lengths.tokens.get(line.name, ()) if lengths and line.role == "judge" else ()
            quota = _quota_line(line, called[line.role, line.name].inference.max_tokens, known)
            lines.append(quota)
            requests[line.model] += line.calls
            tokens[line.model] += quota.ends_with * line.calls
    return QuotaPlan(
        lines=tuple(lines),
        held_back=tuple(_held_back(evaluation, requests, tokens)),
        lengths_of=lengths.folder if lengths and any(each.longest for each in lines) else None,
    )


def _quota_line(line: Line, limit: int | None, lengths: Sequence[int]) -> QuotaLine:
    sent, received = line.input_tokens.likely / line.calls, line.output_tokens.likely / line.calls
    longest = longest_of_a_hundred(lengths)
    enough = None if longest is None else ceil(longest * ROOM / _STEP) * _STEP
    return QuotaLine(
        role=line.role,
        name=line.name,
        model=line.model,
        max_tokens=limit,
        factor=burndown(line.model),
        begins_with=round(sent + (limit or 0)),
        ends_with=round(quota_tokens(line.model, sent, received)),
        longest=longest,
        proposed=enough if enough and limit and enough * 2 <= limit else None,
    )


def _held_back(evaluation: Evaluation, requests: Counter[str], tokens: Counter[str]) -> Iterator[HeldBack]:
    for model, limit in evaluation.limits.items():
        for name, quota, taken in (("rpm", limit.rpm, requests[model]), ("tpm", limit.tpm, tokens[model])):
            if quota and taken:
                yield HeldBack(model=model, limit=name, quota=quota, seconds=taken * 60 / quota)


def answer_lengths(evaluation: Evaluation, runs: Iterable[str]) -> AnswerLengths | None:
    """
    Return how long judges' answers were in the first of some runs that was no rehearsal; None without one.

    Judges that are asked in another way now have none.
    """
    for folder in islice(runs, _MOST_LOOKED_AT):
        run = RunDefinition.load(folder)
        # What a rehearsal's judges write is made up.
        if not run.simulated:
            before = {each.name: each for each in run.judges}
            alike = [each for each in evaluation.called_judges if _answers_alike(each, before.get(each.name))]
            return AnswerLengths(folder, _answers(folder, alike))
    return None


def _answers_alike(judge: Judge, before: Judge | None) -> bool:
    same = ("model", "prompt", "verdict", "mode", "extra")
    return before is not None and all(getattr(judge, name) == getattr(before, name) for name in same)


def _answers(folder: str, judges: Sequence[Judge]) -> dict[str, list[int]]:
    """Return how many tokens each call of a judge was answered with, by its name."""
    modes = {each.name: each.mode for each in judges}
    calls: Counter[tuple[str, ...]] = Counter()
    columns = ("judge", "record_id", "candidate", "criterion", "repeat", "output_tokens", "first_reply")
    for judge, record, candidate, criterion, repeat, tokens, first in read_rows(
        storage.join(folder, "verdicts.parquet"), columns
    ):
        # The tokens of one that was asked again are those of two answers.
        if tokens is not None and first is None and judge in modes:
            # A joint call's tokens are shared out among its criteria.
            apart = criterion if modes[judge] == "per_criterion" else ""
            calls[judge, record, candidate, apart, str(repeat)] += tokens
    lengths: defaultdict[str, list[int]] = defaultdict(list)
    for (judge, *_), tokens in calls.items():
        lengths[judge].append(tokens)
    return lengths


def longest_of_a_hundred(lengths: Sequence[int]) -> int | None:
    """Return the length that 99 of 100 answers do not exceed; None where they are too few to tell."""
    if len(lengths) < ENOUGH_CALLS:
        return None
    return sorted(lengths)[ceil(len(lengths) * 0.99) - 1]
