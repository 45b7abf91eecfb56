"""Pages that would go stale are held to the code they describe."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import pytest
import typer.main
import yaml

from evaldrop.cli import exits
from evaldrop.cli.app import app
from evaldrop.evaluation import Candidate, Evaluation, Judge, Robustness, template_limits, yaml_text
from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.evaluation.metrics import METRICS
from tests.whole_runs import ROOT, environment

COMMAND_LINE = ROOT / "docs" / "command-line.md"
REGENERATE = (
    "python -m typer evaldrop.cli.app utils docs --name evaldrop --title 'Command line' "
    "--output docs/command-line.md"
)


def test_the_command_line_page_is_what_help_says(tmp_path):
    page = tmp_path / "command-line.md"
    arguments = ["evaldrop.cli.app", "utils", "docs", "--name", "evaldrop", "--title", "Command line"]
    subprocess.run(
        [sys.executable, "-m", "typer", *arguments, "--output", str(page)],
        cwd=ROOT,
        env=environment(),
        check=True,
        capture_output=True,
    )

    assert COMMAND_LINE.read_text() == page.read_text(), f"stale; run: {REGENERATE}"


@pytest.mark.parametrize("model", [Evaluation, Candidate, Judge, Robustness, ImprovedPrompt])
def test_every_key_of_an_evaluation_is_on_its_page(model):
    page = (ROOT / "docs" / "evaluation.md").read_text()

    missing = [name for name in model.model_fields if f"`{name}`" not in page]

    assert not missing


def test_every_metric_is_on_the_evaluations_page():
    page = (ROOT / "docs" / "evaluation.md").read_text()

    assert not [name for name in METRICS if f"`{name}`" not in page]


def test_every_page_that_the_readme_links_to_is_there():
    readme = (ROOT / "README.md").read_text()
    linked = [part.partition(")")[0] for part in readme.split("](")[1:]]

    assert linked
    assert not [place for place in linked if "://" not in place and not (ROOT / place).exists()]


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
OF_THE_TREE = re.compile(r"`((?:evaldrop|infra|lambdas|prompts|tests|benchmarks)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_folder_of_the_tree_that_a_page_names_is_there(page):
    assert not [name for name in OF_THE_TREE.findall(page.read_text()) if not (ROOT / name).exists()]


def test_the_map_draws_the_rooms_in_the_order_that_imports_are_held_to():
    picture = (ROOT / "docs" / "architecture.md").read_text().partition("```mermaid")[2].partition("```")[0]
    drawn = re.findall(r"^  (\w+)\[", picture, re.MULTILINE)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")

    rooms = [layer for layer in layers if (ROOT / "evaldrop" / layer).is_dir()]

    assert drawn == rooms


def test_the_readme_shows_both_commands_on_its_first_screen():
    first_screen = (ROOT / "README.md").read_text().splitlines()[:20]

    assert any(line.startswith("make run") for line in first_screen)
    assert any(line.startswith("make test") for line in first_screen)


GITHUB_ACTIONS = ROOT / "docs" / "ci" / "github-workflow.yml"


def shell_of(step_name):
    """Return what one step of the example pipeline runs."""
    steps = yaml.safe_load(GITHUB_ACTIONS.read_text())["jobs"]["evaluate"]["steps"]
    return next(step["run"] for step in steps if step.get("name") == step_name)


def run_step(step_name, folder, *, evaldrop, **variables):
    """Run a step as GitHub does, with a stand-in for evaldrop; return its exit code."""
    program = folder / "evaldrop"
    program.write_text(f"#!/bin/sh\n{evaldrop}\n")
    program.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", shell_of(step_name)],
        cwd=folder, env={**variables, "PATH": path}, check=False, capture_output=True,
    )  # fmt: skip
    return done.returncode


@pytest.mark.parametrize(("gate", "job"), [(0, 0), (1, 1), (2, 0), (3, 3), (64, 64)])
def test_the_example_pipeline_fails_by_a_failed_gate_and_not_by_an_inconclusive_one(tmp_path, gate, job):
    """--strict makes an inconclusive gate a failed one, and so exit code 1."""
    assert run_step("Judge by the gate", tmp_path, evaldrop=f"exit {gate}", RUN="run", STRICT="") == job


@pytest.mark.skipif(
    shutil.which("jq") is None, reason="the step reads JSON with jq, as GitHub's machines have it"
)
@pytest.mark.parametrize(("run", "step"), [(0, 0), (1, 0), (2, 0), (3, 3), (64, 64)])
def test_the_example_pipeline_goes_on_to_its_summary_whatever_the_gate_says(tmp_path, run, step):
    output = tmp_path / "output"
    told = 'echo \'{"run": "runs/support/1"}\'' if run < 3 else "true"
    code = run_step(
        "Evaluate", tmp_path, evaldrop=f"{told}; exit {run}", DATASET="d", GITHUB_OUTPUT=str(output)
    )
    assert code == step
    assert run >= 3 or output.read_text() == "run=runs/support/1\n"


def test_the_example_pipeline_is_a_workflow_run_weekly_on_demand_and_for_pull_requests():
    workflow = yaml.safe_load(GITHUB_ACTIONS.read_text())

    triggers = workflow[True]  # YAML 1.1 reads the key `on` as yes
    assert triggers.keys() == {"schedule", "workflow_dispatch", "pull_request"}
    assert triggers["schedule"][0]["cron"].split()[2:] == ["*", "*", "1"]
    for step in workflow["jobs"]["evaluate"]["steps"]:
        assert ("uses" in step) != ("run" in step)


def test_the_example_pipelines_commands_and_options_exist():
    commands = typer.main.get_command(app).commands
    steps = yaml.safe_load(GITHUB_ACTIONS.read_text())["jobs"]["evaluate"]["steps"]
    lines = [line.strip() for step in steps for line in step.get("run", "").splitlines()]
    called = [shlex.split(line) for line in lines if re.match(r"evaldrop \w", line)]

    assert [words[1] for words in called] == ["run", "trend", "gate"]
    for words in called:
        known = {option for parameter in commands[words[1]].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known
    assert "--strict" in {option for parameter in commands["gate"].params for option in parameter.opts}


def test_the_page_on_pipelines_has_every_exit_code_once():
    """1 says that a gate failed, and nothing else."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    stated = {int(code): says for code, says in re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE)}
    codes = [value for name, value in vars(exits).items() if name.isupper() and type(value) is int]
    assert sorted(stated) == sorted(codes)
    assert stated[exits.GATE_FAILED] == "a gate failed"


def test_the_limits_that_pages_state_are_the_codes():
    evaluation = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    for limit in (
        f"{template_limits.MAX_TEMPLATE // 1024} KiB of template",
        f"{template_limits.MAX_SECONDS:g} seconds",
        f"{template_limits.MAX_CHARACTERS:,} characters",
        f"{template_limits.MAX_MEMBERS:,} members",
        f"{yaml_text.MAX_BYTES >> 20} MiB, 100 levels and 100,000 values",
    ):
        assert limit in evaluation.replace("\n", " ")
