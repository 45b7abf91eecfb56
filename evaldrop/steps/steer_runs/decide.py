"""What to make of throttles: less at once while they last, a little more when they have passed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

TOO_MANY: Final = 0.05
"""The share of throttled calls from which fewer records are evaluated at a time: the others' retries do."""

FEW: Final = 0.01
"""The share up to which there may be more again."""

LOWERED_TO: Final = 0.7
"""Of what it was. CloudWatch is two minutes behind: halved each minute, it would be halved three times."""

RAISED_BY: Final = 0.1
"""Of the run's own, each minute."""

ENOUGH_CALLS: Final = 20
"""Below so many calls a share says nothing."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls of a model that were answered, and that were throttled, whoever made them."""

    answered: float = 0
    throttled: float = 0

    @property
    def throttled_share(self) -> float | None:
        """The share of calls that were throttled; None where they are too few to tell."""
        calls = self.answered + self.throttled
        return self.throttled / calls if calls >= ENOUGH_CALLS else None


def next_concurrency(now: int, own: int, traffic: Iterable[Traffic]) -> int:
    """
    Return how many records a run is to evaluate at a time, from 1 to `own`.

    Args:
        now: How many it does. 0 is Step Functions' word for no limit.
        own: How many its evaluation lets it.
        traffic: Of each of its models; the one that is throttled most counts.
    """
    current = min(now, own) if now else own
    shares = [each.throttled_share for each in traffic]
    worst = max((share for share in shares if share is not None), default=None)
    if worst is None:
        return current
    if worst > TOO_MANY:
        # Never 0, which would let all go at once.
        return max(1, int(current * LOWERED_TO))
    if worst <= FEW:
        return min(own, current + max(1, int(own * RAISED_BY)))
    return current
