"""`evaldrop serve`: the API on this machine."""

from typing import Annotated

import typer

from evaldrop.cli.options import Out, without_credentials
from evaldrop.cli.output import shown, stderr, stdout
from evaldrop.run.place import DEFAULT_OUT


def serve(
    bedrock: Annotated[
        str,
        typer.Option(
            "--bedrock",
            callback=without_credentials,
            metavar="RUNTIME",
            help="Who answers calls: aws, simulated (a rehearsal: no network, no money), or openai=URL; as "
            "for evaldrop run.",
        ),
    ] = "aws",
    out: Out = DEFAULT_OUT,
    evaluations: Annotated[
        str,
        typer.Option(
            "--evaluations",
            metavar="DIR",
            help="A folder that holds NAME/evaluation.yaml: requests may name these evaluations.",
        ),
    ] = "evaluations",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 is any free port.")] = 0,
    at_once: Annotated[
        int, typer.Option("--at-once", min=1, max=16, help="Runs at a time; others wait.")
    ] = 2,
) -> None:
    """
    Serve the API on this machine until Ctrl-C: POST a text or a dataset, get its comparison.

    Its address, in a browser, is a page that does all of it: sign in with the key that is printed.

    It answers this machine alone, and only with a key: one of `evaldrop keys`, or the one that is printed,
    which is an admin's and ends with the server. Ctrl-C lets calls under way end; the next start goes on
    with what had not ended, and pays for nothing twice.

    Examples:

        evaldrop serve --bedrock simulated

        evaldrop serve --port 8000 --evaluations my-evaluations
    """
    from evaldrop.api.local import serving
    from evaldrop.running.stopping import as_ctrl_c

    try:
        with (
            as_ctrl_c(),
            serving(out=out, bedrock=bedrock, evaluations=evaluations, port=port, at_once=at_once) as api,
        ):
            stdout().print(f"{api.address}/  (Ctrl-C ends it)", soft_wrap=True)
            stdout().print(f"x-api-key: {api.token}", soft_wrap=True)
            stderr().print(f"runs are kept in {shown(out)}; what is asked: {shown(out)}/.api/access.jsonl")
            if api.resumed:
                stderr().print(f"going on with {api.resumed} runs that had not ended.")
            _wait()
    except KeyboardInterrupt:
        stderr().print("stopped.")


def _wait() -> None:
    import threading

    threading.Event().wait()
