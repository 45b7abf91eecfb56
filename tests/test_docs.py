"""Pages that would go stale are held to the code they describe."""

import re
import shlex
import subprocess
import sys

import pytest
import typer.main
import yaml

from evaldrop.cli.app import app
from evaldrop.evaluation import Candidate, Evaluation, Judge, Robustness
from evaldrop.metrics import METRICS
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


@pytest.mark.parametrize("model", [Evaluation, Candidate, Judge, Robustness])
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


def test_the_readme_shows_both_commands_on_its_first_screen():
    first_screen = (ROOT / "README.md").read_text().splitlines()[:20]

    assert any(line.startswith("make run") for line in first_screen)
    assert any(line.startswith("make test") for line in first_screen)


GITHUB_ACTIONS = ROOT / "docs" / "github-actions.yml"


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

    assert [words[1] for words in called] == ["run", "gate"]
    for words in called:
        known = {option for parameter in commands[words[1]].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known
    assert "--strict" in {option for parameter in commands["gate"].params for option in parameter.opts}
