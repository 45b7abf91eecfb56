"""How far several judges agree, criterion by criterion, and what a panel leaves out."""

import pytest

from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import PRO, judgement, record, response, row, run_json, write_run


def build(tmp_path, given, *, judges=("a", "b"), repeats=1):
    """`given`: record, then scores on correctness and tone by judge; a list of them for several repeats."""
    named = [{"name": name, "model": PRO, "repeats": repeats} for name in judges]
    rows = []
    for name, by_judge in given.items():
        judged = [
            judgement(scores, judge=judge, repeat=repeat)
            for judge, several in by_judge.items()
            for repeat, scores in enumerate(several if isinstance(several, list) else [several])
        ]
        rows.append(row(name, response("lite", judgements=judged)))
    run = run_json(evaluation={"judges": named, "candidates": [{"name": "lite", "model": PRO}]})
    records = [record(name, judges=judges, repeats=repeats) for name in given]
    folder = str(tmp_path / "support" / "run-1")
    write_run(folder, run=run, records=records, succeeded=rows)
    return build_scorecard(folder)


def scores(correctness, tone):
    return {"correctness": correctness, "tone": tone}


def test_agreement_is_told_by_the_scales_level_with_the_unit_it_has(tmp_path):
    found = build(tmp_path, {
        "r1": {"a": scores(1, 5), "b": scores(1, 4)},
        "r2": {"a": scores(0, 2), "b": scores(0, 2)},
        "r3": {"a": scores(1, 3), "b": scores(0, 3)},
        "r4": {"a": scores(1, 5)},
    }).agreement  # fmt: skip
    correctness, tone = found["correctness"], found["tone"]
    assert (correctness.level, tone.level) == ("nominal", "ordinal")
    assert (correctness.n_records, correctness.n_responses) == (3, 3)
    assert (correctness.raw_agreement, tone.raw_agreement) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (correctness.spread, tone.spread) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    # Three yes and three no; two of six values disagree, 18/5 would by chance: 1 - 2/(18/5).
    assert correctness.alpha == pytest.approx(1 - 2 / (18 / 5))


def test_repeats_are_averaged_before_judges_are_compared(tmp_path):
    found = build(tmp_path, {
        "r1": {"a": [scores(1, 4), scores(0, 2)], "b": [scores(1, 3), scores(0, 3)]},
        "r2": {"a": [scores(1, 5), scores(1, 5)], "b": [scores(1, 5), scores(1, 5)]},
    }, repeats=2).agreement  # fmt: skip
    assert (found["correctness"].level, found["correctness"].raw_agreement) == ("interval", 1)
    assert (found["tone"].spread, found["tone"].alpha) == (0, 1)


def test_where_all_scores_are_equal_alpha_is_null_and_says_why(tmp_path):
    found = build(tmp_path, {f"r{n}": {"a": scores(1, 5), "b": scores(1, 5)} for n in range(3)}).agreement
    assert found["tone"].alpha is None
    assert "undefined" in found["tone"].reason
    assert (found["tone"].raw_agreement, found["tone"].spread) == (1, 0)


def test_judges_that_never_met_share_nothing(tmp_path):
    found = build(tmp_path, {"r1": {"a": scores(1, 5)}, "r2": {"b": scores(1, 5)}}).agreement["tone"]
    assert (found.n_records, found.raw_agreement, found.spread, found.alpha) == (0, None, None, None)


def test_one_judge_has_nobody_to_agree_with(tmp_path):
    assert build(tmp_path, {"r1": {"a": scores(1, 5)}}, judges=("a",)).agreement == {}


def test_agreement_has_intervals_also_where_all_agree_and_none_from_one_record(tmp_path):
    given = {f"r{n}": {"a": scores(n % 2, 1 + n % 5), "b": scores(n % 2, 1 + n % 5)} for n in range(20)}
    found = build(tmp_path, given).agreement["correctness"]
    assert (found.alpha, found.raw_agreement) == (1, 1)
    assert found.raw_agreement_interval == pytest.approx((0.832, 1), abs=0.001)
    assert 0.4 < found.alpha_interval[0] < 0.9
    assert found.alpha_interval[1] == 1
    alone = build(tmp_path, {"r1": {"a": scores(1, 5), "b": scores(0, 4)}}).agreement["correctness"]
    assert alone.alpha_interval is None
