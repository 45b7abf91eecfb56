"""A run against its baseline, worked out by hand."""

import sys
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.weekly import LIKERT, World, year
from evaldrop import storage
from evaldrop.errors import InputError, StorageError
from evaldrop.scorecard.baseline.compare import compare_runs
from evaldrop.scorecard.model.part import OVERALL
from tests.evaldrop.run_folders import CORRECTNESS, TONE, record, response, row, run_json, write_run
from tests.evaldrop.scorecard.baseline.runs import build, write

# Eight records; correctness and tone of lite, then and now:
#
#          r0     r1     r2     r3     r4     r5     r6     r7
#   then   1 5    1 4    1 4    1 3    1 2    1 4    1 -    failed
#   now    0 4    0 4    0 2    0 3    0 3    1 -    0 3    1 5
#
# tone, on r0..r4: -1, 0, -2, 0, 1: mean -0.4, squares of deviations 5.2, sd √1.3 = 1.140175,
# standard error 0.509902, t(4) = 2.776445: -0.4 ± 1.415715; in five records a change of 4 points that occurs
# in a share of 1 - 0.05^(1/5) = 0.450720 may have gone unseen: -0.4 ± 1.802879
# missing: r5 had 4 (-3 to 1), r6 has 3 (-2 to 2), r7 has 5 (0 to 4): (-2 - 5)/8 to (-2 + 7)/8
# correctness, on r0..r6: six of seven turn from right to wrong: -6/7, McNemar 2 · ½⁶ = 0.03125
THEN = [(1, 5), (1, 4), (1, 4), (1, 3), (1, 2), (1, 4), (1, None), None]
NOW = [(0, 4), (0, 4), (0, 2), (0, 3), (0, 3), (1, None), (0, 3), (1, 5)]
SAME = [(1, 4)] * 8
CATEGORIES = ["billing"] * 4 + ["returns"] * 4


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The folders of a baseline and of a run that was held to it."""
    evaluation = tmp_path_factory.mktemp("runs") / "support"
    then, now = str(evaluation / "run-0"), str(evaluation / "run-1")
    write(then, {"lite": THEN, "haiku": SAME}, categories=CATEGORIES, latency_ms=400, run_id="run-0")
    write(now, {"lite": NOW, "haiku": SAME}, categories=CATEGORIES, latency_ms=900, baseline=then)
    return now, then


@pytest.fixture(scope="module")
def found(pair):
    return build(pair[0]).baseline


def test_a_run_is_compared_with_the_baseline_it_was_given(found, pair):
    assert (found.uri, found.run_id, found.comparable) == (pair[1], "run-0", True)
    assert (found.records, found.only_now, found.only_then) == (8, 0, 0)
    assert found.obstacles == found.changes == ()


def test_a_scale_is_compared_record_by_record(found):
    tone = found.candidates["lite"].criteria["tone"]
    assert (tone.n, tone.difference) == (5, pytest.approx(-0.4))
    assert tone.interval == pytest.approx((-2.202879, 1.402879), abs=1e-5)
    assert (tone.n_missing, tone.bounds) == (3, pytest.approx((-0.875, 0.625)))
    assert (tone.better, tone.worse, tone.lost, tone.largest_drop) == (1, 2, 1, 2)
    assert tone.worse_records == ("r2", "r0")
    assert tone.decision == "undecided"


def test_passes_are_compared_by_those_that_changed(found):
    right = found.candidates["lite"].criteria["correctness"]
    assert (right.n, right.difference) == (7, pytest.approx(-6 / 7))
    assert right.p_value == pytest.approx(0.03125)
    assert (right.worse, right.better, right.lost) == (6, 0, 0)


def test_p_values_are_adjusted_over_all_candidates_and_criteria(found):
    # six comparisons: lite's correctness, tone and overall, and haiku's, in which nothing moved (p = 1)
    right = found.candidates["lite"].criteria["correctness"]
    overall = found.candidates["lite"].criteria[OVERALL]
    ranked = sorted([right.p_value, overall.p_value])
    assert min(right.p_adjusted, overall.p_adjusted) == pytest.approx(6 * ranked[0])
    assert right.decision == ("regressed" if right.p_adjusted < 0.05 else "undecided")
    assert found.candidates["haiku"].criteria["correctness"].p_adjusted == 1


def test_overall_is_weighed_on_both_sides_alike(found):
    # On r5 and r6 one side has no verdict on tone: they are compared on correctness alone, and what tone
    # could have been is in the bounds: r5 (0 - .75 to 1 - .75)/2, r6 (-1 - .5 to -1 + .5)/2; and r7 has no
    # verdict then: (1 - 1 + 1 - 1)/2 to (1 + 1)/2.
    overall = found.candidates["lite"].criteria[OVERALL]
    then = [1, 0.875, 0.875, 0.75, 0.625, 1, 1]
    now = [0.375, 0.375, 0.125, 0.25, 0.25, 1, 0]
    assert overall.n == 7
    assert overall.difference == pytest.approx(sum(now) / 7 - sum(then) / 7)
    known = sum(now[:5]) - sum(then[:5])
    assert overall.n_missing == 3
    assert overall.bounds == pytest.approx(((known - 0.375 - 0.75) / 8, (known + 0.125 - 0.25 + 1) / 8))
    assert overall.lost == 1


def test_categories_are_compared_too(found):
    billing = found.candidates["lite"].categories["billing"]
    # -1, 0, -2, 0
    assert (billing["tone"].n, billing["tone"].difference) == (4, -0.75)
    assert found.candidates["lite"].categories["returns"]["tone"].n == 1


def test_errors_latency_and_cost_are_told_as_they_were_and_are(found):
    lite = found.candidates["lite"]
    assert (lite.new_errors, lite.mended_errors) == (0, 1)
    assert (lite.latency_ms_p50.was, lite.latency_ms_p50.now) == (400, 900)
    # 100 tokens at $1 and 10 at $2 per million
    assert lite.cost_usd_per_1000_records.now == pytest.approx(0.12)


def test_the_records_that_turned_worst_are_listed_by_share_of_their_scale(found):
    worst = [(each.record_id, each.criterion, each.was, each.now) for each in found.worst_records]
    assert worst[:6] == [(f"r{n}", "correctness", 1, 0) for n in (0, 1, 2, 3, 4, 6)]
    assert worst[6:] == [("r2", "tone", 4, 2), ("r0", "tone", 5, 4)]
    assert {each.candidate for each in found.worst_records} == {"lite"}


def test_the_summary_says_what_is_decided_and_what_is_not(tmp_path):
    then, now = str(tmp_path / "support" / "run-0"), str(tmp_path / "support" / "run-1")
    write(then, {"lite": [(1, 4)] * 12, "haiku": [(0, 2), (1, 3)] * 6}, run_id="run-0")
    scorecard = write(
        now, {"lite": [(0, 4)] * 12, "haiku": [(1, 4), (1, 5)] * 6}, baseline=then,
        evaluation={"gate": ["no regression in correctness", "no record worse by 1"]},
    )  # fmt: skip
    # The first run of its make has half the year's level, 2.5 %, and 4 of 6 are decided: intervals at 98.3 %.
    # lite lost twelve of twelve: Bonett-Price of 0 and 12 in 12: gap 12/14, √((14/14 - 144/196)/14) = 0.1377.
    # All tones rise by 2: no spread, and p of the exact sign-flip test, 2⁻¹¹; what twelve records do not
    # show may be in 1 - (1 - 0.983)^(1/12) = 0.289 of all
    assert scorecard.baseline.summary.startswith(
        "Against run-0, on 12 records, at the first run's half of the level of a year of weekly runs: "
        "lite regressed on correctness by 0.53 to 1.00; "
        "lite regressed on overall by 0.21 to 0.79; haiku improved on tone by 0.84 to 3.16; "
    )
    assert "Intervals are at 98.33 %, for 6 comparisons decided together." in scorecard.baseline.summary
    assert scorecard.baseline.look == "first"
    assert scorecard.baseline.level == pytest.approx(0.025)
    assert scorecard.gate.decision == "fail"
    decisions = {(check.expression, check.candidate): check.decision for check in scorecard.gate.checks}
    assert decisions["no regression in correctness", "lite"] == "fail"
    assert decisions["no regression in correctness", "haiku"] == "pass"
    summary = storage.read_bytes(f"{now}/summary.md").decode()
    assert "Records that turned worst" in summary
    assert "**regressed**" in summary


def test_groups_are_compared_as_groups(tmp_path):
    # tone -1, -1, 1, 1 in two groups: mean 0, groups off by -2 and 2: √8 √2 / 4 = 1; t(1) = 12.7 of that is
    # beyond the scale
    then, now = str(tmp_path / "support" / "run-0"), str(tmp_path / "support" / "run-1")
    groups = ["a", "a", "b", "b"]
    write(then, {"lite": [(1, 3)] * 4, "haiku": [(1, 3)] * 4}, groups=groups)
    tones = [(1, 2), (1, 2), (1, 4), (1, 4)]
    write(now, {"lite": tones, "haiku": tones}, groups=groups)
    tone = compare_runs(now, then).candidates["lite"].criteria["tone"]
    assert tone.interval == (-4, 4)


def test_runs_are_paired_by_record_id_and_candidate(tmp_path):
    from tests.evaldrop.run_folders import record, response, row, run_json, write_run

    then, now = str(tmp_path / "support" / "run-0"), str(tmp_path / "support" / "run-1")
    for folder, ids, names in ((then, "abc", ("lite", "haiku")), (now, "cbd", ("big", "lite"))):
        evaluation = {"candidates": [{"name": name, "model": f"amazon.{name}"} for name in names]}
        rows = [
            row(name, *(response(who, scores={"tone": 1 + "abcd".index(name)}) for who in names))
            for name in ids
        ]
        records = [record(name, criteria=("tone",)) for name in ids]
        write_run(
            folder, run=run_json(criteria=[TONE], evaluation=evaluation), records=records, succeeded=rows
        )
        build(folder)
    found = compare_runs(now, then)
    assert (found.records, found.only_now, found.only_then) == (2, 1, 1)
    assert (found.new_candidates, found.gone_candidates) == (("big",), ("haiku",))
    assert found.candidates["lite"].criteria["tone"].difference == 0
    assert list(found.candidates) == ["lite"]


def test_low_is_good_where_the_criterion_says_so(tmp_path):
    harm = {**CORRECTNESS, "higher_is_better": False}
    then, now = str(tmp_path / "support" / "run-0"), str(tmp_path / "support" / "run-1")
    write(then, {"lite": [(0, 3)] * 9, "haiku": [(1, 3)] * 9}, criteria=[harm, TONE])
    write(now, {"lite": [(1, 3)] * 9, "haiku": [(0, 3)] * 9}, criteria=[harm, TONE])
    found = compare_runs(now, then).candidates
    assert found["lite"].criteria["correctness"].decision == "regressed"
    assert found["lite"].criteria["correctness"].largest_drop == 1
    assert found["haiku"].criteria["correctness"].decision == "improved"
    assert found["haiku"].criteria["correctness"].worse == 0


# What is refused


def test_runs_that_are_not_comparable_are_refused_and_say_why(tmp_path):
    then, now = str(tmp_path / "support" / "run-0"), str(tmp_path / "support" / "run-1")
    scores = {"lite": SAME, "haiku": SAME}
    write(then, scores)
    write(now, scores, criteria=[CORRECTNESS, {**TONE, "question": "Is it cold?"}], baseline=then)
    with pytest.raises(
        InputError, match=r"not comparable(.|\n)*criterion tone: another question(.|\n)*--force"
    ):
        compare_runs(now, then)
    forced = compare_runs(now, then, force=True)
    assert (forced.comparable, forced.forced, forced.records) == (False, True, 8)
    assert "The comparison was forced although criterion tone: another question." in forced.summary


def test_a_run_goes_on_without_a_baseline_that_is_not_comparable(tmp_path):
    then, now = str(tmp_path / "support" / "run-0"), str(tmp_path / "support" / "run-1")
    scores = {"lite": SAME, "haiku": SAME}
    write(then, scores, simulated=True)
    scorecard = write(now, scores, baseline=then, evaluation={"gate": ["no regression"]})
    assert (scorecard.baseline.comparable, scorecard.baseline.candidates) == (False, {})
    assert scorecard.gate.decision == "inconclusive"
    assert "the baseline is SIMULATED, the other is not" in scorecard.gate.reasons[0]


def test_a_run_goes_on_without_a_baseline_that_is_gone(tmp_path):
    now = str(tmp_path / "support" / "run-1")
    scorecard = write(now, {"lite": SAME, "haiku": SAME}, baseline=str(tmp_path / "gone"))
    assert scorecard.baseline.comparable is False
    assert "cannot be read" in scorecard.baseline.summary


def test_a_run_of_an_earlier_version_says_what_to_do(pair, tmp_path):
    import shutil

    old = tmp_path / "support" / "old"
    shutil.copytree(pair[1], old)
    (old / "scores.parquet").unlink()
    with pytest.raises(StorageError, match=r"scores\.parquet"):
        compare_runs(pair[0], str(old))
    (old / "scores.parquet").write_bytes(b"no table")
    with pytest.raises(StorageError, match="report --rebuild"):
        compare_runs(pair[0], str(old))


def test_a_comparison_needs_no_pandas(pair, monkeypatch):
    # a Lambda has none
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert compare_runs(*pair).records == 8


def test_losses_of_one_candidate_do_not_crowd_out_anothers(tmp_path):
    """
    lite loses all of correctness on 60 records, more than a list holds; haiku loses three of four points of
    tone on seven.
    """
    folder = tmp_path / "support"
    write(folder / "run-0", {"lite": [(1, 5)] * 60, "haiku": [(1, 5)] * 60})
    now = {"lite": [(0, 5)] * 60, "haiku": [(1, 2)] * 7 + [(1, 5)] * 53}
    gate = ["no record worse by 3 in tone"]
    scorecard = write(
        folder / "run-1", now, run_id="run-1", baseline=str(folder / "run-0"), evaluation={"gate": gate}
    )
    losses = Counter((each.candidate, each.criterion) for each in scorecard.baseline.worst_records)
    assert losses == {("lite", "correctness"): 50, ("haiku", "tone"): 6}
    assert [check.sentence for check in scorecard.gate.checks if check.decision == "fail"] == [
        "haiku.tone: r0 (5 to 2), r1 (5 to 2), r2 (5 to 2), r3 (5 to 2), r4 (5 to 2) and more lost 3 or more."
    ]


# Survivors: 100 records, of which those that were worst fail now


def survivors(tmp_path, *, gone, of=100, gate=(), better=0):
    """The later of two runs: the last `gone` records of lite had 1 and have no response now."""
    then, now = str(tmp_path / "support" / "run-0"), str(tmp_path / "support" / "run-1")
    scores = [(1, 4)] * (of - gone)
    write(then, {"lite": scores + [(1, 4)] * gone, "haiku": [(1, 4)] * of}, run_id="run-0")
    new = [(1, 5)] * better + [(1, 4)] * (of - gone - better) + [None] * gone
    return write(now, {"lite": new, "haiku": [(1, 4)] * of}, baseline=then, evaluation={"gate": list(gate)})


def test_nothing_improved_where_what_fails_now_could_take_it_back(tmp_path):
    card = survivors(tmp_path, gone=12, better=40, gate=["no regression in tone", "no record worse by 3"])
    tone = card.baseline.candidates["lite"].criteria["tone"]
    # 40 of 88 rose by 1; twelve that had 4 could have 1 to 5 now: (40 - 36)/100 to (40 + 12)/100
    assert (tone.n, tone.n_missing, tone.lost) == (88, 12, 12)
    assert tone.bounds == pytest.approx((0.04, 0.52))
    assert (tone.decision, tone.open) == ("undecided", "missing")
    assert (
        "lite on correctness, tone is not decided, because 12 of 100 records have no verdict now that had one"
        in card.baseline.summary
    )
    assert "improved" not in card.baseline.summary
    decisions = {(check.expression, check.candidate): check for check in card.gate.checks}
    # A regression of decided size cannot be hidden: even at their worst the mean would have risen.
    assert decisions["no regression in tone", "lite"].decision == "pass"
    worse = decisions["no record worse by 3", "lite"]
    assert worse.decision == "inconclusive"
    assert "12 of 100 records had a verdict then and have none now" in worse.sentence


def test_no_regression_is_not_had_from_those_that_are_left(tmp_path):
    card = survivors(tmp_path, gone=12, gate=["no regression in tone", "no regression in tone by 0.3"])
    tone = card.baseline.candidates["lite"].criteria["tone"]
    # 88 are the same; the twelve at their worst would be 36/100 lower.
    assert (tone.difference, tone.bounds) == (0, pytest.approx((-0.36, 0.12)))
    assert tone.may_hide_regression
    checks = {(check.expression, check.candidate): check for check in card.gate.checks}
    left = checks["no regression in tone", "lite"]
    assert left.decision == "inconclusive"
    assert (
        "not decided, because 12 of 100 records have no verdict now that had one then: "
        "they could hide a regression" in left.sentence
    )
    assert checks["no regression in tone by 0.3", "lite"].decision == "inconclusive"
    assert checks["no regression in tone by 0.3", "haiku"].decision == "pass"


def test_a_single_lost_record_hides_no_regression(tmp_path):
    card = survivors(tmp_path, gone=1, gate=["no regression"])
    assert {check.decision for check in card.gate.checks} == {"pass"}


def test_a_question_that_does_not_apply_is_no_loss(tmp_path):
    """Half the records were never asked about tone, in either run."""
    then, now = str(tmp_path / "support" / "run-0"), str(tmp_path / "support" / "run-1")
    for folder, baseline in ((then, None), (now, then)):
        rows = [
            row(
                f"r{n}",
                response("lite", scores={"correctness": 1}),
                response("haiku", scores={"correctness": 1}),
            )
            for n in range(6)
        ]
        records = [record(f"r{n}", not_applicable={"tone": "no reference"}) for n in range(6)]
        write_run(folder, run=run_json(baseline=baseline), records=records, succeeded=rows)
        card = build(folder)
    tone = card.baseline.candidates["lite"].criteria["tone"]
    assert (tone.n, tone.n_missing, tone.lost) == (0, 0, 0)
    assert card.baseline.candidates["lite"].criteria[OVERALL].n_missing == 0


def test_of_a_run_of_an_earlier_version_whatever_has_no_score_may_be_lost(tmp_path):
    then, now = str(tmp_path / "support" / "run-0"), str(tmp_path / "support" / "run-1")
    write(then, {"lite": [(1, 4), (1, None), (1, None)], "haiku": [(1, 4)] * 3}, run_id="run-0")
    path = f"{then}/scores.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns([c for c in table.column_names if c.startswith("lost_")]), path)
    write(now, {"lite": [(1, 4), (1, 4), (1, None)], "haiku": [(1, 4)] * 3}, baseline=then)
    tone = build(now).baseline.candidates["lite"].criteria["tone"]
    # r1 has a score now and may have had any; r2 has none on either side, and was perhaps not asked.
    assert (tone.n, tone.n_missing) == (1, 1)


# Eight runs pooled


def test_a_mean_of_several_runs_is_what_a_run_is_held_to(tmp_path):
    """Tone of r0 was 3, 4 and 5, and is 5: one point above their mean."""
    folders = [str(tmp_path / "support" / f"run-{n}") for n in range(4)]
    for n, (folder, tone) in enumerate(zip(folders, (3, 4, 5, 5), strict=True)):
        scores = {"lite": [(1, tone), (1, 4)], "haiku": [(1, 4)] * 2}
        card = write(folder, scores, run_id=f"run-{n}", baseline=folders[0] if n else None)
    estimate = card.baseline.candidates["lite"].criteria["tone"]
    assert card.baseline.pooled == ("run-0", "run-1", "run-2")
    assert estimate.difference == pytest.approx(0.5)
    # Facts are told of the blessed run alone.
    assert (estimate.better, estimate.worse) == (1, 0)
    # By hand, two runs are compared, once.
    alone = compare_runs(folders[3], folders[0])
    assert (alone.pooled, alone.look, alone.level) == (("run-0",), "single", pytest.approx(0.05))
    assert alone.candidates["lite"].criteria["tone"].difference == 1


def test_a_year_of_quiet_weeks_has_no_alarm_and_a_drop_is_found_at_once(tmp_path):
    """Whole years through the pool on disk, seeded; `python -m benchmarks.weekly` has many."""
    quiet = year(World(1, [LIKERT], records=60), np.random.default_rng(1), tmp_path / "quiet")
    assert (quiet.regressed, quiet.improved) == ([], [])
    assert len(quiet.last.pooled) == 8
    fallen = World(1, [LIKERT], records=60, since=20, drop=0.5)
    found = year(fallen, np.random.default_rng(2), tmp_path / "fallen")
    assert 20 <= found.regressed[0] <= 23
