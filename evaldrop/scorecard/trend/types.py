"""What a trend is made of: points, deliberate changes, and moves without one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from evaldrop.scorecard.model.scorecard import Interval
from evaldrop.scorecard.trend.alarms import Charts, Direction

What = Literal["model", "prompt", "settings", "judge", "criterion", "dataset", "anchors", "workflow"]
Cause = Literal["judge", "candidate", "missing", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """
    A run's estimate of one candidate on one criterion, on the criterion's own scale.

    `standard_error` is for other records, `repeat_error` for the same ones asked again; None where no earlier
    run tells.
    """

    run_id: str
    started_at: str
    folder: str
    n: int
    mean: float | None
    standard_error: float | None
    interval: Interval | None
    pass_rate: float | None
    pass_interval: Interval | None
    bounds: Interval | None
    repeat_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that was changed on purpose before a run. `name`: of the candidate, judge or criterion."""

    run_id: str
    started_at: str
    what: What
    name: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """
    A move in a sentence, with what most likely moved: the judge, the candidate, or unknown; or missing, where
    verdicts that were lost could be all of it.

    `charts` names those that gave the alarm, the first of them in run `run_id`; the move likely began in run
    `since_run_id`. `size` is the mean from there on minus the level.
    """

    charts: tuple[str, ...]
    direction: Direction
    size: float
    cause: Cause
    run_id: str
    since_run_id: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPoint:
    """
    A run's estimate by an old judge on a new one's scale; intervals hold the line's own uncertainty.

    `pass_rate` is None where its own line could not be had.
    """

    run_id: str
    label: str
    mean: float | None
    interval: Interval | None
    pass_rate: float | None
    pass_interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """
    One candidate (or one frozen set of anchors) on one criterion, the oldest run first.

    `changes` concern this series. Charts and shifts are of the last stretch, which begins at `points[start]`;
    `charts` is None where there are too few runs, and `reason` says so. `linked` are earlier runs by another
    judge on the scale of the last run's, for a look: no chart reads them. `link` says how, or that they
    cannot be linked; None without a bridge.
    """

    name: str
    criterion: str
    is_anchor: bool
    points: tuple[TrendPoint, ...]
    changes: tuple[Change, ...]
    start: int
    charts: Charts | None
    shifts: tuple[Shift, ...]
    reason: str | None
    linked: tuple[LinkedPoint, ...] = ()
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """
    An evaluation's runs and their series.

    `left_out` gives a reason for each run that is not in them: one that reads its parent's replies again
    measures nothing new, a simulated one is no measurement beside real ones, and neither is one in which
    somebody answered nothing.
    """

    evaluation: str
    simulated: bool
    runs: tuple[str, ...]
    series: tuple[Series, ...]
    changes: tuple[Change, ...]
    left_out: Mapping[str, str]

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """Every alarm of every series."""
        return tuple(shift for series in self.series for shift in series.shifts)

    @property
    def links(self) -> tuple[str, ...]:
        """How series are linked with earlier judges' runs, or that they are not, each criterion once."""
        said = (f"{series.criterion}: {series.link}" for series in self.series if series.link)
        return tuple(dict.fromkeys(said))

    @property
    def reason(self) -> str | None:
        """Why there can be no alarm yet; None once any series is charted."""
        if any(series.charts is not None for series in self.series):
            return None
        return next((series.reason for series in self.series if series.reason), None)

    def to_json(self) -> dict[str, Any]:
        """Return the trend as `evaldrop trend --json` prints it."""
        return asdict(self)
