"""The mean people would have given: a judge's many scores corrected by a few labels."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.evaluation.criteria import Criterion
from evaldrop.scorecard.calibration.agreement import yes_counts
from evaldrop.scorecard.model.calibration import CalibratedMean, CorrectedRate
from evaldrop.statistics.clusters import clustered_mean_estimate
from evaldrop.statistics.debiasing import (
    DebiasedMean,
    clustered_ppi_mean,
    rogan_gladen,
    shared_clusters_ppi_mean,
)
from evaldrop.statistics.intervals import Estimate

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


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


def calibrated_mean(judged: Judged, criterion: Criterion, confidence: float) -> CalibratedMean:
    """
    Correct a candidate's mean on a criterion by labels of a random sample of its records.

    PPI++ with clustered variances and a tuned weight; where people labelled everything, their own clustered
    mean. Where too little is labelled, `reason` says so.
    """
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
    try:
        found = _estimate(judged, labelled, confidence)
    except NotEnoughData as error:
        return counts.model_copy(update=known | {"reason": str(error)})
    weight = found.weight if isinstance(found, DebiasedMean) else None
    known |= {
        # The correction may push a mean beyond its scale, where no mean of people can be.
        "mean": _on_scale(found.mean, criterion),
        "standard_error": found.standard_error,
        "interval": tuple(_on_scale(bound, criterion) for bound in found.interval),
        "method": "labels_only" if weight is None else "ppi++",
        # None is "labels only": the judge had no weight at all.
        "weight": weight or 0.0,
    }
    return counts.model_copy(update=known)


def _estimate(judged: Judged, labelled: npt.NDArray[np.bool_], confidence: float) -> DebiasedMean | Estimate:
    human, groups = judged.human[labelled], judged.clusters[labelled]
    # A single response without a label has no spread, so no variance of that side can be had.
    if (~labelled).sum() >= 2:
        estimate = shared_clusters_ppi_mean if judged.are_clusters_shared else clustered_ppi_mean
        return estimate(
            human,
            judged.judge[labelled],
            judged.judge[~labelled],
            labelled_groups=groups,
            unlabelled_groups=judged.clusters[~labelled],
            confidence=confidence,
        )
    labels_only = clustered_mean_estimate(human, groups, confidence=confidence)
    # Equal labels of every response are no certainty about the ones to come.
    if labels_only.standard_error == 0:
        raise NotEnoughData("the labels do not vary, so no spread can be seen")
    return labels_only


def _corrected_rate(
    judged: Judged, labelled: npt.NDArray[np.bool_], criterion: Criterion, confidence: float
) -> CorrectedRate | None:
    if criterion.scale.kind != "binary":
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


def _on_scale(value: float, criterion: Criterion) -> float:
    return min(max(value, criterion.scale.low), criterion.scale.high)
