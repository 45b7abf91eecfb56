"""What a dataset can show, against Miller's examples and a run's own spread."""

import pytest

from evaldrop.cli import main
from evaldrop.errors import InputError
from evaldrop.steps.validate_dataset.planned_lines import Range
from evaldrop.steps.validate_dataset.sensitivity import (
    GUESSED_VARIANCE,
    plan_sensitivity,
    sensitivity,
    variance_like,
)
from tests.evaldrop.evaluations import LITE, PRO, ROW, SMALL, check, write
from tests.evaldrop.run_folders import CORRECTNESS, TONE
from tests.evaldrop.scorecard.baseline.runs import write as write_run


def of(records, **changes):
    given = {"clusters": records, "comparisons": 1, "level": 0.05, "variance": GUESSED_VARIANCE, **changes}
    return sensitivity(records=records, **given)


@pytest.mark.parametrize(("records", "smallest"), [(50, 0.132), (100, 0.093), (300, 0.054), (1000, 0.030)])
def test_the_smallest_difference_is_millers(records, smallest):
    # Miller 2024, section 5, with a variance of 1/9
    assert of(records).detectable.likely == pytest.approx(smallest, abs=5e-4)


def test_the_records_a_difference_takes_are_millers():
    # (1.959964 + 0.841621)² / 9 / 0.03² = 968.97
    assert of(100, difference=0.03).needed.records.likely == 969


def test_what_is_seen_and_what_is_needed_are_each_others_inverse():
    needed = of(100, difference=0.05).needed.records.likely
    assert of(int(needed)).detectable.likely <= 0.05 < of(int(needed) - 1).detectable.likely


def test_more_comparisons_take_a_larger_difference():
    # level 0.05/6: z 2.638257 and 0.841621, times √(1/9/100)
    several = of(100, comparisons=6, difference=0.05)
    assert several.detectable_adjusted.likely == pytest.approx(0.115996, abs=1e-5)
    assert several.detectable.likely < several.detectable_adjusted.likely
    assert several.needed.records_adjusted.likely > several.needed.records.likely


def test_a_pass_rate_is_known_to_half_of_clopper_and_pearsons_interval():
    # 80 of 100: 0.7082 to 0.8733
    assert of(100).pass_rate_margin == pytest.approx((0.8733 - 0.7082) / 2, abs=1e-4)


def test_groups_count_once(tmp_path):
    rows = [{**ROW, "id": f"r{n}", "group": f"g{n // 5}" if n < 50 else None} for n in range(60)]
    found = plan_sensitivity(check(tmp_path, rows=rows), like=None, difference=None)
    assert (found.records, found.clusters) == (60, 10 + 10)
    limited = plan_sensitivity(check(tmp_path, rows=rows, limit=30), like=None, difference=None)
    assert (limited.records, limited.clusters) == (30, 10)


def test_pairs_and_criteria_make_the_comparisons(tmp_path):
    three = [LITE, PRO, {"name": "third", "model": LITE["model"]}]
    several = {**SMALL, "candidates": three, "criteria": ["correctness", "helpfulness"]}
    assert plan_sensitivity(check(tmp_path, several), like=None, difference=None).comparisons == 6
    assert plan_sensitivity(check(tmp_path), like=None, difference=None).comparisons == 1


def test_an_empty_plan_shows_nothing():
    assert of(0).detectable is None
    assert of(0).pass_rate_margin is None


# Like an earlier run


def test_the_spread_of_an_earlier_run_is_a_share_of_its_scale(tmp_path):
    # tone's differences -1, 0, -2, 0, 1 on 1..5: variance 5.2/4 = 1.3, of shares 1.3/16
    scores = {
        "lite": [(1, 4), (1, 4), (1, 2), (1, 3), (1, 3)],
        "haiku": [(1, 5), (1, 4), (1, 4), (1, 3), (1, 2)],
    }
    scorecard = write_run(str(tmp_path / "support" / "run-0"), scores, criteria=[CORRECTNESS, TONE])
    only_tone = scorecard.model_copy(
        update={"comparisons": tuple(pair for pair in scorecard.comparisons if pair.criterion == "tone")}
    )
    assert variance_like(only_tone).likely == pytest.approx(1.3 / 16)
    # overall is half of tone's share: a quarter of the variance
    assert variance_like(scorecard) == Range(
        **dict.fromkeys(("low", "likely", "high"), pytest.approx(1.3 / 64))
    )


def test_a_run_in_which_nothing_differs_is_refused(tmp_path):
    same = {"lite": [(1, 4)] * 5, "haiku": [(1, 4)] * 5}
    scorecard = write_run(str(tmp_path / "support" / "run-0"), same)
    with pytest.raises(InputError, match="nothing can be learnt from it"):
        variance_like(scorecard)


# evaldrop plan


@pytest.fixture
def _wide_and_plain(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_wide_and_plain")
def test_plan_says_what_the_dataset_can_show_and_what_a_difference_takes(tmp_path, capsys):
    several = {**SMALL, "candidates": [LITE, PRO], "criteria": ["correctness", "helpfulness"]}
    write(tmp_path, several, [{**ROW, "id": f"r{n}"} for n in range(100)])
    assert main(["plan", "faq.jsonl", "--difference", "0.05"]) == 0
    out = capsys.readouterr().out
    assert "with 100 records a difference of 0.09 between two candidates is seen in 80 of 100 runs" in out
    assert "2 comparisons are decided together (Holm): the first of them takes 0.10" in out
    assert "a pass rate of 80 % will be known to ±8 points" in out
    # 2.801585²/9/0.05² = 348.8; with 0.05 instead of 1/9: 157.0; with 0.3: 941.9
    assert "a difference of 0.05 takes 349 (157 to 942) records; " in out


@pytest.mark.usefixtures("_wide_and_plain")
def test_plan_learns_from_a_run_and_answers_in_json(tmp_path, capsys):
    import json

    scores = {"lite": [(1, 4), (0, 4), (1, 2), (0, 3)], "haiku": [(1, 5), (1, 4), (0, 4), (0, 3)]}
    write_run("runs/support/run-0", scores)
    write(tmp_path, SMALL, [{**ROW, "id": f"r{n}", "group": "one"} for n in range(4)])
    assert main(["plan", "faq.jsonl", "--like", "runs/support/run-0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["sensitivity"]
    assert (told["like"], told["power"], told["clusters"]) == ("runs/support/run-0", 0.8, 1)
    assert told["detectable"]["likely"] > 0
    assert main(["plan", "faq.jsonl", "--like", "runs/support/run-0", "-d", "0.1"]) == 0
    out = capsys.readouterr().out
    assert "with 1 independent records (groups count once) a difference of" in out
    assert "by the pairs of run-0" in out
    assert main(["plan", "faq.jsonl", "--difference", "2"]) == 64
