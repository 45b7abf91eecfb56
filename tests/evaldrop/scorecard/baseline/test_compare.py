"""A run against its baseline, worked out by hand."""

import sys
from collections import Counter

import pytest

from evaldrop import storage
from evaldrop.errors import InputError, StorageError
from evaldrop.scorecard.baseline.compare import compare_runs
from evaldrop.scorecard.model.scorecard import OVERALL
from tests.evaldrop.run_folders import CORRECTNESS, TONE
from tests.evaldrop.scorecard.baseline.runs import build, write

# Eight records; correctness and tone of lite, then and now:
#
#          r0     r1     r2     r3     r4     r5     r6     r7
#   then   1 5    1 4    1 4    1 3    1 2    1 4    1 -    failed
#   now    0 4    0 4    0 2    0 3    0 3    1 -    0 3    1 5
#
# tone, on r0..r4: -1, 0, -2, 0, 1: mean -0.4, squares of deviations 5.2, sd √1.3 = 1.140175,
# standard error 0.509902, t(4) = 2.776445: -0.4 ± 1.415715
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
    assert tone.interval == pytest.approx((-1.815715, 1.015715), abs=1e-5)
    assert tone.minimum_detectable == pytest.approx(0.509902 * (1.959964 + 0.841621), abs=1e-5)
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
    # then: 1, .875, .875, .75, .625, .875 (1 + .75)/2, 1; now: .375, .375, .125, .25, .25, 1, .25
    overall = found.candidates["lite"].criteria[OVERALL]
    then = [1, 0.875, 0.875, 0.75, 0.625, 0.875, 1]
    now = [0.375, 0.375, 0.125, 0.25, 0.25, 1, 0.25]
    assert overall.n == 7
    assert overall.difference == pytest.approx(sum(now) / 7 - sum(then) / 7)


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
    # lite lost twelve of twelve: Bonett-Price of 0 and 12 in 12: gap 12/14, √((14/14 - 144/196)/14) = 0.1377.
    # All tones rise by 2: no spread, and p of the exact sign-flip test, 2⁻¹¹
    assert scorecard.baseline.summary.startswith(
        "Against run-0, on 12 records: lite regressed on correctness by 0.59 to 1.00; "
        "lite regressed on overall by 0.50; haiku improved on tone by 2.00; "
    )
    assert scorecard.gate.decision == "fail"
    decisions = {(check.expression, check.candidate): check.decision for check in scorecard.gate.checks}
    assert decisions["no regression in correctness", "lite"] == "fail"
    assert decisions["no regression in correctness", "haiku"] == "pass"
    summary = storage.read_bytes(f"{now}/summary.md").decode()
    assert "Records that turned worst" in summary
    assert "**regressed**" in summary


def test_groups_are_compared_as_groups(tmp_path):
    # tone -1, -1, 1, 1 in two groups: mean 0, groups off by -2 and 2: √8 √2 / 4 = 1
    then, now = str(tmp_path / "support" / "run-0"), str(tmp_path / "support" / "run-1")
    groups = ["a", "a", "b", "b"]
    write(then, {"lite": [(1, 3)] * 4, "haiku": [(1, 3)] * 4}, groups=groups)
    tones = [(1, 2), (1, 2), (1, 4), (1, 4)]
    write(now, {"lite": tones, "haiku": tones}, groups=groups)
    tone = compare_runs(now, then).candidates["lite"].criteria["tone"]
    assert tone.minimum_detectable == pytest.approx(1.959964 + 0.841621, abs=1e-5)


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
