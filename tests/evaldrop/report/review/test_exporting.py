"""The sample is a simple random one of records, fixed by its seed."""

from collections import Counter

import pytest

from evaldrop.errors import InputError
from evaldrop.report.review.exporting import draw_responses, review_id

POPULATION = {f"r{n}": ["a", "b"] for n in range(20)}


def test_the_same_seed_gives_the_same_draw_and_another_another():
    first, again, other = (draw_responses(POPULATION, sample=10, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert set(first.responses) != set(other.responses)
    assert review_id("run", first.sampling, ["c"]) == review_id("run", again.sampling, ["c"])
    assert review_id("run", first.sampling, ["c"]) != review_id("run", other.sampling, ["c"])
    assert review_id("run", first.sampling, ["c"]) != review_id("run2", first.sampling, ["c"])


def test_a_record_comes_with_all_its_candidates_and_the_sampling_says_how_it_was_drawn():
    drawn = draw_responses(POPULATION, sample=9, seed=3)
    assert set(Counter(record for record, _ in drawn.responses).values()) == {2}
    said = drawn.sampling.model_dump()
    assert said == {
        "method": "simple_random",
        "unit": "record",
        "seed": 3,
        "population": {"records": 20, "responses": 40},
        "sample": {"records": 5, "responses": 10},
    }


def test_the_order_does_not_tell_a_records_responses_nor_the_candidates_apart():
    """Neither in the dataset's order nor one candidate first."""
    shown = draw_responses(POPULATION, sample=40, seed=1).responses
    assert len(shown) == 40
    assert list(shown) != sorted(shown)
    assert 5 < sum(candidate == "a" for _, candidate in shown[:20]) < 15


def test_every_record_is_drawn_as_often_as_any_other():
    """5 of 20 records, 800 times: 200 draws each, give or take four standard deviations (12.2)."""
    counts = Counter(
        record
        for seed in range(800)
        for record in {record for record, _ in draw_responses(POPULATION, sample=10, seed=seed).responses}
    )
    assert len(counts) == 20
    assert all(150 < count < 250 for count in counts.values())


def test_a_record_without_a_response_is_not_in_the_population():
    drawn = draw_responses({"gone": [], "r1": ["a"], "r2": ["a", "b"]}, sample=50, seed=1)
    assert drawn.sampling.population.records == 2
    assert drawn.sampling.sample.responses == 3


def test_one_record_is_no_sample():
    with pytest.raises(InputError, match="1 records have a response"):
        draw_responses({"r1": ["a", "b"]}, sample=5, seed=1)
