"""The page of the API, and its description: what anybody may read who reaches it."""

from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Final

from evaldrop.api.exchange import HTML, ApiReply
from evaldrop.api.operations import PAGE_HEADERS, Ask, Operation
from evaldrop.report.serving import ASKING_POLICY

PAGE_FILE: Final = "index.html"


def show_page(_: Ask) -> ApiReply:
    """Return the page."""
    headers = {**PAGE_HEADERS, "Content-Security-Policy": ASKING_POLICY}
    return ApiReply(body=page(), kind=HTML, headers=headers)


@cache
def page() -> bytes:
    """Return the page's one file."""
    return files("evaldrop.api").joinpath("templates", PAGE_FILE).read_bytes()


OPERATIONS = (
    Operation(
        name="showPage",
        method="GET",
        path="/",
        summary="Open the page of the API",
        action=None,
        does=show_page,
        answers={HTTPStatus.OK: None},
        kind="text/html",
    ),
)
