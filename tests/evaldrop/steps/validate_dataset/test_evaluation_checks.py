"""What is said of an evaluation's judges before a run."""

import pytest

from evaldrop.evaluation import Judge
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, SMALL, check

AMAZON = {"name": "kin", "model": "us.amazon.nova-premier-v1:0"}


def warnings(found, word):
    return [warning for warning in found.warnings if word in warning]


def test_a_judge_that_shares_its_maker_with_a_candidate_is_told(tmp_path):
    found = check(tmp_path, {**SMALL, "candidates": [LITE, PRO], "judges": [AMAZON]})
    (warning,) = warnings(found, "maker")
    assert warning.startswith("judge kin shares its maker, Amazon, with lite, pro; judges favour models of")
    assert not found.problems


def test_a_judge_of_another_or_an_unknown_maker_is_not(tmp_path):
    unknown = {"name": "own", "model": "arn:aws:bedrock:us-east-1:1:imported-model/x"}
    candidates = [LITE, {"name": "own", "model": "arn:aws:bedrock:us-east-1:1:imported-model/y"}]
    found = check(tmp_path, {**SMALL, "candidates": candidates, "judges": [JUDGE, unknown]})
    assert warnings(found, "maker") == []


def test_one_order_alone_is_told(tmp_path):
    pairwise = {"baseline": "pro", "orders": "baseline_first"}
    found = check(tmp_path, {**SMALL, "candidates": [LITE, PRO], "pairwise": pairwise})
    assert len(warnings(found, "shown in one order")) == 1
    assert warnings(found, "say drawn to draw one")


def test_a_drawn_order_is_told_with_what_it_leaves_unknown(tmp_path):
    pairwise = {"baseline": "pro", "orders": "drawn"}
    found = check(tmp_path, {**SMALL, "candidates": [LITE, PRO], "pairwise": pairwise})
    (warning,) = warnings(found, "pairwise.orders")
    assert "half the calls" in warning
    assert "stays unknown" in warning


def test_a_judge_that_answers_yes_or_no_is_not_asked_for_points(tmp_path):
    yes_no = {**JUDGE, "verdict": "yes_no"}
    found = check(tmp_path, {**SMALL, "judges": [yes_no]})
    (problem,) = found.problems
    assert "judge judge answers yes or no, and there are more answers to correctness" in problem
    assert not check(tmp_path, {**SMALL, "judges": [yes_no], "criteria": ["refusal"]}).problems


@pytest.mark.parametrize(("judge", "prompt", "mode"), [
    ({"verdict": "yes_no"}, "criteria-yn.v1", "per_criterion"),
    ({"verdict": "yes_no", "prompt": "own.v1"}, "own.v1", "per_criterion"),
    ({}, "criteria.v1", "joint"),
])  # fmt: skip
def test_a_judge_that_answers_yes_or_no_has_its_own_prompt_and_one_criterion_a_request(judge, prompt, mode):
    made = Judge.model_validate({**JUDGE, **judge})
    assert (made.prompt, made.mode) == (prompt, mode)


def test_one_letter_for_several_criteria_is_refused(tmp_path):
    found = check(tmp_path, {**SMALL, "judges": [{**JUDGE, "verdict": "yes_no", "mode": "joint"}]})
    assert "yes_no answers one criterion" in found.problems[0]


def test_a_judge_without_anything_to_judge_by_is_refused_unless_the_records_bring_it(tmp_path):
    evaluation = {"name": "small", "candidates": [LITE], "judges": [JUDGE]}
    assert "a judge needs criteria" in check(tmp_path, evaluation).problems[0]
    assert not check(tmp_path, evaluation, [{"id": "r1", "prompt": "Why?", "criteria": "fluency"}]).problems


def test_langchains_rows_mean_langchains_questions(tmp_path):
    evaluation = {"name": "small", "judges": [{**JUDGE, "verdict": "yes_no"}]}
    rows = [{"input": "Why?", "submission": "So.", "criteria": name} for name in ("helpfulness", "depth")]
    found = check(tmp_path, evaluation, rows)
    assert not found.problems
    criteria = found.definition.criteria
    kinds = {name: one.scale.kind for name, one in criteria.items()}
    assert kinds == {"helpfulness": "binary", "depth": "binary"}
