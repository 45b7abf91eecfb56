"""
The tables of a scorecard that are shown in more than one place, each described once.

What only one medium shows is made where it is shown.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from evaldrop.report.changes import Axis, perturbed, perturbed_axis
from evaldrop.report.columns import (
    MARKDOWN,
    PAGE,
    REPORTS,
    SCREENS,
    TERMINAL,
    TEXTS,
    Cell,
    Column,
    Table,
    Tone,
    Words,
    words,
)
from evaldrop.scorecard.figures import (
    ABSENT,
    count,
    interval,
    milliseconds,
    number,
    p_value,
    percent,
    percent_interval,
    score,
    signed,
    usd,
)
from evaldrop.scorecard.model.baseline import Baseline, BaselineEstimate
from evaldrop.scorecard.model.guardrails import BlockedShare, GuardrailComparison, GuardrailEstimate
from evaldrop.scorecard.model.scorecard import CandidateScorecard, Comparison, RobustnessDrop, Scorecard


def operations(scorecard: Scorecard) -> Table:
    """Return cost, latency and losses of every candidate."""
    names, cards = list(scorecard.candidates), list(scorecard.candidates.values())
    counts = [card.responses for card in cards]
    priced = [_per_1000(card) for card in cards]
    judging = [usd(card.cost_usd.judge) for card in cards]
    errors = [count(one.errors) for one in counts]
    lost = [f"{count(one.errors + one.missing)} of {count(one.n)}" for one in counts]
    answered = [f"{count(one.n - one.errors - one.missing)}/{count(one.n)}" for one in counts]
    tokens_in = [count(card.tokens.input) for card in cards]
    tokens_out = [count(card.tokens.output) for card in cards]
    tokens = [f"{into} / {out}" for into, out in zip(tokens_in, tokens_out, strict=True)]
    return Table(
        title="Cost, latency and losses",
        caption="Cost, latency and losses",
        columns=[
            words("candidate", names),
            words("model", [card.model for card in cards], TEXTS, rank=3),
            Column("USD per 1,000", priced, PAGE),
            Column("judging, USD", judging, PAGE),
            Column("answered", answered, TERMINAL),
            Column("errors", errors, TERMINAL),
            Column("errors", lost, MARKDOWN),
            Column("p50", [milliseconds(card.latency_ms.p50) for card in cards]),
            Column("p90", [milliseconds(card.latency_ms.p90) for card in cards], rank=2),
            Column("p99", [milliseconds(card.latency_ms.p99) for card in cards], PAGE),
            Column("tokens in / out", tokens, MARKDOWN),
            Column("USD per 1,000", [usd(card.cost_usd.per_1000_records) for card in cards], TERMINAL),
            Column("USD per 1,000", priced, MARKDOWN),
            Column("judging", judging, TEXTS, rank=1),
            Column("tokens in", tokens_in, PAGE),
            Column("tokens out", tokens_out, PAGE),
            Column("errors", errors, PAGE),
            Column("missing", [count(one.missing) for one in counts], PAGE),
            Column("refused", [count(one.refused) for one in counts], PAGE),
            Column("cut off", [count(one.truncated) for one in counts], PAGE),
            Column(
                "throttled, repeated",
                [count(one.retries) for one in counts],
                PAGE,
                note="Calls the workflow repeated, most of them throttled",
            ),
        ],
    )


def _per_1000(card: CandidateScorecard) -> str:
    # Nothing was called: there is no price for what was given.
    if card.cost_usd.candidate is not None and card.cost_usd.per_1000_records is None:
        return ABSENT
    return usd(card.cost_usd.per_1000_records)


def pairs(scorecard: Scorecard) -> Table:
    """Return every comparison of two candidates."""
    found = scorecard.comparisons
    return Table(
        title="All pairs",
        row_classes=["decided" if pair.decisive else "open" for pair in found],
        columns=[
            words("criterion", [pair.criterion for pair in found]),
            words("pair", [f"{pair.a} − {pair.b}" for pair in found]),
            words("", [_better(pair) for pair in found], MARKDOWN),
            *_difference(found),
            Column("p", [p_value(pair.p_value) for pair in found], PAGE),
            *_tested(found),
            Column("records", [count(pair.n) for pair in found], PAGE),
            words("decision", [_decision(pair) for pair in found], PAGE),
        ],
    )


def _better(pair: Comparison) -> Cell:
    return (Words(f"{pair.better} is better", "strong"),) if pair.decisive else "not decided"


def _decision(pair: Comparison) -> Cell:
    return (Words(pair.better or "", "strong"), Words("is better")) if pair.decisive else _open(pair.reason)


def _open(reason: str | None, said: str = "not\u00a0decided") -> Cell:
    return (Words(f"{said}: {reason}" if reason else said, "muted"),)


_Tested = Comparison | GuardrailComparison | BaselineEstimate


def _difference(found: Sequence[_Tested], heading: str = "difference") -> Iterator[Column]:
    yield Column(heading, [signed(one.difference) for one in found])
    yield Column("interval", [interval(one.interval) for one in found])


def _tested(found: Sequence[_Tested]) -> Iterator[Column]:
    yield Column("p (Holm)", [p_value(one.p_adjusted) for one in found])
    yield Column("detectable", [number(one.minimum_detectable) for one in found])


def decided_slices(scorecard: Scorecard) -> Table:
    """Return the categories in which a candidate is decidedly better."""
    found = [(category, pair) for category, part in scorecard.slices.items() for pair in part.comparisons]
    found = [(category, pair) for category, pair in found if pair.decisive]
    decided = [pair for _, pair in found]
    better = [(Words(pair.better or "", "strong"), Words(f"of {pair.a}, {pair.b}")) for pair in decided]
    return Table(
        title="Categories in which a candidate is decidedly better",
        columns=[
            words("category", [category for category, _ in found]),
            words("criterion", [pair.criterion for pair in decided]),
            words("better", better),
            *_difference(decided),
            Column("records", [count(pair.n) for pair in decided]),
        ],
    )


_TONES: dict[str, Tone] = {"improved": "good", "regressed": "bad", "undecided": "muted"}
_NO_AXIS = Axis(dots={}, ticks=())


class Change(NamedTuple):
    """What moved since the baseline, of a candidate on a criterion, perhaps within one category."""

    candidate: str
    criterion: str
    category: str
    estimate: BaselineEstimate


def changes_since(baseline: Baseline) -> Iterator[Change]:
    """Yield what moved: every criterion of every candidate, and what is decided within a category."""
    for name, card in baseline.candidates.items():
        for criterion, estimate in card.criteria.items():
            yield Change(name, criterion, "", estimate)
        for category, parts in card.categories.items():
            for criterion, estimate in parts.items():
                if estimate.decision != "undecided":
                    yield Change(name, criterion, category, estimate)


def whole_changes(baseline: Baseline) -> list[Change]:
    """Return what moved on whole criteria."""
    return [change for change in changes_since(baseline) if not change.category]


def baseline_changes(changes: Sequence[Change], axis: Axis = _NO_AXIS) -> Table:
    """Return what moved since the baseline; `axis` places it on a page."""
    found = [change.estimate for change in changes]
    detectable = [number(one.minimum_detectable) for one in found]
    better, worse = [count(one.better) for one in found], [count(one.worse) for one in found]
    both = [f"{up} / {down}" for up, down in zip(better, worse, strict=True)]
    marks = [axis.dots.get((change.candidate, change.criterion)) for change in changes]
    tones = {"improved": "better", "regressed": "worse"}
    return Table(
        title="Changes against the baseline",
        classes="numbers changes",
        columns=[
            words("candidate", [change.candidate for change in changes]),
            words("criterion", [change.criterion for change in changes]),
            words("", [(Words(one.decision, _TONES[one.decision]),) for one in found], TERMINAL),
            words("", [_moved(one, "not decided") for one in found], MARKDOWN),
            words("category", [change.category for change in changes], TERMINAL),
            Column("share of the scale", marks, PAGE, "plot", ticks=axis.ticks),
            Column("now - then", [signed(one.difference) for one in found], TERMINAL),
            Column(
                "now − then",
                [signed(one.difference) for one in found],
                REPORTS,
                classes=[tones.get(one.decision, "") for one in found],
            ),
            Column("interval", [interval(one.interval) for one in found]),
            Column("p (Holm)", [p_value(one.p_adjusted) for one in found], rank=3),
            Column("detectable", detectable, PAGE),
            Column("better / worse", both, MARKDOWN),
            Column("better", better, SCREENS, rank=1),
            Column("worse", worse, SCREENS, rank=1),
            Column("records", [count(one.n) for one in found], TERMINAL, rank=4),
            Column("lost", [count(one.lost) for one in found], PAGE),
            Column("detectable", detectable, TEXTS, rank=2),
            words("decision", [_moved(one, _open(one.reason)) for one in found], PAGE),
        ],
    )


def _moved(estimate: BaselineEstimate, undecided: Cell) -> Cell:
    return undecided if estimate.decision == "undecided" else (Words(estimate.decision, "strong"),)


def worst_records(baseline: Baseline) -> Table:
    """Return the records that lost most since the baseline."""
    found = baseline.worst_records
    moved = [f"{number(record.was)} → {number(record.now)}" for record in found]
    return Table(
        title="Scores that fell most",
        columns=[
            words("record", [(Words(record.record_id, "record"),) for record in found]),
            words("candidate", [record.candidate for record in found]),
            words("criterion", [record.criterion for record in found]),
            Column("then", [score(record.was) for record in found], MARKDOWN),
            Column("now", [score(record.now) for record in found], MARKDOWN),
            Column("then → now", moved, PAGE),
        ],
    )


def perturbations(scorecard: Scorecard) -> Table:
    """Return what perturbing prompts does to scores."""
    rows = perturbed(scorecard)
    drops = [row.drop for row in rows]
    axis = perturbed_axis(scorecard, rows)
    marks = [axis.dots.get((row.perturbation, row.candidate, row.on)) for row in rows]
    bounds = [(-drop.interval[1], -drop.interval[0]) if drop.interval else None for drop in drops]
    return Table(
        title="Perturbed prompts",
        columns=[
            words("perturbed by", [row.perturbation for row in rows]),
            words("candidate", [row.candidate for row in rows]),
            words("on", [row.on for row in rows]),
            words("", [_did(drop, "not decided") for drop in drops], MARKDOWN),
            Column("", marks, PAGE, "plot", ticks=axis.ticks),
            Column("change", [signed(-drop.drop) for drop in drops]),
            Column("interval", [interval(one) for one in bounds]),
            Column("p (Holm)", [p_value(drop.p_adjusted) for drop in drops], PAGE),
            Column("pairs", [count(drop.n) for drop in drops]),
            Column("unanswered", [f"{count(row.missing)} of {count(row.copies)}" for row in rows], PAGE),
            words("decision", [_did(drop, _open(drop.reason)) for drop in drops], PAGE),
        ],
    )


def _did(drop: RobustnessDrop, undecided: Cell) -> Cell:
    return (Words("worse" if drop.drop > 0 else "better", "strong"),) if drop.decisive else undecided


def guardrails(scorecard: Scorecard) -> Table:
    """Return what guardrails stopped, a row per candidate; none where no record says what is expected."""
    found = _guarded(scorecard)
    ids = [one.guardrail or "none" for one in found.values()]
    bad_blocked = [one.blocked_bad for one in found.values()]
    bad_passed = [one.passed_bad for one in found.values()]
    good_blocked = [one.blocked_good for one in found.values()]
    refused = [count(one.refused_bad.n + one.refused_good.n) for one in found.values()]
    unknown = [count(one.unknown_bad + one.unknown_good) for one in found.values()]
    return Table(
        title="What guardrails stopped",
        columns=[
            words("candidate", list(found)),
            words("guardrail", ids, TEXTS, wrap="anywhere"),
            Column("bad blocked", list(map(share_in_figures, bad_blocked)), TEXTS),
            Column("bad passed", list(map(share_in_figures, bad_passed)), TEXTS),
            Column("good blocked", list(map(share_in_figures, good_blocked)), TEXTS),
            Column("guardrail", ids, PAGE),
            Column("bad, blocked", list(map(_share, bad_blocked)), PAGE),
            Column("bad, passed", list(map(_share, bad_passed)), PAGE),
            Column("good, blocked", list(map(_share, good_blocked)), PAGE),
            Column("refused", refused),
            Column("unknown", unknown),
        ],
    )


def blocked_by_category(scorecard: Scorecard, kind: Literal["bad", "good"]) -> Table:
    """Return the share of bad or of good requests that each candidate's guardrail blocked, by category."""
    found = _guarded(scorecard)
    categories = list(next(iter(found.values())).categories) if found else []
    return Table(
        title=f"Share of {kind} requests blocked by category",
        caption=f"{kind} requests, blocked",
        columns=[
            words("category", categories),
            *(
                Column(
                    name, [_share(getattr(one.categories[part], f"blocked_{kind}")) for part in categories]
                )
                for name, one in found.items()
            ),
        ],
    )


def _guarded(scorecard: Scorecard) -> dict[str, GuardrailEstimate]:
    return {name: card.guardrail for name, card in scorecard.candidates.items() if card.guardrail}


def share_in_figures(share: BlockedShare) -> str:
    """Return a share as its counts, its rate and its interval, such as `33 of 44, 75 % (61–85 %)`."""
    counts = f"{count(share.n)} of {count(share.of)}"
    if share.rate is None:
        return counts
    return f"{counts}, {percent(share.rate)} ({percent_interval(share.interval)})"


def _share(share: BlockedShare) -> Cell:
    if share.rate is None:
        return (Words(ABSENT, "muted"),)
    return (
        Words(percent(share.rate), "strong"),
        Words(percent_interval(share.interval), "muted"),
        Words(f"{count(share.n)} of {count(share.of)}", "small"),
    )


def guardrail_pairs(scorecard: Scorecard) -> Table:
    """Return the comparisons of two candidates on what their guardrails block."""
    found = scorecard.guardrail_comparisons
    requests = [pair.requests for pair in found]
    names = [f"{pair.a} − {pair.b}" for pair in found]
    better = [f"{pair.better} is better" if pair.decisive else None for pair in found]
    decisions = [
        (Words(said, "strong"),) if said else _open(pair.reason, "not decided")
        for said, pair in zip(better, found, strict=True)
    ]
    return Table(
        title="Pairs of candidates on what they block",
        caption="Share blocked, first minus second, on the same requests",
        columns=[
            words("requests", requests, MARKDOWN),
            words("pair", names),
            Column("requests", requests, PAGE),
            words("", [said or "not decided" for said in better], MARKDOWN),
            *_difference(found),
            *_tested(found),
            Column("decision", decisions, PAGE),
        ],
    )
