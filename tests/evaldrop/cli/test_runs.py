"""`evaldrop runs`: the table and the document."""

import json

import pytest

from evaldrop.cli import main
from tests.evaldrop.running.deployed.stacks import moment
from tests.evaldrop.running.deployed.test_listing import at, finish


@pytest.fixture
def listed(states, deployed):
    finish(deployed, "ds-1", hour=10)
    states.executions["ds-2"] = [moment("FAILED", startDate=at(11), error="States.Timeout", cause="[slow]")]
    states.executions["ds-3"] = [moment(startDate=at(12))]
    return deployed


def test_a_table_of_all_with_reports_and_reasons_below(listed, capsys):
    assert main(["runs"]) == 0
    said = capsys.readouterr().out
    lines = [line for line in said.splitlines() if line.startswith("ds-")]
    assert [line.split()[0] for line in lines] == ["ds-3", "ds-2", "ds-1", "ds-1", "ds-1", "ds-2"]
    assert "2026-11-21 12:00" in lines[0]
    assert "running" in lines[0]
    assert "succeeded" in lines[2]
    # The evaluation has no rules: nothing has passed.
    assert "no gate" in lines[2]
    assert "Not decided between lite and haiku: " in lines[3]
    assert lines[4].endswith(f"{listed.out}/support/ds-1/report.html")
    assert lines[5].endswith("States.Timeout: [slow]")


def test_scripts_get_a_list(listed, capsys):
    assert main(["runs", "--json", "--evaluation", "support"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["run_id"], row["decision"], row["status"]) == ("ds-1", "no gate", "SUCCEEDED")
    assert row["recommendation"].startswith("Not decided between lite and haiku: ")


def test_no_runs_is_no_error(states, capsys):
    assert main(["runs", "-e", "support"]) == 0
    assert 'there is no run of "support" yet' in capsys.readouterr().err
