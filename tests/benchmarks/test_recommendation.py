"""What a recommendation claims is true, in worlds whose truth is known; `benchmarks` has the whole grid."""

import pytest

from benchmarks.recommendation import World, decides, tally


@pytest.mark.parametrize(
    "world",
    [
        World("just beyond the margin", "yes/no", 100, (0.052, 0.0)),
        World("just beyond the margin", "Likert, rare", 100, (0.052, 0.0), criteria=1),
        World("three candidates", "Likert", 300, (0.052, 0.052, 0.0), criteria=1),
        World("six candidates", "yes/no", 300, (0.052, *(0.052,) * 4, 0.0), criteria=1),
        World("bad verdicts missing", "yes/no", 300, (0.06, 0.0), lost=0.1),
    ],
    ids=lambda world: f"{world.name}, {world.shape}, {world.records}",
)
def test_a_candidate_that_is_worse_by_the_margin_is_shipped_in_few_runs(world):
    """At most 5 %: with 120 runs that is 6, and the simulation's own error as much again."""
    assert tally(world, runs=120).wrong <= 0.07


def test_equal_candidates_are_told_from_undecided_ones():
    """With 30 records of equal ones next to nothing can be said; with 1,000 the cheaper one is named."""
    few, many = (tally(World("alike", "Likert", n, (0.0, 0.0)), runs=60) for n in (30, 1000))
    assert few.kinds["not_decided"] > 45
    assert many.kinds["cheapest"] > 50


def test_the_records_that_an_undecided_run_asks_for_decide():
    """Of runs with the further records, 97 to 99 in 100 decide, whatever the difference is."""
    assert decides(World("a hair", "Likert", 100, (0.02, 0.0)), runs=60) >= 0.9
