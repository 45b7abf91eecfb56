"""The steps of `make aws-acceptance`, tried on the local AWS: the script itself is not what is broken."""

import pytest

from evaldrop.cli.options import DEFAULT_STACK
from evaldrop.running.deployed.stack import find_stack
from tests.aws_acceptance import steps

pytestmark = pytest.mark.nightly


@pytest.fixture
def account(aws, tmp_path):
    return steps.Account(
        stack=find_stack(DEFAULT_STACK, aws.client("cloudformation")),
        start_run=aws.outputs["StartRunFunction"],
        client=aws.client,
        kept=tmp_path / "histories",
        patience_s=120,
        look_every_s=0.05,
    )


def test_a_dropped_dataset_and_one_on_demand(account):
    assert steps.drop(account).startswith("12 records evaluated")
    assert "datasets/acceptance-weekly/records.jsonl" in steps.on_demand(account)
    assert list(account.kept.glob("*.json"))


def test_a_stopped_run_is_redriven(aws, account):
    aws.bedrock("simulated:latency=0.5")
    assert steps.redrive(account) == "stopped, redriven, 12 records counted once"


def test_a_refused_model_ends_its_run(account):
    assert "premier" in steps.refused(account)
