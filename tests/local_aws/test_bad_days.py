"""Runs on bad days: permissions, throttling, silence, crashes. Nothing is lost; every loss has a reason."""

import json
import time

import pytest

from tests.local_aws.faults import JUDGE, stuck_after_some
from tests.local_aws.harness import PATIENCE_S, QUICK
from tests.local_aws.outcomes import CALLS_OF_A_RECORD, assert_told, assert_whole, records, scorecard_of

pytestmark = pytest.mark.slow

UNREACHED = """
name: unreached
candidates:
  - {name: lite, model: us.amazon.nova-lite-v1:0}
  - {name: haiku, model: us.anthropic.claude-haiku-4-5-20251001-v1:0}
judges: [{name: pro, model: us.amazon.nova-pro-v1:0}]
criteria: [correctness]
"""

QUICK_TO_GIVE_UP = """
name: quick-to-give-up
candidates:
  - {name: lite, model: us.amazon.nova-lite-v1:0, timeout_s: 3}
  - {name: haiku, model: us.anthropic.claude-haiku-4-5-20251001-v1:0, timeout_s: 3}
  - {name: micro, model: us.amazon.nova-micro-v1:0, timeout_s: 3}
judges: [{name: pro, model: us.amazon.nova-pro-v1:0, timeout_s: 3}]
criteria: [correctness]
max_concurrency: 10
"""

IMPATIENT = """
name: impatient
candidates: [{name: lite, model: us.amazon.nova-lite-v1:0}]
judges: [{name: pro, model: us.amazon.nova-pro-v1:0, timeout_s: 1}]
criteria: [correctness]
"""


def test_a_model_that_the_account_has_no_access_to_ends_the_run_at_its_first_calls(aws):
    aws.bedrock("tests.local_aws.faults#no_access")
    [execution] = aws.finished(aws.upload(records(40), evaluation=UNREACHED))
    assert_told(aws, execution, "CheckFirstCalls", "candidate haiku", "AccessDenied", "--go-on")
    assert execution["error"] == "ModelRefused"
    assert len(aws.calls()) <= 6


@pytest.mark.nightly
def test_a_run_that_is_to_go_on_has_such_a_model_as_an_error_of_its_candidate_alone(aws):
    aws.bedrock("tests.local_aws.faults#no_access")
    key = aws.upload(records(4), evaluation=UNREACHED, metadata={"evaldrop-go-on": "true"})
    [execution] = aws.finished(key)
    scorecard = assert_whole(aws, execution, 4)
    responses = {name: each["responses"] for name, each in scorecard["candidates"].items()}
    assert responses["lite"]["errors"] == 0
    assert responses["haiku"]["errors"] == 4
    assert any("AccessDenied" in name for name in responses["haiku"]["error_names"])
    assert responses["haiku"]["error_names"]["LeftOut"] == 2
    assert not [call for call in aws.calls() if "haiku" in call["model"] and call["outcome"] == "answered"]
    report = aws.read(f"{aws.folder_of(execution)}/summary.md").decode()
    assert "AccessDenied" in report


@pytest.mark.nightly
def test_three_calls_of_ten_throttled_are_made_good_by_retries(aws):
    aws.bedrock("simulated:latency=0,throttling=0.3")
    [execution] = aws.finished(aws.upload(records(25)))
    scorecard = assert_whole(aws, execution, 25)
    outcomes = [call["outcome"] for call in aws.calls()]
    throttled = sum("Throttling" in outcome for outcome in outcomes)
    assert 0.2 < throttled / len(outcomes) < 0.4
    # What three retries did not make good is an error with a name, never a score.
    lost = sum(each["responses"]["errors"] for each in scorecard["candidates"].values())
    names = {name for each in scorecard["candidates"].values() for name in each["responses"]["error_names"]}
    assert lost < 25 * 3 * 0.3**3 * 3
    assert all("Throttling" in name for name in names)


@pytest.mark.nightly
def test_a_judge_that_never_answers_leaves_verdicts_unscored_and_the_responses_whole(aws):
    aws.bedrock("tests.local_aws.faults#silent_judge")
    [execution] = aws.finished(aws.upload(records(3), evaluation=IMPATIENT))
    scorecard = assert_whole(aws, execution, 3)
    correctness = scorecard["candidates"]["lite"]["criteria"]["correctness"]
    assert correctness["n_scored"] == 0
    assert scorecard["candidates"]["lite"]["responses"]["n"] == 3
    assert not [call for call in aws.calls() if call["model"] == JUDGE and call["outcome"] == "answered"]
    assert b"States.Timeout" in aws.read(f"{aws.folder_of(execution)}/report.html") or "judge_error" in str(
        scorecard
    )


@pytest.mark.parametrize(
    "function",
    [
        "StartRun",
        # As BuildScorecard: the workflow's states share one rule of when to try again.
        pytest.param("ValidateDataset", marks=pytest.mark.nightly),
        pytest.param("PrepareRecords", marks=pytest.mark.nightly),
        "BuildScorecard",
    ],
)
def test_a_function_that_crashes_once_is_called_once_more(aws, function):
    aws.kill_next(function)
    key = aws.upload(records(2))
    aws.wait_for_events()
    [execution] = aws.finished(key)
    assert_whole(aws, execution, 2)
    assert not aws.dead_letters()


def test_a_start_that_crashes_each_time_leaves_its_event_in_the_queue(aws):
    for _ in range(3):
        aws.kill_next("StartRun")
    key = aws.upload(records(1))
    aws.wait_for_events()
    assert not aws.executions(key)
    [letter] = aws.dead_letters()
    assert key in letter["Body"]


def test_more_failures_than_tolerated_fail_the_run_with_what_to_do(aws):
    aws.bedrock("tests.local_aws.faults#endless_talker")
    [execution] = aws.finished(aws.upload(records(4)))
    message = assert_told(aws, execution, "EvaluateRecords", "tolerated_failure_percentage")
    assert "SIMULATED" in message.subject + message.text


def test_a_run_whose_scorecard_failed_is_finished_by_a_redrive_without_a_call(aws):
    for _ in range(2):
        aws.kill_next("BuildScorecard")
    [failed] = aws.finished(aws.upload(records(3)))
    assert_told(aws, failed, "BuildScorecard")
    before = len(aws.calls())
    aws.client("stepfunctions").redrive_execution(executionArn=failed["executionArn"])
    [execution] = aws.finished(_key(failed))
    assert_whole(aws, execution, 3)
    assert len(aws.calls()) == before


def test_a_run_that_was_stopped_is_finished_by_a_redrive_with_what_it_had(aws):
    aws.bedrock("tests.local_aws.faults#stuck_after_some")
    count = 30
    key = aws.upload(records(count), evaluation=QUICK_TO_GIVE_UP)
    _wait_until_stuck(aws)
    [running] = aws.executions(key)
    client = aws.client("stepfunctions")
    client.stop_execution(executionArn=running["executionArn"], error="Stopped", cause="by a test")
    aws.bedrock(QUICK)
    [stopped] = aws.finished(key)
    assert stopped["status"] == "ABORTED"
    map_run = newest_map_run(client, running)
    counts = client.describe_map_run(mapRunArn=map_run["mapRunArn"])["itemCounts"]
    assert counts["total"] == count
    assert counts["pending"] > 0

    client.redrive_execution(executionArn=running["executionArn"])
    [execution] = aws.finished(key)
    assert execution["redriveCount"] == 1
    # Express children at work come to their end, those that were done are not asked again.
    assert_whole(aws, execution, count)
    answered = [call for call in aws.calls() if call["outcome"] == "answered"]
    assert len(answered) == count * CALLS_OF_A_RECORD
    after = newest_map_run(client, running)
    assert after["mapRunArn"] == map_run["mapRunArn"]


def newest_map_run(client, execution):
    """Return that of all records; one of the first records was before it."""
    found = client.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
    assert len(found) == 2
    return max(found, key=lambda each: each["startDate"])


def _key(execution):
    return json.loads(execution["input"])["dataset"].split("/", 3)[3]


def _wait_until_stuck(aws):
    # By what was answered: calls that nobody answers end by their time limit, and others begin.
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if sum(call["outcome"] == "answered" for call in aws.calls()) >= stuck_after_some.ANSWERED:
            return
        time.sleep(0.2)
    raise AssertionError("too few calls are answered")


def test_the_schedule_starts_a_run_each_week_of_the_newest_version(aws):
    key = "datasets/support-faq/records.jsonl"
    aws.upload(records(2), key)
    [first] = aws.finished(key)
    aws.pass_time(days=7)
    aws.wait_for_events()
    second, _ = aws.finished(key, runs=2)
    assert second["name"] != first["name"]
    assert scorecard_of(aws, second)["records"]["evaluated"] == 2
    assert [aws.messages(aws.folder_of(each)) for each in (first, second)]
    aws.pass_time(days=7)
    aws.wait_for_events()
    assert len(aws.finished(key, runs=3)) == 3
