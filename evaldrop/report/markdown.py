"""`summary.md`: the scorecard for a pull request or a chat; every name in it is inert."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from evaldrop.report.charts import plotted
from evaldrop.report.columns import MARKDOWN, Cell, Column, Table, Words, text_of, words
from evaldrop.report.escape import markdown
from evaldrop.report.preferences import preference_pairs, preferences
from evaldrop.report.sentences import losses
from evaldrop.report.tables import (
    baseline_changes,
    criterion_changes,
    decided_slices,
    difference,
    guardrail_pairs,
    guardrails,
    operations,
    pairs,
    perturbations,
    ranking,
    worst_records,
)
from evaldrop.scorecard import figures
from evaldrop.scorecard.model.calibration import CalibratedMean
from evaldrop.scorecard.model.judges import AnchorEstimate
from evaldrop.scorecard.model.scorecard import (
    NO_GATE,
    CandidateScorecard,
    CriterionEstimate,
    MeanEstimate,
    Scorecard,
)
from evaldrop.scorecard.recommendation import recommendation_of

# A comment on a pull request holds 65,536 characters; longer lists are cut, and say so.
_MOST_ROWS = 40
_SIGNS = {
    "pass": "✅ passed",
    "fail": "❌ failed",
    "inconclusive": "⚠️ inconclusive",
    NO_GATE: "none was set",
}


def markdown_report(scorecard: Scorecard) -> str:
    """Return the scorecard as GitHub Markdown."""
    # A blank line ends every block, or Markdown would join it with the next.
    return "\n".join(line for block in _blocks(scorecard) for line in (*block, ""))


def _blocks(scorecard: Scorecard) -> Iterator[Sequence[str]]:
    yield [f"**{markdown(recommendation_of(scorecard).reason)}**"]
    yield _table(ranking(scorecard))
    simulated = " · SIMULATED" if scorecard.simulated else ""
    yield [f"## {markdown(scorecard.evaluation)}{simulated}"]
    if scorecard.simulated:
        yield ["> **SIMULATED**: stand-ins answered, no model did. These numbers are about no model."]
    yield [markdown(scorecard.summary.removeprefix("SIMULATED. "))]
    gate = scorecard.gate
    yield [f"**Gate: {_SIGNS[gate.decision]}**"]
    yield [
        f"- {_SIGNS[check.decision]} · {markdown(check.expression)}: {markdown(check.sentence)}"
        for check in gate.checks
    ] or [f"- {markdown(reason)}" for reason in gate.reasons]
    yield [_facts(scorecard)]
    if scorecard.alarms:
        yield [f"> - ⚠️ {markdown(alarm)}" for alarm in scorecard.alarms]
    if scorecard.anchors:
        yield [_anchors(name, known) for name, known in scorecard.anchors.items()]
    if scorecard.criteria:
        header = ("candidate", *plotted(scorecard))
        rows = [
            (markdown(name), *(_score(scorecard, card, criterion) for criterion in header[1:]))
            for name, card in scorecard.candidates.items()
        ]
        yield _lines_of(header, rows, [":--"] * len(header))
    yield from _listed(losses(scorecard))
    if len(table := preferences(scorecard)):
        yield ["**Preferences**"]
        yield _table(table)
        yield from _folded("Preferences by pair", preference_pairs(scorecard))
    if len(table := guardrails(scorecard)):
        yield _table(table)
    yield from _folded("Pairs of candidates on what they block", guardrail_pairs(scorecard))
    yield _table(operations(scorecard))
    yield from _folded("Pairs of candidates", pairs(scorecard))
    yield from _folded("Categories in which a candidate is decidedly better", _slices(scorecard))
    if baseline := scorecard.baseline:
        yield [f"**Baseline.** {markdown(baseline.summary)}"]
        yield [f"- changed: {markdown(change)}" for change in baseline.changes[:_MOST_ROWS]]
        yield from _folded("Against the baseline", baseline_changes(criterion_changes(baseline)))
        yield from _folded("Records that turned worst", worst_records(baseline))
    yield from _folded("Perturbed prompts: what changes that should not matter do", perturbations(scorecard))
    yield from _listed(scorecard.hints)
    confidence = figures.percent(scorecard.confidence)
    yield [f"<sub>run {markdown(scorecard.run_id)} · intervals at {confidence}{simulated}</sub>"]


def _facts(scorecard: Scorecard) -> str:
    records = scorecard.records
    lost = "".join(
        f", {figures.count(n)} {what}"
        for n, what in ((records.missing, "missing"), (records.rejected, "rejected"))
        if n
    )
    facts = [
        f"dataset {markdown(scorecard.dataset.uri)}",
        f"{figures.count(records.evaluated)} records{lost}",
        f"coverage {figures.percent(scorecard.coverage, 1)}",
        f"cost {figures.usd(scorecard.cost_usd.total)}",
        f"{figures.duration(scorecard.duration_s)}",
        markdown(figures.moment(scorecard.started_at)),
    ]
    return " · ".join(facts)


def _anchors(judge: str, known: AnchorEstimate) -> str:
    trusted = "trusted" if known.trusted else "**not trusted**"
    share = f" ({figures.percent(known.missed_rate)}, {figures.percent_interval(known.interval)})"
    return (
        f"- judge {markdown(judge)} is {trusted}: missed {figures.count(known.missed)} of "
        f"{figures.count(known.n)} anchors{share if known.interval else ''}, "
        f"{figures.percent(known.tolerance)} are tolerated"
    )


def _score(scorecard: Scorecard, card: CandidateScorecard, criterion: str) -> str:
    if criterion not in scorecard.criteria:
        overall = card.overall
        if overall is None:
            return figures.ABSENT
        return _mean(overall, f"{figures.count(overall.n)} records", *_corrected(overall.calibrated))
    estimate = card.criteria.get(criterion)
    if estimate is None:
        return figures.ABSENT
    return _mean(
        estimate,
        f"pass {figures.percent(estimate.pass_rate)} ({figures.percent_interval(estimate.pass_interval)})",
        f"{figures.count(estimate.n_scored)} of {figures.count(estimate.n_scored + estimate.n_unscored)}",
        *_corrected(estimate.calibrated),
    )


def _mean(estimate: CriterionEstimate | MeanEstimate | CalibratedMean, *more: str) -> str:
    mean = f"**{figures.number(estimate.mean)}** ({figures.interval(estimate.interval)})"
    return "<br>".join([mean, *more])


def _corrected(found: CalibratedMean | None) -> Iterator[str]:
    if found and found.mean is None:
        yield f"not corrected: {markdown(found.reason or '')}"
    elif found:
        yield f"by people {_mean(found)}, {figures.count(found.n_labelled)} labels"


def _slices(scorecard: Scorecard) -> Table:
    found = decided_slices(scorecard)
    decided = [pair for _, pair in found]
    better = [(Words(pair.better or "", "strong"), Words(f"of {pair.a}, {pair.b}")) for pair in decided]
    return Table(
        title="Decided within a category",
        columns=[
            words("category", [category for category, _ in found]),
            words("criterion", [pair.criterion for pair in decided]),
            words("better", better),
            *difference(decided),
            Column("records", [figures.count(pair.n) for pair in decided]),
        ],
    )


def _listed(sentences: Sequence[str]) -> Iterator[Sequence[str]]:
    lines = [f"- {markdown(sentence)}" for sentence in sentences[:_MOST_ROWS]]
    if len(sentences) > _MOST_ROWS:
        lines += [_rest(len(sentences)), ""]
    if lines:
        yield lines


def _folded(title: str, table: Table) -> Iterator[Sequence[str]]:
    """Yield a table that opens when it is clicked; nothing for one without rows."""
    if len(table):
        yield [f"<details><summary>{title}</summary>"]
        yield _table(table, _MOST_ROWS)
        if len(table) > _MOST_ROWS:
            yield [_rest(len(table))]
        yield ["</details>"]


def _rest(n: int) -> str:
    return f"… and {n - _MOST_ROWS} more; scorecard.json has them all."


def _table(table: Table, most: int | None = None) -> list[str]:
    columns = table.columns_in(MARKDOWN)
    # Figures are this package's own, and hold signs that would be escaped.
    cells = [map(_figure if column.kind == "number" else _words, column.cells) for column in columns]
    header = [column.heading for column in columns]
    alignment = [":--" if column.kind == "words" else "--:" for column in columns]
    return _lines_of(header, islice(zip(*cells, strict=True), most), alignment)


def _figure(cell: Cell) -> str:
    text = text_of(cell)
    # GitHub sets what stands between two dollar signs as a formula.
    return text.replace("$", "&#36;") if text.count("$") > 1 else text


def _lines_of(header: Sequence[str], rows: Iterable[Sequence[str]], alignment: Sequence[str]) -> list[str]:
    return [
        f"| {' | '.join(map(markdown, header))} |",
        f"|{'|'.join(alignment)}|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _words(cell: Cell) -> str:
    parts = cell if isinstance(cell, tuple) else (Words(text_of(cell)),)
    return " ".join(
        f"**{markdown(part.text)}**" if part.tone == "strong" else markdown(part.text) for part in parts
    )
