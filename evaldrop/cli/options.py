"""The options that several commands share."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from evaldrop.cli import completing

KINDS = "A .jsonl, .json, .csv, .tsv or .parquet file, or one of them as .gz"

DATASET_HELP = f"{KINDS}, or a folder that holds one: a path or an s3:// URI."
Dataset = Annotated[
    str, typer.Argument(metavar="DATASET", help=DATASET_HELP, autocompletion=completing.datasets)
]
EvaluationFile = Annotated[
    str | None,
    typer.Option(
        "--evaluation",
        "-e",
        metavar="FILE",
        help="The evaluation; by default the file found beside the dataset.",
    ),
]
OtherEvaluation = Annotated[
    str | None,
    typer.Option(
        "--evaluation",
        "-e",
        metavar="FILE",
        help="The evaluation with what is new; by default the file the run was made with, as it is now.",
    ),
]
RUN_NAMES = (
    "latest, latest:EVALUATION, previous, an evaluation's name (its latest run), a run's ID or how it "
    "begins, each with ~N for the Nth run before it; or a run's folder or a file in it: a path or an s3:// "
    "URI."
)
RunFolder = Annotated[
    str, typer.Argument(metavar="RUN", help=f"A run: {RUN_NAMES}", autocompletion=completing.runs)
]
RunsIn = Annotated[
    str, typer.Option("--out", "-o", metavar="DIR", help="The folder that RUN's name is looked up in.")
]
DEFAULT_STACK = "evaldrop"
"""What cdk.json calls the stack where nothing else is said."""

DeployedRun = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="latest, latest:EVALUATION, an evaluation's name, a run's ID or how it begins, its execution's "
        "ARN, or the s3:// URI of its folder; see evaldrop runs.",
    ),
]
StackName = Annotated[
    str, typer.Option("--stack", "-s", metavar="NAME", envvar="EVALDROP_STACK", help="The deployed stack.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before money is spent.")]
Force = Annotated[bool, typer.Option("--force", help="Do it although there is a reason not to.")]
Out = Annotated[str, typer.Option("--out", "-o", metavar="DIR", help="The folder that runs are kept in.")]
OutOfRun = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="The folder that runs are kept in, and RUN's name is looked up in; by default runs, and for the "
        "new run that of the old one.",
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="REGION",
        envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
        help="AWS Region that models will be called from: are they to be had there?",
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Only the first N records.")]
MaxInFlight = Annotated[
    int | None,
    typer.Option(
        "--max-in-flight", min=1, max=10_000, help="Calls under way at a time; also records at a time."
    ),
]


def without_credentials(spec: str | None) -> str | None:
    """
    Return what --bedrock says without a password that its URL holds, which goes into the environment.

    From there the calls' process has it; the specification itself is kept in files and shown.
    """
    if spec is None:
        return None
    from evaldrop.bedrock.opening import split_credentials
    from evaldrop.bedrock.protocol import AUTHORIZATION

    plain, authorization = split_credentials(spec)
    if authorization:
        os.environ[AUTHORIZATION] = authorization
    return plain


GoOn = Annotated[
    bool,
    typer.Option(
        "--go-on",
        help="Go on without a candidate or judge whose first calls are refused for a reason that will not "
        "pass; by default the run ends there.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for scripts.")]


class ReportFormat(StrEnum):
    """The formats of a report."""

    HTML = "html"
    MD = "md"
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


Example = StrEnum("Example", ["SUPPORT", "RAG", "GUARDRAIL", "PAIRWISE", "PROMPTS"])
"""What `evaldrop init` writes: a folder of evaldrop/cli/examples each."""
