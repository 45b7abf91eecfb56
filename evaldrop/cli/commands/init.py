"""`evaldrop init`: a working example to change."""

import json
from pathlib import Path
from typing import Annotated

import typer

from evaldrop import storage
from evaldrop.cli.next_steps import command
from evaldrop.cli.options import Example, on_this_machine
from evaldrop.cli.output import print_commands, shown, stdout
from evaldrop.cli.prose import print_prose
from evaldrop.errors import InputError

_EXAMPLES = Path(__file__).parent.parent / "examples"


def init(
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Where to write; created when absent.", callback=on_this_machine),
    ],
    example: Annotated[
        Example,
        typer.Option(
            "--example",
            help="support: answers and a tone; rag: answers from material; guardrail: what it stops; "
            "pairwise: which of two is better; prompts: a better one, with proof; scorer: code of your own.",
        ),
    ] = Example.SUPPORT,
) -> None:
    """
    Write a small evaluation that runs: records, evaluation.yaml with comments, prompts. Nothing is asked.

    Example:

        evaldrop init my-evaluation

        evaldrop run my-evaluation --bedrock simulated

        evaldrop init answers --example rag
    """
    from evaldrop.evaluation import Evaluation

    source = _EXAMPLES / example
    found = (file for file in sorted(source.rglob("*")) if file.is_file())
    files = [file.relative_to(source) for file in found if file.parent.name != "__pycache__"]
    # All are looked at before the first is written: half an example beside one's own files helps nobody.
    there = [str(file) for file in files if storage.exists(str(directory / file))]
    if there:
        are = "is" if len(there) == 1 else "are"
        raise InputError(
            f"{directory}: {', '.join(there)} {are} there already; nothing was written. "
            "Choose another folder."
        )
    for file in files:
        storage.write_bytes(str(directory / file), (source / file).read_bytes())
    # Made and not copied: a schema among the example's files would fall behind the models.
    schema = json.dumps(Evaluation.model_json_schema(), indent=2) + "\n"
    storage.write_bytes(str(directory / "evaluation.schema.json"), schema.encode())
    console = stdout()
    for file in (*files, Path("evaluation.schema.json")):
        print_prose(console, f"wrote {shown(str(directory / file))}")
    console.print("\nnext:")
    print_commands(console, [command("run", str(directory / "records.jsonl"), "--bedrock", "simulated")])
