"""
The page of the API: one file, with what it has to know in it. Anybody may read it who reaches the API.

Its policy lets its own style and script run, by their hashes, and lets them ask the API, the sign-in and the
place of uploads; nobody else. What models and datasets wrote comes as JSON and is shown as text nodes only.
"""

from functools import cache
from http import HTTPStatus
from typing import Any, Final

from markupsafe import Markup

from evaldrop.api.asked import MOST_RECORDS, PageParameters
from evaldrop.api.exchange import HTML, ApiReply
from evaldrop.api.operations import PAGE_HEADERS, Ask, Operation
from evaldrop.api.page_settings import PageSettings, SignIn
from evaldrop.datasets.files.formats import DATASET_ENDINGS, ENDINGS_IN_WORDS
from evaldrop.report.escape import script_json

_PACKAGE: Final = "evaldrop.api"
_MOST_INLINE_BYTES: Final = 1 << 20
"""A larger file is uploaded, whatever it holds: the page need not read it."""

# In the order in which they need each other: they become one style and one script.
_REPORT_STYLES = ("report.css", "styles/history.css", "styles/pairs.css")
_STYLES = ("page.css",)
_REPORT_SCRIPTS = ("data/elements.js", "texts/difference.js", "texts/pairs.js")
_SCRIPTS = (
    "parts/words.js",
    "parts/fields.js",
    "parts/tables.js",
    "asking/session.js",
    "asking/asking.js",
    "asking/address.js",
    "views/sign_in.js",
    "new/dataset.js",
    "new/models.js",
    "new/criteria.js",
    "new/plan.js",
    "new/form.js",
    "run/progress.js",
    "run/result.js",
    "run/choice.js",
    "run/run.js",
    "views/history.js",
    "views/compare.js",
    "views/records.js",
    "views/usage.js",
    "start.js",
)


def show_page(ask: Ask) -> ApiReply:
    """Return the page."""
    body, policy = _page(ask.service.page, simulated=ask.service.place.simulated)
    # An element cannot forbid frames: the header can.
    headers = {**PAGE_HEADERS, "Content-Security-Policy": f"{policy}; frame-ancestors 'none'"}
    return ApiReply(body=body, kind=HTML, headers=headers)


@cache
def _page(settings: PageSettings, *, simulated: bool) -> tuple[bytes, str]:
    """Return the page and its policy."""
    # Jinja2 and what reports need, which no other request does.
    from evaldrop.report.page import filled, policy_of, read_assets, template

    style = "\n".join((read_assets("", _REPORT_STYLES), read_assets("", _STYLES, package=_PACKAGE)))
    script = "\n".join(
        (read_assets("scripts", _REPORT_SCRIPTS), read_assets("scripts", _SCRIPTS, package=_PACKAGE))
    )
    asks = ("'self'", *((settings.sign_in.origin,) if settings.sign_in else ()), *settings.uploads_to)
    # Nothing that makes elements out of text may be called, not even by mistake.
    policy = (
        f"{policy_of(style, script, asks=asks)}; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    told = {
        "sign_in": settings.sign_in and _told(settings.sign_in),
        "simulated": simulated,
        "endings": DATASET_ENDINGS,
        "endings_in_words": ENDINGS_IN_WORDS,
        "most_records": MOST_RECORDS,
        "most_inline_bytes": _MOST_INLINE_BYTES,
    }
    page = filled(
        template("page.html.j2", _PACKAGE),
        style=style,
        script=script,
        policy=policy,
        settings=Markup(script_json(told)),  # noqa: S704 - escaped for a script element
        simulated=simulated,
    )
    return page.encode(), policy


def _told(sign_in: SignIn) -> dict[str, Any]:
    return {
        "client_id": sign_in.client_id,
        "sign_in": sign_in.sign_in,
        "addresses": sign_in.addresses,
    }


OPERATIONS = (
    Operation(
        name="showPage",
        method="GET",
        path="/",
        summary="Open the page of the API",
        action=None,
        does=show_page,
        parameters=PageParameters,
        answers={HTTPStatus.OK: None},
        kind="text/html",
    ),
)
