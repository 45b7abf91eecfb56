"""`evaldrop rejudge`: judges called for what is new; responses and replies of the parent run are kept."""

from typing import Annotated

import typer

from evaldrop.cli import exits
from evaldrop.cli.commands.run import Started, agreed, run_and_tell
from evaldrop.cli.options import AsJson, MaxInFlight
from evaldrop.cli.output import complain


def rejudge(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder: a path or an s3:// URI.")],
    evaluation: Annotated[
        str | None,
        typer.Option(
            "--evaluation",
            "-e",
            metavar="FILE",
            help="The evaluation with other judges or criteria; by default the run's own file, as it is now.",
        ),
    ] = None,
    bedrock: Annotated[
        str | None,
        typer.Option("--bedrock", metavar="RUNTIME", help="Who answers; by default as in the run."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="The folder that runs are kept in; by default the run's."
        ),
    ] = None,
    max_in_flight: MaxInFlight = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before money is spent.")] = False,
    as_json: AsJson = False,
) -> int:
    """
    Judge a run's responses again: judges are called for what is new, candidates are not called at all.

    New is a judge, a criterion, another judge prompt or question, and a judge's call that had failed. A new
    run is written, which names its parent.

    Examples:

        evaldrop rejudge runs/support-answers/20261121T101500Z-4f3a2b --evaluation with-empathy.yaml
    """
    started = _begin(run, evaluation=evaluation, bedrock=bedrock, out=out, max_in_flight=max_in_flight)
    if not yes and not agreed(started.request):
        complain("stopped before anything was spent.")
        return exits.WRONG_USE
    return run_and_tell(started, as_json=as_json)


def _begin(
    run: str, *, evaluation: str | None, bedrock: str | None, out: str | None, max_in_flight: int | None
) -> Started:
    from evaldrop import storage
    from evaldrop.errors import InputError
    from evaldrop.evaluation import parse_evaluation
    from evaldrop.run.definition import RunDefinition
    from evaldrop.run.request import RunRequest, new_run_id, out_of, run_folder

    if not storage.exists(storage.join(run, "scorecard.json")):
        raise InputError(f"{run}: no finished run there. evaldrop run --resume RUN finishes one.")
    parent = RunDefinition.load(run)
    uri = evaluation or parent.evaluation_uri
    if uri is None or not storage.exists(uri):
        raise InputError(f"{uri or run}: the evaluation is not there. Give one with --evaluation FILE.")
    if not storage.exists(parent.dataset.uri):
        raise InputError(f"{parent.dataset.uri}: the dataset is not there, and judges are shown its records.")
    place = storage.absolute(out or out_of(storage.absolute(run)) or run)
    if storage.is_s3(place):
        raise InputError(f"{place}: a run on this machine is kept on it. Give a folder with --out.")
    request = RunRequest(
        run_id=new_run_id(),
        dataset=parent.dataset.uri,
        dataset_version=parent.dataset.version,
        evaluation=uri,
        out=place,
        bedrock=bedrock or parent.bedrock,
        limit=parent.options["limit"],
        max_in_flight=max_in_flight,
        parent=storage.absolute(run),
    )
    name = parse_evaluation(storage.read_bytes(uri), source=uri).name
    return Started(request, run_folder(request.out, name, request.run_id))
