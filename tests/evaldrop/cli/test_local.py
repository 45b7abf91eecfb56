"""`evaldrop local` where it says no, and what it gives to paste."""

import importlib.util
import shlex

import pytest

from evaldrop.cli import exits
from evaldrop.cli.dispatch import main
from evaldrop.cli.local_aws import commands
from evaldrop.running.instances import Instance, announced

INSTANCE = Instance(
    port=5000, endpoint="http://localhost:5000", region="us-east-1", access_key="AKIA", secret_key="s e"
)
OUTPUTS = {"InputBucket": "in", "OutputBucket": "out", "StateMachine": "arn:machine"}


def test_the_commands_lead_from_an_upload_to_the_report_and_the_message():
    keys, upload, listing, report, message = map(
        shlex.split, commands(INSTANCE, OUTPUTS, "http://localhost:5000/1/messages")
    )
    assert keys == ["eval", "$(evaldrop local env)"]
    for command in (upload, listing, report, message):
        assert command[:3] == ["aws", "--endpoint-url", "http://localhost:5000"]
    assert upload[3:5] == ["s3", "cp"]
    assert upload[6] == f"s3://in/{upload[5]}"
    assert listing[-1] == "arn:machine"
    assert report[5] == "s3://out/runs/"
    assert message[-1] == "http://localhost:5000/1/messages"


def test_what_is_not_installed_is_named(monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "moto" else find(name, *more)
    )
    assert main(["local"]) == exits.WRONG_USE
    assert "evaldrop local needs moto: pip install 'evaldrop[local]'" in capsys.readouterr().err


needs_moto = pytest.mark.skipif(importlib.util.find_spec("flask") is None, reason="needs the local extra")


@needs_moto
def test_a_wrong_runtime_is_told_before_anything_is_synthesised(capsys):
    assert main(["local", "--bedrock", "simulated:speed=2"]) == exits.WRONG_USE
    assert 'there is no "speed"' in capsys.readouterr().err


@needs_moto
def test_a_template_that_is_not_there_is_told(tmp_path, capsys):
    assert main(["local", "--template", str(tmp_path)]) == exits.WRONG_USE
    assert "no *.template.json there" in capsys.readouterr().err


def test_a_shell_gets_what_it_needs_for_the_one_that_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with announced(INSTANCE):
        assert main(["local", "env"]) == exits.PASSED
        told = capsys.readouterr()
        assert main(["local", "env", "--port", "7"]) == exits.WRONG_USE
    first, second = told.out.splitlines()
    assert shlex.split(first) == [
        "export", "AWS_ACCESS_KEY_ID=AKIA", "AWS_SECRET_ACCESS_KEY=s e", "AWS_DEFAULT_REGION=us-east-1",
        "AWS_ENDPOINT_URL=http://localhost:5000",
    ]  # fmt: skip
    assert second == "unset AWS_SESSION_TOKEN"
    assert "at 5000 one does" in capsys.readouterr().err


def test_without_one_that_runs_a_shell_gets_nothing_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(["local", "env"]) == exits.WRONG_USE
    told = capsys.readouterr()
    assert told.out == ""
    assert "no evaldrop local runs. Start one in another terminal, with: evaldrop local" in told.err
