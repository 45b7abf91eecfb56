"""The workflow's file, checked by Step Functions' own linter."""

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from evaldrop.engine import execute, load
from infra.workflow import LABELS

ROOT = Path(__file__).parent.parent.parent
WORKFLOW = ROOT / "infra" / "workflow.asl.json"
INSTALLED = ROOT / ".venv" / "node" / "node_modules" / ".bin" / "asl-validator"


@pytest.fixture(scope="module")
def validator():
    path = Path(os.environ.get("EVALDROP_ASL_VALIDATOR") or INSTALLED)
    if not path.is_file():
        pytest.skip(
            "asl-validator is not installed: `make test` installs it where there is npm; "
            "or name it in EVALDROP_ASL_VALIDATOR"
        )
    return path


def filled(*, children):
    return WORKFLOW.read_text().replace("${ChildType}", children).replace("${Partition}", "aws")


def check(validator, path):
    return subprocess.run([validator, "--json-path", path], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("children", ["EXPRESS", "STANDARD"])
def test_the_workflow_is_valid_amazon_states_language(validator, tmp_path, children):
    deployed = tmp_path / "deployed.asl.json"
    deployed.write_text(filled(children=children))
    checked = check(validator, deployed)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_linter_refuses_a_workflow_with_a_state_that_is_not_there(validator, tmp_path):
    text = filled(children="EXPRESS")
    broken = tmp_path / "broken.asl.json"
    broken.write_text(text.replace('"StartAt": "ValidateDataset"', '"StartAt": "Elsewhere"'))
    assert check(validator, broken).returncode != 0


def test_a_stack_lets_each_map_run_its_children():
    """By its label, which is part of their ARNs: a Map whose label is not named would fail when deployed."""
    states = json.loads(WORKFLOW.read_text())["States"].values()
    distributed = [
        state["Label"]
        for state in states
        if state["Type"] == "Map" and state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    ]
    assert sorted(distributed) == sorted(LABELS)


@pytest.mark.parametrize("notify", ["always", "not_passed"])
@pytest.mark.parametrize("decision", ["pass", "no gate", "inconclusive", "fail"])
def test_who_wants_to_hear_of_what_did_not_pass_hears_of_what_is_open_and_not_of_no_gate(decision, notify):
    told = {"Type": "Pass", "Output": "told", "End": True}
    decide = json.loads(WORKFLOW.read_text())["States"]["Decide"]
    states = {"Decide": decide, "Notify": told, "RunParts": {"Type": "Pass", "End": True}}
    part = {
        "QueryLanguage": "JSONata",
        "StartAt": "Decide",
        "States": {**states, "Done": {"Type": "Succeed"}},
    }
    machine = load(part, {})
    ran = asyncio.run(
        execute(machine, {"decision": decision, "notify": notify}, integrations={}, name="decide")
    )
    assert (ran.output == "told") == (notify == "always" or decision in ("fail", "inconclusive"))
