"""The local AWS as people meet it: what it is made of, what to paste, what is not rehearsed; until Ctrl-C."""

import signal
import threading
from collections.abc import Mapping
from pathlib import Path

from evaldrop.cli.output import say_simulated, shown, stderr, stdout
from evaldrop.running.instances import Instance, announced, env_command
from evaldrop.running.local_aws.server import FOLDER, LocalAws, LocalSettings, start_local_aws


def serve_until_interrupted(template: str | None, *, host: str, port: int, bedrock: str) -> None:
    """Start the stack of a template, say how it is used, and end it on Ctrl-C or a plain kill."""
    choices = LocalSettings(host=host, port=port, bedrock=bedrock, folder=Path(FOLDER).absolute())
    with start_local_aws(template, choices, tell=_tell) as aws, announced(aws.instance):
        ended = threading.Event()
        # A terminal's Ctrl-C and a plain kill end it alike, with its processes; also while it still speaks.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        if bedrock.startswith("simulated"):
            say_simulated(stdout())
        _introduce(aws)
        ended.wait()
        _tell("ending")


def _introduce(aws: LocalAws) -> None:
    console, outputs = stdout(), aws.stack.outputs
    facts = {
        "endpoint": f"{aws.endpoint}  (Ctrl-C ends it; nothing is kept)",
        "access key": f"{aws.instance.access_key}  (of this start alone)",
        "secret key": aws.instance.secret_key,
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
    for line in commands(aws.instance, outputs, aws.messages_url):
        console.print(f"  {shown(line)}", soft_wrap=True)
    console.print("\nNot rehearsed:\n")
    for line in aws.stack.gaps:
        console.print(f"  {shown(line)}", soft_wrap=True)


def commands(instance: Instance, outputs: Mapping[str, str], messages_url: str) -> list[str]:
    """Return what to paste into a terminal, from an upload to the report."""
    # Said in each line, too: without the first one they must not go to AWS with credentials of there.
    aws = f"aws --endpoint-url {instance.endpoint}"
    dataset = "datasets/support-faq/records.jsonl"
    # The AWS CLI applies filters in their order, and the last one that fits decides.
    reports = "--recursive --exclude '*' --include '*/report.html'"
    return [
        env_command(instance.port),
        f"{aws} s3 cp {dataset} s3://{outputs['InputBucket']}/{dataset}",
        f"{aws} stepfunctions list-executions --state-machine-arn {outputs['StateMachine']}",
        f"{aws} s3 cp s3://{outputs['OutputBucket']}/runs/ . {reports}",
        f"{aws} sqs receive-message --queue-url {messages_url}",
    ]


def _tell(line: str) -> None:
    stderr().print(f"[dim]{shown(line)}[/dim]")
