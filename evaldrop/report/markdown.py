"""`summary.md`: the scorecard for a pull request or a chat; every name in it is inert."""

from collections.abc import Iterator, Sequence

from evaldrop.report import figures
from evaldrop.report.escape import markdown
from evaldrop.scorecard.model import CandidateScorecard, CriterionEstimate, Scorecard

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
    yield f"{markdown(scorecard.summary)}"
    yield ""
    gate = _SIGNS[scorecard.gate.decision] if scorecard.gate.checks else "none was set"
    yield f"**Gate: {gate}**"
    yield ""
    for check in scorecard.gate.checks:
        yield f"- {_SIGNS[check.decision]} · {markdown(check.expression)}: {markdown(check.sentence)}"
    yield ""
    yield from _facts(scorecard)
    yield from _alarms(scorecard)
    yield from _scores(scorecard)
    yield from _operations(scorecard)
    yield from _comparisons(scorecard)
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
        yield f"> ⚠️ {markdown(alarm)}"
    if scorecard.alarms:
        yield ""


def _scores(scorecard: Scorecard) -> Iterator[str]:
    if not scorecard.criteria:
        return
    rows = [
        (name, *(_cell(card.criteria.get(criterion)) for criterion in scorecard.criteria))
        for name, card in scorecard.candidates.items()
    ]
    header = ("candidate", *scorecard.criteria)
    yield from _table(header, [(markdown(row[0]), *row[1:]) for row in rows], texts=len(header))


def _cell(estimate: CriterionEstimate | None) -> str:
    if estimate is None:
        return figures.ABSENT
    total = estimate.n_scored + estimate.n_unscored
    return (
        f"**{figures.number(estimate.mean)}** ({figures.interval(estimate.interval)})<br>"
        f"pass {figures.percent(estimate.pass_rate)} ({figures.percent_interval(estimate.pass_interval)})<br>"
        f"{figures.count(estimate.n_scored)} of {figures.count(total)}"
    )


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
    yield "<details><summary>Pairs of candidates</summary>"
    yield ""
    header = ("criterion", "pair", "", "difference", "interval", "p (Holm)", "detectable")
    yield from _table(header, rows, texts=3)
    yield "</details>"
    yield ""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int) -> Iterator[str]:
    """Yield a table whose first columns, `texts` of them, hold text and the others numbers."""
    alignment = [":--" if place < texts else "--:" for place in range(len(header))]
    yield f"| {' | '.join(map(markdown, header))} |"
    yield f"|{'|'.join(alignment)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
