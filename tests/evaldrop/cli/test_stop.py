"""`evaldrop stop`: a run that is stopped where it is, and those at which nothing works."""

import json
import os

import boto3
import pytest

from evaldrop.cli import exits, main
from evaldrop.prompt_search.kept import write_search
from evaldrop.prompt_search.search import begin
from evaldrop.prompt_search.state import SearchFile
from evaldrop.run.lock import LOCK, locked
from evaldrop.run.stop_request import STOP_REQUEST
from evaldrop.running import stopping
from tests.browser.pages import write_varied
from tests.evaldrop.running.deployed.stacks import EXECUTION, moment
from tests.evaldrop.running.deployed.test_listing import finish

RUN = "ds-1"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A finished run, as `runs/support/good`."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("EVALDROP_STACK", raising=False)
    monkeypatch.chdir(tmp_path)
    write_varied(tmp_path / "runs" / "support" / "good")
    return tmp_path / "runs" / "support" / "good"


def stop(capsys, *arguments):
    code = main(["stop", *map(str, arguments)])
    return code, capsys.readouterr()


def test_a_run_that_has_ended_stays_as_it_is(run, capsys):
    code, said = stop(capsys, "latest")
    assert code == exits.PASSED
    assert "has ended: there is nothing to stop." in said.err
    assert json.loads(stop(capsys, run, "--json")[1].out) == {"run": str(run), "status": "ENDED"}


def test_a_run_that_was_killed_says_how_to_go_on(run, capsys):
    (run / "scorecard.json").unlink()
    code, said = stop(capsys, run)
    assert code == exits.PASSED
    assert "nothing works at it" in said.err
    assert f"evaldrop run --resume {run}" in said.err
    assert json.loads(stop(capsys, run, "--json")[1].out)["status"] == "NOT_RUNNING"


def test_who_writes_for_a_moment_is_not_asked(run, capsys):
    with locked(str(run), doing="evaldrop calibrate --apply"):
        code, said = stop(capsys, run)
        assert not (run / STOP_REQUEST).exists()
    assert code == exits.PASSED
    assert "evaldrop calibrate --apply (process " in said.err
    assert "ends by itself" in said.err


def test_a_process_that_does_not_stop_is_3_and_named_with_what_may_be_done(run, monkeypatch, capsys):
    monkeypatch.setattr(stopping.stop_here, "__kwdefaults__", {"within_s": 0})
    with locked(str(run), doing="evaldrop run"):
        code, said = stop(capsys, run)
    assert code == exits.RUN_FAILED
    assert f"`kill -9 {os.getpid()}` ends it" in said.err


def test_a_run_that_ends_before_it_stops_is_told_as_ended(run, monkeypatch, capsys):
    (run / LOCK).write_text(json.dumps({"pid": os.getpid(), "host": "gone", "doing": "evaldrop run"}))
    # Its process is gone when the request is there.
    monkeypatch.setattr(stopping, "is_written_to", lambda _: False)
    code, said = stop(capsys, run)
    assert (code, "came to its end before it stopped" in said.err) == (exits.PASSED, True)


@pytest.fixture
def searching(run):
    """The run as it is in the middle of a search for prompts."""
    search = begin("lite_tuned", "lite", "own.writer", "Answer.", 2).model_copy(update={"cost_usd": 0.25})
    kept = SearchFile(turn=2, records={}, judge="pro", searches=(search,), doing="round 1 of 2, asking for 3")
    write_search(str(run), kept)
    for name in ("scorecard.json", "records.jsonl"):
        (run / name).unlink()
    return run


def test_a_run_that_is_stopped_in_its_search_says_what_was_paid_for_it(searching, monkeypatch, capsys):
    monkeypatch.setattr(stopping, "stop_here", lambda _: True)
    with locked(str(searching), doing="evaldrop run"):
        code, said = stop(capsys, searching)
    assert code == exits.PASSED
    assert "in its search for prompts (round 1 of 2, asking for 3). $0.25 was paid for it" in said.err
    assert f"evaldrop run --resume {searching}" in said.err


def test_a_run_that_was_killed_in_its_search_has_nothing_to_score_yet(searching, capsys):
    code, said = stop(capsys, searching)
    assert code == exits.PASSED
    assert "$0.25 was paid" in said.err
    assert f"evaldrop run --resume {searching}" in said.err
    assert "evaldrop report" not in said.err


def test_a_name_of_no_run_is_64_with_what_there_is(run, capsys):
    code, said = stop(capsys, "suport")
    assert code == exits.WRONG_USE
    assert "Did you mean support?" in said.err


@pytest.mark.parametrize("named", ["s3", "stack", "arn"])
def test_a_run_of_a_stack_is_stopped_by_any_of_its_names(named, states, deployed, capsys):
    finish(deployed, RUN, hour=10)
    states.executions[RUN] = [moment(out=deployed.out)]
    folder = f"{deployed.out}/support/{RUN}"
    names = {"s3": [folder], "stack": [RUN, "--stack", "evaldrop"], "arn": [f"{EXECUTION}:{RUN}"]}
    code, said = stop(capsys, *names[named])
    assert code == exits.PASSED
    assert states.stopped == [f"{EXECUTION}:{RUN}"]
    assert f"stopped {EXECUTION}:{RUN}." in said.err
    assert f"redrive-execution --execution-arn {EXECUTION}:{RUN}" in said.err


def test_an_execution_that_goes_on_with_a_finished_run_is_stopped(states, deployed, capsys):
    finish(deployed, RUN, hour=10)
    states.executions = {
        RUN: [moment("SUCCEEDED")],
        f"{RUN}-again-1": [moment()],
        "ds-11": [moment()],
    }
    code, said = stop(capsys, f"{deployed.out}/support/{RUN}", "--json")
    assert code == exits.PASSED
    assert json.loads(said.out)["executions"] == states.stopped == [f"{EXECUTION}:{RUN}-again-1"]


def test_a_run_of_a_stack_that_has_ended_stays_as_it_is(states, deployed, capsys):
    finish(deployed, RUN, hour=10)
    states.executions[RUN] = [moment("SUCCEEDED")]
    code, said = stop(capsys, RUN, "--stack", "evaldrop")
    assert (code, states.stopped) == (exits.PASSED, [])
    assert f"{RUN} has ended (SUCCEEDED): there is nothing to stop." in said.err


def test_an_unknown_run_of_a_stack_is_64(states, capsys):
    code, said = stop(capsys, "ds-9", "--stack", "evaldrop")
    assert code == exits.WRONG_USE
    assert "there is no such run. evaldrop runs lists" in said.err


def test_a_copy_of_a_run_in_another_bucket_has_no_stack(states, deployed, capsys):
    boto3.client("s3").create_bucket(Bucket="other")
    boto3.client("s3").put_object(Bucket="other", Key=f"runs/support/{RUN}/run.json", Body=b"{}")
    code, said = stop(capsys, f"s3://other/runs/support/{RUN}")
    assert code == exits.WRONG_USE
    assert "no stack keeps its runs there" in said.err


def test_a_folder_that_is_named_goes_before_a_stack_of_the_environment(run, monkeypatch, capsys):
    monkeypatch.setenv("EVALDROP_STACK", "evaldrop")
    assert "has ended" in stop(capsys, run)[1].err
    assert "has ended" in stop(capsys, "latest", "--out", "runs")[1].err
