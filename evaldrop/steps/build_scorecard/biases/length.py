"""Whether the longer of two responses to a record gets more than it deserves."""

from collections.abc import Callable
from itertools import combinations
from typing import NamedTuple

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.model.biases import LengthBias
from evaldrop.statistics.clusters import clustered_mean_estimate
from evaldrop.statistics.judge_bias import Effect, effect_beyond, effect_of
from evaldrop.statistics.paired_test import PairedScores, paired_test, shared_scores
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.biases.measures import SMALLEST, Judgements, Measured, scale_range, turned

# Of metrics against the reference the one that no length by itself can lower.
_FAIR_TO_LENGTH = "contains"
# By more than this share of the shorter one's length.
_LONGER = 0.1
# Pairs of responses that are compared by length; beyond, the first ones tell enough.
_MOST_ROWS = 500_000


class _Rows(NamedTuple):
    """Pairs of responses to one record: a's score less b's, and 1 where a's is longer, -1 where b's is."""

    ordinals: Ordinals
    better: Floats
    longer: Floats
    strata: Ordinals


def length_bias(on: Judgements, name: str) -> Measured | None:
    """Return what length brings on a criterion; None where all responses to a record are about as long."""
    rows = _rows(on, name)
    differing = rows.longer != 0
    if not differing.any():
        return None
    criterion = on.run.criteria[name]
    part = LengthBias(criterion=name, n=0, n_compared=int(differing.sum()))
    gains, clusters = (rows.better * rows.longer)[differing], on.clusters(rows.ordinals)[differing]
    try:
        found = clustered_mean_estimate(gains, clusters)
        p_value = paired_test(
            PairedScores(rows.ordinals[differing], gains, reach=scale_range(criterion)),
            # Pairs of one record are not independent, so the record is the group at least.
            np.arange(on.counts.size, dtype=np.int32) if on.counts.groups is None else on.counts.groups,
            confidence=0.95,
        ).p_value
        part = part.model_copy(
            update={
                "longer_gains": found.mean,
                "longer_gains_interval": tuple(found.interval),
                "longer_gains_p_value": p_value,
            }
        )
    except NotEnoughData as error:
        return Measured(part.model_copy(update={"reason": str(error)}))
    measured = _length_by_people(on, part, criterion)
    # Where too few are labelled the reference may still tell.
    if (measured is None or measured.p_value is None) and _FAIR_TO_LENGTH in on.run.evaluation.metrics:
        measured = _length_by_reference(on, part, rows, criterion) or measured
    if measured is None:
        why = "neither people's labels nor the metric contains tell what a longer response deserves"
        measured = Measured(part.model_copy(update={"reason": why}))
    return measured


def _length_by_people(on: Judgements, part: LengthBias, criterion: Criterion) -> Measured | None:
    found = _labelled_rows(on, criterion)
    if found is None:
        return None
    rows, people = found
    # What people share of the preference for length is no bias.
    return _with_effect(
        part.model_copy(update={"against": "people"}),
        lambda level: effect_of(
            rows.better - people,
            rows.longer,
            rows.strata,
            on.clusters(rows.ordinals),
            confidence=level,
        ),
        floor=SMALLEST * scale_range(criterion),
    )


def _length_by_reference(
    on: Judgements, part: LengthBias, rows: _Rows, criterion: Criterion
) -> Measured | None:
    names = [candidate.name for candidate in on.run.candidates]
    values = np.full((len(names), on.counts.size), np.nan)
    for place, name in enumerate(names):
        ordinals, column = on.counts.candidates[name].metrics[_FAIR_TO_LENGTH].in_order()
        values[place, ordinals] = column
    firsts, seconds = (np.array(side) for side in zip(*combinations(range(len(names)), 2), strict=True))
    measure = values[firsts[rows.strata], rows.ordinals] - values[seconds[rows.strata], rows.ordinals]
    known = np.isfinite(measure)
    if not known.any():
        return None
    return _with_effect(
        part.model_copy(update={"against": _FAIR_TO_LENGTH}),
        lambda level: effect_beyond(
            rows.better[known],
            rows.longer[known],
            measure[known],
            rows.strata[known],
            on.clusters(rows.ordinals)[known],
            confidence=level,
        ),
        floor=SMALLEST * scale_range(criterion),
    )


def _rows(on: Judgements, name: str) -> _Rows:
    """Return all pairs of responses that have a score on a criterion."""
    candidates = [candidate.name for candidate in on.run.candidates]
    lengths = {}
    for candidate in candidates:
        ordinals, characters, _ = on.counts.candidates[candidate].texts.in_order()
        lengths[candidate] = np.zeros(on.counts.size)
        lengths[candidate][ordinals] = characters
    parts: list[tuple[Ordinals, Floats, Floats, Ordinals]] = []
    left = _MOST_ROWS
    for stratum, (a, b) in enumerate(combinations(candidates, 2)):
        one, other = on.judged.get(a, {}).get(name), on.judged.get(b, {}).get(name)
        if one is None or other is None or left <= 0:
            continue
        both = shared_scores((one.ordinals, one.scores), (other.ordinals, other.scores))
        at = both.ordinals[:left]
        better = turned(both.first[:left] - both.second[:left], on.run.criteria[name])
        longer = _longer(lengths[a][at], lengths[b][at])
        parts.append((at, better, longer, np.full(at.size, stratum, np.int32)))
        left -= at.size
    if not parts:
        return _Rows(np.zeros(0, np.int32), np.zeros(0), np.zeros(0), np.zeros(0, np.int32))
    return _Rows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _labelled_rows(on: Judgements, criterion: Criterion) -> tuple[_Rows, Floats] | None:
    by_record = on.by_record(criterion.name)
    strata = {
        pair: place
        for place, pair in enumerate(combinations([candidate.name for candidate in on.run.candidates], 2))
    }
    rows: list[tuple[float, ...]] = []
    for responses in by_record.values():
        for (a, b), stratum in strata.items():
            if a not in responses or b not in responses:
                continue
            (one, said_one), (other, said_other) = responses[a], responses[b]
            given = one.joined.get(criterion.name), other.joined.get(criterion.name)
            if given[0] is None or given[1] is None:
                continue
            longer = float(_longer(np.array(one.length), np.array(other.length)))
            rows.append((one.ordinal, given[0] - given[1], longer, stratum, said_one - said_other))
    if not rows:
        return None
    ordinals, better, longer, codes, people = np.array(rows, np.float64).T
    return (
        _Rows(ordinals.astype(np.int32), turned(better, criterion), longer, codes.astype(np.int32)),
        turned(people, criterion),
    )


def _with_effect(part: LengthBias, measure: Callable[[float], Effect], *, floor: float) -> Measured:
    try:
        found = measure(0.95)
    except NotEnoughData as error:
        return Measured(part.model_copy(update={"reason": str(error)}))
    part = part.model_copy(update={"n": found.n, "size": found.size})
    return Measured(part, found.p_value, lambda level: measure(level).interval, floor=floor)


def _longer(one: Floats, other: Floats) -> Floats:
    # A few characters more are no longer response.
    return np.sign(one - other) * (np.abs(one - other) > _LONGER * np.minimum(one, other))
