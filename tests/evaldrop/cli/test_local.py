"""`evaldrop local` where it says no, and what it gives to paste."""

import importlib.util
import shlex

import pytest

from evaldrop.cli import exits
from evaldrop.cli.app import main
from evaldrop.cli.local_aws import commands

OUTPUTS = {"InputBucket": "in", "OutputBucket": "out", "StateMachine": "arn:machine"}


def test_the_commands_lead_from_an_upload_to_the_report_and_the_message():
    keys, upload, listing, report, message = map(
        shlex.split, commands("http://localhost:5000", OUTPUTS, "http://localhost:5000/1/messages")
    )
    assert keys[0] == "export"
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
