"""A paired difference as a judge sees it, corrected by people's labels of some of the records."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.debiasing import DebiasedMean, labels_mean, shared_clusters_ppi_mean
from evaldrop.statistics.paired_test import Pairing, Spread
from evaldrop.statistics.vectors import Floats, Ints

# Fewer labelled clusters decide nothing: intervals from them cover less than they say (docs/method.md).
FEWEST_LABELLED = 10


class CorrectedPairing(NamedTuple):
    """A paired test by people's labels, and how much the judge was used in it: λ in [0, 1], 0 not at all."""

    pairing: Pairing
    weight: float


def corrected_pairing(
    human: Floats, judge: Floats, *, clusters: Ints, reach: float, step: float, confidence: float
) -> CorrectedPairing:
    """
    Correct the judge's mean difference of two sides by people's.

    With d people's difference and f the judge's on the same record, Δ̂ = λ mean(f) + mean over the labelled
    of (d - λ f): PPI++ on paired differences (Angelopoulos, Duchi & Zrnic 2023, arXiv 2311.01453), clustered
    as in `shared_clusters_ppi_mean`, p from Student's t on the labelled clusters. Its interval within a
    family is at least what an error of the judge of one step that no label shows could make (`Spread`).

    Args:
        human: d per record, NaN without a label; shape (n,).
        judge: f per record.
        clusters: The cluster of each record, numbers.
        reach: The largest difference that one record can have.
        step: The smallest one above 0.
        confidence: Two-sided level of the interval.

    Raises:
        NotEnoughData: Fewer than `FEWEST_LABELLED` labelled clusters.
    """
    labelled = ~np.isnan(human)
    units = int(np.unique(clusters[labelled]).size)
    if units < FEWEST_LABELLED:
        what = "records" if units == labelled.sum() else "groups of records"
        raise NotEnoughData(
            f"people labelled both responses of {units} {what}; at least {FEWEST_LABELLED} are needed"
        )
    found = _debiased(human, judge, labelled, clusters, step, confidence)
    spread = Spread(found.mean, found.standard_error, found.freedom, units, reach, reach)
    interval = spread.interval(confidence)
    pairing = Pairing(
        n=human.size,
        difference=found.mean,
        interval=(interval.low, interval.high),
        p_value=float(2 * special.stdtr(found.freedom, -abs(found.mean) / found.standard_error)),
        spread=spread,
        step=step,
    )
    return CorrectedPairing(pairing, found.weight)


def with_missing(pairing: Pairing, judge: Pairing, *, whole: int) -> Pairing:
    """
    Return a corrected test with the verdicts that are missing from the judge's.

    The bounds of the judge's difference move as its known part does (Horowitz & Manski 2000, JASA 95:77):
    what a missing verdict would have been, nobody knows either way.

    Args:
        pairing: The corrected test.
        judge: The judge's own.
        whole: Records on which nothing is missing.

    Raises nothing.
    """
    spread = pairing.spread
    found = pairing._replace(n=judge.n, n_missing=judge.n_missing)
    if judge.bounds is None or judge.difference is None or pairing.difference is None or spread is None:
        return found
    moved = (pairing.difference - judge.difference) * whole / (whole + judge.n_missing)
    low, high = (min(max(bound + moved, -spread.limit), spread.limit) for bound in judge.bounds)
    return found._replace(
        bounds=(low, high), least=spread._replace(centre=low), greatest=spread._replace(centre=high)
    )


def _debiased(
    human: Floats,
    judge: Floats,
    labelled: npt.NDArray[np.bool_],
    clusters: Ints,
    step: float,
    confidence: float,
) -> DebiasedMean:
    if (~labelled).sum() < 2:
        # One record without a label has no spread of its own.
        return labels_mean(human[labelled], groups=clusters[labelled], step=step, confidence=confidence)
    return shared_clusters_ppi_mean(
        human[labelled],
        judge[labelled],
        judge[~labelled],
        labelled_groups=clusters[labelled],
        unlabelled_groups=clusters[~labelled],
        step=step,
        confidence=confidence,
    )
