"""`evaldrop submit`, `runs`, `fetch` and `watch` against the local AWS, as a user types them."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.local_aws.outcomes import CALLS_OF_A_RECORD, DATASET, records

pytestmark = pytest.mark.slow


@pytest.fixture
def evaldrop(aws, tmp_path):
    """Run a command in an empty folder, with the local AWS as boto3's endpoint."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "evaldrop", *map(str, arguments)],
            cwd=tmp_path,
            env={**environment, **aws.keys, "AWS_ENDPOINT_URL": aws.endpoint, "AWS_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            timeout=180,
        )

    return run


def test_a_dataset_is_submitted_watched_listed_and_fetched(aws, evaldrop, tmp_path):
    name = f"datasets/{tmp_path.name}-{os.getpid()}"
    folder = tmp_path / name
    folder.mkdir(parents=True)
    shutil.copy(DATASET.parent / "evaluation.yaml", folder)
    shutil.copytree(DATASET.parent / "prompts", folder / "prompts")
    dataset = folder / "records.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in records(4)))

    submitted = evaldrop("submit", dataset, "--yes", "--wait", "--json")
    assert submitted.returncode in {0, 1, 2}, submitted.stderr
    assert json.loads(submitted.stdout)
    assert len(aws.calls()) == 4 * CALLS_OF_A_RECORD
    [execution] = aws.executions(f"{name}/records.jsonl")
    assert execution["name"] in submitted.stdout

    again = evaldrop("submit", dataset, "--yes", "--json")
    assert again.returncode == 0, again.stderr
    assert execution["name"] in again.stdout
    assert len(aws.executions(f"{name}/records.jsonl")) == 1

    listed = evaldrop("runs", "--json")
    assert execution["name"] in listed.stdout, listed.stderr
    fetched = evaldrop("fetch", execution["name"], "--to", "here")
    assert fetched.returncode == 0, fetched.stderr
    assert b"SIMULATED" in (tmp_path / "here" / "report.html").read_bytes()
    shown = evaldrop("report", "here")
    assert shown.returncode == 0, shown.stderr
    assert "4 of 4 records" in shown.stdout
    watched = evaldrop("watch", execution["name"])
    assert watched.returncode == submitted.returncode, watched.stderr
