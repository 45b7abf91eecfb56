"""What `--retry-errors` calls again of a run that has ended, and about what that costs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat

from evaldrop.bedrock.error_names import known_name
from evaldrop.bedrock.passing import count_passing, may_pass, passing_cause
from evaldrop.scorecard.model.scorecard import CandidateScorecard, Scorecard

# A response that the dataset does not give: there was no call that could be made again.
NO_RESPONSE_GIVEN = "NoResponseGiven"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPlan:
    """
    What would be called again.

    Attributes:
        candidates: Calls of candidates; the judges of what they answer come on top.
        judges: Calls of judges that failed.
        records: Records that have no result at all.
        skipped: Records that were not begun, for the budget was spent.
        unasked: Verdicts that evaluation jobs were not asked for, for the budget had no room.
        causes: Why those calls failed, in words: calls.
        kept: Error name: calls that failed and are not made again, for they would fail again.
        cost_usd: About what it costs, by what such calls have cost in the run; None where nothing tells.
    """

    candidates: int = 0
    judges: int = 0
    records: int = 0
    skipped: int = 0
    unasked: int = 0
    causes: dict[str, int]
    kept: dict[str, int]
    cost_usd: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that could be called again."""
        return not (self.candidates or self.judges or self.records or self.has_skipped)

    @property
    def has_skipped(self) -> bool:
        """Whether there is what a larger budget would have asked."""
        return bool(self.skipped or self.unasked)


def retry_plan(scorecard: Scorecard) -> RetryPlan:
    """Return what may be called again of what failed in a run."""
    candidates, judges = scorecard.candidates, scorecard.judges
    named: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    for card in candidates.values():
        named.update(card.responses.error_names)
        causes.update(_causes(card.responses.error_names, card.responses.error_example))
    for judge in judges.values():
        named.update(judge.error_names)
        causes.update(_causes(judge.error_names, judge.error_example))
    del named[NO_RESPONSE_GIVEN]
    missing = scorecard.records.missing
    return RetryPlan(
        candidates=sum(count_passing(card.responses.error_names) for card in candidates.values()),
        judges=sum(count_passing(judge.error_names) for judge in judges.values()),
        records=missing,
        skipped=scorecard.records.skipped,
        unasked=scorecard.unasked,
        causes=dict(causes.most_common()),
        kept={name: number for name, number in named.most_common() if not may_pass(name)},
        cost_usd=_cost(scorecard),
    )


def _causes(error_names: Mapping[str, int], example: str | None) -> Iterator[str]:
    """Yield why each call failed that may be answered now; the example is of the most frequent error."""
    for place, (name, number) in enumerate(error_names.items()):
        # What the example says tells apart what has one name for all.
        if cause := passing_cause(known_name(name, "" if place else example or "")):
            yield from repeat(cause, number)


def _cost(scorecard: Scorecard) -> float | None:
    records = scorecard.records
    parts = [
        *(
            _share(
                _paid(card),
                again=_again(card) + records.missing + records.skipped,
                of=_answered(card),
            )
            for card in scorecard.candidates.values()
        ),
        *(
            _share(
                judge.cost_usd,
                again=count_passing(judge.error_names),
                of=judge.calls - judge.errors - judge.kept,
            )
            for judge in scorecard.judges.values()
        ),
    ]
    return _sum(parts)


def _again(card: CandidateScorecard) -> int:
    return count_passing(card.responses.error_names)


def _answered(card: CandidateScorecard) -> int:
    counts = card.responses
    return counts.n - counts.errors - counts.missing - counts.given


def _paid(card: CandidateScorecard) -> float | None:
    """Return what a candidate's responses and judging them have cost."""
    return _sum([card.cost_usd.candidate, card.cost_usd.judge])


def _share(cost_usd: float | None, *, again: int, of: int) -> float | None:
    if not again:
        return 0.0
    return None if cost_usd is None or of <= 0 else cost_usd / of * again


def _sum(parts: Iterable[float | None]) -> float | None:
    known = list(parts)
    return None if None in known else sum(each for each in known if each is not None)
