"""What candidates cost, how long they took and what was lost."""

from collections.abc import Callable, Sequence

from evaldrop.report import behind, links
from evaldrop.report.columns import (
    MARKDOWN,
    PAGE,
    TERMINAL,
    Cell,
    Column,
    Table,
    Words,
    with_interval,
    words,
)
from evaldrop.report.links import Link
from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    OpenInterval,
    ResponseCounts,
    Scorecard,
)

_THINKING = "Replies that hold thinking: it is no part of the response"


def operations(scorecard: Scorecard) -> Table:
    """Return cost, latency and losses of every candidate."""
    cards = scorecard.candidates.values()
    counts = [card.responses for card in cards]
    tokens_in = [count(card.tokens.input) for card in cards]
    tokens_out = [count(card.tokens.output) for card in cards]
    tokens = [f"{into} / {out}" for into, out in zip(tokens_in, tokens_out, strict=True)]
    known = [figures.usd(card.cost_usd.per_1000_records) for card in cards]
    priced = [per_1000(card) for card in cards]
    judging = [figures.usd(card.cost_usd.judge) for card in cards]
    price_bounds = [figures.usd_interval(card.cost_usd.per_1000_interval) for card in cards]
    p50 = [(card.latency_ms.p50, card.latency_ms.p50_interval) for card in cards]
    p90 = [(card.latency_ms.p90, card.latency_ms.p90_interval) for card in cards]
    p99 = [(card.latency_ms.p99, card.latency_ms.p99_interval) for card in cards]
    level, texts = figures.percent(scorecard.confidence), TERMINAL | MARKDOWN
    errors = [count(one.errors) for one in counts]
    lost = [f"{count(one.errors + one.missing)} of {count(one.n)}" for one in counts]
    answered = [f"{count(one.n - one.errors - one.missing)}/{count(one.n)}" for one in counts]
    # Where there are any: a column of naughts would take the room of others.
    empty = [count(one.empty) for one in counts] if any(one.empty for one in counts) else []
    thinking = [count(one.thinking) for one in counts] if any(one.thinking for one in counts) else []
    called = list(scorecard.candidates.items())

    def ended(reason: str, n: Callable[[ResponseCounts], int]) -> list[Link | None]:
        return [links.stopped(name, n(card.responses), reason) for name, card in called]

    def answered_so(kind: str, n: Callable[[ResponseCounts], int]) -> list[Link | None]:
        return [links.answers(name, n(card.responses), kind) for name, card in called]

    timed = [behind.latency(card, name) for name, card in called]
    sent = [links.answers(name, None, "called") for name in scorecard.candidates]
    judged = [links.answers(name, None, "answered") if card.criteria else None for name, card in called]
    repeated = "Calls the workflow repeated, most of them throttled"
    return Table(
        title="Cost, latency and losses",
        caption="Cost, latency and losses",
        classes="numbers dense",
        columns=[
            words("candidate", list(scorecard.candidates)),
            words("model", [card.model for card in cards], texts, rank=4),
            Column(
                "USD per 1,000",
                list(map(with_interval, priced, price_bounds)),
                PAGE,
                links=[behind.price(scorecard, name) for name in scorecard.candidates],
            ),
            Column("judging, USD", judging, PAGE, links=judged),
            Column("answered", answered, TERMINAL),
            Column("errors", errors, TERMINAL),
            Column("errors", lost, MARKDOWN),
            *([Column("empty", empty, texts)] if empty else []),
            *(_latency(*one, called, timed) for one in (("p50", p50), ("p90", p90), ("p99", p99))),
            Column("p50", [figures.milliseconds(value) for value, _ in p50], texts),
            Column("p90", [figures.milliseconds(value) for value, _ in p90], texts, rank=2),
            Column(
                f"p90, {level}", [figures.milliseconds_interval(bounds) for _, bounds in p90], texts, rank=3
            ),
            Column("tokens in / out", tokens, MARKDOWN),
            Column("USD per 1,000", known, TERMINAL),
            Column("USD per 1,000", priced, MARKDOWN),
            Column(f"USD, {level}", price_bounds, texts, rank=3),
            Column("judging", judging, texts, rank=1),
            Column("tokens in", tokens_in, PAGE, links=sent),
            Column("tokens out", tokens_out, PAGE, links=sent),
            Column("errors", errors, PAGE, links=answered_so("error", lambda one: one.errors)),
            *(
                [Column("empty", empty, PAGE, links=answered_so("empty", lambda one: one.empty))]
                if empty
                else []
            ),
            Column(
                "missing",
                [count(one.missing) for one in counts],
                PAGE,
                links=answered_so("missing", lambda one: one.missing),
            ),
            Column(
                "refused",
                [count(one.refused) for one in counts],
                PAGE,
                links=ended("refused", lambda one: one.refused),
            ),
            Column(
                "cut off",
                [count(one.truncated) for one in counts],
                PAGE,
                links=ended("cut_off", lambda one: one.truncated),
            ),
            *(
                [
                    Column(
                        "with thinking",
                        thinking,
                        PAGE,
                        note=_THINKING,
                        links=answered_so("thinking", lambda one: one.thinking),
                    )
                ]
                if thinking
                else []
            ),
            Column(
                "throttled, repeated",
                [count(one.retries) for one in counts],
                PAGE,
                note=repeated,
                links=[
                    links.answers(name, None, "retried") if card.responses.retries else None
                    for name, card in called
                ],
            ),
        ],
    )


def _latency(
    heading: str,
    found: Sequence[tuple[float | None, OpenInterval | None]],
    called: Sequence[tuple[str, CandidateScorecard]],
    timed: Sequence[Link | None],
) -> Column:
    """Return a percentile's column on a page: it opens the calls at or above it, its interval all of them."""
    cells: list[Cell] = []
    for (value, bounds), (name, _), rests in zip(found, called, timed, strict=True):
        shown = Words(figures.milliseconds(value), to=links.slower(name, value))
        between = figures.milliseconds_interval(bounds)
        cells.append((shown,) if between == figures.ABSENT else (shown, Words(between, "muted", rests)))
    return Column(heading, cells, PAGE)


def per_1000(card: CandidateScorecard) -> str:
    """Return what a candidate costs for 1,000 records."""
    # Nothing was called: there is no price for what was given.
    if card.cost_usd.candidate is not None and card.cost_usd.per_1000_records is None:
        return figures.ABSENT
    return figures.usd(card.cost_usd.per_1000_records)
