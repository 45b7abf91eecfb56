"""Every command of docs/api.md is one that the API answers, and every operation has one."""

import json
import re
import shlex
from pathlib import Path

import pytest

from evaldrop.api.routes import OPERATIONS
from evaldrop.store.model import Ending, StoredCandidate
from tests.evaldrop.api.asking import ask
from tests.evaldrop.api.fakes import ARTICLE, NOW, standing
from tests.evaldrop.recorded_runs import recorded_run

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
BLOCKS = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
COMMANDS = [
    command
    for block in BLOCKS
    for command in re.split(r"\n(?=curl )", block.strip())
    if command.startswith("curl ")
]


def _request(command, values):
    """Return method, target, headers and body of a curl command; fails at an option it does not know."""
    for name, value in values.items():
        command = command.replace(f"${name}", value)
    method, target, headers, body = None, None, {}, None
    words = iter(shlex.split(command)[1:])
    for word in words:
        match word:
            case "-s":
                pass
            case "-X":
                method = next(words)
            case "-H":
                name, value = next(words).split(": ", 1)
                headers[name] = value
            case "-d":
                body = next(words)
            case "-o":
                next(words)
            case _:
                assert word.startswith("http://api"), word
                target = word.removeprefix("http://api")
    return method or ("POST" if body else "GET"), target, headers, body


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """An API with two finished runs, `$RUN` and `$OTHER`."""
    here = standing(tmp_path_factory.mktemp("docs"))
    evaluation = {
        "name": "support",
        "candidates": [{"name": "nova-micro", "model": "amazon.nova-micro-v1:0"}],
        "judges": [{"name": "pro", "model": "us.amazon.nova-pro-v1:0"}],
        "criteria": ["helpfulness"],
    }
    rows = [{"id": "1", "prompt": "One?"}]
    folder = recorded_run(tmp_path_factory.mktemp("runs"), evaluation, rows).folder
    # As of a run that improved a prompt.
    (Path(folder) / "prompts.html").write_text("<!doctype html>")
    candidates = (StoredCandidate(name="nova-micro", model="amazon.nova-micro-v1:0"),)
    ended = Ending(state="finished", ended_at=NOW, candidates=candidates)
    here.runs = [ask(here.api, "POST", "/runs", ARTICLE).json["run_id"] for _ in range(2)]
    for run_id in here.runs:
        here.store.begin(
            here.store.run(run_id).model_copy(update={"folder": str(folder), "state": "running"})
        )
        here.store.end(run_id, ended)
    here.place.ends = lambda run_id: here.store.end(run_id, ended)
    return here


@pytest.mark.parametrize("command", COMMANDS, ids=range(len(COMMANDS)))
def test_a_command_is_answered(here, command):
    values = {"API": "http://api", "KEY": "secret-own", "RUN": here.runs[0], "OTHER": here.runs[1]}
    method, target, headers, body = _request(command, values)
    answer = ask(here.api, method, target, body, secret=None, headers=headers)
    assert answer.status in {200, 201, 202}, answer.text
    assert here.faults == []


def test_every_operation_has_a_command():
    values = {"API": "http://api", "KEY": "k", "RUN": "run-1", "OTHER": "run-2"}
    asked = {
        (method, target.partition("?")[0]) for method, target, _, _ in (_request(c, values) for c in COMMANDS)
    }
    for operation in OPERATIONS:
        path = re.sub(r"\{\w+\}", "[^/]+", operation.path)
        found = [
            target for method, target in asked if method == operation.method and re.fullmatch(path, target)
        ]
        assert found, f"{operation.method} {operation.path}"


def test_the_problem_that_is_shown_is_the_one_that_is_told(here):
    shown = json.loads(re.search(r"^```json\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)[1])
    answer = ask(here.api, "POST", "/plan", {**ARTICLE, "modles": []})
    assert answer.json == shown
