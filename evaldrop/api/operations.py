"""An operation of the API: its route, who may use it, what it takes and answers, and what does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from evaldrop.api.access import Action, Caller
from evaldrop.api.asked import NoParameters
from evaldrop.api.exchange import JSON, ApiReply, Request
from evaldrop.api.page_settings import PageSettings
from evaldrop.api.place import RunsPlace
from evaldrop.api.short_forms import DEFAULT_JUDGE
from evaldrop.store.protocol import Store


def utc_now() -> str:
    """Return the time, as the store has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """
    What operations work with.

    Attributes:
        judge: The model that gives verdicts where a request names none.
        now: The time, as the store has it.
        page: What the page is told.
    """

    store: Store
    place: RunsPlace
    judge: str = DEFAULT_JUDGE
    now: Callable[[], str] = utc_now
    page: PageSettings = field(default_factory=PageSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """
    A request of a known caller to an operation.

    Attributes:
        path: The parameters in the path.
        parameters: Those behind the question mark, of the operation's type.
        content: The body, of the operation's type; None where it takes none.
    """

    service: Service
    caller: Caller
    request: Request
    path: Mapping[str, str]
    parameters: Any
    content: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """
    An operation; the router and the OpenAPI document are both made of it.

    Attributes:
        path: With parameters in braces, such as `/runs/{run_id}`.
        action: What its caller must be allowed to do; None: anybody may, without a key.
        answers: The type of the answer per status; None for one that is no JSON.
        refusals: Statuses of its own problems, beside those that all operations have.
    """

    name: str
    method: str
    path: str
    summary: str
    description: str = ""
    action: Action | None
    does: Callable[[Ask], ApiReply]
    parameters: type[BaseModel] = NoParameters
    content: type[BaseModel] | None = None
    answers: Mapping[HTTPStatus, type[BaseModel] | None]
    kind: str = JSON
    refusals: tuple[HTTPStatus, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


PAGE_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
