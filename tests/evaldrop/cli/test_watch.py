"""`evaldrop watch`: a run followed to its end."""

import io
import json

import pytest
from rich.console import Console

from evaldrop import storage
from evaldrop.bedrock.metered import JobSeen
from evaldrop.cli import deployed_progress, main
from evaldrop.cli.deployed_progress import DeployedProgress, SearchNow
from evaldrop.errors import AwsError
from evaldrop.prompt_search.kept import write_search
from evaldrop.prompt_search.state import SearchFile
from evaldrop.running.deployed.following import Counts, Moment
from tests.evaldrop.running.deployed.stacks import EXECUTION, moment
from tests.evaldrop.running.deployed.test_listing import finish

RUN = "ds-1"
COUNTS = {"total": 4, "succeeded": 1, "failed": 1, "running": 2}


def watch(capsys, *arguments, run=RUN):
    code = main(["watch", run, *arguments])
    return code, capsys.readouterr()


@pytest.fixture
def finished(states, deployed):
    """A run that passes through its steps and succeeds."""
    finish(deployed, RUN, hour=10)
    report = f"{deployed.out}/support/{RUN}/report.html"
    states.executions[RUN] = [
        moment(),
        moment(),
        moment(step="EvaluateRecords", counts=COUNTS),
        moment(step="BuildScorecard", counts=COUNTS),
        moment("SUCCEEDED", output=json.dumps({"report": report})),
    ]
    return report


def test_a_run_is_followed_to_its_scorecard(finished, capsys):
    code, said = watch(capsys)
    assert code == 0
    for line in ("validating", "evaluating", "2/4 records, 1 failed", "building the scorecard"):
        assert line in said.err.splitlines()
    assert "correctness" in said.out
    assert f"report: {finished}" in said.out
    assert "evaldrop fetch" in said.err


def test_a_run_is_waited_for_while_its_event_is_under_way(states, capsys):
    states.executions[RUN] = [moment("NOT_STARTED"), moment("NOT_STARTED"), moment(), moment("ABORTED")]
    code, said = watch(capsys)
    assert code == 3
    assert said.err.splitlines()[1:3] == ["waiting for the run to start", "validating"]


def test_what_cannot_be_known_before_the_end_is_said(finished, capsys):
    assert "throttling, errors of single calls and dollars are in the report" in watch(capsys)[1].err


def test_scripts_get_one_document(finished, capsys):
    code, said = watch(capsys, "--json")
    document = json.loads(said.out)
    assert code == 0
    assert (document["run_id"], document["status"], document["report"]) == (RUN, "SUCCEEDED", finished)
    assert document["scorecard"]["gate"]["decision"] == "no gate"


def test_the_exit_code_is_the_gates(states, deployed, capsys):
    finish(deployed, RUN, hour=10)
    place = f"{deployed.out}/support/{RUN}/scorecard.json"
    card = json.loads(storage.read_bytes(place))
    card["gate"]["decision"] = "inconclusive"
    storage.write_bytes(place, json.dumps(card).encode())
    states.executions[RUN] = [moment("SUCCEEDED", out=deployed.out)]
    assert watch(capsys)[0] == 2


def test_a_failed_run_says_why_and_how_to_go_on(states, capsys):
    lambdas = {"errorMessage": "s3://out/x: AccessDenied", "errorType": "StorageError", "stackTrace": ["f"]}
    states.executions[RUN] = [moment("FAILED", error="StorageError", cause=json.dumps(lambdas))]
    code, said = watch(capsys)
    assert code == 3
    assert said.err.startswith("error the run failed at BuildScorecard: s3://out/x: AccessDenied\n")
    assert f"aws stepfunctions redrive-execution --execution-arn {EXECUTION}:{RUN}" in said.err


def test_a_run_that_refused_its_input_is_not_worth_a_redrive(states, capsys):
    states.executions[RUN] = [
        moment("FAILED", error="DatasetError", cause="ValidateDataset: line 1: no prompt\nline 2: no prompt")
    ]
    code, said = watch(capsys, "--json")
    assert code == 3
    assert said.err.startswith(
        "error the run failed at ValidateDataset: line 1: no prompt\nerror line 2: no prompt\n"
    )
    assert "redrive-execution" not in said.err
    assert "submit the dataset again" in said.err
    document = json.loads(said.out)
    assert (document["step"], document["error"]) == ("ValidateDataset", "DatasetError")
    assert document["cause"] == "line 1: no prompt\nline 2: no prompt"


def test_a_failure_that_the_workflow_caught_is_not_worth_a_redrive(states, capsys):
    """Its execution ended in a Fail state, and a redrive begins there."""
    cause = "PrepareRecords: Runtime exited with error: signal: killed"
    states.executions[RUN] = [moment("FAILED", error="Runtime.ExitError", cause=cause)]
    said = watch(capsys)[1]
    assert "redrive-execution" not in said.err
    assert "submit the dataset again, with --again" in said.err


def test_a_run_that_was_stopped_did_not_fail(states, capsys):
    states.executions[RUN] = [moment("ABORTED", error="Ada", cause="the wrong dataset")]
    code, said = watch(capsys)
    assert code == 3
    assert said.err.startswith("error the run was stopped. Ada: the wrong dataset\nThese two go on;")
    assert "redrive-execution" in said.err


def test_an_arn_is_watched_without_a_stack(finished, capsys):
    code, _ = watch(capsys, "--stack", "nowhere", run=f"{EXECUTION}:{RUN}")
    assert code == 0


def test_a_finished_runs_folder_is_told_without_asking_step_functions(states, deployed, capsys):
    finish(deployed, RUN, hour=10)
    code, said = watch(capsys, run=f"{deployed.out}/support/{RUN}")
    assert (code, states.looks) == (0, 0)
    assert "correctness" in said.out


def test_a_run_whose_execution_is_forgotten_is_told_by_its_folder(states, deployed, capsys):
    finish(deployed, RUN, hour=10)
    code, said = watch(capsys)
    assert (code, states.looks) == (0, 1)
    assert "correctness" in said.out


def test_a_run_that_never_was_says_where_to_look(states, capsys, monkeypatch):
    monkeypatch.setattr(deployed_progress, "START_WITHIN_S", 0)
    code, said = watch(capsys)
    assert code == 64
    for hint in ("there is no such run", "evaldrop runs", "ResultsTopic", "DeadLetterQueue"):
        assert hint in said.err


def test_ctrl_c_ends_the_watching_and_says_so(finished, states, capsys):
    states.interrupt_at = 4
    code, said = watch(capsys)
    assert code == 130
    assert "stopped watching; the run goes on." in said.err
    assert f"to watch it again:\nevaldrop watch {EXECUTION}:{RUN}\n" in said.err
    assert f"evaldrop stop {EXECUTION}:{RUN}" in said.err


# The progress by itself


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def at(done=0, *, status="RUNNING", step="EvaluateRecords", total=100):
    counts = Counts(total=total, succeeded=done, failed=0)
    return Moment(status=status, step=step, counts=counts, request={}, output={})


def follow(*found, terminal=False, jobs=(), restated=lambda _: None, searching=lambda _: ""):
    looks, clock = iter(found), Clock()
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)

    def look():
        answer = next(looks)
        if isinstance(answer, Exception):
            raise answer
        return answer

    progress = DeployedProgress(
        look,
        console,
        jobs=lambda: jobs,
        restated=restated,
        searching=searching,
        sleep=clock.sleep,
        clock=clock,
    )
    return progress.follow(), console.file.getvalue(), clock


def test_elsewhere_counts_are_told_now_and_then_with_the_time_left():
    _, said, _ = follow(*[at(n) for n in range(40)], at(100, status="SUCCEEDED"))
    lines = said.splitlines()
    assert lines[0] == "evaluating"
    assert len(lines) == 2 + 4  # every 15 s of 80
    assert lines[2] == "8/100 records, about 3 min left"


def test_what_the_first_calls_said_of_the_cost_is_told_once_and_asked_for_a_few_times():
    told = iter([None, "likely to cost $2.50"])
    moments = [*(at(n) for n in range(40)), at(100, status="SUCCEEDED")]
    _, said, _ = follow(*moments, restated=lambda _: next(told))
    assert said.count("likely to cost $2.50") == 1
    asked = []
    follow(*[at(n) for n in range(99)], at(100, status="SUCCEEDED"), restated=asked.append)
    assert len(asked) == 10


def test_tries_are_told_as_what_the_search_does_and_say_nothing_of_the_runs_cost_or_pace():
    doing = iter([*["the first prompt, trying 1 on dev"] * 8, *["round 1 of 2, trying 3 on dev"] * 9])
    moments = [*(at(20 + n) for n in range(8)), *(at(n) for n in range(40)), at(status="SUCCEEDED")]
    asked = []
    _, said, _ = follow(*moments, searching=lambda _: next(doing, ""), restated=asked.append)
    lines = said.splitlines()
    steps = [
        "prompts: the first prompt, trying 1 on dev",
        "prompts: round 1 of 2, trying 3 on dev",
        "evaluating",
    ]
    assert [each for each in lines if "records" not in each] == steps
    # A record in 2 s, whatever was done of the turn before.
    assert lines[lines.index(steps[1]) + 2] == "8/100 records, about 3 min left"
    assert {moment.counts.succeeded for moment in asked} <= set(range(9, 40))


def test_what_a_search_does_is_read_until_the_runs_own_records_come(tmp_path):
    found = []
    search = SearchNow(lambda _: found.append(1) or str(tmp_path))
    kept = SearchFile(records={}, judge="pro", searches=(), doing="round 1 of 2")
    assert search.words(at(step="ChoosePrompts")) == ""
    write_search(str(tmp_path), kept)
    assert search.words(at(step="ValidateDataset")) == ""
    assert search.words(at()) == "round 1 of 2"
    write_search(str(tmp_path), kept.model_copy(update={"doing": ""}))
    assert search.words(at()) == ""
    write_search(str(tmp_path), kept)
    # It is over: nothing is read again.
    assert (search.words(at()), len(found)) == ("", 1)


def test_who_may_not_read_a_runs_files_is_told_its_steps():
    def refused(_):
        raise AwsError("no")

    assert SearchNow(refused).words(at()) == ""


def test_on_a_terminal_it_is_a_bar():
    last, said, _ = follow(at(10), at(50), at(100, status="SUCCEEDED"), terminal=True)
    assert last.status == "SUCCEEDED"
    assert "50/100 records" in said


def waiting(done, *, step="RunJobs", failed=0):
    records, jobs = (
        Counts(total=n, succeeded=of, failed=lost) for n, of, lost in ((2, 2, 0), (3, done, failed))
    )
    return Moment(status="RUNNING", step=step, counts=records, jobs=jobs, request={}, output={})


def job(status, processed):
    uri = "s3://out/runs/e/r/batch/judges/0/rows.jsonl"
    return JobSeen(
        status=status, rows_uri=uri, rows=1_000, processed=processed, is_over=status == "Completed"
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_jobs_are_counted_as_a_run_on_this_machine_counts_them(terminal):
    jobs = [job("Completed", 1_000), job("InProgress", 500)]
    found = [waiting(1)] * 20 + [waiting(1, failed=1)] * 20
    _, said, _ = follow(*found, at(100, status="SUCCEEDED"), terminal=terminal, jobs=jobs)
    assert "waiting for batch jobs" in said
    # A terminal is drawn a few times a second, and these looks take none.
    assert terminal or "\n1/3 jobs, of judges, 1,500/2,000 rows, 1 in progress\n" in said
    assert "2/3 jobs, of judges, 1,500/2,000 rows, 1 in progress, 1 failed" in said


def test_evaluation_jobs_are_counted_without_those_of_batch():
    found = [waiting(1, step="RunEvaluationJobs")] * 20
    said = follow(*found, at(100, status="SUCCEEDED"), jobs=[job("Completed", 1_000)])[1]
    assert said.splitlines() == ["waiting for evaluation jobs", *["1/3 jobs"] * 3]


def test_a_network_that_fails_for_a_moment_does_not_end_the_watching():
    last, _, _ = follow(at(1), *[AwsError("away")] * 4, at(2), at(100, status="SUCCEEDED"))
    assert last.status == "SUCCEEDED"


def test_a_network_that_stays_away_does_and_says_that_the_run_goes_on():
    with pytest.raises(AwsError, match="the run does not depend on it"):
        follow(at(1), *[AwsError("away")] * 5)


def test_a_run_that_has_not_started_is_waited_for_a_minute():
    last, said, clock = follow(*[Moment(status="NOT_STARTED", request={}, output={})] * 60)
    assert last.status == "NOT_STARTED"
    assert clock.now == 60
    assert said.splitlines() == ["waiting for the run to start"]
