"""Failed responses in groups: all of a small run, of a large one a sample that depends on no order."""

import random

import pytest

from evaldrop.run.definition import RunDefinition
from evaldrop.run.results import find_manifests
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.failures import FailureTally, members_of
from evaldrop.steps.build_scorecard.results import read_results
from tests.evaldrop.run_folders import judgement, record, response, row, run_json, write_run
from tests.evaldrop.scorecard.failures.planted import rationale

RECORDS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run in which lite gets amounts wrong, haiku is rude, and judges say nothing of every tenth."""
    chance, place = random.Random(1), tmp_path_factory.mktemp("runs") / "support" / "run-1"

    def answered(name, cause, is_bad, number):
        said = "" if number % 10 == 0 else rationale(chance, cause) if is_bad else "All is well."
        scores = {"correctness": 0 if is_bad else 1, "tone": 4}
        return response(name, judgements=[judgement(scores, rationale=said)])

    rows = [
        row(f"r{n:02}", answered("lite", "amount", n % 2 == 0, n), answered("haiku", "tone", n % 3 == 0, n))
        for n in range(RECORDS)
    ]
    write_run(place, run=run_json(), records=[record(f"r{n:02}") for n in range(RECORDS)], succeeded=rows)
    build_scorecard(str(place))
    return place


@pytest.fixture(scope="module")
def lines(folder):
    run = RunDefinition.load(str(folder))
    return run, list(read_results(run, find_manifests(run.folder)))


def tallied(lines, order, most=2_000):
    run, found = lines
    tally = FailureTally(run, most)
    for place in order:
        tally.add(*found[place])
    return tally.result()


def test_groups_count_responses_records_and_candidates(lines):
    found = tallied(lines, range(RECORDS))
    assert list(found) == ["correctness"], "nobody failed on tone"
    part = found["correctness"].part
    assert (part.failed, part.read) == (50, 50)
    assert sum(group.n for group in part.groups) == 50
    amount, tone, silent = part.groups
    assert (amount.kind, tone.kind, amount.n + tone.n) == ("cause", "cause", 42)
    # One in ten is worded as if it were the other's.
    assert amount.candidates["lite"] > 20
    assert tone.candidates["haiku"] > 12
    assert (silent.kind, silent.label, silent.n) == ("no_reason", "", 8)
    assert silent.candidates == {"lite": 6, "haiku": 2}
    assert silent.records == 6, "two records failed for both"
    assert silent.record_ids == ("r00", "r10", "r20", "r30", "r40", "r50")


def test_a_sample_depends_on_no_order_and_is_spread_over_the_run(lines):
    orders = [range(RECORDS), range(RECORDS - 1, -1, -1), random.Random(3).sample(range(RECORDS), RECORDS)]
    first, *others = (tallied(lines, order, most=20) for order in orders)
    assert all(other == first for other in others)
    part = first["correctness"].part
    assert (part.failed, part.read) == (50, 20)
    places = [place for members in first["correctness"].members for place, _ in members.places]
    assert min(places) < RECORDS / 3
    assert max(places) > RECORDS * 2 / 3


def test_parts_of_a_run_merge_into_the_same_sample(lines):
    run, found = lines
    parts = [FailureTally(run, 20) for _ in range(3)]
    for place, (one, results) in enumerate(found):
        parts[place % 3].add(one, results)
    first, *others = parts
    for other in others:
        first.merge(other)
    assert first.result() == tallied(lines, range(RECORDS), most=20)


def test_a_page_finds_members_by_the_place_of_record_and_candidate(lines):
    numbers = members_of(tallied(lines, range(RECORDS)))["correctness"][2]
    assert list(zip(numbers[::2], numbers[1::2], strict=True))[:3] == [(0, 0), (0, 1), (10, 0)]
