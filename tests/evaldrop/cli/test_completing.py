"""What shells are given to complete, asked as bash, zsh and fish ask."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evaldrop.cli import completing, main
from evaldrop.datasets.files.formats import DATASET_ENDINGS

NEWER, OLDER = "20261121T101500Z-4f3a2b", "20261120T101500Z-000000"


@pytest.fixture(autouse=True)
def _shelf(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Names that a shell, or a terminal, would act on, and runs of evaluations with harmless ones.
    for evaluation in (
        "faq",
        "support-answers",
        "$(touch owned)",
        "\x1b[2Jgone",
        "a b",
        "`x`",
        "\u202eturned",
    ):
        dated = {"faq": NEWER, "support-answers": OLDER}.get(evaluation, "20261101T000000Z-abcdef")
        for run_id in (dated, "x'; touch owned; '"):
            folder = Path("runs", evaluation, run_id)
            folder.mkdir(parents=True)
            candidates = [{"name": "haiku"}, {"name": "tuned", "prompt": {"improve": "answer.v1"}}]
            content = {
                "criteria": ["correctness", {"name": "tone"}],
                "evaluation": {"candidates": candidates},
            }
            (folder / "run.json").write_text(json.dumps(content))
    for name in (
        "mine/records.jsonl",
        "mine/evaluation.yaml",
        "two/a.csv",
        "two/b.csv",
        "none/x.md",
        "faq.jsonl",
    ):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("")
    monkeypatch.setattr(sys, "argv", ["evaldrop"])


def completed(line, monkeypatch, capsys, shell="bash"):
    """Return what a shell is given for the last word of a line."""
    words = line.split(" ")
    if shell == "bash":
        # It takes words apart at colons, and ends one where one begins.
        words = [part for word in words for part in (re.findall(r":|[^:]+", word) or [""])]
    monkeypatch.setenv("_EVALDROP_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("COMP_WORDS", "\n".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    # Set by whom it is tested.
    monkeypatch.setenv("_EVALDROP_BEFORE_COLON", "")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    assert main() == 0
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize(("line", "words"), [
    ("evaldrop rep", ["report"]),
    ("evaldrop report ", ["latest", "previous", "faq", "support-answers"]),
    ("evaldrop report lat", ["latest"]),
    ("evaldrop report 20261121", [NEWER]),
    ("evaldrop compare latest 2026112", [NEWER, OLDER]),
    ("evaldrop run --resume f", ["faq"]),
    ("evaldrop report --out nowhere l", ["latest"]),
    # bash replaces what is behind the colon alone.
    ("evaldrop report latest:f", ["faq"]),
    ("evaldrop report previous:", ["faq", "support-answers"]),
    ("evaldrop compare latest:faq prev", ["previous"]),
    ("evaldrop compare latest previous:su", ["support-answers"]),
    ("evaldrop report s3://bucket:f", []),
    ("evaldrop report nobody:f", []),
    ("evaldrop report ./ru", []),
    ("evaldrop trend s", ["support-answers"]),
    ("evaldrop run ", ["faq.jsonl", "mine"]),
    ("evaldrop validate two/", ["two/a.csv", "two/b.csv"]),
    ("evaldrop run nowhere/", []),
    ("evaldrop review export faq --criterion ", ["correctness", "tone"]),
    ("evaldrop criteria correctn", ["correctness"]),
    ("evaldrop adopt faq ", ["tuned"]),
    ("evaldrop adopt nobody ", []),
    ("evaldrop report --out s3://bucket/runs f", []),
])  # fmt: skip
def test_bash_completes(line, words, monkeypatch, capsys):
    assert completed(line, monkeypatch, capsys).split() == words


def test_zsh_and_fish_are_told_what_a_word_means(monkeypatch, capsys):
    assert completed("evaldrop report f", monkeypatch, capsys, "zsh") == (
        """_arguments '*: :(("faq":"its latest run"))'"""
    )
    assert completed("evaldrop report 20261121", monkeypatch, capsys, "fish") == f"{NEWER}\tfaq"
    assert completed("evaldrop report ./x", monkeypatch, capsys, "zsh") == "_files"
    assert completed("evaldrop report latest:f", monkeypatch, capsys, "fish") == "latest:faq"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    "line", ["evaldrop report ", "evaldrop report x", "evaldrop report 20261101", "evaldrop trend "]
)
def test_no_shell_is_given_what_it_would_act_on(shell, line, monkeypatch, capsys):
    said = completed(line, monkeypatch, capsys, shell)
    assert not re.search(r"owned|gone|turned|[`$;\x1b]|a b", said)


def test_a_fault_while_completing_says_nothing(monkeypatch, capsys):
    Path("runs/faq", NEWER, "run.json").write_text("{")
    assert completed("evaldrop review export faq --criterion ", monkeypatch, capsys) == ""


def test_datasets_are_completed_by_the_endings_that_are_read():
    assert sorted(completing.DATASET_ENDINGS) == sorted(
        each for each in DATASET_ENDINGS if not each.endswith(".gz")
    )


def test_completing_imports_nothing_heavy():
    heavy = ["pydantic", "numpy", "scipy", "pyarrow", "boto3", "jinja2", "yaml", "evaldrop.datasets"]
    code = (
        "import sys; from evaldrop.cli import app, completing;"
        "completing.runs.__wrapped__; list(completing.datasets('')); list(completing.built_in_criteria(''));"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stderr
