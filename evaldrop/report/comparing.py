"""Two runs of a folder that is viewed, compared on demand: `/compare?a=support/run-2&b=support/run-1`."""

from http import HTTPStatus

from evaldrop.errors import EvaldropError
from evaldrop.report.escape import visible
from evaldrop.report.serving import KINDS, Folder, HttpAnswer, Query
from evaldrop.report.two_runs import open_two_runs
from evaldrop.report.two_runs_page import two_runs_page


def compare_runs_of(folder: Folder, query: Query) -> HttpAnswer:
    """Return run `a` beside run `b`, which it is held against; what prevents it is said in words."""
    found = [folder.run_at(query.get(name, "")) for name in ("a", "b")]
    now, then = found
    if now is None or then is None:
        missing = " and ".join(
            query.get(name) or f"{name}=" for name, uri in zip("ab", found, strict=True) if not uri
        )
        return _refusal(HTTPStatus.NOT_FOUND, f"There is no run {missing} here. Choose two in the history.")
    if now == then:
        return _refusal(HTTPStatus.CONFLICT, "This is one run, given twice. Choose two in the history.")
    try:
        runs = open_two_runs(now, then)
        page = two_runs_page(runs, runs.places, back="/")
    except EvaldropError as error:
        return _refusal(HTTPStatus.CONFLICT, f"The runs cannot be compared: {error}")
    return HttpAnswer(HTTPStatus.OK, KINDS["html"], page.encode())


def _refusal(status: HTTPStatus, why: str) -> HttpAnswer:
    return HttpAnswer(status, body=f"{visible(why)}\n".encode())
