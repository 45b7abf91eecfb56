"""What is called again of a run that has ended, and about what it costs."""

import pytest

from evaldrop.cli import exits
from evaldrop.running.retrying import retry_plan
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import record, response, row, run_json, write_run


@pytest.fixture
def scorecard(tmp_path):
    """The scorecard of a run of two candidates on three records, all of which were answered."""
    folder = str(tmp_path / "support" / "run-1")
    scores = {"correctness": 1, "tone": 5}
    rows = [row(f"r{n}", response("lite", scores=scores), response("haiku", scores=scores)) for n in range(3)]
    write_run(folder, run=run_json(), records=[record(f"r{n}") for n in range(3)], succeeded=rows)
    build_scorecard(folder)
    return read_run(folder).scorecard


def with_errors(scorecard, *, candidate=None, judge=None, missing=0):
    """A scorecard in which calls of the first candidate and of the judge failed, by the error's name."""
    lite = scorecard.candidates["lite"]
    counts = {"errors": sum((candidate or {}).values()), "error_names": candidate or {}, "n": 10}
    lite = lite.model_copy(update={"responses": lite.responses.model_copy(update=counts)})
    name, health = next(iter(scorecard.judges.items()))
    failed = {"errors": sum((judge or {}).values()), "error_names": judge or {}, "calls": 20}
    return scorecard.model_copy(
        update={
            "candidates": {**scorecard.candidates, "lite": lite},
            "judges": {name: health.model_copy(update={**failed, "cost_usd": 1.6})},
            "records": scorecard.records.model_copy(update={"missing": missing}),
        }
    )


def test_a_run_without_errors_has_nothing_to_call_again(scorecard):
    assert retry_plan(scorecard).is_empty


def test_what_may_have_passed_is_counted_by_who_failed_and_why(scorecard):
    plan = retry_plan(
        with_errors(
            scorecard,
            candidate={"BedrockRuntime.ThrottlingException": 2, "BedrockRuntime.ValidationException": 1},
            judge={"Bedrock.ThrottlingException": 3, "States.Timeout": 1},
        )
    )
    assert (plan.candidates, plan.judges, plan.records) == (2, 4, 0)
    assert plan.causes == {"throttled or out of quota": 5, "timed out": 1}
    assert plan.kept == {"BedrockRuntime.ValidationException": 1}


def test_an_evaluation_job_that_failed_is_done_anew(scorecard):
    plan = retry_plan(with_errors(scorecard, judge={"EvaluationJobFailed": 4, "NoScoreOfJob": 2}))
    assert plan.judges == 4
    assert plan.causes == {"the evaluation job did not complete": 4}


def test_verdicts_without_a_budget_are_left_for_a_larger_one_and_the_exit_code_says_so(scorecard):
    name, health = next(iter(scorecard.judges.items()))
    asked = {name: health.model_copy(update={"unscored": {"budget": 3}})}
    refused = scorecard.model_copy(update={"judges": asked})
    plan = retry_plan(refused)
    assert (plan.unasked, plan.has_skipped, plan.is_empty) == (3, True, False)
    assert exits.of_scorecard(refused) == exits.BUDGET_SPENT
    # Of a record that was not begun nothing else is left.
    begun = refused.records.model_copy(update={"skipped": 1})
    assert retry_plan(refused.model_copy(update={"records": begun})).unasked == 0


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("The security token included in the request is expired", "credentials"),
        (None, "credentials, or the service failed"),
    ],
)
def test_expired_credentials_are_not_called_a_service_that_failed(scorecard, said, cause):
    failed = with_errors(scorecard, candidate={"BedrockRuntime.BedrockRuntimeException": 2})
    lite = failed.candidates["lite"]
    lite = lite.model_copy(update={"responses": lite.responses.model_copy(update={"error_example": said})})
    plan = retry_plan(failed.model_copy(update={"candidates": {**failed.candidates, "lite": lite}}))
    assert plan.causes == {cause: 2}


def test_its_cost_is_that_of_as_many_answered_calls(scorecard):
    failed = with_errors(scorecard, judge={"States.Timeout": 4})
    assert retry_plan(failed).cost_usd == pytest.approx(1.6 / 16 * 4)
    lite = failed.candidates["lite"]
    priced = lite.model_copy(
        update={"cost_usd": lite.cost_usd.model_copy(update={"candidate": 0.6, "judge": 0.2})}
    )
    failed = with_errors(
        failed.model_copy(update={"candidates": {"lite": priced}}), candidate={"States.Timeout": 2}
    )
    assert retry_plan(failed).cost_usd == pytest.approx(0.8 / 8 * 2)


def test_what_cannot_pass_alone_is_nothing_to_call_again(scorecard):
    plan = retry_plan(with_errors(scorecard, judge={"ValidationException": 2}))
    assert plan.is_empty
    assert plan.kept == {"ValidationException": 2}


def test_a_response_that_the_dataset_does_not_give_is_no_failed_call(scorecard):
    plan = retry_plan(with_errors(scorecard, candidate={"NoResponseGiven": 2}))
    assert plan.is_empty
    assert plan.kept == {}


def test_records_without_a_result_are_evaluated_again(scorecard):
    plan = retry_plan(with_errors(scorecard, missing=2))
    assert (plan.is_empty, plan.records) == (False, 2)
