"""A scorecard on a terminal: intervals drawn as text, numbers that do not round to 0 % or 100 %."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.layout import GAP, cut_apart, fitting, rooms, taken
from evaldrop.cli.tables.terminal import (
    draw_interval,
    print_fitting,
    print_hidden,
    print_models,
    print_table,
    print_title,
)
from evaldrop.report.changes import robustness_drops
from evaldrop.report.columns import TERMINAL, Column, text_of, words
from evaldrop.report.deliveries import deliveries
from evaldrop.report.failures import reasons_of, shown_candidate
from evaldrop.report.preferences import preference_pairs, preferences
from evaldrop.report.sentences import loss_in_words
from evaldrop.report.tables.answers import field_scores, label_scores
from evaldrop.report.tables.guardrails import guardrails
from evaldrop.report.tables.operations import operations
from evaldrop.report.tables.prompts import improved_prompts, tuned_on
from evaldrop.report.tables.ranking import ranking
from evaldrop.scorecard.figures import (
    count,
    duration,
    interval,
    number,
    percent,
    percent_interval,
    score,
    usd,
)
from evaldrop.scorecard.model.recommendation import NOTHING_TO_SHIP
from evaldrop.scorecard.model.scorecard import CriterionEstimate, Scorecard
from evaldrop.scorecard.recommendation import recommendation_of

BAR_CELLS = 30
NAME_CELLS = 12
# More pairs of candidates are looked up, not read.
MOST_PAIRS = 10
# So many criteria are told of in a line.
MOST_REASONS = 3
# More candidates than these are ranked a line each, their names cut: on several lines they would not fit a
# screen.
MOST_FOLDED = 8
# A bar that is shorter shows nothing.
LEAST_BAR = 14

DECISION_COLOURS = {"pass": "green", "fail": "red", "inconclusive": "yellow", "no gate": "dim"}


def print_scorecard(console: Console, scorecard: Scorecard) -> None:
    """Print a run's scorecard: which candidate to ship, the candidates, then all that it rests on."""
    print_recommendation(console, scorecard)
    print_title(console, scorecard.evaluation, scorecard.run_id, simulated=scorecard.simulated)
    records = scorecard.records
    lost = [
        f"{count(n)} {word}"
        for n, word in (
            (records.rejected, "rejected"),
            (records.missing, "missing"),
            (records.skipped, "not begun: the budget was spent"),
            (tuned_on(scorecard), "tuned on"),
        )
        if n
    ]
    counts = ", ".join([f"{count(records.evaluated)} of {count(records.read)} records", *lost])
    cost = scorecard.cost_usd
    spent = usd(cost.total)
    # The known part is no total: a model without a price would look free.
    if cost.total is None:
        spent = f"{usd(cost.known)} and what is unknown: {', '.join(map(shown, cost.unknown_models))}"
    print_prose(console, f"{counts}; {duration(scorecard.duration_s)}; {spent}\n")
    hidden = [
        heading for name in scorecard.criteria for heading in _print_criterion(console, scorecard, name)
    ]
    _print_answers(console, scorecard)
    _print_preferences(console, scorecard)
    columns = operations(scorecard).columns_in(TERMINAL)
    kept = print_fitting(console, columns, least=NAME_CELLS)
    if columns[1] not in kept:
        models = [card.model for card in scorecard.candidates.values()]
        print_models(console, list(scorecard.candidates), models)
    print_hidden(console, [*hidden, *(each.heading for each in columns[2:] if each not in kept)])
    console.print()
    if len(table := deliveries(scorecard)):
        print_table(console, table.columns_in(TERMINAL))
        console.print()
    _print_robustness(console, scorecard)
    if len(table := guardrails(scorecard)):
        print_table(console, table.columns_in(TERMINAL))
        console.print()
    if len(table := improved_prompts(scorecard)):
        print_prose(console, f"{table.title}, on test records that nobody tuned on")
        kept = print_fitting(console, table.columns_in(TERMINAL), least=NAME_CELLS)
        print_hidden(console, (each.heading for each in table.columns_in(TERMINAL) if each not in kept))
        console.print()
    print_prose(console, shown(scorecard.summary))
    _print_why_it_failed(console, scorecard)
    for alarm in scorecard.alarms:
        print_prose(console, f"[yellow]alarm[/yellow] {shown(alarm)}")
    if scorecard.baseline is not None:
        print_prose(console, shown(scorecard.baseline.summary))
    for hint in scorecard.hints:
        print_prose(console, f"[dim]hint[/dim] {shown(hint)}")
    for note in scorecard.dataset.notes:
        print_prose(console, f"[dim]dataset[/dim] {shown(note)}")
    gate = scorecard.gate
    console.print(f"\ngate: [bold {DECISION_COLOURS[gate.decision]}]{gate.decision}[/]")
    for reason in gate.reasons:
        print_prose(console, shown(reason), indent=2)


def _print_answers(console: Console, scorecard: Scorecard) -> None:
    for table in (field_scores(scorecard), label_scores(scorecard)):
        if len(table):
            print_prose(console, table.title)
            columns = table.columns_in(TERMINAL)
            kept = print_fitting(console, columns, least=NAME_CELLS)
            print_hidden(console, (each.heading for each in columns if each not in kept))
            console.print()


def _print_why_it_failed(console: Console, scorecard: Scorecard) -> None:
    candidate = shown_candidate(scorecard)
    reasons = dict(reasons_of(scorecard, candidate, 2)) if candidate else {}
    if candidate and reasons:
        first = islice(reasons.items(), MOST_REASONS)
        said = "; ".join(f"{criterion}: {words}" for criterion, words in first)
        rest = len(reasons) - MOST_REASONS
        more = f"; {rest} more criteria in the report" if rest > 0 else ""
        print_prose(console, f"[dim]why {shown(candidate)} failed[/dim] {shown(said)}{more}")


def print_recommendation(console: Console, scorecard: Scorecard) -> None:
    """Print the one sentence, and a line per candidate: a dozen of them fit a screen of 24 lines."""
    found = recommendation_of(scorecard)
    style = "bold red" if found.kind in NOTHING_TO_SHIP else "bold"
    print_prose(console, f"[{style}]{shown(found.reason)}[/]")
    columns = ranking(scorecard).columns_in(TERMINAL)
    names = list(map(text_of, columns[0].cells))
    room = rooms(columns, console.width, least=NAME_CELLS)[0]
    cut = cut_apart(names, room) if len(names) > MOST_FOLDED else None
    if cut is None or cut == names:
        print_table(console, columns, least=NAME_CELLS)
        return
    print_table(console, [replace(columns[0], cells=cut), *columns[1:]], least=NAME_CELLS)
    for short, name in zip(cut, names, strict=True):
        if short != name:
            print_prose(console, f"[dim]{shown(short)} is {shown(name)}[/dim]")


def _print_criterion(console: Console, scorecard: Scorecard, name: str) -> list[str]:
    """Print a criterion's table; return the headings that it had no room for."""
    info = scorecard.criteria[name]
    level = percent(scorecard.confidence)
    found = {
        candidate: card.criteria[name]
        for candidate, card in scorecard.candidates.items()
        if name in card.criteria
    }
    estimates = list(found.values())
    scored = [f"{count(one.n_scored)}/{count(one.n_scored + one.n_unscored)}" for one in estimates]
    columns = [
        words(name, list(found)),
        Column("rate", [percent(one.pass_rate) for one in estimates]),
        Column(level, [percent_interval(one.pass_interval) for one in estimates], rank=1),
        Column(f"mean {score(info.low)}-{score(info.high)}", [number(one.mean) for one in estimates]),
        Column(level, [interval(one.interval) for one in estimates], rank=2),
        Column("scored", scored),
    ]
    # The bar's room is kept free first: the less telling columns of numbers go before it does.
    wanted = columns
    columns = fitting(columns, console.width - LEAST_BAR - GAP, least=NAME_CELLS)
    hidden = [column.heading for column in wanted if column not in columns]
    if (room := console.width - taken(columns, least=NAME_CELLS) - GAP) >= LEAST_BAR:
        columns.insert(1, _bars(estimates, room))
    print_table(console, columns, least=NAME_CELLS)
    for candidate, estimate in found.items():
        if lost := loss_in_words(candidate, name, estimate):
            print_prose(console, shown(lost), indent=2)
    print_corrected(console, scorecard, name)
    console.print()
    return hidden


def _bars(estimates: Sequence[CriterionEstimate], room: int) -> Column:
    cells = min(BAR_CELLS, room)
    ends = "passed, 0 %" if room >= BAR_CELLS + 6 else "0 %"
    dots = "." * (cells - 12 if room >= BAR_CELLS + 6 else cells - 10)
    return words(
        f"{ends} {dots} 100 %",
        [draw_interval(one.pass_rate, one.pass_interval, cells) for one in estimates],
        wrap="never",
    )


def _print_preferences(console: Console, scorecard: Scorecard) -> None:
    """Print win rates and strengths by candidate; by pair where there are few enough to be read."""
    shown_pairs, table = preference_pairs(scorecard), preferences(scorecard)
    if not len(table):
        return
    print_fitting(console, table.columns_in(TERMINAL), least=NAME_CELLS)
    console.print()
    if len(shown_pairs) > MOST_PAIRS:
        where = "[dim]all pairs are in summary.md, report.html and scorecard.csv[/dim]"
        console.print(f"{count(len(shown_pairs))} pairs: {where}\n")
    elif len(shown_pairs):
        print_fitting(console, shown_pairs.columns_in(TERMINAL), least=NAME_CELLS)
        console.print()


def _print_robustness(console: Console, scorecard: Scorecard) -> None:
    """Print what perturbed prompts cost: overall, or on the only criterion."""
    rows = list(robustness_drops(scorecard))
    if not any(card.robustness for card in scorecard.candidates.values()):
        return
    columns = [
        words("prompts perturbed by", [row.perturbation for row in rows]),
        words("candidate", [row.candidate for row in rows]),
        words("on", [row.on for row in rows]),
        Column("drop", [number(row.drop.drop) for row in rows]),
        Column(percent(scorecard.confidence), [interval(row.drop.reported_interval) for row in rows]),
        Column("pairs", [count(row.drop.n) for row in rows]),
        Column("decided", ["yes" if row.drop.decisive else "no" for row in rows]),
    ]
    print_table(console, columns)
    console.print()


def print_corrected(console: Console, scorecard: Scorecard, criterion: str) -> None:
    """Print the corrected mean of each candidate below its criterion's raw ones; nothing without labels."""
    if criterion not in scorecard.calibration:
        return
    for name, card in scorecard.candidates.items():
        mean = card.criteria[criterion].calibrated
        if mean is None:
            continue
        if mean.mean is None:
            said = f"no corrected mean: {mean.reason}"
        else:
            said = f"{number(mean.mean)} ({interval(mean.interval)}) from {mean.n_labelled} labels"
        print_prose(console, f"[dim]by people's labels[/dim] {shown(name)}: {shown(said)}", indent=2)
