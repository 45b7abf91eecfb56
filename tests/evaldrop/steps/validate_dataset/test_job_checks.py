"""Judges that are evaluation jobs: what such a job cannot do is refused or said, with the way out."""

import pytest

from evaldrop.errors import DatasetError
from evaldrop.steps.validate_dataset.validate import validate_dataset
from tests.evaldrop.evaluations import JUDGE, ROW, SMALL, check, request, write

BEDROCK = {"name": "bedrock", "api": "evaluation_job", "model": "us.amazon.nova-pro-v1:0"}
PANEL = {**SMALL, "judges": [JUDGE, BEDROCK]}


def told(folder, rows=(ROW,), **evaluation):
    return "\n".join(check(folder, {**PANEL, **evaluation}, rows).problems)


def test_a_panel_with_bedrocks_judge_is_valid_and_priced(tmp_path):
    found = check(tmp_path, {**PANEL, "criteria": ["correctness", "bedrock.helpfulness"]})
    assert found.problems == ()
    _, ours, bedrock = found.plan.lines
    # Each criterion is a call of its own, with AWS's prompt around it.
    assert (ours.calls, bedrock.calls) == (1, 2)
    assert bedrock.input_tokens.low > 2 * 250
    assert bedrock.input_tokens.likely < 2 * 1_000
    assert set(bedrock.costs.values()) == {bedrock.cost_usd}


def test_it_is_delivered_as_the_job_does_whatever_the_others_are(tmp_path):
    rows = [{**ROW, "id": f"r{number}"} for number in range(150)]
    found = check(tmp_path, {**PANEL, "delivery": "batch"}, rows)
    assert found.definition.deliveries == {"candidate/lite": "batch", "judge/judge": "batch"}


def test_a_model_that_may_not_judge_is_refused_with_one_that_may(tmp_path):
    judges = [{**BEDROCK, "model": "us.amazon.nova-lite-v1:0"}]
    assert "us.amazon.nova-lite-v1:0 is none of the models that AWS lists" in told(tmp_path, judges=judges)
    assert "such as us.amazon.nova-pro-v1:0" in told(tmp_path, judges=judges)


def test_a_criterion_that_a_job_cannot_ask_is_refused_with_what_to_write_instead(tmp_path):
    share = {"name": "share", "question": "How much?", "scale": {"type": "range", "low": 0, "high": 1}}
    assert "Give it points" in told(tmp_path, criteria=["correctness", share])


def test_criteria_that_are_too_long_for_all_judges_together_are_refused(tmp_path):
    long = [{"name": f"c{n}", "question": f"{n}? " + "Why? " * 900, "scale": "binary"} for n in range(24)]
    assert "a run has room for 98,304" in told(tmp_path, criteria=long)


def test_without_criteria_of_its_own_an_evaluation_has_nothing_to_ask_in_a_job(tmp_path):
    rows = [{**ROW, "criteria": ["Is it polite?"]}]
    assert "asks the evaluation's own criteria, and it has none" in told(tmp_path, rows, criteria=[])


def test_what_a_job_will_not_score_is_said_before_anything_is_spent(tmp_path):
    long = {**ROW, "id": "long", "prompt": "x" * 4_097}
    own = {**ROW, "id": "own", "criteria": ["Is it polite?"]}
    warnings = "\n".join(check(tmp_path, {**PANEL, "budget_usd": 5}, [ROW, long, own]).warnings)
    assert "judge bedrock: 1 record has a prompt of more than 4,096 bytes" in warnings
    assert "judge bedrock: 1 criterion of the records' own" in warnings
    assert "one that finds too little left is not created" in warnings
    assert "How long they take nothing tells" in warnings


def test_what_is_not_asked_of_a_job_is_said_where_there_is_such(tmp_path):
    judged = {"robustness": {"perturbations": ["typos"]}}
    warnings = "\n".join(check(tmp_path, {**PANEL, **judged}, [ROW]).warnings)
    assert "judge bedrock: perturbed copies (robustness) are not asked of an evaluation job" in warnings
    assert "are not asked of" not in "\n".join(check(tmp_path, PANEL, [ROW]).warnings)


def test_where_nothing_runs_evaluation_jobs_the_way_out_is_said(tmp_path):
    write(tmp_path, PANEL, [ROW])
    for bedrock in ("aws", "openai=http://localhost:1/v1"):
        with pytest.raises(DatasetError, match=r"bedrock-eval create --responses RUN.*--beside RUN"):
            validate_dataset(request(tmp_path, bedrock=bedrock))
    assert not (tmp_path / "runs").exists()
