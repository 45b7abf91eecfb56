"""The action and the component of docs/ci: their shell is run, with evaldrop itself and no server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.whole_runs import ROOT, environment, write_evaluation

ACTION = ROOT / "docs" / "ci" / "action.yml"
COMPONENT = ROOT / "docs" / "ci" / "gitlab-component.yml"

GATES = {
    0: "correctness.pass_rate >= 0.001 for every candidate",
    1: "correctness.pass_rate >= 0.999 for every candidate",
    2: "correctness.pass_rate >= 0.75 for every candidate",
}
EVALUATION = """
name: small
candidates: [{{name: first, model: "test.first-v1:0"}}]
judges: [{{name: judge, model: "amazon.nova-pro-v1:0"}}]
criteria: [correctness]
gate: [{gate!r}]
"""


def bash(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step as both servers do: bash that ends with the first failed command."""
    program = folder / "bin" / "evaldrop"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m evaldrop "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder, env={**environment(), **variables, "PATH": path}, capture_output=True, text=True,
    )  # fmt: skip


def action_steps() -> dict[str, str]:
    steps = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
    return {step["name"]: step["run"] for step in steps}


def component_job() -> dict[str, object]:
    _, jobs = yaml.safe_load_all(COMPONENT.read_text(encoding="utf-8"))
    return jobs["evaluate"]


def with_gate(folder: Path, code: int) -> dict[str, str]:
    dataset = write_evaluation(folder, records=6, evaluation=EVALUATION.format(gate=GATES[code]))
    return {"DATASET": dataset.name, "OUT": "runs", "ARGUMENTS": "--bedrock simulated --limit 5"}


@pytest.mark.slow
@pytest.mark.parametrize(("gate", "strict", "ends"), [(0, "", 0), (1, "", 1), (2, "", 0), (2, "true", 1)])
def test_the_action_evaluates_shows_the_summary_and_ends_as_the_gate_says(gate, strict, ends, tmp_path):
    steps, output = action_steps(), tmp_path / "output"
    done = bash(steps["Evaluate"], tmp_path, **with_gate(tmp_path, gate), GITHUB_OUTPUT=str(output))
    assert done.returncode == 0, done.stderr
    told = dict(line.split("=", 1) for line in output.read_text().splitlines())
    assert told["decision"] == {0: "pass", 1: "fail", 2: "inconclusive"}[gate]

    summary = tmp_path / "summary"
    shown = bash(steps["Show the summary"], tmp_path, RUN=told["run"], GITHUB_STEP_SUMMARY=str(summary))
    assert shown.returncode == 0
    assert "small" in summary.read_text(encoding="utf-8")

    judged = bash(steps["Judge by the gate"], tmp_path, RUN=told["run"], STRICT=strict)
    assert judged.returncode == ends, judged.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("gate", "strict", "ends"), [(1, "false", 1), (2, "false", 0), (2, "true", 1)])
def test_the_components_job_ends_as_the_gate_says_and_leaves_its_files(gate, strict, ends, tmp_path):
    """All of its script but the installation, in one shell as GitLab's runner does."""
    job = component_job()
    install, *script = job["script"]
    assert install.startswith("pip install")
    done = bash("\n".join(script), tmp_path, **with_gate(tmp_path, gate), STRICT=strict)
    assert done.returncode == ends, done.stderr
    for file in (*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]):
        assert (tmp_path / file).stat().st_size > 0


@pytest.mark.parametrize("steps", [lambda: action_steps()["Evaluate"], lambda: component_job()["script"][1]])
def test_a_run_that_went_wrong_ends_the_step_with_its_own_code(steps, tmp_path):
    done = bash(steps(), tmp_path, DATASET="none.jsonl", OUT="runs", ARGUMENTS="", GITHUB_OUTPUT="output")
    assert done.returncode == 64
    assert "none.jsonl" in done.stderr


def test_no_step_puts_an_input_into_its_shell():
    """An expression in a script would run what a pull request's author writes; variables are data."""
    for script in (*action_steps().values(), *component_job()["script"]):
        assert "${{" not in script
        assert "$[[" not in script


def test_every_input_of_the_action_and_of_the_component_is_used_and_described():
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    for name, about in action["inputs"].items():
        assert about["description"]
        assert f"inputs.{name}" in ACTION.read_text(encoding="utf-8").split("runs:", 1)[1]
    spec, _ = yaml.safe_load_all(COMPONENT.read_text(encoding="utf-8"))
    for name in spec["spec"]["inputs"]:
        assert f"$[[ inputs.{name} ]]" in COMPONENT.read_text(encoding="utf-8")


def test_the_pages_cases_run_in_pytest(tmp_path):
    """The program of docs/ci.md, with a program of its own to ask and a dataset beside it."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    stub = (
        "class my_program:\n    answer = staticmethod(lambda prompt, context=None: 'You have 30 days.')\n\n\n"
    )
    (tmp_path / "test_it.py").write_text(stub + program, encoding="utf-8")
    write_evaluation(tmp_path, records=3, evaluation="name: x\nmetrics: [length_words]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "evaldrop.testing.plugin", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
