"""
Whether the line between two judges holds on the anchors, which both have read.

Anchors are no part of the line: they are written to be plainly good or plainly bad, and a line through them
would be that of their spread and not of the responses' (linear equating depends on whom it is made of). They
are what tells whether it holds where responses are seldom.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from pydantic import Field

from evaldrop.scorecard.figures import number
from evaldrop.scorecard.model.part import Interval, Part
from evaldrop.statistics.equating import Equating
from evaldrop.statistics.intervals import t_quantile

FEWEST = 3
"""Anchors above the responses' mean, or below it, of which something is said."""


class AnchorsOnLine(Part):
    """What the new judge gives the anchors on one side of the responses' mean, beside what the line says."""

    is_above: bool = Field(description="Those whose old score is above the responses' mean; else the others.")
    n: int
    difference: float = Field(description="Mean of the new score minus the line's.")
    interval: Interval = Field(description="Of the difference, simultaneous with that of the other side.")
    holds: bool = Field(description="Whether the line may be right on them.")

    @property
    def sentence(self) -> str:
        """Say how far the anchors are from the line."""
        where = "better" if self.is_above else "worse"
        low, high = self.interval
        return (
            f"on {self.n} anchors {where} than the mean the new judge gives {number(self.difference)} "
            f"({number(low)} to {number(high)}) more than the line says"
        )


def anchors_on_line(
    line: Equating, pairs: Sequence[tuple[float, float]], *, scale: float, most: float
) -> tuple[AnchorsOnLine, ...]:
    """
    Hold a line against anchors, those above the mean of its responses and those below by themselves.

    Student's t over anchors, with the line's own error added; both sides share the line's confidence
    (Bonferroni). A side does not hold where the difference is not chance and more than `most` of the scale.

    Args:
        line: Of the responses.
        pairs: Each anchor's old and new score.
        scale: Its length.
        most: Share of it by which anchors may be off the line.
    """
    found = []
    for is_above in (True, False):
        side = np.array([each for each in pairs if (each[0] >= line.old_mean) == is_above])
        n = len(side)
        if n < FEWEST:
            continue
        off = side[:, 1] - (line.intercept + line.slope * side[:, 0])
        error = sqrt(off.var(ddof=1) / n + line.error_at(float(side[:, 0].mean())) ** 2)
        reach = t_quantile(1 - (1 - line.confidence) / 2, n - 1) * error
        difference = float(off.mean())
        interval = (difference - reach, difference + reach)
        is_off = not interval[0] <= 0 <= interval[1] and abs(difference) > most * scale
        found.append(
            AnchorsOnLine(is_above=is_above, n=n, difference=difference, interval=interval, holds=not is_off)
        )
    return tuple(found)
