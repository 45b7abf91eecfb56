"""`evaldrop fetch`: a run's folder here, and the other commands on it."""

import json
from pathlib import Path

import pytest

from evaldrop import storage
from evaldrop.cli import main
from tests.evaldrop.running.deployed.stacks import EXECUTION, moment
from tests.evaldrop.running.deployed.test_listing import finish


@pytest.fixture
def finished(states, deployed):
    finish(deployed, "ds-1", hour=10)
    states.executions["ds-1"] = [moment("SUCCEEDED", out=deployed.out)]
    return f"{deployed.out}/support/ds-1"


def fetch(capsys, run, *arguments):
    code = main(["fetch", run, *arguments])
    return code, capsys.readouterr()


@pytest.mark.parametrize("named", ["ds-1", f"{EXECUTION}:ds-1", "folder"])
def test_a_run_is_fetched_by_any_of_its_names(finished, capsys, named):
    code, said = fetch(capsys, finished if named == "folder" else named)
    assert code == 0
    assert said.out.strip() == "runs/support/ds-1"
    there = sorted(uri.removeprefix(f"{finished}/") for uri in storage.list_files(finished))
    here = sorted(str(path.relative_to("runs/support/ds-1")) for path in Path("runs").rglob("*.*"))
    assert here == there
    assert f"{len(there)} files copied and verified; 0 were there already" in said.err


def test_what_was_fetched_can_be_reported_and_built_anew(finished, capsys):
    fetch(capsys, "ds-1", "--to", "last week")
    assert main(["report", "last week"]) == 0
    assert main(["report", "last week", "--rebuild"]) == 0
    assert "correctness" in capsys.readouterr().out


def test_the_second_time_nothing_is_copied(finished, capsys):
    first = json.loads(fetch(capsys, "ds-1", "--json")[1].out)
    second = json.loads(fetch(capsys, "ds-1", "--json")[1].out)
    assert first["verified"] == second["there"] == first["files"]
    assert second["verified"] == second["size"] == 0


def test_a_run_that_is_not_finished_is_fetched_with_a_warning(states, deployed, capsys):
    storage.write_bytes(f"{deployed.out}/support/ds-2/run.json", b"{}")
    code, said = fetch(capsys, "ds-2")
    assert code == 0
    assert "the run is not finished" in said.err


@pytest.mark.parametrize("run", ["ds-9", f"{EXECUTION}:ds-9"])
def test_a_run_that_is_not_there_is_64(finished, capsys, run):
    code, said = fetch(capsys, run)
    assert code == 64
    assert "no such run" in said.err
    assert not Path("runs").exists()
