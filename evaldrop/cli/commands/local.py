"""`evaldrop local`: the whole stack on this machine, for the AWS CLI."""

import importlib.util
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaldrop.cli.output import say_simulated, shown, stderr, stdout
from evaldrop.errors import InputError

if TYPE_CHECKING:
    from evaldrop.running.local_aws.server import LocalAws


def local(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 is any free port.")] = 5000,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; who can reach it can do everything.")
    ] = "127.0.0.1",
    template: Annotated[
        str | None,
        typer.Option(
            "--template",
            metavar="DIR",
            help="A folder that CDK wrote, or its template file; without, the checkout is synthesised.",
        ),
    ] = None,
    bedrock: Annotated[
        str,
        typer.Option(
            "--bedrock",
            metavar="RUNTIME",
            help="simulated (a rehearsal: no network, no money), aws, or openai=URL; as for evaldrop run.",
        ),
    ] = "simulated",
) -> None:
    """
    Start a local AWS for the stack, until Ctrl-C: upload a dataset, get its report, with the AWS CLI.

    The stack is made from its synthesised template: S3, SNS, SQS, IAM and the rest are moto's, executions run
    on evaldrop's engine, functions as they are packaged. It prints names, commands to paste, and what is not
    rehearsed. Nothing is kept when it ends.

    Examples:

        evaldrop local

        evaldrop local --bedrock simulated:throttling=0.3

        evaldrop local --port 5001 --template cdk.out
    """
    # Looked for without an import: its ImportError would name a module and no remedy.
    missing = [name for name in ("moto", "flask", "aws_croniter") if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"evaldrop local needs {', '.join(missing)}: pip install 'evaldrop[local]'")
    from evaldrop.running.local_aws.server import FOLDER, Choices, start_local_aws

    choices = Choices(host=host, port=port, bedrock=bedrock, folder=Path(FOLDER).absolute())
    with start_local_aws(template, choices, tell=_tell) as aws:
        ended = threading.Event()
        # A terminal's Ctrl-C and a plain kill end it alike, with its processes; also while it still speaks.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        if bedrock.startswith("simulated"):
            say_simulated(stdout())
        _introduce(aws)
        ended.wait()
        _tell("ending")


def _introduce(aws: "LocalAws") -> None:
    console, outputs = stdout(), aws.stack.outputs
    facts = {
        "endpoint": f"{aws.endpoint}  (Ctrl-C ends it; nothing is kept)",
        "input bucket": outputs["InputBucket"],
        "output bucket": outputs["OutputBucket"],
        "state machine": outputs["StateMachine"],
        "topic": outputs["ResultsTopic"],
        "its messages": aws.messages_url,
        "dead letters": outputs["DeadLetterQueue"].rpartition("/")[2],
        "logs": f"{aws.logs}/",
    }
    for name, value in facts.items():
        console.print(f"{name:<14}{shown(value)}", soft_wrap=True)
    console.print("\nIn another terminal, in this folder:\n")
    for line in commands(aws.endpoint, outputs, aws.messages_url):
        console.print(f"  {shown(line)}", soft_wrap=True)
    console.print("\nNot rehearsed:\n")
    for line in aws.stack.gaps:
        console.print(f"  {shown(line)}", soft_wrap=True)


def commands(endpoint: str, outputs: Mapping[str, str], messages_url: str) -> list[str]:
    """Return what to paste into a terminal, from an upload to the report."""
    aws = f"aws --endpoint-url {endpoint}"
    dataset = "datasets/support-faq/records.jsonl"
    # The AWS CLI applies filters in their order, and the last one that fits decides.
    reports = "--recursive --exclude '*' --include '*/report.html'"
    return [
        "export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1",
        f"{aws} s3 cp {dataset} s3://{outputs['InputBucket']}/{dataset}",
        f"{aws} stepfunctions list-executions --state-machine-arn {outputs['StateMachine']}",
        f"{aws} s3 cp s3://{outputs['OutputBucket']}/runs/ . {reports}",
        f"{aws} sqs receive-message --queue-url {messages_url}",
    ]


def _tell(line: str) -> None:
    stderr().print(f"[dim]{shown(line)}[/dim]")
