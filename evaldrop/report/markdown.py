"""`summary.md`: the scorecard for a pull request or a chat; every name in it is inert."""

from collections.abc import Iterator, Sequence

from evaldrop.report.changes import perturbed
from evaldrop.report.charts import plotted
from evaldrop.report.escape import markdown
from evaldrop.report.guardrails import (
    GUARDRAIL_HEADER,
    GUARDRAIL_PAIR_HEADER,
    guardrail_pair_rows,
    guardrail_rows,
)
from evaldrop.report.losses import loss_in_words
from evaldrop.scorecard import figures
from evaldrop.scorecard.model.baseline import Baseline
from evaldrop.scorecard.model.scorecard import CandidateScorecard, CriterionEstimate, Scorecard

# A comment on a pull request holds 65,536 characters; longer lists are cut, and say so.
_MOST_ROWS = 40
_SIGNS = {"pass": "✅ passed", "fail": "❌ failed", "inconclusive": "⚠️ inconclusive"}


def markdown_report(scorecard: Scorecard) -> str:
    """Return the scorecard as GitHub Markdown."""
    return "\n".join(_lines(scorecard)) + "\n"


def _lines(scorecard: Scorecard) -> Iterator[str]:
    simulated = " · SIMULATED" if scorecard.simulated else ""
    yield f"## {markdown(scorecard.evaluation)}{simulated}"
    yield ""
    if scorecard.simulated:
        yield "> **SIMULATED**: stand-ins answered, no model did. These numbers are about no model."
        yield ""
    yield markdown(scorecard.summary.removeprefix("SIMULATED. "))
    yield ""
    gate = _SIGNS[scorecard.gate.decision] if scorecard.gate.checks else "none was set"
    yield f"**Gate: {gate}**"
    yield ""
    for check in scorecard.gate.checks:
        yield f"- {_SIGNS[check.decision]} · {markdown(check.expression)}: {markdown(check.sentence)}"
    yield ""
    yield from _facts(scorecard)
    yield from _alarms(scorecard)
    yield from _anchors(scorecard)
    yield from _scores(scorecard)
    yield from _losses(scorecard)
    yield from _guardrails(scorecard)
    yield from _operations(scorecard)
    yield from _comparisons(scorecard)
    yield from _slices(scorecard)
    yield from _baseline(scorecard)
    yield from _robustness(scorecard)
    yield from _hints(scorecard)
    confidence = figures.percent(scorecard.confidence)
    yield f"<sub>run {markdown(scorecard.run_id)} · intervals at {confidence}{simulated}</sub>"


def _facts(scorecard: Scorecard) -> Iterator[str]:
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
    yield " · ".join(facts)
    yield ""


def _alarms(scorecard: Scorecard) -> Iterator[str]:
    for alarm in scorecard.alarms:
        yield f"> - ⚠️ {markdown(alarm)}"
    if scorecard.alarms:
        yield ""


def _anchors(scorecard: Scorecard) -> Iterator[str]:
    for name, known in scorecard.anchors.items():
        trusted = "trusted" if known.trusted else "**not trusted**"
        share = f" ({figures.percent(known.missed_rate)}, {figures.percent_interval(known.interval)})"
        yield (
            f"- judge {markdown(name)} is {trusted}: missed {figures.count(known.missed)} of "
            f"{figures.count(known.n)} anchors{share if known.interval else ''}, "
            f"{figures.percent(known.tolerance)} are tolerated"
        )
    if scorecard.anchors:
        yield ""


def _scores(scorecard: Scorecard) -> Iterator[str]:
    if not scorecard.criteria:
        return
    names = plotted(scorecard)
    rows = [
        (markdown(name), *(_score(scorecard, card, criterion) for criterion in names))
        for name, card in scorecard.candidates.items()
    ]
    header = ("candidate", *names)
    yield from _table(header, rows, texts=len(header))


def _score(scorecard: Scorecard, card: CandidateScorecard, criterion: str) -> str:
    if criterion in scorecard.criteria:
        return _cell(card.criteria.get(criterion))
    overall = card.overall
    if overall is None:
        return figures.ABSENT
    return (
        f"**{figures.number(overall.mean)}** ({figures.interval(overall.interval)})<br>"
        f"{figures.count(overall.n)} records"
    )


def _cell(estimate: CriterionEstimate | None) -> str:
    if estimate is None:
        return figures.ABSENT
    total = estimate.n_scored + estimate.n_unscored
    return (
        f"**{figures.number(estimate.mean)}** ({figures.interval(estimate.interval)})<br>"
        f"pass {figures.percent(estimate.pass_rate)} ({figures.percent_interval(estimate.pass_interval)})<br>"
        f"{figures.count(estimate.n_scored)} of {figures.count(total)}{_corrected(estimate)}"
    )


def _corrected(estimate: CriterionEstimate) -> str:
    found = estimate.calibrated
    if found is None:
        return ""
    if found.mean is None:
        return f"<br>not corrected: {markdown(found.reason or '')}"
    return (
        f"<br>by people **{figures.number(found.mean)}** ({figures.interval(found.interval)}), "
        f"{figures.count(found.n_labelled)} labels"
    )


def _losses(scorecard: Scorecard) -> Iterator[str]:
    lost = [
        sentence
        for criterion in scorecard.criteria
        for name, card in scorecard.candidates.items()
        if (sentence := loss_in_words(name, criterion, card.criteria.get(criterion)))
    ]
    for sentence in lost[:_MOST_ROWS]:
        yield f"- {markdown(sentence)}"
    yield from _rest(len(lost))
    if lost:
        yield ""


def _guardrails(scorecard: Scorecard) -> Iterator[str]:
    if rows := guardrail_rows(scorecard):
        cells = [(markdown(row[0]), markdown(row[1]), *row[2:]) for row in rows]
        yield from _table(GUARDRAIL_HEADER, cells, texts=2)
    if pairs := guardrail_pair_rows(scorecard):
        cells = [(*map(markdown, row[:3]), *row[3:]) for row in pairs]
        yield from _folded("Pairs of candidates on what they block", GUARDRAIL_PAIR_HEADER, cells, texts=3)


def _operations(scorecard: Scorecard) -> Iterator[str]:
    header = ("candidate", "model", "errors", "p50", "p90", "tokens in / out", "USD per 1,000", "judging")
    yield from _table(
        header, [_operation(name, card) for name, card in scorecard.candidates.items()], texts=2
    )


def _operation(name: str, card: CandidateScorecard) -> tuple[str, ...]:
    lost = card.responses.errors + card.responses.missing
    return (
        markdown(name),
        markdown(card.model),
        f"{figures.count(lost)} of {figures.count(card.responses.n)}",
        figures.milliseconds(card.latency_ms.p50),
        figures.milliseconds(card.latency_ms.p90),
        f"{figures.count(card.tokens.input)} / {figures.count(card.tokens.output)}",
        _per_1000(card),
        figures.usd(card.cost_usd.judge),
    )


def _per_1000(card: CandidateScorecard) -> str:
    # Nothing was called: there is no price for what was given.
    if card.cost_usd.candidate is not None and card.cost_usd.per_1000_records is None:
        return figures.ABSENT
    return figures.usd(card.cost_usd.per_1000_records)


def _comparisons(scorecard: Scorecard) -> Iterator[str]:
    if not scorecard.comparisons:
        return
    rows = [
        (
            markdown(comparison.criterion),
            f"{markdown(comparison.a)} − {markdown(comparison.b)}",
            f"**{markdown(comparison.better or '')} is better**" if comparison.decisive else "not decided",
            figures.signed(comparison.difference),
            figures.interval(comparison.interval),
            figures.p_value(comparison.p_adjusted),
            figures.number(comparison.minimum_detectable),
        )
        for comparison in scorecard.comparisons
    ]
    header = ("criterion", "pair", "", "difference", "interval", "p (Holm)", "detectable")
    yield from _folded("Pairs of candidates", header, rows, texts=3)


def _slices(scorecard: Scorecard) -> Iterator[str]:
    rows = [
        (
            markdown(category),
            markdown(pair.criterion),
            f"**{markdown(pair.better or '')}** of {markdown(pair.a)}, {markdown(pair.b)}",
            figures.signed(pair.difference),
            figures.interval(pair.interval),
            figures.count(pair.n),
        )
        for category, part in scorecard.slices.items()
        for pair in part.comparisons
        if pair.decisive
    ]
    if rows:
        header = ("category", "criterion", "better", "difference", "interval", "records")
        yield from _folded("Categories in which a candidate is decidedly better", header, rows, texts=3)


def _baseline(scorecard: Scorecard) -> Iterator[str]:
    baseline = scorecard.baseline
    if baseline is None:
        return
    yield f"**Baseline.** {markdown(baseline.summary)}"
    yield ""
    for change in baseline.changes[:_MOST_ROWS]:
        yield f"- changed: {markdown(change)}"
    yield ""
    rows = [
        (
            markdown(name),
            markdown(criterion),
            f"**{estimate.decision}**" if estimate.decision != "undecided" else "not decided",
            figures.signed(estimate.difference),
            figures.interval(estimate.interval),
            figures.p_value(estimate.p_adjusted),
            f"{figures.count(estimate.better)} / {figures.count(estimate.worse)}",
            figures.number(estimate.minimum_detectable),
        )
        for name, card in baseline.candidates.items()
        for criterion, estimate in card.criteria.items()
    ]
    if rows:
        header = (
            "candidate",
            "criterion",
            "",
            "now − then",
            "interval",
            "p (Holm)",
            "better / worse",
            "detectable",
        )
        yield from _folded("Against the baseline", header, rows, texts=3)
    yield from _worst_records(baseline)


def _worst_records(baseline: Baseline) -> Iterator[str]:
    rows = [
        (
            markdown(record.record_id),
            markdown(record.candidate),
            markdown(record.criterion),
            f"{record.was:g}",
            f"{record.now:g}",
        )
        for record in baseline.worst_records
    ]
    if rows:
        header = ("record", "candidate", "criterion", "then", "now")
        yield from _folded("Records that turned worst", header, rows, texts=3)


def _robustness(scorecard: Scorecard) -> Iterator[str]:
    rows = [
        (
            markdown(row.perturbation),
            markdown(row.candidate),
            markdown(row.on),
            f"**{'worse' if row.drop.drop > 0 else 'better'}**" if row.drop.decisive else "not decided",
            figures.signed(-row.drop.drop),
            figures.interval(row.drop.interval and (-row.drop.interval[1], -row.drop.interval[0])),
            figures.count(row.drop.n),
        )
        for row in perturbed(scorecard)
    ]
    if rows:
        header = ("perturbed by", "candidate", "on", "", "change", "interval", "pairs")
        yield from _folded("Perturbed prompts: what changes that should not matter do", header, rows, texts=4)


def _hints(scorecard: Scorecard) -> Iterator[str]:
    for hint in scorecard.hints[:_MOST_ROWS]:
        yield f"- {markdown(hint)}"
    yield from _rest(len(scorecard.hints))
    if scorecard.hints:
        yield ""


def _folded(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from _table(header, rows[:_MOST_ROWS], texts=texts)
    yield from _rest(len(rows))
    yield "</details>"
    yield ""


def _rest(n: int) -> Iterator[str]:
    if n > _MOST_ROWS:
        yield f"… and {n - _MOST_ROWS} more; scorecard.json has them all."
        yield ""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int) -> Iterator[str]:
    """Yield a table whose first columns, `texts` of them, hold text and the others numbers."""
    alignment = [":--" if place < texts else "--:" for place in range(len(header))]
    yield f"| {' | '.join(map(markdown, header))} |"
    yield f"|{'|'.join(alignment)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
