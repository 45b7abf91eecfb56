"""What gain the test part can show, said before anything is spent; and whether that is worth a search."""

from math import sqrt
from typing import Final, NamedTuple

from evaldrop.statistics.power import detectable_difference

USUAL_VARIANCE: Final = 1 / 9
"""Over records, of two prompts' difference in quality (Miller 2024, arXiv 2411.00640, section 5)."""

LARGEST_SOUGHT: Final = 0.25
"""A part that shows no gain below this is too small for a claim: few prompts gain more."""


class Provable(NamedTuple):
    """
    What a test part can show.

    Attributes:
        units: Independent test records: a group counts once.
        gain: The smallest true gain in quality that it shows in 80 of 100 runs, a share of the scale; None
            where no gain that the scale allows is shown.
        is_enough: Whether gains below `LARGEST_SOUGHT` are shown: without it, nothing is claimed.
    """

    units: int
    gain: float | None
    is_enough: bool

    def words(self) -> str:
        """Say it in a sentence."""
        counted = f"{self.units:,} independent test record{'' if self.units == 1 else 's'}"
        if self.gain is None:
            return f"{counted}: too few to show any gain, and none will be claimed"
        if not self.is_enough:
            return f"{counted}: only a gain of {self.gain:.2f} or more would show, and none will be claimed"
        return f"{counted}: a gain of {self.gain:.2f} or more shows in 80 of 100 runs"


def provable(
    units: int, *, comparisons: int = 1, confidence: float = 0.95, variance: float = USUAL_VARIANCE
) -> Provable:
    """
    Return what a test part can show.

    Args:
        units: Independent test records: groups, and records without one.
        comparisons: Those that the scorecard decides together, of which the gain is one.
        confidence: The evaluation's.
        variance: Over records, of the difference in quality.
    """
    if units < 2:
        return Provable(units, None, is_enough=False)
    level = (1 - confidence) / comparisons
    gain = detectable_difference(
        sqrt(variance / units), records=units, level=level, least=1 - level ** (1 / units)
    )
    return Provable(units, gain if gain <= 1 else None, is_enough=gain < LARGEST_SOUGHT)
