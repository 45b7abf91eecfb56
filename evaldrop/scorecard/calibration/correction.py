"""The mean people would have given: a judge's many scores corrected by a few labels."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.calibration.agreement import yes_counts
from evaldrop.scorecard.model.calibration import CalibratedMean, CorrectedRate
from evaldrop.statistics.bounded import bounded_mean_interval
from evaldrop.statistics.clusters import clustered_pass_interval
from evaldrop.statistics.corrected_pairs import FEWEST_LABELLED
from evaldrop.statistics.debiasing import (
    DebiasedMean,
    clustered_ppi_mean,
    labels_mean,
    rogan_gladen,
    shared_clusters_ppi_mean,
)
from evaldrop.statistics.intervals import clopper_pearson_interval
from evaldrop.statistics.paired_test import Spread

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

# What a judge passes falsely is skewed: with a step of one, 50 labels let a gate pass falsely in 5.5 % of
# runs instead of 2.5 %; with two in less than 3 %.
_SHARE_STEP = 2.0


class Judged(NamedTuple):
    """
    A candidate's records on one criterion: the judge's score of each, and people's where they gave one.

    `judge`, `human` and `clusters` have shape (records,); `human` is NaN without a label. A record without a
    group is a cluster of its own; `are_clusters_shared` says that some are not.
    """

    judge: Floats
    human: Floats
    clusters: Ints
    are_clusters_shared: bool


def calibrated_mean(
    judged: Judged,
    criterion: Criterion | None,
    confidence: float,
    *,
    passes: Judged | None = None,
    step: float | None = None,
) -> CalibratedMean:
    """
    Correct a candidate's mean on a criterion by labels of a random sample of its records.

    PPI++ with clustered variances and a tuned weight; where people labelled everything, their own clustered
    mean. Where too little is labelled, `reason` says so.

    Args:
        judged: The scores.
        criterion: None for overall quality, a share.
        confidence: Two-sided level of the interval.
        passes: Whether each score passes, by the judge and by people, for the corrected pass rate.
        step: The smallest step of the scores; by default that of the criterion's scale.
    """
    if step is None:
        step = 1.0 if criterion is None else step_of(criterion)
    is_share = criterion is not None and criterion.scale.kind == "binary"
    labelled = ~np.isnan(judged.human)
    n_labelled, n_unlabelled = int(labelled.sum()), int((~labelled).sum())
    counts = CalibratedMean(n_labelled=n_labelled, n_unlabelled=n_unlabelled)
    if n_labelled < 2:
        return counts.model_copy(update={"reason": f"{n_labelled} labels; at least 2 are needed"})
    bias = float((judged.judge[labelled] - judged.human[labelled]).mean())
    known: dict[str, object] = {
        "judge_bias": bias,
        "rogan_gladen": _corrected_rate(judged, labelled, criterion, confidence),
    }
    units = np.unique(judged.clusters[labelled]).size
    if units < FEWEST_LABELLED and not np.ptp(judged.human[labelled]):
        # A few equal labels say nothing about spread; of many it is known how rare others must be.
        return counts.model_copy(
            update=known | {"reason": "the labels do not vary, so no spread can be seen"}
        )
    try:
        found = _estimate(judged, labelled, confidence, _SHARE_STEP if is_share else step)
        rate = None if passes is None else _estimate(passes, labelled, confidence, _SHARE_STEP)
    except NotEnoughData as error:
        return counts.model_copy(update=known | {"reason": str(error)})
    low, high = (0.0, 1.0) if criterion is None else (criterion.scale.low, criterion.scale.high)
    interval = _interval(judged, found, confidence, low=low, high=high, is_share=is_share)
    pass_interval = None
    if passes is not None and rate is not None:
        pass_interval = _interval(passes, rate, confidence, low=0.0, high=1.0, is_share=True)
    known |= {
        # The correction may push a mean beyond its scale, where no mean of people can be.
        "mean": _within(found.mean, low, high),
        "standard_error": found.standard_error,
        "interval": interval,
        "pass_rate": rate and _within(rate.mean, 0, 1),
        "pass_interval": pass_interval,
        "method": "ppi++" if found.n_unlabelled else "labels_only",
        "weight": found.weight,
        "decides": units >= FEWEST_LABELLED,
    }
    return counts.model_copy(update=known)


def step_of(criterion: Criterion) -> float:
    """Return the smallest distance of two answers, in the criterion's unit; of a range a quarter of it."""
    scale = criterion.scale
    return scale.smallest_step() or (scale.high - scale.low) / 4


def _estimate(
    judged: Judged, labelled: npt.NDArray[np.bool_], confidence: float, step: float
) -> DebiasedMean:
    human, groups = judged.human[labelled], judged.clusters[labelled]
    # A single response without a label has no spread, so no variance of that side can be had.
    if (~labelled).sum() < 2:
        is_plain = labelled.all() and np.ptp(human) > 0
        return labels_mean(human, groups=groups, step=None if is_plain else step, confidence=confidence)
    estimate = shared_clusters_ppi_mean if judged.are_clusters_shared else clustered_ppi_mean
    return estimate(
        human,
        judged.judge[labelled],
        judged.judge[~labelled],
        labelled_groups=groups,
        unlabelled_groups=judged.clusters[~labelled],
        step=step,
        confidence=confidence,
    )


def _interval(
    judged: Judged, found: DebiasedMean, confidence: float, *, low: float, high: float, is_share: bool
) -> tuple[float, float]:
    """
    Return the interval of a corrected mean, within the scale.

    Where people labelled everything, that of their scores, as the scorecard's other means have it. Else
    Student's, and at least what an error of the judge that no label shows could make of it (`Spread`).
    """
    labelled = ~np.isnan(judged.human)
    groups = judged.clusters if judged.are_clusters_shared else None
    if not labelled.all():
        units = int(np.unique(judged.clusters[labelled]).size)
        spread = Spread(found.mean, found.standard_error, found.freedom, units, high - low, np.inf)
        bounds = spread.interval(confidence)
    elif not is_share:
        human = judged.human
        bounds = bounded_mean_interval(human, low=low, high=high, groups=groups, confidence=confidence)
    elif groups is not None:
        bounds = clustered_pass_interval(judged.human, groups, confidence=confidence)
    else:
        passed = float(judged.human.sum())
        bounds = clopper_pearson_interval(passed, judged.human.size, confidence=confidence)
    return _within(bounds.low, low, high), _within(bounds.high, low, high)


def _corrected_rate(
    judged: Judged, labelled: npt.NDArray[np.bool_], criterion: Criterion | None, confidence: float
) -> CorrectedRate | None:
    if criterion is None or criterion.scale.kind != "binary":
        return None
    counts = yes_counts(judged.human[labelled], judged.judge[labelled])
    try:
        found = rogan_gladen(
            float(judged.judge.sum()), float(judged.judge.size), judge=counts, confidence=confidence
        )
    except NotEnoughData as error:
        reason = str(error)
        # `good` is the statistic's word for what it counts; on a scale where yes is bad it would mislead.
        for kind, answer in (("good", "yes"), ("bad", "no")):
            reason = reason.replace(f"people call {kind}", f"people answer {answer}")
        return CorrectedRate(reason=reason)
    return CorrectedRate(rate=found.rate, standard_error=found.standard_error, interval=tuple(found.interval))


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
