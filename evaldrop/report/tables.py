"""
The tables of a scorecard that are shown in several places, each described once.

What only one medium shows is made where it is shown.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from evaldrop.report import behind, links
from evaldrop.report.changes import Axis, perturbed, perturbed_axis
from evaldrop.report.columns import (
    MARKDOWN,
    PAGE,
    TERMINAL,
    Cell,
    Column,
    Table,
    Tone,
    Words,
    text_of,
    with_interval,
    words,
)
from evaldrop.report.links import Link
from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.baseline import Baseline, BaselineEstimate
from evaldrop.scorecard.model.guardrails import BlockedShare
from evaldrop.scorecard.model.paired import PairedEstimate
from evaldrop.scorecard.model.recommendation import RankedCandidate, Recommendation, SinceBaseline
from evaldrop.scorecard.model.scorecard import (
    NO_GATE,
    OVERALL,
    CandidateScorecard,
    Comparison,
    OpenInterval,
    ResponseCounts,
    Scorecard,
)
from evaldrop.scorecard.recommendation import recommendation_of
from evaldrop.scorecard.recommendation.leads import WIN_RATE

_GATE_TONES: dict[str, Tone] = {"pass": "good", "fail": "bad", "inconclusive": "doubtful"}
_CHANGE_WORDS = {"improved": "better", "regressed": "worse", "undecided": "open"}
_WITH_MISSING = "Wider than elsewhere where verdicts are missing: it holds whatever they would have been"
_THINKING = "Replies that hold thinking: it is no part of the response"


def ranking(scorecard: Scorecard) -> Table:
    """Return the candidates as the recommendation ranks them: quality, price, latency, gate, change."""
    found = recommendation_of(scorecard)
    rows = found.ranking
    level = figures.percent(scorecard.confidence)
    decides = "win rate" if found.quantity == WIN_RATE else found.quantity or "quality"
    missing = "no rule" if scorecard.gate.decision != NO_GATE else NO_GATE
    changes = [_changed(row.change) for row in rows] if any(row.change for row in rows) else []
    names = [row.candidate for row in rows]
    gates = [NO_GATE if missing == NO_GATE else missing if row.gate == "none" else row.gate for row in rows]
    return Table(
        title="Candidates, the best first",
        classes="numbers ranking stacked",
        columns=[
            words("candidate", [_ranked(row, found.choice) for row in rows]),
            Column(
                f"{figures.label(decides, 14)} ({level})",
                list(map(_quality, rows)),
                note=_WITH_MISSING,
                links=[behind.quality(scorecard, name, found.quantity) for name in names],
            ),
            Column(
                "USD/1,000",
                [_price(row, scorecard) for row in rows],
                links=[behind.price(scorecard, name) for name in names],
            ),
            Column(
                "p90",
                [figures.milliseconds(row.latency_ms_p90) for row in rows],
                links=[behind.latency(scorecard.candidates[name], name) for name in names],
            ),
            words("gate", [(Words(word, _GATE_TONES.get(word, "muted")),) for word in gates], wrap="never"),
            *([Column("since baseline", changes, links=_since(scorecard, names, found))] if changes else []),
        ],
    )


def _since(scorecard: Scorecard, names: Sequence[str], found: Recommendation) -> list[Link | None]:
    baseline, decides = scorecard.baseline, found.quantity or OVERALL
    cards = baseline.candidates if baseline else {}
    known = {name: cards[name].criteria.get(decides) for name in names if name in cards}
    return [
        behind.moved(baseline, name, decides, estimate, "paired")
        if baseline and (estimate := known.get(name))
        else None
        for name in names
    ]


def ranking_in_lines(scorecard: Scorecard) -> list[str]:
    """Return the ranking as plain lines, for a message that has neither columns nor a fixed width."""
    names, *others = ranking(scorecard).columns
    return [
        f"{place}. {figures.one_line(text_of(name))}: {'; '.join(_said(column, place) for column in others)}"
        for place, name in enumerate(names.cells, 1)
    ]


def _said(column: Column, place: int) -> str:
    cell = text_of(column.cells[place - 1])
    # "no gate" and "no rule" say by themselves what is absent.
    return cell if cell.startswith("no ") else f"{column.heading} {cell}"


def _ranked(row: RankedCandidate, choice: str | None) -> Cell:
    return (Words(row.candidate, "strong"),) if row.candidate == choice else row.candidate


def _quality(row: RankedCandidate) -> str:
    if row.interval is None:
        return figures.number(row.quality)
    low, high = (figures.number(bound) for bound in row.interval)
    # A dash before a minus sign would read as an arrow.
    between = f"{low} to {high}" if min(row.interval) < 0 else f"{low}–{high}"
    return f"{figures.number(row.quality)} ({between})"


def _price(row: RankedCandidate, scorecard: Scorecard) -> str:
    return _per_1000(scorecard.candidates[row.candidate])


def _changed(change: SinceBaseline | None) -> Cell:
    if change is None:
        return figures.ABSENT
    word = f"{figures.signed(change.difference)} {_CHANGE_WORDS[change.decision]}"
    return (Words(word, _TONES[change.decision]),)


def operations(scorecard: Scorecard) -> Table:
    """Return cost, latency and losses of every candidate."""
    cards = scorecard.candidates.values()
    counts = [card.responses for card in cards]
    tokens_in = [count(card.tokens.input) for card in cards]
    tokens_out = [count(card.tokens.output) for card in cards]
    tokens = [f"{into} / {out}" for into, out in zip(tokens_in, tokens_out, strict=True)]
    known = [figures.usd(card.cost_usd.per_1000_records) for card in cards]
    priced = [_per_1000(card) for card in cards]
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


def _per_1000(card: CandidateScorecard) -> str:
    # Nothing was called: there is no price for what was given.
    if card.cost_usd.candidate is not None and card.cost_usd.per_1000_records is None:
        return figures.ABSENT
    return figures.usd(card.cost_usd.per_1000_records)


_OF_FAMILY = "wider than that of one comparison alone, for it holds for all that are decided together"


def pairs(scorecard: Scorecard) -> Table:
    """Return every comparison of two candidates."""
    found = scorecard.comparisons
    scored = [behind.compared(pair) for pair in found]
    return Table(
        title="All pairs",
        classes="numbers dense",
        row_classes=["decided" if pair.decisive else "open" for pair in found],
        columns=[
            words("criterion", [pair.criterion for pair in found]),
            words("pair", [f"{pair.a} − {pair.b}" for pair in found]),
            words("", [_strong(pair.decisive and f"{pair.better} is better") for pair in found], MARKDOWN),
            *difference(found, scored),
            Column("p", [figures.p_value(pair.p_value) for pair in found], PAGE, links=scored),
            *_tested(found, scored),
            Column("records", [count(pair.n) for pair in found], PAGE, links=scored),
            replace(words("by", [_decider(pair) for pair in found], rank=1), links=_by_people(found)),
            replace(words("decision", [_decision(pair) for pair in found], PAGE), links=_lacking(found)),
        ],
    )


def _by_people(found: Sequence[Comparison]) -> list[Link | None]:
    """Return the responses of which people said something; on overall quality on any criterion of it."""
    return [links.labelled(pair.criterion, "labelled", None) if pair.n_labelled else None for pair in found]


def _lacking(found: Sequence[Comparison]) -> list[Link | None]:
    """Return the records without a verdict, where a decision says how many these are."""
    return [behind.missing(pair) if not pair.decisive and pair.open == "missing" else None for pair in found]


def _decider(pair: Comparison) -> str:
    """Return whose verdicts a comparison rests on, and how many records people labelled."""
    if pair.rests_on == "judge":
        return "judge alone"
    who = "people" if pair.rests_on == "people" else "people and judge"
    return f"{who}, {count(pair.n_labelled)} labelled"


def _decision(pair: Comparison) -> Cell:
    return (Words(pair.better or "", "strong"), Words("is better")) if pair.decisive else _open(_why(pair))


def _strong(decision: str | Literal[False], undecided: Cell = "not decided") -> Cell:
    return (Words(decision, "strong"),) if decision else undecided


def _open(reason: str | None, said: str = "not\u00a0decided") -> Cell:
    return (Words(f"{said}: {reason}" if reason else said, "muted"),)


def _why(found: PairedEstimate) -> str | None:
    """Return why a difference is open, but for chance, which needs no words."""
    if found.open == "missing":
        return f"{count(found.n_missing)} records lack a verdict"
    return found.reason or ("few records differ" if found.open == "few_changed" else None)


def difference(found: Sequence[PairedEstimate], opens: Sequence[Link | None] = ()) -> Iterator[Column]:
    """Yield the columns of a difference and its interval."""
    yield Column("difference", [figures.signed(one.difference) for one in found], links=opens)
    bounds = [figures.interval(one.reported_interval) for one in found]
    yield Column("interval", bounds, note=_OF_FAMILY, links=opens)


def _tested(found: Sequence[PairedEstimate], opens: Sequence[Link | None]) -> Iterator[Column]:
    yield Column("p (Holm)", [figures.p_value(one.p_adjusted) for one in found], links=opens)
    yield Column("detectable", [figures.number(one.minimum_detectable) for one in found], links=opens)


def decided_slices(scorecard: Scorecard) -> list[tuple[str, Comparison]]:
    """Return the comparisons in which a candidate is decidedly better, with their category."""
    parts = scorecard.slices.items()
    return [(category, pair) for category, part in parts for pair in part.comparisons if pair.decisive]


_TONES: dict[str, Tone] = {"improved": "good", "regressed": "bad", "undecided": "muted"}
_CLASSES = {"improved": "better", "regressed": "worse", "undecided": ""}
# Candidate, criterion and category; "" is all records.
Movement = tuple[tuple[str, str, str], BaselineEstimate]


def criterion_changes(baseline: Baseline) -> list[Movement]:
    """Return how every criterion of every candidate moved."""
    cards = baseline.candidates.items()
    return [
        ((name, criterion, ""), moved) for name, card in cards for criterion, moved in card.criteria.items()
    ]


def by_decision(baseline: Baseline) -> tuple[list[Movement], list[Movement]]:
    """Return how criteria moved where that is decided, what regressed first; and where it is not."""
    found = criterion_changes(baseline)
    decided = [one for one in found if one[1].decision != "undecided"]
    decided.sort(key=lambda one: one[1].decision != "regressed")
    return decided, [one for one in found if one[1].decision == "undecided"]


def baseline_changes(
    changes: Sequence[Movement], axis: Axis | None = None, baseline: Baseline | None = None
) -> Table:
    """Return what moved since the baseline; `axis` places it on a page, whose numbers open their records."""

    def opens(kind: links.Change) -> list[Link | None]:
        # A category's numbers are for terminals.
        return [
            behind.moved(baseline, candidate, criterion, one, kind) if baseline and not category else None
            for (candidate, criterion, category), one in changes
        ]

    names, found = [about for about, _ in changes], [estimate for _, estimate in changes]
    moved = [figures.signed(one.difference) for one in found]
    both = [f"{count(one.better)} / {count(one.worse)}" for one in found]
    detectable = [figures.number(one.minimum_detectable) for one in found]
    decided = [one.decision != "undecided" and one.decision for one in found]
    reasons = [_open(_why(one)) for one in found]
    return Table(
        title="Changes against the baseline" + ("" if not found or any(decided) else ", not decided"),
        classes="numbers changes",
        columns=[
            words("candidate", [candidate for candidate, _, _ in names]),
            words("criterion", [criterion for _, criterion, _ in names]),
            words("", [(Words(one.decision, _TONES[one.decision]),) for one in found], TERMINAL),
            words("", list(map(_strong, decided)), MARKDOWN),
            words("category", [category for _, _, category in names], TERMINAL),
            *([] if axis is None else [_plot("share of the scale", axis, [about[:2] for about in names])]),
            Column("now - then", moved, TERMINAL),
            Column(
                "now − then",
                moved,
                MARKDOWN | PAGE,
                classes=[_CLASSES[one.decision] for one in found],
                links=opens("paired"),
            ),
            Column(
                "interval",
                [figures.interval(one.reported_interval) for one in found],
                links=opens("paired"),
            ),
            Column(
                "p (Holm)", [figures.p_value(one.p_adjusted) for one in found], rank=3, links=opens("paired")
            ),
            Column("detectable", detectable, PAGE, links=opens("paired")),
            Column("better / worse", both, MARKDOWN),
            Column(
                "better",
                [count(one.better) for one in found],
                TERMINAL | PAGE,
                rank=1,
                links=opens("better"),
            ),
            Column(
                "worse", [count(one.worse) for one in found], TERMINAL | PAGE, rank=1, links=opens("worse")
            ),
            Column("records", [count(one.n) for one in found], TERMINAL, rank=4),
            Column("lost", [count(one.lost) for one in found], PAGE, links=opens("lost")),
            Column("detectable", detectable, TERMINAL | MARKDOWN, rank=2),
            words("decision", list(map(_strong, decided, reasons)), PAGE),
        ],
    )


def _plot(heading: str, axis: Axis, keys: Sequence[tuple[str, ...]]) -> Column:
    return Column(heading, [axis.dots.get(key) for key in keys], PAGE, "plot", ticks=axis.ticks)


def worst_records(baseline: Baseline) -> Table:
    """Return the records that lost most since the baseline."""
    found = baseline.worst_records
    moved = [f"{figures.number(one.was)} → {figures.number(one.now)}" for one in found]
    return Table(
        title="Scores that fell most",
        columns=[
            words("record", [(Words(one.record_id, "record"),) for one in found]),
            words("candidate", [one.candidate for one in found]),
            words("criterion", [one.criterion for one in found]),
            Column("then", [figures.score(one.was) for one in found], MARKDOWN),
            Column("now", [figures.score(one.now) for one in found], MARKDOWN),
            Column("then → now", moved, PAGE, links=[links.record(one.record_id) for one in found]),
        ],
    )


def perturbations(scorecard: Scorecard) -> Table:
    """Return what perturbing prompts does to scores: the copy's minus the record's."""
    rows = perturbed(scorecard)
    drops = [row.drop for row in rows]
    keys = [(row.perturbation, row.candidate, row.on) for row in rows]
    # A drop is shown as a change, so that its bounds change sign and places.
    family = [drop.reported_interval for drop in drops]
    bounds = [interval and (-interval[1], -interval[0]) for interval in family]
    changes = [None if drop.drop is None else -drop.drop for drop in drops]
    decided = [drop.decisive and ("worse" if (drop.drop or 0.0) > 0 else "better") for drop in drops]
    reasons = [_open(_why(drop)) for drop in drops]
    unanswered = [f"{count(row.missing)} of {count(row.copies)}" for row in rows]
    copied = [
        behind.perturbed(scorecard, row.candidate, row.on, row.perturbation, row.drop.n) for row in rows
    ]
    all_copies = [
        links.link(row.copies, "pairs", candidate=row.candidate, answer="evaluated", copies=row.perturbation)
        for row in rows
    ]
    return Table(
        title="Perturbed prompts",
        columns=[
            words("perturbed by", [row.perturbation for row in rows]),
            words("candidate", [row.candidate for row in rows]),
            words("on", [row.on for row in rows]),
            words("", list(map(_strong, decided)), MARKDOWN),
            _plot("", perturbed_axis(scorecard, rows), keys),
            Column("change", list(map(figures.signed, changes)), links=copied),
            Column("interval", list(map(figures.interval, bounds)), links=copied),
            Column("p (Holm)", [figures.p_value(drop.p_adjusted) for drop in drops], PAGE, links=copied),
            Column("pairs", [count(drop.n) for drop in drops], links=copied),
            Column("unanswered", unanswered, PAGE, links=all_copies),
            words("decision", list(map(_strong, decided, reasons)), PAGE),
        ],
    )


def guardrails(scorecard: Scorecard) -> Table:
    """Return what guardrails stopped, a row per candidate; none where no record says what is expected."""
    known = {name: card.guardrail for name, card in scorecard.candidates.items() if card.guardrail}
    found = list(known.values())
    ids = [one.guardrail or "none" for one in found]
    texts = TERMINAL | MARKDOWN
    shares = {
        ("bad", "blocked"): [one.blocked_bad for one in found],
        ("bad", "passed"): [one.passed_bad for one in found],
        ("good", "blocked"): [one.blocked_good for one in found],
    }
    ends = {
        "refused": [one.refused_bad.n + one.refused_good.n for one in found],
        "unknown": [one.unknown_bad + one.unknown_good for one in found],
    }
    return Table(
        title="What guardrails stopped",
        columns=[
            words("candidate", list(known)),
            words("guardrail", ids, texts, wrap="anywhere"),
            *(Column(" ".join(end), list(map(_share, one)), texts) for end, one in shares.items()),
            Column("guardrail", ids, PAGE),
            *(
                Column(
                    ", ".join(end),
                    list(map(share_in_parts, one)),
                    PAGE,
                    links=[behind.guarded(name, each, end[1], end[0]) for name, each in known.items()],
                )
                for end, one in shares.items()
            ),
            *(
                Column(
                    end,
                    list(map(count, numbers)),
                    links=[
                        links.guarded(name, "any", end, n) for name, n in zip(known, numbers, strict=True)
                    ],
                )
                for end, numbers in ends.items()
            ),
        ],
    )


def _share(share: BlockedShare) -> str:
    counts = f"{count(share.n)} of {count(share.of)}"
    if share.rate is None:
        return counts
    return f"{counts}, {figures.percent(share.rate)} ({figures.percent_interval(share.interval)})"


def share_in_parts(share: BlockedShare) -> Cell:
    """Return a share as its rate, its interval and its counts."""
    if share.rate is None:
        return (Words(figures.ABSENT, "muted"),)
    bounds = figures.percent_interval(share.interval)
    counts = f"{count(share.n)} of {count(share.of)}"
    return (Words(figures.percent(share.rate), "strong"), Words(bounds, "muted"), Words(counts, "small"))


def guardrail_pairs(scorecard: Scorecard) -> Table:
    """Return the comparisons of two candidates on what their guardrails block."""
    found = scorecard.guardrail_comparisons
    requests = [pair.requests for pair in found]
    better = [pair.decisive and f"{pair.better} is better" for pair in found]
    reasons = [_open(pair.reason, "not decided") for pair in found]
    known = [behind.both_guarded(pair) for pair in found]
    return Table(
        title="Pairs of candidates on what they block",
        caption="Share blocked, first minus second, on the same requests",
        columns=[
            words("requests", requests, MARKDOWN),
            words("pair", [f"{pair.a} − {pair.b}" for pair in found]),
            Column("requests", requests, PAGE),
            words("", [said or "not decided" for said in better], MARKDOWN),
            *difference(found, known),
            *_tested(found, known),
            Column("decision", list(map(_strong, better, reasons)), PAGE),
        ],
    )
