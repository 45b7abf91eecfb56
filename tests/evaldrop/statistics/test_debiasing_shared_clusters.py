"""Debiased means of clusters that people saw in part."""

import numpy as np
import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.debiasing import clustered_ppi_mean, shared_clusters_ppi_mean

HUMAN = np.array([5.0, 3, 4, 1, 2, 5, 3, 2])
JUDGE = np.array([5.0, 4, 4, 2, 1, 5, 5, 3])
UNLABELLED = np.array([4.0, 2, 5, 3, 1, 5, 4, 4, 2, 1])
LABELLED_GROUPS = np.array([0, 0, 1, 2, 2, 3, 3, 4])


def test_without_shared_clusters_it_is_the_clustered_estimate():
    apart = np.array([5, 5, 6, 6, 7, 7, 8, 8, 9, 9])
    groups = {"labelled_groups": LABELLED_GROUPS, "unlabelled_groups": apart}
    shared = shared_clusters_ppi_mean(HUMAN, JUDGE, UNLABELLED, **groups)
    clustered = clustered_ppi_mean(HUMAN, JUDGE, UNLABELLED, **groups)
    assert 0 < shared.weight < 1
    for name in ("n_labelled", "n_unlabelled", "weight", "mean", "standard_error"):
        assert getattr(shared, name) == pytest.approx(getattr(clustered, name))
    assert shared.interval == pytest.approx(clustered.interval)


def variance_by_hand(weight, unlabelled_groups):
    """The formula of the docstring, written out cluster by cluster."""
    total = 0.0
    n_l, n_u = len(set(LABELLED_GROUPS)), len(set(unlabelled_groups))
    for cluster in {*LABELLED_GROUPS, *unlabelled_groups}:
        h = (HUMAN - HUMAN.mean())[cluster == LABELLED_GROUPS].sum() / HUMAN.size
        j = (JUDGE - JUDGE.mean())[cluster == LABELLED_GROUPS].sum() / JUDGE.size
        u = (UNLABELLED - UNLABELLED.mean())[unlabelled_groups == cluster].sum() / UNLABELLED.size
        c_l, c_u = n_l / (n_l - 1), n_u / (n_u - 1)
        total += c_u * weight**2 * u**2 + c_l * (h - weight * j) ** 2
        total += 2 * np.sqrt(c_l * c_u) * weight * u * (h - weight * j)
    return total


def test_the_variance_is_the_formulas_and_no_other_weight_has_a_smaller_one():
    groups = np.array([0, 0, 1, 1, 2, 3, 3, 4, 5, 6])
    found = shared_clusters_ppi_mean(
        HUMAN, JUDGE, UNLABELLED, labelled_groups=LABELLED_GROUPS, unlabelled_groups=groups
    )
    assert found.standard_error**2 == pytest.approx(variance_by_hand(found.weight, groups))
    assert all(
        found.standard_error**2 <= variance_by_hand(weight, groups) + 1e-12 for weight in (0, 0.25, 0.5, 1)
    )


def test_the_interval_holds_the_mean_of_people_as_often_as_it_says():
    """40 of 300 records in 60 groups labelled, 1,000 times. Over 3,000: .942; blind to sharing .928."""
    random = np.random.default_rng(11)
    hits, blind = 0, 0
    for _ in range(1000):
        groups = np.repeat(np.arange(60), 5)
        quality = 3 + random.normal(0, 0.7, 60)[groups]
        human = quality + random.normal(0, 0.6, 300)
        judge = human + 0.5 + random.normal(0, 0.5, 60)[groups] + random.normal(0, 0.4, 300)
        seen = np.isin(np.arange(300), random.choice(300, 40, replace=False))
        scores = (human[seen], judge[seen], judge[~seen])
        sides = {"labelled_groups": groups[seen], "unlabelled_groups": groups[~seen]}
        found, apart = shared_clusters_ppi_mean(*scores, **sides), clustered_ppi_mean(*scores, **sides)
        hits += found.interval.low <= 3 <= found.interval.high
        blind += apart.interval.low <= 3 <= apart.interval.high
    assert 0.925 <= hits / 1000 <= 0.97
    assert blind < hits


def test_it_refuses_one_cluster_and_labels_that_do_not_vary():
    with pytest.raises(NotEnoughData, match="one cluster"):
        shared_clusters_ppi_mean(
            HUMAN, JUDGE, UNLABELLED, labelled_groups=np.zeros(8, int), unlabelled_groups=np.arange(10)
        )
    with pytest.raises(NotEnoughData, match="do not vary"):
        shared_clusters_ppi_mean(
            np.ones(8), JUDGE, UNLABELLED, labelled_groups=np.arange(8), unlabelled_groups=np.arange(10)
        )
