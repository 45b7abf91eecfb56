"""
All records of a run that is viewed, a page at a time: `support/run-1/records?failed=on&text=refund`.

The page is sent as its records are found: of a run of any size it begins at once, and a search that takes
long says how far it has come. It has no script.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup

from evaldrop.errors import EvaldropError, StorageError, first_line
from evaldrop.evaluation.criteria.criterion import Criterion
from evaldrop.report.browsing import Looked, RecordRows, RunRecords, beginning
from evaldrop.report.escape import visible
from evaldrop.report.page import policy_of, read_assets, template
from evaldrop.report.record_filter import SHOWN, RecordFilter, Shown
from evaldrop.report.serving import KINDS, HttpAnswer, Query
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard import figures
from evaldrop.scorecard.read import read_scorecard

RECORDS: Final = "records"
"""The page's name in a run's folder."""

LIMIT, MOST = 50, 200
_TEXTS: Final = ("candidate", "criterion", "category", "group", "text")
"""What an address asks for by a text, by the names of `RecordFilter`."""
_SAID_EVERY_S: Final = 0.5

_STYLES = ("report.css", "styles/pairs.css", "styles/records.css")
_WORDS: Mapping[Shown, str] = {
    "error": "without a response",
    "failed": "failed",
    "unscored": "unscored",
    "flagged": "flagged",
    "disagreement": "candidates differ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAsked:
    """
    What a page shows.

    Attributes:
        wanted: Which records.
        first: The place from which on, from 0.
        limit: How many at most.
    """

    wanted: RecordFilter
    first: int = 0
    limit: int = LIMIT

    @classmethod
    def read(cls, query: Query) -> "PageAsked":
        """Return what an address asks for; what is no number there is the default."""
        texts = {name: query.get(name) or None for name in _TEXTS}
        show = frozenset(kind for kind in SHOWN if query.get(kind))
        return cls(
            wanted=RecordFilter(**texts, show=show),
            first=max(0, _number(query, "from", 1) - 1),
            limit=min(MOST, max(1, _number(query, "limit", LIMIT))),
        )

    def address(self, first: int) -> str:
        """Return the address of the page that begins at a place."""
        wanted = self.wanted
        values = {name: value for name in _TEXTS if (value := getattr(wanted, name)) is not None}
        values |= dict.fromkeys(sorted(wanted.show), "on")
        values |= {"limit": str(self.limit)} if self.limit != LIMIT else {}
        return f"{RECORDS}?{urlencode(values | {'from': str(first + 1)})}"


class VerdictLine(NamedTuple):
    """What was said on one criterion; `standing` is pass, fail or none."""

    criterion: str
    standing: str
    score: str
    by: str
    why: str | None


def records_of(run: str, query: Query) -> HttpAnswer:
    """Return a page of the records of the run at a URI; what prevents it is said in words."""
    try:
        page = _SentPage(RunRecords(RunDefinition.load(run)), PageAsked.read(query))
        events = page.events()
        # What is asked for wrongly is known before anything is sent.
        style = read_assets("", _STYLES)
    except EvaldropError as error:
        return HttpAnswer(HTTPStatus.CONFLICT, body=f"{visible(str(error))}\n".encode())
    policy = policy_of(style, None).replace("form-action 'none'", "form-action 'self'")
    pieces = template("records.html.j2").generate(
        style=Markup(style),  # noqa: S704 - this package's own file
        policy=policy,
        page=page,
        events=events,
        cut=cut,
        shown=visible,
        kinds=_WORDS,
    )
    return HttpAnswer(
        HTTPStatus.OK, KINDS["html"], stream=(piece.encode() for piece in pieces), policy=policy
    )


class _SentPage:
    """
    A page while it is sent.

    Attributes:
        next: From where on more may be; None at the run's end.
        trouble: What ended it early.
        n: How many records are shown.
    """

    def __init__(self, records: RunRecords, asked: PageAsked) -> None:
        self.records, self.asked, self.run = records, asked, records.run
        self.next: int | None = None
        self.trouble: str | None = None
        self.n = 0

    @property
    def categories(self) -> Sequence[str]:
        """The categories that can be asked for: those of the scorecard."""
        try:
            cards = read_scorecard(self.run.folder).candidates.values()
        except StorageError:
            return ()
        return list(dict.fromkeys(name for card in cards for name in card.categories))

    def events(self) -> Iterator[RecordRows | Looked]:
        """Return the records of the page, and now and then how far was looked."""
        return self._events(self.records.found(self.asked.wanted, self.asked.first))

    def _events(self, found: Iterator[RecordRows | Looked]) -> Iterator[RecordRows | Looked]:
        said = time.monotonic()
        try:
            for event in found:
                if isinstance(event, RecordRows):
                    self.n += 1
                    yield event
                    if self.n == self.asked.limit:
                        # Whether one more fits is not looked for: it may be far away.
                        self.next = event.ordinal + 1 if event.ordinal + 1 < self.records.end else None
                        return
                elif time.monotonic() - said > _SAID_EVERY_S:
                    said = time.monotonic()
                    yield event
        except StorageError as error:
            self.trouble = first_line(error)

    def verdicts(self, record: RecordRows, candidate: str) -> Iterator[VerdictLine]:
        """Yield what was said of a candidate's response."""
        several, criteria = len(self.run.judges) > 1, self.run.criteria
        for row in record.verdicts:
            if row["candidate"] == candidate:
                passed, score = row["passed"], row["score"]
                yield VerdictLine(
                    row["criterion"],
                    "none" if passed is None else "pass" if passed else "fail",
                    _score(score, criteria.get(row["criterion"]))
                    if score is not None
                    else row["unscored_reason"],
                    row["judge"] if several else "",
                    row["rationale"],
                )


def cut(text: str) -> str:
    """Return a text as the page has it: what is not seen is seen, and of a very long one the beginning."""
    return visible(beginning(text))


def _score(score: float, criterion: Criterion | None) -> str:
    """Return a score as its scale has it: on a menu, the answer's name."""
    points = criterion.scale.points if criterion is not None and criterion.scale.kind == "choices" else ()
    return next((point.label for point in points if point.value == score), figures.score(score))


def _number(query: Query, name: str, default: int) -> int:
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default
