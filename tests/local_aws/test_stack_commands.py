"""`evaldrop submit`, `runs`, `fetch` and `watch` against the local AWS, as a user types them."""

import json
import os
import shutil

import boto3
import pytest

from evaldrop import storage
from tests.local_aws.outcomes import CALLS_OF_A_RECORD, DATASET, records
from tests.whole_runs import called, evaldrop

pytestmark = pytest.mark.slow


@pytest.fixture
def given(aws, tmp_path, monkeypatch):
    """Where a command runs: an empty folder, with the local AWS as the endpoint of all of boto3."""
    monkeypatch.setattr(storage, "_client", None)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    access = {**aws.keys, "AWS_ENDPOINT_URL": aws.endpoint, "AWS_CONFIG_FILE": os.devnull}
    return {"cwd": tmp_path, "env": environment | access}


def test_a_dataset_is_submitted_watched_listed_and_fetched(aws, given, tmp_path):
    name = f"datasets/{tmp_path.name}-{os.getpid()}"
    folder = tmp_path / name
    folder.mkdir(parents=True)
    shutil.copy(DATASET.parent / "evaluation.yaml", folder)
    shutil.copytree(DATASET.parent / "prompts", folder / "prompts")
    dataset = folder / "records.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in records(4)))

    submitted = evaldrop("submit", dataset, "--yes", "--wait", "--json", **given)
    assert submitted.returncode in {0, 1, 2}, submitted.stderr
    assert json.loads(submitted.stdout)
    assert len(aws.calls()) == 4 * CALLS_OF_A_RECORD
    [execution] = aws.executions(f"{name}/records.jsonl")
    assert execution["name"] in submitted.stdout

    again = called("submit", dataset, "--yes", "--json", **given)
    assert again.returncode == 0, again.stderr
    assert execution["name"] in again.stdout
    assert len(aws.executions(f"{name}/records.jsonl")) == 1

    listed = called("runs", "--json", **given)
    assert execution["name"] in listed.stdout, listed.stderr
    fetched = called("fetch", execution["name"], "--to", "here", **given)
    assert fetched.returncode == 0, fetched.stderr
    assert b"SIMULATED" in (tmp_path / "here" / "report.html").read_bytes()
    shown = called("report", "here", **given)
    assert shown.returncode == 0, shown.stderr
    assert "4 of 4 records" in shown.stdout
    watched = called("watch", execution["name"], **given)
    assert watched.returncode == submitted.returncode, watched.stderr
