"""`evaldrop local`: the whole stack on this machine, for the AWS CLI."""

import importlib.util
from typing import Annotated

import typer

from evaldrop.cli.options import without_credentials
from evaldrop.errors import InputError
from evaldrop.running.instances import DEFAULT_PORT, exports_of, find_instance

local = typer.Typer(name="local", rich_markup_mode="markdown")


@local.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 is any free port.")] = DEFAULT_PORT,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; who reaches it needs its keys.")
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
            callback=without_credentials,
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

    Its keys are drawn at random at every start, and nothing is answered without them: `evaldrop local env`
    prints them for a shell.

    Examples:

        evaldrop local

        evaldrop local --bedrock simulated:throttling=0.3

        evaldrop local --port 5001 --template cdk.out
    """
    if context.invoked_subcommand is not None:
        return
    # Looked for without an import: its ImportError would name a module and no remedy.
    missing = [name for name in ("moto", "flask", "aws_croniter") if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"evaldrop local needs {', '.join(missing)}: pip install 'evaldrop[local]'")
    from evaldrop.cli.local_aws import serve_until_interrupted

    serve_until_interrupted(template, host=host, port=port, bedrock=bedrock)


@local.command("env")
def env(
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help="Which, where several run.", show_default=False),
    ] = None,
) -> None:
    """
    Print what has a shell use the local AWS that runs: its keys, its Region, its endpoint.

    Example:

        eval "$(evaldrop local env)"
    """
    print(exports_of(find_instance(port)))  # noqa: T201 - for a shell, as it is
