"""Two runs paired by record: each candidate's scores now and in what it is held to, and what is missing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.baseline.scores_table import Codes, Flags, Floats, KeptScores, Places, places_of
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.scores import good_shares
from evaldrop.statistics.paired_test import PairedScores


class Side(NamedTuple):
    """
    One candidate's scores on one criterion, row i being a record of both runs.

    `lost` tells where a score should be and is not; elsewhere NaN means that the question does not apply.
    """

    scores: Floats
    lost: Flags

    def ends(self, low: float, high: float) -> tuple[Floats, Floats]:
        """Return the lowest and highest score each record may have; NaN where the question does not apply."""
        return np.where(self.lost, low, self.scores), np.where(self.lost, high, self.scores)


class Measure(NamedTuple):
    """
    One candidate on one criterion, or over all (criterion None).

    Attributes:
        now: Scores of this run.
        then: Of the baseline itself, whatever is pooled with it: facts are told of two runs.
        gone: Where a verdict was there then and is not now.
        earlier: Of all the runs it is held to, shape (runs, records).
        paired: Now minus their mean.
    """

    candidate: str
    name: str
    criterion: Criterion | None
    now: Floats
    then: Floats
    gone: Flags
    earlier: Floats
    paired: PairedScores

    @property
    def higher_is_better(self) -> bool:
        """Whether a rise is an improvement; overall is made of shares in which 1 is good."""
        return self.criterion is None or self.criterion.higher_is_better

    @property
    def scale(self) -> float:
        """The largest difference there can be."""
        return self.paired.reach

    def drops(self) -> Floats:
        """Return how much worse each record is than then, on the criterion's scale; NaN without a pair."""
        return self.then - self.now if self.higher_is_better else self.now - self.then


class PairedRuns(NamedTuple):
    """The records of both runs."""

    ids: pa.Array
    rows: Places
    categories: Codes
    category_names: Sequence[str]
    groups: Codes | None
    measures: list[Measure]

    def record_id(self, row: int) -> str:
        """Return the id of the record in a row of the measures."""
        return str(self.ids[int(self.rows[row])].as_py())


def pair_runs(
    run: RunDefinition, now: KeptScores, blessed: KeptScores, others: Iterable[KeptScores]
) -> PairedRuns:
    """
    Pair a run with its baseline, and with the runs that are pooled with it.

    Args:
        run: Its criteria and weights count, on both sides: a changed weight is no changed answer.
        now: Its scores.
        blessed: The baseline's.
        others: Those of the runs that are pooled with it; each is looked at once and let go.
    """
    places = places_of(now, blessed)
    here = np.flatnonzero(places >= 0)
    # A candidate that was renamed is a new one: by place, two models would be taken for one.
    candidates = [name for name in now.candidates if name in blessed.candidates]
    # Criteria beyond `MOST_CRITERIA` have no column in the table of scores.
    criteria = [name for name in run.criteria if name in now.scores and name in blessed.scores]
    keys = [(candidate, name) for candidate in candidates for name in criteria]
    mine = {key: _side(now, key, here) for key in keys}
    runs = [{key: _side(blessed, key, places[here]) for key in keys}]
    for other in others:
        at = places_of(now, other)[here]
        runs.append({key: _side(other, key, at) for key in keys})
    measures = []
    for candidate in candidates:
        parts = {name: (mine[candidate, name], [each[candidate, name] for each in runs]) for name in criteria}
        measures += [_measure(candidate, run.criteria[name], *both) for name, both in parts.items()]
        if len(criteria) > 1 and OVERALL not in run.criteria:
            measures.append(_overall(candidate, measures[-len(criteria) :], run.criteria))
    groups = None if now.groups is None else now.groups[here]
    return PairedRuns(now.record_ids, here, now.categories[here], now.category_names, groups, measures)


def _side(kept: KeptScores, key: tuple[str, str], places: Places) -> Side:
    candidate, name = key
    if candidate not in kept.candidates or name not in kept.scores:
        return Side(np.full(places.size, np.nan), np.zeros(places.size, bool))
    column, is_there = kept.candidates.index(candidate), places >= 0
    scores = np.where(is_there, kept.scores[name][places, column], np.nan)
    # A file of an earlier version does not tell: whatever has no score may then have been lost.
    lost = kept.lost[name][places, column] if name in kept.lost else np.isnan(scores)
    return Side(scores, is_there & lost)


def _measure(candidate: str, criterion: Criterion, now: Side, runs: Sequence[Side]) -> Measure:
    held = _pooled(runs)
    # Of a file that does not tell: what has no score on either side was not asked, rather than lost twice.
    neither = now.lost & held.lost
    now, held = now._replace(lost=now.lost & ~neither), held._replace(lost=held.lost & ~neither)
    low, high = criterion.scale.low, criterion.scale.high
    here, there = now.ends(low, high), held.ends(low, high)
    both = np.flatnonzero(np.isfinite(now.scores) & np.isfinite(held.scores))
    missing = np.flatnonzero((now.lost | held.lost) & np.isfinite(here[0]) & np.isfinite(there[0]))
    values = sorted(point.value for point in criterion.scale.points)
    paired = PairedScores(
        both.astype(np.int32),
        (now.scores - held.scores)[both],
        missing.astype(np.int32),
        (here[0] - there[1])[missing],
        (here[1] - there[0])[missing],
        reach=high - low,
        # A mean of several runs may differ by less than two answers of the scale do.
        step=float(min(np.diff(values), default=0.0)) if len(runs) == 1 else 0.0,
        is_binary=criterion.scale.kind == "binary" and len(runs) == 1,
    )
    earlier = np.stack([side.scores for side in runs])
    then = runs[0].scores
    gone = np.isfinite(then) & ~np.isfinite(now.scores)
    return Measure(candidate, criterion.name, criterion, now.scores, then, gone, earlier, paired)


def _pooled(runs: Sequence[Side]) -> Side:
    """Return each record's mean over the runs that have a score for it; lost where none of them has one."""
    scores = np.stack([side.scores for side in runs])
    known = np.isfinite(scores)
    counts = known.sum(axis=0)
    means = np.full(counts.shape, np.nan)
    np.divide(np.where(known, scores, 0.0).sum(axis=0), counts, out=means, where=counts > 0)
    return Side(means, (counts == 0) & np.any([side.lost for side in runs], axis=0))


def _overall(candidate: str, parts: Sequence[Measure], criteria: Mapping[str, Criterion]) -> Measure:
    """
    Return the weighted mean over the criteria that both sides have, record by record.

    A mean over those of each side alone would compare an easy criterion with a hard one where a verdict is
    missing. A missing verdict is at either end of its scale.
    """
    size = parts[0].now.size
    total, weights, least, greatest, all_weights = np.zeros((5, size))
    now, then, known_then = np.zeros((3, size))
    earlier, has_all = np.zeros_like(parts[0].earlier), np.ones(parts[0].earlier.shape, bool)
    is_missing, gone = np.zeros((2, size), bool)
    for part in parts:
        criterion = criteria[part.name]
        weight, span = criterion.weight, criterion.scale.high - criterion.scale.low
        if not weight:
            continue
        rows, missing, sign = part.paired.ordinals, part.paired.missing, 1 if part.higher_is_better else -1
        share = weight / span
        total[rows] += sign * share * part.paired.differences
        weights[rows] += weight
        ends = np.sort(sign * share * np.stack([part.paired.least, part.paired.greatest]), axis=0)
        least[missing] += ends[0]
        greatest[missing] += ends[1]
        all_weights[missing] += weight
        is_missing[missing] = True
        gone |= part.gone
        now[rows] += weight * good_shares(part.now[rows], criterion)
        earlier[:, rows] += weight * np.nan_to_num(good_shares(part.earlier[:, rows], criterion))
        has_all[:, rows] &= np.isfinite(part.earlier[:, rows])
        in_both = np.flatnonzero(np.isfinite(part.now) & np.isfinite(part.then))
        then[in_both] += weight * good_shares(part.then[in_both], criterion)
        known_then[in_both] += weight
    in_all, open_rows = np.flatnonzero(weights), np.flatnonzero(is_missing)
    all_weights += weights
    paired = PairedScores(
        in_all.astype(np.int32),
        total[in_all] / weights[in_all],
        open_rows.astype(np.int32),
        (total[open_rows] + least[open_rows]) / all_weights[open_rows],
        (total[open_rows] + greatest[open_rows]) / all_weights[open_rows],
        reach=1.0,
    )
    per_run = _divided(np.where(has_all, earlier, np.nan), weights)
    # Where the baseline itself lacks a criterion that a pooled run has, its mean is of others than now's.
    then[known_then != weights] = np.nan
    means = (_divided(now, weights), _divided(then, weights))
    return Measure(candidate, OVERALL, None, *means, gone, per_run, paired)


def _divided(sums: Floats, weights: Floats) -> Floats:
    means: npt.NDArray[np.float64] = np.full(sums.shape, np.nan)
    np.divide(sums, weights, out=means, where=weights > 0)
    return means
