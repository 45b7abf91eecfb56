"""Which runs a run is held to, and at which level: the first of the same make."""

import orjson
import pytest

from evaldrop import storage
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.answers import ANSWERS
from evaldrop.scorecard.baseline.pool import MOST_POOLED, held_weekly, runs_like
from tests.evaldrop.run_folders import LITE, PRO
from tests.evaldrop.scorecard.baseline.runs import build, write

SCORES = {"lite": [(1, 4), (1, 5), (0, 3), (1, 4)], "haiku": [(1, 4)] * 4}
BLESSED = "20260105T090000Z-aaaaaa"


def week(out, number, *, scores=SCORES, **changes):
    """Write the run of a week, held to the first; return its scorecard."""
    run_id = f"2026{number + 105:04}T090000Z-aaaaaa"
    given = {
        "run_id": run_id,
        "started_at": f"2026-01-05T09:{number:02}:00+00:00",
        "baseline": storage.join(out, BLESSED) if number else None,
    }
    return write(storage.join(out, run_id), scores, **{**given, **changes})


def pooled(card):
    """The weeks of the runs that were pooled."""
    return [int(run_id[4:8]) - 105 for run_id in card.baseline.pooled]


@pytest.fixture
def out(tmp_path):
    return str(tmp_path / "support")


def test_runs_that_were_made_the_same_way_are_pooled_and_no_more_than_eight(out):
    cards = [week(out, number) for number in range(11)]
    assert cards[0].baseline is None
    assert [pooled(card) for card in cards[1:4]] == [[0], [0, 1], [0, 1, 2]]
    # The first eight and not the last: held to those, a slow decline would be its own baseline.
    assert pooled(cards[10]) == list(range(MOST_POOLED))
    assert cards[10].baseline.summary.startswith(
        f"Against the pooled 8 runs from {BLESSED} on, on 4 records, at the level of a year of weekly runs: "
    )


def test_the_shares_of_a_year_add_up_to_its_level(out):
    looks = [week(out, number).baseline for number in range(3)][1:]
    assert [look.look for look in looks] == ["first", "later"]
    assert looks[0].level + 51 * looks[1].level == pytest.approx(0.05)


OTHER_CANDIDATE = {"name": "lite", "model": PRO}


@pytest.mark.parametrize("changes", [
    {"evaluation": {"candidates": [OTHER_CANDIDATE, {"name": "haiku", "model": LITE}]}},
    {"evaluation": {"judges": [{"name": "pro", "model": LITE}]}},
    {"dataset": {"uri": "d", "sha256": "00" * 32, "records": {"read": 4, "rejected": 0}}},
    {"simulated": True},
    {"parent": {"run_id": BLESSED, "folder": "x", "how": "rescored"}},
    {"baseline": None},
])  # fmt: skip
def test_a_run_of_another_make_is_not_pooled_and_is_no_look(out, changes):
    week(out, 0)
    week(out, 1, **changes)
    found = week(out, 2).baseline
    assert (len(found.pooled), found.look) == (1, "first")


def test_a_run_of_a_new_make_is_a_first_look_again_and_its_repetition_is_not(out):
    """Something was changed on purpose and not blessed: each week's run differs from the blessed one."""
    changed = {"evaluation": {"candidates": [OTHER_CANDIDATE, {"name": "haiku", "model": LITE}]}}
    cards = [week(out, 0), week(out, 1), week(out, 2, **changed), week(out, 3, **changed)]
    assert [card.baseline.look for card in cards[1:]] == ["first", "first", "later"]
    assert pooled(cards[3]) == [0, 1]


@pytest.mark.parametrize("way", [0, 1])
def test_a_run_that_was_worse_or_better_is_not_what_later_ones_are_held_to(out, way):
    """Nine of twelve change: p 0.004, undecided at a year's level, and decided at the scorecard's own."""
    same = {"lite": [(1 - way, 4)] * 12, "haiku": [(1, 4)] * 12}
    other = {"lite": [(way, 4)] * 9 + [(1 - way, 4)] * 3, "haiku": [(1, 4)] * 12}
    cards = [week(out, n, scores=other if n == 2 else same) for n in range(4)]
    estimate = cards[2].baseline.candidates["lite"].criteria["correctness"]
    assert estimate.decision == "undecided"
    assert estimate.p_adjusted < 0.05
    assert pooled(cards[3]) == [0, 1]


def test_blessing_another_run_begins_another_pool(out):
    for number in range(4):
        week(out, number)
    other = storage.join(out, "20260108T090000Z-aaaaaa")
    assert pooled(week(out, 4, baseline=other)) == [3]
    assert pooled(week(out, 5, baseline=other)) == [3, 4]


def test_a_run_is_held_to_earlier_ones_alone_whenever_it_is_computed(out):
    for number in range(4):
        week(out, number)
    assert pooled(build(storage.join(out, "20260107T090000Z-aaaaaa"))) == [0, 1]


def test_runs_with_names_of_their_own_are_taken_in_the_order_in_which_they_began(out):
    for number in (0, 1, 2, 10):
        given = {"run_id": f"run-{number}", "baseline": f"{out}/run-0" if number else None}
        started = f"2026-01-05T09:{number:02}:00+00:00"
        card = write(f"{out}/run-{number}", SCORES, started_at=started, **given)
    assert card.baseline.pooled == ("run-0", "run-1", "run-2")


def test_what_is_no_run_is_passed_over(out):
    week(out, 0)
    storage.write_bytes(f"{out}/notes/readme.txt", b"mine")
    storage.write_bytes(f"{out}/20260106T000000Z-bbbbbb/run.json", b"{}")
    week(out, 1)
    storage.write_bytes(storage.join(out, "20260106T090000Z-aaaaaa", "scorecard.json"), b"[]")
    assert pooled(week(out, 2)) == [0]


def test_a_pool_lies_in_a_bucket_as_well(bucket):
    out = f"s3://{bucket}/runs/support"
    assert pooled([week(out, number) for number in range(3)][2]) == [0, 1]


def test_a_judge_that_was_not_trusted_lowers_nothing(out):
    week(out, 0)
    week(out, 1)
    uri = storage.join(out, "20260106T090000Z-aaaaaa", "scorecard.json")
    card = orjson.loads(storage.read_bytes(uri))
    storage.write_bytes(uri, orjson.dumps({**card, "judge_trusted": False}))
    assert pooled(week(out, 2)) == [0]


def test_a_run_in_which_somebody_answered_nothing_lowers_nothing(out):
    week(out, 0)
    week(out, 1)
    uri = storage.join(out, "20260106T090000Z-aaaaaa", "scorecard.json")
    card = orjson.loads(storage.read_bytes(uri))
    check = {"expression": ANSWERS, "decision": "fail", "sentence": "lite gave no response."}
    storage.write_bytes(uri, orjson.dumps({**card, "gate": {**card["gate"], "checks": [check]}}))
    assert pooled(week(out, 2)) == [0]


def test_a_run_of_a_million_records_is_held_to_as_many_runs_as_fit(out):
    for number in range(3):
        week(out, number)
    blessed = RunDefinition.load(storage.join(out, BLESSED))
    run = RunDefinition.load(storage.join(out, "20260107T090000Z-aaaaaa"))
    large = run.changed(dataset=run.dataset.model_copy(update={"records": {"read": 5_000_000}}))
    vars(large)["folder"] = run.folder
    assert len(held_weekly(run, blessed).runs) == 2
    assert len(held_weekly(large, blessed).runs) == 1


def test_the_newest_run_of_the_same_make_comes_first(out):
    week(out, 0)
    week(out, 1)
    week(out, 2, evaluation={"judges": [{"name": "pro", "model": LITE}]})
    week(out, 3)
    run = RunDefinition.load(storage.join(out, "20260108T090000Z-aaaaaa"))
    assert [each.run_id[4:8] for each in runs_like(run, out)] == ["0106", "0105"]
