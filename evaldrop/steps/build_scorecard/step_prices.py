"""What one more point of quality costs, bounded: the candidate's price and its quality vary together."""

from collections.abc import Mapping
from math import isclose

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.usefulness import FrontierPoint
from evaldrop.statistics.ratios import ratio_interval
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.columns import ColumnsOf, common_overall
from evaldrop.steps.build_scorecard.costs import record_costs
from evaldrop.steps.build_scorecard.counts import RunCounts

# A point is 0.01 of `overall`.
POINT = 0.01


def with_intervals(
    frontier: tuple[FrontierPoint, ...],
    run: RunDefinition,
    counts: RunCounts,
    columns: Mapping[str, ColumnsOf],
) -> tuple[FrontierPoint, ...]:
    """Return a frontier with the interval of each price of a point, or why there is none."""
    return tuple(
        point if point.usd_per_point is None or point.over is None
        else _bounded(point, (point.candidate, point.over), frontier, columns, counts, run)
        for point in frontier
    )  # fmt: skip


def _bounded(
    point: FrontierPoint,
    pair: tuple[str, str],
    frontier: tuple[FrontierPoint, ...],
    columns: Mapping[str, ColumnsOf],
    counts: RunCounts,
    run: RunDefinition,
) -> FrontierPoint:
    known = {one.candidate: one for one in frontier}
    first, second = (known[name] for name in pair)
    dearer = first.cost_usd_per_1000_records - second.cost_usd_per_1000_records
    costs = _cost_parts(pair[0], counts) - _cost_parts(pair[1], counts)
    gains = np.zeros(counts.size)
    # On the verdicts that these two have, as they are compared: a third one's may be missing.
    overall = common_overall({name: columns[name] for name in pair}, run.criteria, counts.size)
    (ordinals, ours), (_, theirs) = (overall[name] for name in pair)
    differences = (ours - theirs) / POINT
    better = float(differences.mean())
    if point.usd_per_point is None or not isclose(dearer / point.usd_per_point, better, rel_tol=1e-6):
        return point.model_copy(update={"reason": "no interval: people's labels moved the difference"})
    gains[ordinals] = (differences - better) / ordinals.size
    used = np.flatnonzero((costs != 0) | (gains != 0) | _among(ordinals, counts.size))
    # A record at each end of the scale: where few records differ their spread says too little.
    ends = np.array([1.0, -1.0]) / POINT / (ordinals.size + 2)
    groups = used if counts.groups is None else counts.groups[used]
    try:
        interval = ratio_interval(
            dearer,
            better,
            np.append(costs[used], [0.0, 0.0]),
            np.append(gains[used], ends),
            groups=np.append(groups, groups.min() - [1, 2]),
            confidence=run.evaluation.confidence,
        )
    except NotEnoughData as error:
        return point.model_copy(update={"reason": f"no interval: {error}"})
    if interval is None:
        return point.model_copy(update={"reason": "no bound: the difference in quality may be 0"})
    return point.model_copy(update={"usd_per_point_interval": tuple(interval)})


def _among(ordinals: Ordinals, size: int) -> npt.NDArray[np.bool_]:
    found = np.zeros(size, np.bool_)
    found[ordinals] = True
    return found


def _cost_parts(name: str, counts: RunCounts) -> Floats:
    """Return what each record adds to the error of a candidate's price per 1,000 records."""
    costs, called = record_costs(counts.candidates[name], counts.size)
    total = int(called.sum())
    return np.asarray((costs - called * (costs.sum() / total)) * (1000 / total), dtype=np.float64)
