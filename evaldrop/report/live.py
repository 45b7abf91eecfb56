"""
A run that goes on, as a page: what is known so far, sent to it as events whenever that has changed.

What models wrote travels as JSON and is shown as text nodes only, as in a report.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Final, Literal

import orjson

from evaldrop.report.page import read_assets, rendered
from evaldrop.report.serving import ASKING_POLICY, KINDS, LIVE, Folder, HttpAnswer, Query, Route

EVENTS: Final = f"{LIVE}/events"
EVERY_S: Final = 0.5
"""Seconds between two looks at the run: a page is told no more often."""

# A connection of which nothing is heard for a minute is closed by some that are between.
_SIGN_OF_LIFE_S = 15.0

State = Literal["starting", "running", "stopped", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCriterion:
    """A criterion's scale; `is_rate`: its mean is a share of records, shown in percent."""

    name: str
    low: float
    high: float
    is_rate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEstimate:
    """
    What is known of a candidate on a criterion: mean and interval on its scale, pass rate as a fraction.

    `n` counts scores, `unscored` records without one; None is not known yet.
    """

    n: int
    unscored: int
    mean: float | None
    interval: tuple[float, float] | None
    pass_rate: float | None
    pass_interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCandidate:
    """A candidate's estimates, in the order of the criteria; None where there is no score yet."""

    name: str
    estimates: tuple[LiveEstimate | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePreference:
    """
    How often `first` is preferred over `second`, as a fraction, a tie being half a win.

    `n` counts pairs, `unread` those without a preference; None is not known yet.
    """

    first: str
    second: str
    n: int
    unread: int
    win_rate: float | None
    interval: tuple[float, float] | None
    wins: int
    losses: int
    ties: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFailure:
    """A response that failed a criterion, or is not there; `what` is the judge's reason or the error."""

    record: str
    candidate: str | None
    criterion: str | None
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    A run as it is now.

    Attributes:
        state: Whether it goes on. `stopped` is one that nobody works on and that has not come to its end.
        records, total: Records that have ended, failed ones included, and how many there are; None before
            they are prepared. Anchors and perturbed copies are among them.
        failed: Records without a result.
        time_left: How long the rest may take at the pace so far, in words; None where that cannot be told.
        calls, retries, cost_usd, tokens: Of the records that have ended; what is under way is not in them.
        cost_is_whole: False where the price or tokens of a call are unknown: the cost is of the others.
        budget_usd, planned_usd: The most it may be planned to cost, and what was thought likely.
        restated: What the first calls said of the cost, in words; None where they have not.
        preferences: Of each pair that is compared.
        failures: The latest first.
        trouble: Why no more is known, such as a file that cannot be read.
    """

    state: State
    name: str = ""
    run_id: str = ""
    simulated: bool = False
    records: int = 0
    total: int | None = None
    failed: int = 0
    time_left: str | None = None
    calls: int = 0
    retries: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    cost_is_whole: bool = True
    budget_usd: float | None = None
    planned_usd: float | None = None
    restated: str | None = None
    confidence: float = 0.95
    criteria: tuple[LiveCriterion, ...] = ()
    candidates: tuple[LiveCandidate, ...] = ()
    preferences: tuple[LivePreference, ...] = ()
    failures: tuple[LiveFailure, ...] = ()
    trouble: str | None = None


def live_routes(look: Callable[[], Look], *, resume: str, report: str) -> dict[str, Route]:
    """
    Return what a server answers about a run that goes on: the page, and its events.

    Args:
        look: Says how the run is now; several threads may ask.
        resume: The command that goes on with it when it was stopped.
        report: Where its report will be: the server may end with the run, and a page outlives both.
    """

    def page(_: Folder, __: Query) -> HttpAnswer:
        return HttpAnswer(
            HTTPStatus.OK, KINDS["html"], live_page(look(), resume, report).encode(), policy=ASKING_POLICY
        )

    def events(_: Folder, __: Query) -> HttpAnswer:
        return HttpAnswer(HTTPStatus.OK, "text/event-stream", stream=events_of(look))

    return {LIVE: page, EVENTS: events}


def live_page(look: Look, resume: str, report: str) -> str:
    """Return the page; all but its heading comes by the events."""
    return rendered(
        "live.html.j2",
        style=read_assets("", ("report.css", "styles/live.css")),
        script=read_assets("scripts", ("data/elements.js", "live.js")),
        asks_server=True,
        look=look,
        resume=resume,
        report=report,
    )


def events_of(look: Callable[[], Look], sleep: Callable[[float], None] = time.sleep) -> Iterator[bytes]:
    """Yield an event whenever a run is not what it was; the last one when it has ended."""
    known: Look | None = None
    silent_s = 0.0
    while True:
        now = look()
        if now != known:
            known, silent_s = now, 0.0
            # JSON has no line feed of its own, which would end the event.
            yield b"data: %b\n\n" % orjson.dumps(asdict(now))
        elif silent_s >= _SIGN_OF_LIFE_S:
            silent_s = 0.0
            yield b":\n\n"
        if now.state == "ended":
            return
        sleep(EVERY_S)
        silent_s += EVERY_S
