"""`evaldrop history rebuild`, and the commands that ask the history instead of the folders."""

import json
import shutil

import boto3
import pytest

from evaldrop import storage
from evaldrop.cli import main
from evaldrop.running.deployed import clients
from evaldrop.running.history.from_folders import runs_below
from evaldrop.store.model import RunQuery
from evaldrop.store.opening import open_store, store_of
from tests.evaldrop.running.deployed.apis import deploy_api
from tests.evaldrop.running.deployed.stacks import States, moment
from tests.evaldrop.running.deployed.test_listing import at, finish


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("EVALDROP_STACK", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def runs(first_evaluation, tmp_path):
    """The IDs of two finished runs, the newest first, whose folders are below `runs`."""
    shutil.copytree(first_evaluation.folder / "runs", tmp_path / "runs")
    return sorted((file.parent.name for file in (tmp_path / "runs").glob("*/*/run.json")), reverse=True)


def printed(capsys, *arguments):
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def test_a_rebuilt_history_lists_what_the_folders_do(runs, capsys):
    by_folders = printed(capsys, "runs", "--out", "runs", "--json")
    assert main(["history", "rebuild"]) == 0
    assert capsys.readouterr().err == "read into the history: 2 runs.\n"

    assert printed(capsys, "runs", "--out", "runs", "--json") == by_folders
    assert [row["run_id"] for row in json.loads(by_folders)] == runs
    assert runs[0] in printed(capsys, "runs", "--out", "runs", "-e", "first-evaluation", "-n", "1")


def test_a_trend_asks_the_history_and_lists_no_folder(runs, capsys, monkeypatch):
    by_folders = printed(capsys, "trend", "first-evaluation")
    main(["history", "rebuild"])
    monkeypatch.setattr(storage, "list_files", lambda uri: pytest.fail(f"{uri} is listed"))

    assert printed(capsys, "trend", "first-evaluation") == by_folders


def test_an_evaluation_that_the_history_does_not_know_is_looked_for_in_the_folders(runs, capsys):
    main(["history", "rebuild"])
    shutil.copytree("runs/first-evaluation", "runs/other")
    for file in storage.list_files("runs/other"):
        if file.endswith("history.json"):
            entry = json.loads(storage.read_bytes(file))
            storage.write_bytes(file, json.dumps({**entry, "evaluation": "other"}).encode())

    assert "other" in printed(capsys, "trend", "other")
    assert main(["trend", "frist-evaluation"]) == 64
    assert "first-evaluation" in capsys.readouterr().err


def test_no_runs_in_a_folder_is_no_error(capsys):
    assert main(["runs", "--out", "nowhere", "-e", "x"]) == 0
    assert capsys.readouterr().err == 'there is no run of "x" yet. evaldrop run DATASET starts one.\n'


def test_a_run_notes_itself_where_there_is_a_history(first_evaluation, capsys):
    main(["history", "rebuild"])
    dataset = str(first_evaluation.folder / "my-evaluation" / "records.jsonl")
    main(["run", dataset, "--bedrock", "simulated:latency=0", "--label", "noted"])

    (run,) = open_store(store_of("runs")).runs(RunQuery()).runs
    assert (run.state, run.labels, run.simulated) == ("finished", ("noted",), True)
    main(["rescore", "latest"])
    assert len(open_store(store_of("runs")).runs(RunQuery()).runs) == 2


def test_a_broken_history_costs_a_run_one_line(first_evaluation, capsys, tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "runs.sqlite").write_text("broken" * 1000)
    dataset = str(first_evaluation.folder / "my-evaluation" / "records.jsonl")

    assert main(["run", dataset, "--bedrock", "simulated:latency=0", "--limit", "2"]) in (0, 1, 2)
    said = capsys.readouterr().err.splitlines()
    assert sum("not noted in the history" in line for line in said) == 1


def test_a_stacks_runs_come_from_its_table(bucket, capsys, monkeypatch):
    stack, real = deploy_api(), clients.client
    finish(stack, "ds-1", hour=10)
    states = States(**{"ds-2": [moment("FAILED", startDate=at(11), cause="slow", input=_request("ds-2"))]})
    monkeypatch.setattr(
        clients, "client", lambda name, **more: states if name == "stepfunctions" else real(name, **more)
    )
    assert main(["history", "rebuild", "--stack", "with-api"]) == 0
    assert boto3.client("dynamodb").scan(TableName=stack.history_table)["Count"] > 2

    monkeypatch.setattr(storage, "list_files", lambda uri: pytest.fail(f"{uri} is listed"))
    rows = json.loads(printed(capsys, "runs", "--stack", "with-api", "--json"))

    assert [(row["run_id"], row["status"], row["why"]) for row in rows] == [
        ("ds-2", "FAILED", "slow"),
        ("ds-1", "SUCCEEDED", None),
    ]


@pytest.fixture
def kept_in_a_stack(bucket):
    """A stack with a run in its bucket, which its table knows as well."""
    stack = deploy_api()
    finish(stack, "ds-1", hour=10)
    open_store(stack.history).rebuild(runs_below(stack.out))
    return stack


@pytest.mark.parametrize("command", [["runs"], ["trend", "support"]])
def test_a_bucket_is_asked_by_the_table_of_its_stack_whatever_its_name(
    kept_in_a_stack, capsys, monkeypatch, command
):
    asked = [*command, "--out", f"{kept_in_a_stack.out}/"]
    by_table = printed(capsys, *asked)
    with monkeypatch.context() as without_listing:
        for name in ("list_files", "list_folders"):
            without_listing.setattr(storage, name, lambda uri: pytest.fail(f"{uri} is listed"))
        assert printed(capsys, *asked) == by_table
    boto3.client("dynamodb").delete_table(TableName=kept_in_a_stack.history_table)

    # Nor is anything missing to those who are not let at the table.
    assert printed(capsys, *asked) == by_table


def test_another_folder_of_a_stacks_bucket_is_listed(kept_in_a_stack, capsys):
    elsewhere = f"s3://{kept_in_a_stack.output_bucket}/copies"
    for file in storage.list_files(kept_in_a_stack.out):
        storage.write_bytes(file.replace("/runs/", "/copies/", 1), storage.read_bytes(file))

    (row,) = json.loads(printed(capsys, "runs", "--out", elsewhere, "--json"))
    assert row["report"] == f"{elsewhere}/support/ds-1/report.html"
    assert "ds-1" not in printed(capsys, "runs", "--out", f"{elsewhere}/none")


def _request(run_id):
    return json.dumps({"run_id": run_id, "dataset": "s3://drop/a.jsonl", "out": "s3://kept/runs"})
