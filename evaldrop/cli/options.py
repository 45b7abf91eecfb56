"""The options that several commands share."""

import os
from enum import StrEnum
from pathlib import Path
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


def on_this_machine(place: Path | None) -> Path | None:
    """Refuse a URI where files are written on this machine: they would lie in a folder called `s3:`."""
    from evaldrop.errors import InputError

    if place is not None and place.parts[:1] == ("s3:",):
        uri = f"s3://{'/'.join(place.parts[1:])}"
        raise InputError(f"{uri}: this is written on this machine. Give a path; `aws s3 cp` takes it to S3.")
    return place


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
    from evaldrop.bedrock.protocol import AUTHORIZATION
    from evaldrop.bedrock.specification import split_credentials

    plain, authorization = split_credentials(spec)
    if authorization:
        os.environ[AUTHORIZATION] = authorization
    return plain


Budget = Annotated[
    float | None,
    typer.Option(
        "--budget",
        min=0.001,
        metavar="USD",
        help="What the whole run may cost, instead of the evaluation's budget_usd: records for which too "
        "little is left are not begun.",
    ),
]
GoOn = Annotated[
    bool,
    typer.Option(
        "--go-on",
        help="Go on without a candidate or judge whose first calls are refused for a reason that will not "
        "pass; by default the run ends there.",
    ),
]


def plain_labels(labels: list[str] | None) -> list[str]:
    """
    Return labels without blanks around them, each once.

    Raises:
        InputError: One is empty or too long, or holds what is not seen; or there are too many.
    """
    from pydantic import TypeAdapter, ValidationError

    from evaldrop.errors import InputError
    from evaldrop.run.request import Labels

    # Blanks inside become one: a label is found again by what is seen of it.
    each_once = list(dict.fromkeys(" ".join(label.split()) for label in labels or ()))
    try:
        TypeAdapter(Labels).validate_python(tuple(each_once))
    except ValidationError as error:
        if reasons := [one["ctx"]["error"] for one in error.errors() if one["type"] == "value_error"]:
            raise InputError(f"--label: {reasons[0]}.") from error
        raise InputError("--label: 1 to 100 characters each, and no more than 20 of them.") from error
    return each_once


RunLabels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="TEXT",
        callback=plain_labels,
        help="What the run is to be found by in the history, such as a sentence or branch=main; may be given "
        "several times.",
    ),
]


def checked_report_url(url: str | None) -> str | None:
    """Refuse what is no URL of a page before anything is spent."""
    if not url:
        return None
    from evaldrop.report.markdown import checked_url

    return checked_url(url)


ReportUrl = Annotated[
    str | None,
    typer.Option(
        "--report-url",
        metavar="URL",
        envvar="EVALDROP_REPORT_URL",
        callback=checked_report_url,
        help="Where the report will be read: the link in summary.md; by default report.html beside it.",
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


Example = StrEnum("Example", ["SUPPORT", "RAG", "GUARDRAIL", "PAIRWISE", "PROMPTS", "SCORER"])
"""What `evaldrop init` writes: a folder of evaldrop/cli/examples each."""
