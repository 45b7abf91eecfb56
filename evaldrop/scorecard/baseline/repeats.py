"""How far a mean lies off when the same records are asked again: from a run and the one like it before it."""

from collections.abc import Mapping
from math import sqrt

import numpy as np

from evaldrop import storage
from evaldrop.errors import NotEnoughData, StorageError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.baseline.pool import runs_like
from evaldrop.scorecard.baseline.scores_table import Floats, KeptScores, Places, places_of, read_scores
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.scores import good_shares
from evaldrop.statistics.paired import paired_difference

# The run before is of the same make almost always; behind a few that were not, another stretch begins.
_MOST_READ = 8

RepeatErrors = Mapping[str, Mapping[str, float]]
"""By candidate, then by criterion and "overall"."""


def repeat_errors(run: RunDefinition) -> RepeatErrors:
    """
    Return the standard errors of a run's means when the same records are asked again.

    Both runs' means of the same records differ by the noise of responses and judge alone, twice over: the
    error of one is the paired difference's, over √2 (its clusters are the records' groups). Empty where no
    earlier run of the same make is there, or none that can be read.
    """
    folder = storage.parent(run.folder)
    if folder is None or run.parent is not None:
        return {}
    try:
        before = next(runs_like(run, folder, most_read=_MOST_READ), None)
        return {} if before is None else _errors(run, read_scores(run.folder), read_scores(before.folder))
    except StorageError:
        return {}


def _errors(run: RunDefinition, now: KeptScores, before: KeptScores) -> RepeatErrors:
    places = places_of(now, before)
    here = np.flatnonzero(places >= 0)
    there = places[here]
    groups = None if now.groups is None else now.groups[here]
    found: dict[str, dict[str, float]] = {}
    for candidate in now.candidates:
        if candidate in before.candidates:
            mine, theirs = now.candidates.index(candidate), before.candidates.index(candidate)
            pairs = {
                name: (now.scores[name][here, mine], before.scores[name][there, theirs])
                for name in run.criteria
                if name in now.scores and name in before.scores
            }
            errors = {
                name: _error(*pair, groups, step=_step(run.criteria[name])) for name, pair in pairs.items()
            }
            if len(pairs) > 1 and OVERALL not in run.criteria:
                errors[OVERALL] = _error(*_overall(pairs, run.criteria), groups, step=0.0)
            found[candidate] = {name: error for name, error in errors.items() if error is not None}
    return found


def _error(now: Floats, before: Floats, groups: Places | None, *, step: float) -> float | None:
    both = np.isfinite(now) & np.isfinite(before)
    try:
        paired = paired_difference(now[both], before[both], groups=None if groups is None else groups[both])
    except NotEnoughData:
        return None
    # As if one record more had changed by the least it can, either way: none that did is no proof that none
    # ever will.
    return sqrt(paired.standard_error**2 / 2 + (step / paired.n) ** 2)


def _step(criterion: Criterion) -> float:
    values = sorted(point.value for point in criterion.scale.points)
    # A range knows no points; a tenth of it is about a point.
    return min(np.diff(values), default=(criterion.scale.high - criterion.scale.low) / 10)


def _overall(
    pairs: Mapping[str, tuple[Floats, Floats]], criteria: Mapping[str, Criterion]
) -> tuple[Floats, Floats]:
    """Return each record's weighted mean over the criteria that both runs have a score on."""
    size = next(iter(pairs.values()))[0].size
    sums, weights = np.zeros((2, size)), np.zeros(size)
    for name, pair in pairs.items():
        criterion = criteria[name]
        both = np.isfinite(pair[0]) & np.isfinite(pair[1])
        for side in (0, 1):
            sums[side, both] += criterion.weight * good_shares(pair[side][both], criterion)
        weights[both] += criterion.weight
    means = np.full((2, size), np.nan)
    np.divide(sums, weights, out=means, where=weights > 0)
    return means[0], means[1]
