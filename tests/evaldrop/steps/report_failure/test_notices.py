"""The messages a run sends."""

import json

import pytest

from evaldrop.scorecard.gate import evaluate_gate
from evaldrop.scorecard.model.scorecard import Gate, GateCheck, ResponseCounts
from evaldrop.steps.report_failure.notices import MAX_SUBJECT_CHARACTERS, failure_notice, scorecard_notice
from tests.evaldrop.scorecard.recommendation.cards import candidate, pair
from tests.evaldrop.scorecard.recommendation.cards import scorecard as written

RUN = {"run_id": "run-1", "dataset": "s3://drop/faq.jsonl", "name": "small"}


def scorecard(**more):
    ones = {"haiku": candidate(0.80, cost=1.0), "sonnet": candidate(0.81, cost=2.4)}
    check = GateCheck(
        expression="sonnet.correctness.pass_rate >= 0.9",
        decision="fail",
        sentence="it is too low.",
        candidate="sonnet",
    )
    given = {
        "gate": Gate(decision="fail", reasons=("correctness.pass_rate is too low",), checks=(check,)),
        "alarms": ("the judge prefers long responses",),
        "evaluation": "small",
    }
    return written(ones, [pair("haiku", "sonnet", -0.01)], **{**given, **more})


def test_a_scorecards_message_says_first_what_to_ship_and_then_a_line_per_candidate():
    lines = scorecard_notice(scorecard(gate=Gate(decision="pass")), folder="runs", notify="always")[
        "message"
    ].splitlines()
    assert lines[0].startswith("Ship haiku: nobody is shown to be better")
    assert lines[2:4] == [
        "1. haiku: overall (95 %) 0.80 (0.77–0.83); USD/1,000 $1.00; p90 200 ms; no gate",
        "2. sonnet: overall (95 %) 0.81 (0.78–0.84); USD/1,000 $2.40; p90 200 ms; no gate",
    ]


def test_a_run_without_rules_has_not_passed_a_gate():
    notice = scorecard_notice(
        scorecard(gate=Gate(decision="pass", reasons=("no gate",))), folder="r", notify="always"
    )
    assert notice["subject"] == "evaldrop small: no gate"
    # The workflow tells it from a gate that passed; who wants to hear of what did not pass hears of neither.
    assert notice["decision"] == "no gate"


def test_a_run_without_answers_says_so_in_its_subject_and_first_line_with_what_to_do():
    counts = {"n": 2, "errors": 2, "error_names": {"ThrottlingException": 2}}
    said = {"error_example": "slow down", "error_advice": "Lower max_concurrency."}
    silent = candidate(None, criteria=()).model_copy(update={"responses": ResponseCounts(**counts, **said)})
    found = written({"lite": silent}, evaluation="small")
    notice = scorecard_notice(
        found.model_copy(update={"gate": evaluate_gate([], found)}), folder="r", notify="not_passed"
    )
    assert (notice["decision"], notice["subject"]) == ("fail", "evaldrop small: failed, without answers")
    assert notice["message"].splitlines()[0] == (
        "Ship nothing: no candidate gave a response (ThrottlingException). It said: slow down. "
        "Lower max_concurrency."
    )


def test_a_scorecards_message_has_decision_reasons_alarms_and_where_the_report_is():
    notice = scorecard_notice(scorecard(), folder="s3://drop/runs/small/run-1", notify="always")
    assert notice["decision"] == "fail"
    assert notice["report"] == "s3://drop/runs/small/run-1/report.html"
    assert notice["notify"] == "always"
    assert notice["subject"] == "evaldrop small: fail"
    for part in ("too low", "prefers long", notice["report"]):
        assert part in notice["message"]
    json.dumps(notice)


def test_that_a_judge_is_leaving_is_heard_of_by_who_wants_to_hear_of_what_did_not_pass_alone():
    ending = "judge pro: amazon.nova-pro-v1:0 ends on 2026-12-24; run `evaldrop rejudge --bridge`."
    passed = scorecard(gate=Gate(decision="pass", reasons=("all rules hold",)), alarms=(ending,))
    notice = scorecard_notice(passed, folder="runs", notify="not_passed", is_ending=True)
    assert notice["notify"] == "always"
    assert ending in notice["message"].splitlines()
    assert scorecard_notice(passed, folder="runs", notify="not_passed")["notify"] == "not_passed"


def test_a_rehearsal_says_so_in_subject_and_message():
    notice = scorecard_notice(scorecard(simulated=True), folder="runs", notify="always")
    assert "SIMULATED" in notice["subject"]
    assert "SIMULATED" in notice["message"]


def failure(error="DatasetError", cause="no prompt", step="ValidateDataset"):
    return {"step": step, "error": error, "cause": cause}


def test_the_failure_of_a_rehearsal_says_so():
    notice = failure_notice({**RUN, "bedrock": "simulated:seed=1"}, failure())
    assert notice["subject"].startswith("evaldrop SIMULATED small")
    assert notice["message"].startswith("SIMULATED Run run-1")
    assert "SIMULATED" not in failure_notice({**RUN, "bedrock": "aws"}, failure())["message"]


def test_a_lambdas_own_error_and_message_are_taken_out_of_its_cause():
    cause = json.dumps({"errorType": "BudgetExceeded", "errorMessage": "too dear", "stackTrace": ["..."]})
    notice = failure_notice(RUN, failure("Lambda.Unknown", cause))
    assert notice["reason"] == {"error": "BudgetExceeded", "cause": "ValidateDataset: too dear"}
    assert "stackTrace" not in notice["message"]
    assert "s3://drop/faq.jsonl" in notice["message"]


@pytest.mark.parametrize("cause", ["plain words", "[1, 2]", "7", ""])
def test_any_other_cause_is_told_as_it_is(cause):
    reason = failure_notice(RUN, failure("States.TaskFailed", cause))["reason"]
    assert reason["error"] == "States.TaskFailed"
    assert (cause or "States.TaskFailed") in reason["cause"]


def test_a_failure_without_a_cause_has_its_name_for_one():
    reason = failure_notice(RUN, {"step": "EvaluateRecords", "error": "States.Timeout"})["reason"]
    assert reason["cause"].startswith("EvaluateRecords: States.Timeout. A step took too long.")


@pytest.mark.parametrize(
    ("error", "action"),
    [
        ("States.ExceedToleratedFailureThreshold", "--resume"),
        ("States.ItemReaderFailed", "permissions"),
        ("States.ResultWriterFailed", "permissions"),
        ("States.DataLimitExceeded", "256 KiB"),
    ],
)
def test_what_the_workflow_itself_raises_comes_with_what_to_do(error, action):
    assert action in failure_notice(RUN, failure(error, "", "EvaluateRecords"))["reason"]["cause"]


def test_a_subject_has_name_step_and_reason():
    notice = failure_notice(
        RUN, failure(cause='faq.jsonl line 1: "prompt" is a number, not a string.\nline 2: x')
    )
    assert notice["subject"] == (
        'evaldrop small: failed at ValidateDataset: faq.jsonl line 1: "prompt" is a number, not a string...'
    )


OUT = f"s3://evaldrop-storageoutput-{'x' * 60}/runs/small/run-1"


@pytest.mark.parametrize(
    ("cause", "short"),
    [
        (
            f"{OUT}/run.json: An error occurred (AccessDenied) when calling the GetObject operation: User: x",
            "run.json: AccessDenied: User: x",
        ),
        (f"there is no evaluation {OUT}/e.yaml, which", "there is no evaluation e.yaml, which"),
    ],
)
def test_a_subject_names_files_without_their_folders_and_awss_errors_without_their_frame(cause, short):
    subject = failure_notice(RUN, failure("StorageError", cause))["subject"]
    assert subject == f"evaldrop small: failed at ValidateDataset: {short}"
    assert cause in failure_notice(RUN, failure("StorageError", cause))["message"]


def test_a_run_that_has_no_name_yet_has_its_datasets_which_leaves_room_for_the_reason():
    run = {
        "dataset": f"s3://evaldrop-storageinput-{'x' * 40}/datasets/a/records.jsonl",
        "bedrock": "simulated",
    }
    subject = failure_notice(run, failure(cause="evaluation.yaml: no candidates."))["subject"]
    assert subject == (
        "evaldrop SIMULATED records.jsonl: failed at ValidateDataset: evaluation.yaml: no candidates."
    )
    long = failure_notice({"name": "n" * 200}, failure(cause="evaluation.yaml: no candidates."))["subject"]
    assert long.startswith(f"evaldrop {'n' * 27}...: failed at ValidateDataset: evaluation.yaml: ")


def test_a_subject_is_what_sns_takes():
    """Fewer than 100 printable ASCII characters: API reference of Publish."""
    cause = "größe\n\tis café ✓ “x” \x07" + "y" * 200
    subject = failure_notice({"name": "été", "dataset": "s3://drop/d"}, failure(cause=cause))["subject"]
    assert len(subject) == MAX_SUBJECT_CHARACTERS == 99
    assert subject.startswith("evaldrop ete: failed at ValidateDataset: gro?e is cafe ? ?x? ?yyy")
    assert subject.endswith("y...")
    assert subject.isascii()
    assert subject.isprintable()


def test_a_long_cause_is_cut_to_what_an_execution_keeps():
    assert len(failure_notice(RUN, failure(cause="x" * 50_000))["reason"]["cause"]) == 30_000
