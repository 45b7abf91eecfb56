"""Runs that there are: listed, looked at, stopped, and the candidate that was taken of one."""

import re
from http import HTTPStatus

from evaldrop.api.access import refuse_to_stop, scope, visible
from evaldrop.api.answers import RunDetails, RunList, summary_of
from evaldrop.api.asked import ChoiceAsked, RunsParameters
from evaldrop.api.exchange import ApiReply
from evaldrop.api.looking import look_at
from evaldrop.api.operations import Ask, Operation
from evaldrop.api.problems import ApiProblem, FieldFault, not_found
from evaldrop.errors import InputError
from evaldrop.nearest import did_you_mean
from evaldrop.store.model import ENDED, ChosenCandidate, Ending, RunQuery, StoredRun

_RUN_ID = re.compile(r"[0-9A-Za-z_-]{1,80}")


def list_runs(ask: Ask) -> ApiReply:
    """Return a page of the runs that the caller sees."""
    given = ask.parameters
    wanted = {"user": given.user, "customer": given.customer}
    own = scope(ask.caller)
    # Who asks for another's gets nothing, as if there were none.
    if any(wanted.get(name) not in {None, value} for name, value in own.items()):
        return ApiReply(content=RunList(runs=(), after=None))
    query = RunQuery(
        **{
            **wanted,
            "evaluation": given.evaluation,
            "state": given.state,
            "since": given.since,
            "until": given.until,
            "limit": given.limit,
            "after": given.after,
            **own,
        }
    )
    try:
        page = ask.service.store.runs(query)
    except InputError as error:
        fault = FieldFault(pointer="#after", detail="it is of no page.")
        raise ApiProblem(HTTPStatus.BAD_REQUEST, "after: it is of no page.", (fault,)) from error
    runs = tuple(summary_of(run, ask.request.base) for run in page.runs)
    return ApiReply(content=RunList(runs=runs, after=page.after))


def run_asked_for(ask: Ask, run_id: str) -> StoredRun:
    """
    Return the run of an ID.

    Raises:
        ApiProblem: There is none that the caller sees.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise not_found("such run")
    return visible(ask.caller, ask.service.store.run(run_id), run_id)


def finished_run_asked_for(ask: Ask, run_id: str) -> StoredRun:
    """
    Return the run of an ID, which has a result.

    Raises:
        ApiProblem: There is none that the caller sees, or it has none.
    """
    run = run_asked_for(ask, run_id)
    if run.state != "finished":
        raise ApiProblem(HTTPStatus.CONFLICT, f"Run {run_id} has no result: it is {run.state}.")
    return run


def show_run(ask: Ask) -> ApiReply:
    """Return a run with all that is known of it."""
    run = run_asked_for(ask, ask.path["run_id"])
    return ApiReply(content=look_at(run, ask), run_id=run.run_id)


def stop_run(ask: Ask) -> ApiReply:
    """Stop a run; one that has ended stays as it is."""
    service = ask.service
    run = run_asked_for(ask, ask.path["run_id"])
    refuse_to_stop(ask.caller, run)
    if run.state not in ENDED:
        used = service.place.stop(run)
        run = service.store.run(run.run_id) or run
        # It may have finished meanwhile.
        if used is not None and run.state not in ENDED:
            ending = Ending(state="stopped", ended_at=service.now(), **used.fields())
            service.store.end(run.run_id, ending)
    run = service.store.run(run.run_id) or run
    status = HTTPStatus.OK if run.state in ENDED else HTTPStatus.ACCEPTED
    return ApiReply(status=status, content=look_at(run, ask), run_id=run.run_id)


def choose(ask: Ask) -> ApiReply:
    """Note which candidate was taken in the end."""
    run = finished_run_asked_for(ask, ask.path["run_id"])
    chosen = ask.content.candidate
    names = [each.name for each in run.ending.candidates] if run.ending else []
    if chosen not in names:
        raise ApiProblem.at("/candidate", f"no candidate of this run.{did_you_mean(chosen, names)}")
    by = ask.caller.owner.user or ask.caller.owner.key_id
    choice = ChosenCandidate(
        candidate=chosen, chosen_at=ask.service.now(), chosen_by=by, note=ask.content.note
    )
    ask.service.store.choose(run.run_id, choice)
    run = ask.service.store.run(run.run_id) or run
    return ApiReply(content=look_at(run, ask), run_id=run.run_id)


OPERATIONS = (
    Operation(
        name="listRuns",
        method="GET",
        path="/runs",
        summary="List runs, the newest first",
        description="An admin sees all; a customer's key that customer's; others their own.",
        action="read",
        does=list_runs,
        parameters=RunsParameters,
        answers={HTTPStatus.OK: RunList},
    ),
    Operation(
        name="showRun",
        method="GET",
        path="/runs/{run_id}",
        summary="Look at a run: its state, progress, cost, recommendation and scorecard",
        action="read",
        does=show_run,
        answers={HTTPStatus.OK: RunDetails},
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        name="stopRun",
        method="DELETE",
        path="/runs/{run_id}",
        summary="Stop a run",
        description="Calls under way are paid for, and kept. A run that has ended stays as it is (200).",
        action="start",
        does=stop_run,
        answers={HTTPStatus.ACCEPTED: RunDetails, HTTPStatus.OK: RunDetails},
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        name="chooseCandidate",
        method="POST",
        path="/runs/{run_id}/choice",
        summary="Note which candidate was taken in the end",
        description="The last choice holds.",
        action="start",
        does=choose,
        content=ChoiceAsked,
        answers={HTTPStatus.OK: RunDetails},
        refusals=(
            HTTPStatus.NOT_FOUND,
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ),
    ),
)
