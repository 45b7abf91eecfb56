"""What a run has brought: its report, and two runs side by side."""

from http import HTTPStatus
from typing import Final

from evaldrop import storage
from evaldrop.api.answers import ComparisonAnswer, ReportLink
from evaldrop.api.asked import CompareParameters
from evaldrop.api.exchange import HTML, ApiReply
from evaldrop.api.operations import Ask, Operation
from evaldrop.api.place import LINK_LASTS_S
from evaldrop.api.problems import ApiProblem
from evaldrop.api.runs import finished_run_asked_for
from evaldrop.errors import EvaldropError, StorageError, first_line
from evaldrop.report.serving import HEADERS
from evaldrop.store.model import StoredRun

PROMPTS_PAGE: Final = "prompts.html"
"""Not by the module that makes it, which would be loaded for every request."""
MOST_ANSWERED_BYTES: Final = 5 << 20
"""Lambda lets an answer have 6 MB."""

REPORT_HEADERS: Final = HEADERS | {
    "Content-Security-Policy": f"{HEADERS['Content-Security-Policy']}; sandbox allow-scripts allow-downloads"
}
"""A report shows what models wrote: in an origin of its own it could reach nothing of the page's."""

FILES_ARE_GONE = "This run's files are not there any more."


def show_report(ask: Ask) -> ApiReply:
    """Return the report of a run; where it is too large to be answered, where it can be read."""
    return _page(ask, "report.html", FILES_ARE_GONE)


def show_prompts(ask: Ask) -> ApiReply:
    """Return the page of the prompts that a run made, as `show_report` does."""
    return _page(ask, PROMPTS_PAGE, "This run made no prompt, or its files are not there any more.")


def _page(ask: Ask, name: str, absent: str) -> ApiReply:
    run = finished_run_asked_for(ask, ask.path["run_id"])
    uri = _file(run, name)
    try:
        link = ask.service.place.link(uri) if storage.describe(uri).size > MOST_ANSWERED_BYTES else None
        if link:
            return ApiReply(
                status=HTTPStatus.SEE_OTHER, headers={"Location": link}, body=b"", run_id=run.run_id
            )
        return ApiReply(body=storage.read_bytes(uri), kind=HTML, headers=REPORT_HEADERS, run_id=run.run_id)
    except StorageError as error:
        raise ApiProblem(HTTPStatus.NOT_FOUND, absent) from error


def link_report(ask: Ask) -> ApiReply:
    """Return an address at which the report of a run can be opened without a key."""
    run = finished_run_asked_for(ask, ask.path["run_id"])
    uri = _file(run, "report.html")
    if not storage.exists(uri):
        raise ApiProblem(HTTPStatus.NOT_FOUND, FILES_ARE_GONE)
    link = ReportLink(url=ask.service.place.report_link(run, uri), expires_in_s=LINK_LASTS_S)
    return ApiReply(content=link, run_id=run.run_id)


def compare_runs(ask: Ask) -> ApiReply:
    """Return run `a` beside run `b`, which it is held against."""
    from evaldrop.report.two_runs import open_two_runs
    from evaldrop.report.two_runs_page import two_runs_json

    now, then = (finished_run_asked_for(ask, each) for each in (ask.parameters.a, ask.parameters.b))
    try:
        runs = open_two_runs(str(now.folder), str(then.folder))
        found = two_runs_json(runs, runs.places[: ask.parameters.limit])
    except EvaldropError as error:
        detail = f"These runs cannot be compared: {first_line(error)}"
        raise ApiProblem(HTTPStatus.CONFLICT, detail) from error
    return ApiReply(content=ComparisonAnswer(**found), run_id=now.run_id)


def folder_of(run: StoredRun) -> str:
    """
    Return the folder of a run.

    Raises:
        ApiProblem: It has none any more.
    """
    if run.folder is None:
        raise ApiProblem(HTTPStatus.NOT_FOUND, FILES_ARE_GONE)
    return run.folder


def _file(run: StoredRun, name: str) -> str:
    return storage.join(folder_of(run), name)


_REFUSALS = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
OPERATIONS = (
    Operation(
        name="showReport",
        method="GET",
        path="/runs/{run_id}/report",
        summary="Read the report of a finished run",
        description="One HTML file. Where it is too large to be answered: 303, to where it can be read.",
        action="read",
        does=show_report,
        answers={HTTPStatus.OK: None, HTTPStatus.SEE_OTHER: None},
        kind="text/html",
        refusals=_REFUSALS,
    ),
    Operation(
        name="showPrompts",
        method="GET",
        path="/runs/{run_id}/prompts",
        summary="Read what became of the prompts that a finished run made",
        description="One HTML file, as the report is; 404 of a run that improved none.",
        action="read",
        does=show_prompts,
        answers={HTTPStatus.OK: None, HTTPStatus.SEE_OTHER: None},
        kind="text/html",
        refusals=_REFUSALS,
    ),
    Operation(
        name="linkReport",
        method="GET",
        path="/runs/{run_id}/report/link",
        summary="Have an address at which a browser can open the report",
        description="A tab sends no key: the address is good without one, for five minutes.",
        action="read",
        does=link_report,
        answers={HTTPStatus.OK: ReportLink},
        refusals=_REFUSALS,
    ),
    Operation(
        name="compareRuns",
        method="GET",
        path="/compare",
        summary="Compare two finished runs",
        action="read",
        does=compare_runs,
        parameters=CompareParameters,
        answers={HTTPStatus.OK: ComparisonAnswer},
        refusals=_REFUSALS,
    ),
)
