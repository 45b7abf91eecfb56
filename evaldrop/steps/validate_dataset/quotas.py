"""
What a run takes of an account's quotas, before anything is spent: requests and tokens by the minute.

Bedrock takes a call's input and its `max_tokens` from the quota when the call begins, however short the
answer will be: `max_tokens` is a setting of throughput.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from evaldrop import storage
from evaldrop.evaluation import Called, Evaluation, Judge
from evaldrop.evaluation.burndown import READ, burndown, quota_tokens
from evaldrop.run.definition import RunDefinition
from evaldrop.run.tables import read_rows
from evaldrop.steps.validate_dataset.plan import Plan, Role

ENOUGH_CALLS = 100
"""Calls of a judge from which the longest of a hundred answers is known."""

ROOM = 1.5
"""How much longer than the longest of a hundred answers may be: one that is cut off is no verdict."""

_STEP = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLine:
    """
    What one call of a candidate or judge takes of its model's tokens by the minute.

    Attributes:
        begins_with: Tokens that are taken when it begins: its input, and its `max_tokens`.
        ends_with: Tokens that it has taken when it has ended, likely: an answer's as often as `factor` says.
        max_tokens: None where there is no limit, which takes what the model may write.
        proposed: A `max_tokens` that answers of an earlier run would have done with, for judges.
    """

    role: Role
    name: str
    model: str
    max_tokens: int | None
    factor: int
    begins_with: int
    ends_with: int
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
    """What a run takes of quotas: per call, and by the limits that are stated. `learned_from` is a run."""

    lines: tuple[QuotaLine, ...]
    held_back: tuple[HeldBack, ...]
    factors_date: str = READ
    learned_from: str | None = None

    @property
    def slowest(self) -> HeldBack | None:
        """The limit that a run waits for."""
        return max(self.held_back, key=lambda each: each.seconds, default=None)

    def to_json(self) -> dict[str, Any]:
        """Return it as `evaldrop plan --json` gives it."""
        return asdict(self)


def plan_quotas(plan: Plan, evaluation: Evaluation, *, learned_from: str | None = None) -> QuotaPlan:
    """Return what a planned run takes of quotas; lengths of answers are those of a finished run, if given."""
    called: dict[tuple[Role, str], Called] = {
        ("candidate", each.name): each for each in evaluation.candidates
    }
    called |= {("judge", each.name): each for each in evaluation.judges}
    proposals = _proposals(evaluation, learned_from) if learned_from else {}
    lines, requests, tokens = [], Counter[str](), Counter[str]()
    for line in plan.lines:
        if not line.calls:
            continue
        limit = called[line.role, line.name].inference.max_tokens
        sent, received = line.input_tokens.likely / line.calls, line.output_tokens.likely / line.calls
        ends_with = quota_tokens(line.model, sent, received)
        lines.append(
            QuotaLine(
                role=line.role,
                name=line.name,
                model=line.model,
                max_tokens=limit,
                factor=burndown(line.model),
                begins_with=round(sent + (limit or 0)),
                ends_with=round(ends_with),
                proposed=proposals.get(line.name) if line.role == "judge" else None,
            )
        )
        requests[line.model] += line.calls
        tokens[line.model] += round(ends_with * line.calls)
    held_back = tuple(_held_back(evaluation, requests, tokens))
    return QuotaPlan(
        lines=tuple(lines), held_back=held_back, learned_from=learned_from if proposals else None
    )


def _held_back(evaluation: Evaluation, requests: Counter[str], tokens: Counter[str]) -> Iterator[HeldBack]:
    for model, limit in evaluation.limits.items():
        for name, quota, taken in (("rpm", limit.rpm, requests[model]), ("tpm", limit.tpm, tokens[model])):
            if quota and taken:
                yield HeldBack(model=model, limit=name, quota=quota, seconds=taken * 60 / quota)


def _proposals(evaluation: Evaluation, folder: str) -> dict[str, int]:
    """Return a `max_tokens` for each judge who asks for more than twice what its answers took."""
    before = {each.name: each for each in RunDefinition.load(folder).judges}
    alike = [each for each in evaluation.judges if _answers_alike(each, before.get(each.name))]
    lengths = _answers(folder, alike)
    found = {}
    for judge in alike:
        proposed = enough_tokens(lengths[judge.name])
        if proposed and judge.inference.max_tokens and proposed * 2 <= judge.inference.max_tokens:
            found[judge.name] = proposed
    return found


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


def enough_tokens(lengths: Sequence[int]) -> int | None:
    """Return a `max_tokens` for answers of such lengths, with room; None where they are too few to tell."""
    if len(lengths) < ENOUGH_CALLS:
        return None
    longest_of_a_hundred = sorted(lengths)[ceil(len(lengths) * 0.99) - 1]
    return ceil(longest_of_a_hundred * ROOM / _STEP) * _STEP
