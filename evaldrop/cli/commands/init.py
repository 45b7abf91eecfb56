"""`evaldrop init`: a working example to change."""

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

from evaldrop.cli.output import shown, stdout
from evaldrop.errors import InputError


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; created when absent.")],
) -> None:
    """
    Write a small evaluation that runs: records, evaluation.yaml with comments, a prompt.

    Example:

        evaldrop init my-evaluation

        evaldrop run my-evaluation/records.jsonl --bedrock simulated
    """
    from evaldrop.evaluation import Evaluation

    example = Path(__file__).parent.parent / "example"
    files = [file.relative_to(example) for file in sorted(example.rglob("*")) if file.is_file()]
    # All are looked at before the first is written: half an example beside one's own files helps nobody.
    there = [str(file) for file in files if (directory / file).exists()]
    if there:
        raise InputError(
            f"{directory}: {', '.join(there)} is there already; nothing was written. Choose another folder."
        )
    for file in files:
        (directory / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(example / file, directory / file)
    # Made and not copied: a schema among the example's files would fall behind the models.
    schema = json.dumps(Evaluation.model_json_schema(), indent=2) + "\n"
    (directory / "evaluation.schema.json").write_text(schema, encoding="utf-8")
    console = stdout()
    for file in (*files, Path("evaluation.schema.json")):
        console.print(f"wrote {shown(str(directory / file))}")
    console.print(f"\nnext: evaldrop run {shown(str(directory / 'records.jsonl'))} --bedrock simulated")
