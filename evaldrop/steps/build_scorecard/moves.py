"""What moved for the worse in a run: regressions, and drift of judges. For metrics and events alike."""

from typing import NamedTuple

from evaldrop import storage
from evaldrop.report.history_index import HISTORY_FILE, read_entries
from evaldrop.run.definition import RunDefinition, checks_by_name
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.trend import Series, Trend, trend_of
from evaldrop.scorecard.trend.types import Shift


class Moves(NamedTuple):
    """
    What moved for the worse.

    Attributes:
        regressed: Candidate and criterion that is worse than in the blessed run, or whose chart gave its
            alarm in this run and not for the judge's sake. None where nothing could tell: no blessed run to
            compare with, and too few runs for a chart.
        drifted: Charts that moved for the judge's sake; None without a chart.
    """

    regressed: frozenset[tuple[str, str]] | None = None
    drifted: int | None = None

    @property
    def regressions(self) -> int | None:
        """How many regressed; None where nothing could tell."""
        return None if self.regressed is None else len(self.regressed)


NOT_LOOKED_AT = Moves()


def moves_of(scorecard: Scorecard, trend: Trend | None) -> Moves:
    """Return what moved in a run; `trend` is its evaluation's, None where there is none."""
    baseline = scorecard.baseline
    regressed = baseline.regressed if baseline is not None and baseline.candidates else None
    charted = trend is not None and trend.reason is None and scorecard.run_id in trend.runs
    if trend is None or not charted:
        return Moves(regressed)
    shifts = [(each, shift) for each in trend.series for shift in each.shifts]
    new = [(each, shift) for each, shift in shifts if shift.run_id == scorecard.run_id]
    fell = {
        (each.name, each.criterion)
        for each, shift in new
        if shift.cause in ("candidate", "unknown")
        and not each.is_anchor
        and _is_worse(each, shift, scorecard)
    }
    drifted = sum(shift.cause == "judge" for _, shift in new)
    return Moves(frozenset(fell) | (regressed or frozenset()), drifted)


def trend_so_far(run: RunDefinition) -> Trend:
    """Return the trend of a run's evaluation; the run itself is in the history by now."""
    folder = storage.parent(run.folder) or run.folder
    files = (storage.join(folder, name, HISTORY_FILE) for name in storage.list_folders(folder))
    return trend_of(read_entries(files), run.evaluation.name)


def own_criteria(run: RunDefinition) -> frozenset[str]:
    """Return the evaluation's own criteria: those that records bring are named by whoever wrote them."""
    judged = (config if isinstance(config, str) else config["name"] for config in run.evaluation.criteria)
    return frozenset((*judged, *checks_by_name(run.evaluation.checks, path="checks")))


def _is_worse(series: Series, shift: Shift, scorecard: Scorecard) -> bool:
    info = scorecard.criteria.get(series.criterion)
    higher_is_better = info is None or info.higher_is_better
    return (shift.direction == "down") == higher_is_better
