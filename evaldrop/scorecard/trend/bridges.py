"""
`bridges.json`: what links the history of an old judge with that of a new one.

Both read the same responses; a line between their scores carries the old runs' estimates to the new scale,
with the line's own uncertainty. Where they do not agree enough for that, it says so, and nothing is carried.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field

from evaldrop.errors import NotEnoughData
from evaldrop.scorecard.figures import number, percent
from evaldrop.scorecard.model.part import Part, nullable
from evaldrop.scorecard.trend.anchors_on_line import AnchorsOnLine, anchors_on_line
from evaldrop.scorecard.trend.entries import HistoryEntry, HistoryJudge
from evaldrop.statistics.equating import Equating, equate

BRIDGES_FILE = "bridges.json"

LEAST_RESPONSES = 30
LEAST_RECORDS = 10
LEAST_CORRELATION = 0.5
"""Below it less than a quarter of what one judge sees is what the other sees: a line links their numbers, and
not what they mean."""
WIDEST = 0.1
"""Half the width of the line's interval at the mean, as a share of the scale, up to which it is of use."""


class ScaleLink(Part):
    """How a quantity of the old judge's is on the new one's scale; `unlinked` says why it is not."""

    line: Equating | None = nullable("new = intercept + slope · old; null where there is too little for one.")
    unlinked: str = Field(default="", description="Why the scales cannot be linked; empty where they are.")
    anchors: tuple[AnchorsOnLine, ...] = Field(
        default=(), description="Whether the line holds on anchors above and below the responses' mean."
    )

    @property
    def is_linked(self) -> bool:
        """Whether values can be carried."""
        return self.line is not None and not self.unlinked

    @property
    def sentence(self) -> str:
        """Say the link, or that there is none."""
        if self.unlinked or self.line is None:
            return f"not linked: {self.unlinked}"
        line = self.line
        low, high = line.interval_at(line.old_mean)
        return (
            f"new = {number(line.intercept)} + {number(line.slope)} · old, at {number(line.old_mean)} "
            f"{number(line.at(line.old_mean))} ({number(low)} to {number(high)}); {line.n:,} responses to "
            f"{line.clusters:,} records or groups of them, correlation {number(line.correlation)}, "
            f"{percent(line.identical)} the same{''.join(f'; {each.sentence}' for each in self.anchors)}"
        )

    def held_against(self, pairs: Sequence[tuple[float, float]], *, scale: float) -> "ScaleLink":
        """
        Return the link as anchors have it: one that they are far from is none.

        Args:
            pairs: Old and new score of each anchor.
            scale: Length of the scale.
        """
        if self.line is None or self.unlinked:
            return self
        found = anchors_on_line(self.line, pairs, scale=scale, most=WIDEST)
        off = [each.sentence for each in found if not each.holds]
        return self.model_copy(update={"anchors": found, "unlinked": " and ".join(off)})


class CriterionBridge(Part):
    """Links of one criterion, or of overall quality. `asked`: digest of its question and scale."""

    score: ScaleLink
    passed: ScaleLink | None = nullable("Of its pass rate; null for overall quality.")
    asked: str | None = None


class Bridge(Part):
    """A judge's successor read what runs had kept. `old` and `new` are the panels with either, by name."""

    made_at: str
    simulated: bool
    old_judge: str
    new_judge: str
    old: dict[str, HistoryJudge]
    new: dict[str, HistoryJudge]
    runs: tuple[str, ...] = Field(description="Runs whose responses were read again.")
    judged: tuple[str, ...] = Field(description="Runs in which the new judge read them, in the same order.")
    criteria: dict[str, CriterionBridge]

    def joins(self, before: Mapping[str, HistoryJudge], now: Mapping[str, HistoryJudge]) -> bool:
        """Tell whether it links runs with some judges to runs with others."""
        return bool(before and now) and dict(before) == self.old and dict(now) == self.new

    def link_of(self, criterion: str, entry: HistoryEntry) -> CriterionBridge | None:
        """Return the links of a criterion as a run asked it; None where it was asked otherwise."""
        found = self.criteria.get(criterion)
        asked = entry.criteria.get(criterion)
        return None if found is None or (asked and found.asked and asked != found.asked) else found


class Bridges(Part):
    """All of an evaluation, the oldest first."""

    evaluation: str
    bridges: tuple[Bridge, ...] = ()


def bridge_to(bridges: Iterable[Bridge], before: HistoryEntry, now: HistoryEntry) -> Bridge | None:
    """Return the newest bridge between the judges of two runs, None where there is none."""
    # A rehearsal's judges are no judges: what they make links no real runs.
    found = [
        each
        for each in bridges
        if each.joins(before.judges, now.judges) and (now.simulated or not each.simulated)
    ]
    return found[-1] if found else None


def link_scores(
    old: npt.NDArray[np.float64],
    new: npt.NDArray[np.float64],
    groups: Sequence[str],
    *,
    low: float,
    high: float,
    confidence: float,
) -> ScaleLink:
    """
    ScaleLink two judges' scores of the same responses, or say why they cannot be.

    Args:
        old: Of the old judge, NaN where it has none, shape (responses,).
        new: Of the new one, likewise.
        groups: Each response's record, or group of records, shape (responses,).
        low: Lower end of the scale.
        high: Its upper end.
        confidence: Of the line's intervals.
    """
    both = ~(np.isnan(old) | np.isnan(new))
    labels = np.asarray(groups)[both]
    n, records = int(both.sum()), len(set(labels.tolist()))
    if n < LEAST_RESPONSES or records < LEAST_RECORDS:
        return ScaleLink(
            unlinked=f"{n} responses to {records} records were scored by both judges; a line takes "
            f"{LEAST_RESPONSES} to {LEAST_RECORDS} at least"
        )
    try:
        line = equate(old[both], new[both], labels, confidence=confidence)
    except NotEnoughData as error:
        return ScaleLink(unlinked=str(error))
    return ScaleLink(line=line, unlinked=_fault(line, high - low))


def _fault(line: Equating, scale: float) -> str:
    if line.correlation is None:
        return "one of the judges gave every response the same score"
    if line.correlation < LEAST_CORRELATION:
        return (
            f"the judges' scores correlate at {number(line.correlation)}, and below {LEAST_CORRELATION:g} "
            "they do not measure the same"
        )
    low, high = line.interval_at(line.old_mean)
    if (high - low) / 2 > WIDEST * scale:
        return (
            f"the line is uncertain by ±{number((high - low) / 2)} at the mean, more than {percent(WIDEST)} "
            "of the scale"
        )
    return ""
