"""All checks of an account, in the order in which they would stop somebody."""

from typing import Any

from evaldrop.aws_errors import explain, is_aws_fault
from evaldrop.errors import InputError
from evaldrop.evaluation import Evaluation
from evaldrop.running.deployed.checkup.finding import AccountFinding, Client
from evaldrop.running.deployed.checkup.lives import check_lives
from evaldrop.running.deployed.checkup.models import ModelsHere, check_models
from evaldrop.running.deployed.checkup.quotas import check_quotas
from evaldrop.running.deployed.checkup.stack import check_stack
from evaldrop.running.deployed.stack import find_stack


def check_account(
    client: Client,
    runtime: Any | None,
    *,
    models: ModelsHere,
    stack: str,
    stack_is_named: bool,
    evaluation: Evaluation | None = None,
) -> list[AccountFinding]:
    """
    Look at an account.

    Args:
        client: Returns boto3's client of a service.
        runtime: boto3's client `bedrock-runtime`, None when no model is to be called.
        models: Whose access and quotas are looked at, as they are called from the Region at hand.
        stack: Name of the stack.
        stack_is_named: Whether somebody asked for this very stack; one that nobody named may be absent.
        evaluation: Whose models are held against Bedrock's lifecycle; None for no look at it.
    """
    identity = _identity(client)
    if identity.state == "problem":
        # All that follows would be refused for the same reason.
        return [identity]
    return [
        identity,
        *models.findings,
        *(check_models(runtime, models.called) if runtime else ()),
        *(check_lives(client, evaluation) if evaluation else ()),
        *check_quotas(client, models.called),
        *_stack(client, stack, stack_is_named=stack_is_named),
    ]


def _identity(client: Client) -> AccountFinding:
    # By Bedrock's client: that of sts has a Region where nobody named one.
    region = client("bedrock").meta.region_name
    try:
        who = client("sts").get_caller_identity()
    except Exception as error:
        if not is_aws_fault(error):
            raise
        return AccountFinding(subject="credentials", state="problem", said=explain(error))
    said = f"{who['Arn']} in account {who['Account']}, {region}"
    return AccountFinding(subject="credentials", state="ok", said=said)


def _stack(client: Client, name: str, *, stack_is_named: bool) -> list[AccountFinding]:
    subject = f"stack {name}"
    try:
        stack = find_stack(name, client("cloudformation"))
    except InputError as absent:
        return [
            AccountFinding(subject=subject, state="problem" if stack_is_named else "note", said=str(absent))
        ]
    return [AccountFinding(subject=subject, state="ok", said="deployed"), *check_stack(client, stack)]
