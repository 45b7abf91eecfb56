"""People's labels in claims about two candidates: from functions in worlds made for it, to whole runs."""

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks.labelled_pairs import WORLDS, outcome
from evaldrop.report.review.importing import import_review
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.calibration import calibrate
from evaldrop.scorecard.calibration.differences import Sides, by_people
from evaldrop.statistics.paired_test import decide
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.report.review.reviewed_runs import (
    FIRST,
    NOW,
    SECOND,
    bring_back,
    scores,
    write_reviewed_run,
)

RECORDS = 60


@pytest.mark.parametrize("world", [one for one in WORLDS if one.name != "skewed"], ids=lambda one: one.name)
def test_a_judge_that_leans_brings_no_false_claim(world):
    """The judge alone is wrong in up to every run; 40 labels of 400 records keep that to one in twenty."""
    found = outcome(world, records=400, labelled=40, repeats=120, seed=5)
    # 0.05 and three standard errors of 120 runs.
    assert found.decided <= 0.11
    assert found.covered >= 0.89


def test_a_good_judge_makes_the_interval_a_quarter_narrower_than_labels_alone():
    good = next(world for world in WORLDS if world.name.startswith("good judge"))
    assert outcome(good, records=600, labelled=100, repeats=30, seed=2).width < 0.75


def sides(judge, human):
    return Sides(np.arange(len(judge)), np.array(judge, float), np.array(human, float), 1.0, 4.0)


def claim(judge, human, clusters=None):
    judge, human = np.array(judge, float), np.array(human, float)
    return by_people(
        sides(judge, human), np.arange(judge.size) if clusters is None else clusters, confidence=0.95
    )


def test_labels_that_see_no_difference_at_all_do_not_leave_it_to_the_judge():
    """Twenty of a hundred records, alike to people and a point apart to the judge: not decided."""
    found = claim([1.0] * 100, [0.0] * 20 + [np.nan] * 80)
    assert found.pairing.difference == 0
    assert decide([found.pairing], confidence=0.95)[0].sign == 0
    assert found.pairing.interval[0] < 0 < found.pairing.interval[1]
    assert found.rests_on == "people"


@pytest.mark.parametrize("n", [0, 1, 5, 9])
def test_few_labels_leave_it_to_the_judge_and_say_so(n):
    found = claim([1.0] * 100, [0.0] * n + [np.nan] * (100 - n))
    assert found.pairing is None
    assert found.rests_on == "judge"
    assert f"of {n} records; at least 10" in found.reason


def test_few_groups_are_few_labels():
    found = claim([1.0] * 100, [0.0] * 30 + [np.nan] * 70, clusters=np.arange(100) // 10)
    assert "3 groups of records" in found.reason


def test_labels_of_everything_are_tested_as_a_judges_scores_are():
    """A census has no sampling story, and no judge in it."""
    human = np.random.default_rng(4).integers(-1, 2, 50)
    found = claim([2.0] * 50, human)
    assert (found.rests_on, found.n_labelled) == ("people", 50)
    assert found.pairing.difference == pytest.approx(human.mean())


def test_a_group_may_be_labelled_in_part():
    random = np.random.default_rng(8)
    judge = random.integers(-2, 3, 120).astype(float)
    human = np.where(random.random(120) < 0.5, judge + random.integers(-1, 2, 120), np.nan)
    found = claim(judge, human, clusters=np.arange(120) // 3)
    assert found.pairing.spread.units == np.unique((np.arange(120) // 3)[~np.isnan(human)]).size
    assert found.rests_on == "both"


# Whole runs: the judge gives the second candidate's tone more often a high point; people see both alike.


def alike(number, _place):
    judged = scores(number, 0)
    return {"correctness": judged["correctness"], "tone": judged["tone"]}


@pytest.fixture
def own(tmp_path):
    return write_reviewed_run(tmp_path, records=RECORDS)


def pair(scorecard, criterion):
    (found,) = [one for one in scorecard.comparisons if one.criterion == criterion]
    return found


def test_what_labels_decide_is_said_wherever_the_claim_is(own, tmp_path):
    before = pair(build_scorecard(own), "tone")
    assert (before.rests_on, before.n_labelled, before.judge_only) == ("judge", 0, None)
    bring_back(own, tmp_path, sample=60, answer=alike)
    scorecard = build_scorecard(own)
    tone, overall = pair(scorecard, "tone"), pair(scorecard, "overall")
    assert (tone.rests_on, tone.n_labelled) == ("people", 30)  # people see no difference to predict
    assert tone.difference == 0
    assert not tone.decisive
    assert tone.judge_only.difference == before.difference
    assert overall.rests_on in ("people", "both")
    assert overall.n_labelled == 30
    assert "30 labelled records." in scorecard.summary
    assert "30 labelled" in Path(own, "summary.md").read_text()
    assert "30 labelled" in Path(own, "report.html").read_text()


def own_labels(folder, path, *, candidates=(FIRST, SECOND), criteria=("tone",)):
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["record_id", "candidate", "criterion", "score", "rater"])
        for n in range(RECORDS):
            for candidate in candidates:
                for criterion in criteria:
                    said = alike(n, 0)[criterion]
                    rows.writerow([f"r{n}", candidate, criterion, int(said), "Ada"])
    import_review(str(path), folder, rater=None, imported_at=NOW)


def test_labels_of_everything_that_people_brought_themselves_are_a_census(own, tmp_path):
    own_labels(own, tmp_path / "mine.csv")
    scorecard = build_scorecard(own)
    tone = pair(scorecard, "tone")
    assert (tone.rests_on, tone.n_labelled, tone.left_out) == ("people", RECORDS, None)
    assert scorecard.calibration["tone"].census
    assert scorecard.calibration["tone"].reason is None
    assert scorecard.candidates[FIRST].criteria["tone"].calibrated.method == "labels_only"
    assert pair(scorecard, "overall").rests_on == "both"  # correctness is the judge's
    assert pair(scorecard, "correctness").rests_on == "judge"


def test_labels_of_one_candidate_alone_correct_it_and_no_comparison(own, tmp_path):
    own_labels(own, tmp_path / "mine.csv", candidates=(FIRST,))
    scorecard = build_scorecard(own)
    tone = pair(scorecard, "tone")
    assert tone.rests_on == "judge"
    assert "at least 10 are needed" in tone.left_out
    assert scorecard.candidates[FIRST].criteria["tone"].calibrated.mean is not None
    assert scorecard.candidates[SECOND].criteria["tone"].calibrated.reason
    assert "by the judge alone: people labelled both responses of 0 records" in scorecard.summary.casefold()


def test_an_alarm_says_whom_the_judge_favours(own, tmp_path):
    with (tmp_path / "mine.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["record_id", "candidate", "criterion", "score"])
        for n in range(RECORDS):
            rows.writerow([f"r{n}", FIRST, "tone", scores(n, 0)["tone"]])
            rows.writerow([f"r{n}", SECOND, "tone", max(1, scores(n, 1)["tone"] - 1)])
    import_review(str(tmp_path / "mine.csv"), own, rater=None, imported_at=NOW)
    scorecard = build_scorecard(own)
    (favour,) = scorecard.calibration["tone"].favours
    assert favour.favours == SECOND
    assert favour.n == RECORDS
    assert favour.difference < 0 < -favour.interval[1]
    (alarm,) = [said for said in scorecard.alarms if "more than people do" in said]
    assert f"the judge prefers {SECOND} to {FIRST} by 0.8" in alarm
    assert "the comparison is corrected for it" in alarm


def test_a_judge_that_is_as_lenient_to_all_favours_nobody(own, tmp_path):
    bring_back(own, tmp_path, sample=100)  # people give every tone a point less
    scorecard = build_scorecard(own)
    assert scorecard.calibration["tone"].favours[0].favours is None
    assert not [said for said in scorecard.alarms if "more than people do" in said]


def test_categories_and_pairs_are_asked_for_in_any_order(own, tmp_path):
    bring_back(own, tmp_path, sample=100, answer=alike)
    found = calibrate(RunDefinition.load(own)).differences
    first = found.of(FIRST, SECOND, "tone")
    assert found.of(SECOND, FIRST, "tone").pairing.difference == -first.pairing.difference
    assert found.of(FIRST, SECOND, "tone").pairing == first.pairing
    assert found.of(FIRST, SECOND, "tone", "no such category").reason
