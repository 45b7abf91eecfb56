"""`run.json` as one type: what was written comes back, and is read where it is now, once."""

import json
import shutil
from pathlib import Path

import pytest

from evaldrop import storage
from evaldrop.cli.dispatch import main
from evaldrop.errors import StorageError
from evaldrop.run.definition import RunDefinition
from evaldrop.run.request import has_begun, out_of
from lambdas.build_scorecard.handler import handler
from tests.evaldrop.run_folders import record, response, row, run_json, write_run


@pytest.fixture
def folder(tmp_path):
    folder = str(tmp_path / "runs" / "support" / "run-1")
    rows = [row("r1", response("lite", scores={"correctness": 1, "tone": 4}))]
    write_run(folder, run=run_json(folder=folder), records=[record("r1")], succeeded=rows)
    return folder


@pytest.fixture
def opened(monkeypatch):
    """The URIs of files that were opened, in their order."""
    uris, open_read = [], storage.open_read

    def noted(uri, version=None):
        uris.append(uri)
        return open_read(uri, version)

    monkeypatch.setattr(storage, "open_read", noted)
    return uris


def changed(folder, **keys):
    file = Path(folder, "run.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), **keys}))


def test_build_scorecard_opens_run_json_once(folder, opened):
    (manifest,) = (str(path) for path in Path(folder).rglob("manifest.json"))
    handler({"run": {"folder": folder}, "results": {"Bucket": "/", "Key": manifest.lstrip("/")}}, None)
    assert opened.count(f"{folder}/run.json") == 1


@pytest.mark.parametrize(
    "command",
    [
        ["report", "--json"],
        ["report", "--rebuild", "--json"],
        ["bless"],
        ["calibrate"],
        ["gate", "--json"],
        ["rescore", "--json"],
    ],
    ids=" ".join,
)
def test_a_command_opens_run_json_once(folder, opened, tmp_path, command):
    """As JSON: to people it says what to do next, and which run was before one whose name has no date."""
    evaluation = tmp_path / "evaluation.yaml"
    evaluation.write_text(json.dumps(run_json()["evaluation"]))
    changed(folder, evaluation_uri=str(evaluation))
    assert main(["report", folder]) == 0
    opened.clear()
    main([command[0], folder, *command[1:]])
    assert opened.count(f"{folder}/run.json") == 1


def test_a_run_is_read_where_it_is_now_and_still_says_where_it_was_written(folder, tmp_path):
    copy = str(tmp_path / "copy" / "support" / "run-1")
    shutil.copytree(folder, copy)
    run = RunDefinition.load(copy)
    assert (run.folder, run.written_to) == (copy, folder)
    assert run.file("records.jsonl") == f"{copy}/records.jsonl"
    assert run.as_parent("rescored").folder == copy
    assert run.content == json.loads(Path(folder, "run.json").read_text())


def test_what_is_derived_follows_a_change(folder):
    run = RunDefinition.load(folder)
    other = run.changed(criteria_configs=run.criteria_configs[:1], written_to="elsewhere")
    assert (list(run.criteria), list(other.criteria)) == (["correctness", "tone"], ["correctness"])
    assert (other.folder, other.content["folder"]) == ("elsewhere", "elsewhere")
    assert other.content["criteria"] == run.content["criteria"][:1]


def test_a_saved_definition_is_the_one_that_is_read(folder, tmp_path):
    run = RunDefinition.load(folder).changed(written_to=str(tmp_path / "new"))
    run.save()
    again = RunDefinition.load(run.folder)
    assert again == run
    assert (again.content, again.criteria, again.prices) == (run.content, run.criteria, run.prices)
    assert list(again.content)[:7] == [
        "run_id", "evaluation_name", "started_at", "simulated", "bedrock", "folder", "out",
    ]  # fmt: skip


def test_keys_of_another_version_are_no_obstacle(folder):
    dataset = {**run_json()["dataset"], "later": 1}
    changed(folder, later={"a": 1}, dataset=dataset)
    run = RunDefinition.load(folder)
    assert run.dataset.records == {"read": 4, "rejected": 0}
    assert run.content["later"] == {"a": 1}


def test_a_rehearsal_that_does_not_say_who_answered_goes_on_as_one(folder):
    changed(folder, simulated=True)
    assert RunDefinition.load(folder).bedrock == "simulated"


@pytest.mark.parametrize(
    "keys",
    [
        {"evaluation": {}},
        {"criteria": [{"name": "tone"}]},
        {"prices": {"models": {}}},
        {"nonce": None},
        {"dataset": "faq.jsonl"},
    ],
    ids=lambda keys: next(iter(keys)),
)
def test_what_is_no_run_file_is_refused_by_its_name(folder, keys):
    changed(folder, **keys)
    with pytest.raises(StorageError, match=r"run\.json: not a run file of this version \("):
        RunDefinition.load(folder)


def test_a_folder_is_a_runs_once_its_run_json_is_there(folder):
    assert has_begun(folder)
    assert not has_begun(str(Path(folder).parent))


@pytest.mark.parametrize(
    ("folder", "out"),
    [
        ("s3://bucket/runs/support/run-1", "s3://bucket/runs"),
        ("s3://bucket/runs/support/run-1/", "s3://bucket/runs"),
        ("s3://bucket/support/run-1", "s3://bucket"),
        ("s3://bucket/run-1", ""),
        ("/tmp/runs/support/run-1", "/tmp/runs"),
        ("runs/support/run-1/", "runs"),
        ("support/run-1", ""),
        ("run-1", ""),
    ],
)
def test_runs_are_kept_two_folders_above_a_run(folder, out):
    assert out_of(folder) == out
