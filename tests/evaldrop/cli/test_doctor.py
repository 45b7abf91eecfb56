"""`evaldrop doctor`: what it prints, and its exit code."""

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from evaldrop.cli import main
from evaldrop.cli.tables.doctor import limits_in_yaml
from evaldrop.evaluation import parse_evaluation
from evaldrop.running.deployed import clients
from evaldrop.running.deployed.checkup.finding import AccountFinding


def refuse(*_, **__):
    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not yours"}}, "Any")


@pytest.fixture
def account(states, monkeypatch):
    """An account with a stack, whose models and quotas nobody may use."""
    known = clients.client
    # moto knows no list of models.
    denied = SimpleNamespace(
        converse=refuse, get_paginator=refuse, list_foundation_models=refuse, meta=known("bedrock").meta
    )
    names = {"bedrock", "bedrock-runtime", "service-quotas"}
    monkeypatch.setattr(
        clients, "client", lambda name, **more: denied if name in names else known(name, **more)
    )


def test_problems_end_with_3_and_say_what_to_do(account, capsys):
    assert main(["doctor", "--no-calls"]) == 3
    said = capsys.readouterr().out
    assert "problem  input bucket: " in said
    assert "Deploy the stack again" in said
    assert said.rstrip().splitlines()[-1].startswith(("1 problem", "2 problems", "3 problems"))


def test_scripts_get_a_list_of_findings(account, capsys):
    main(["doctor", "--no-calls", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert {"subject", "state", "said", "way_out", "model", "limits"} == set(found[0])
    assert found[0]["subject"] == "credentials"


def test_an_evaluation_of_ones_own_names_the_models(account, capsys, tmp_path):
    main(["init", str(tmp_path / "mine")])
    capsys.readouterr()
    main(["doctor", str(tmp_path / "mine" / "evaluation.yaml"), "--json"])
    told = capsys.readouterr()
    found = json.loads(told.out)
    models = [each for each in found if each["subject"].startswith("model us.")]
    assert models
    assert {each["state"] for each in models} == {"problem"}
    resolved = {each["said"].split()[1] for each in found if each["subject"].startswith("model geo.")}
    assert {f"model {model}" for model in resolved} == {each["subject"] for each in models}
    assert f"calling {len(models)} models for one token each: at most" in told.err


def test_limits_are_proposed_as_an_evaluation_states_them():
    found = [
        AccountFinding(
            subject="quotas", state="ok", said="", model="us.m-v1:0", limits={"rpm": 5, "tpm": 70}
        ),
        AccountFinding(subject="credentials", state="ok", said=""),
    ]
    said = limits_in_yaml(found)
    stated = parse_evaluation(f"name: x\n{said}", source="evaluation.yaml").limits
    assert {model: (each.rpm, each.tpm) for model, each in stated.items()} == {"us.m-v1:0": (5, 70)}
    assert limits_in_yaml(found[1:]) == ""
