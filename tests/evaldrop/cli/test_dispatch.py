"""A command alone is what it is among all of them, and is imported alone."""

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from evaldrop.cli.app import app
from evaldrop.cli.dispatch import app_for

NAMES = sorted(typer.main.get_command(app).commands)


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")


def said(program, *arguments):
    done = CliRunner().invoke(program, [*arguments], prog_name="evaldrop")
    return done.exit_code, done.output


@pytest.mark.parametrize("name", NAMES)
def test_a_command_says_the_same_alone_as_among_all(name):
    assert said(app_for([name]), name, "--help") == said(app, name, "--help")
    assert said(app_for([name]), name, "--no-such-option") == said(app, name, "--no-such-option")


@pytest.mark.parametrize("arguments", [
    [], ["--help"], ["--version"], ["nonsense"], ["bedrock-eval"], ["bedrock_eval"], ["../app"], [""],
    ["__init__"],
])  # fmt: skip
def test_what_names_no_command_of_one_word_is_answered_by_the_whole_program(arguments):
    assert app_for(arguments) is app


def test_a_command_is_imported_without_the_others():
    code = (
        "import sys; from evaldrop.cli.dispatch import app_for; app_for(['run']);"
        "print(sorted(name for name in sys.modules if name.startswith('evaldrop.cli.commands.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['evaldrop.cli.commands.run']"
