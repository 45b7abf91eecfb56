"""`summary.md`: the scorecard for a pull request or a chat; every name in it is inert."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote, urlsplit

from evaldrop.errors import InputError
from evaldrop.report.charts import plotted
from evaldrop.report.columns import Column, Table, Words, words
from evaldrop.report.deliveries import deliveries
from evaldrop.report.escape import UNSEEN, markdown
from evaldrop.report.failures import reasons_of, shown_candidate
from evaldrop.report.first_screen import fallen
from evaldrop.report.markdown_tables import Strip, drawn, in_strips, is_narrow, transposed
from evaldrop.report.preferences import preference_pairs, preferences
from evaldrop.report.sentences import free_checks, losses
from evaldrop.report.tables.answers import by_field, field_scores, label_scores
from evaldrop.report.tables.baseline import baseline_changes, criterion_changes, worst_records
from evaldrop.report.tables.decisions import difference
from evaldrop.report.tables.guardrails import guardrail_pairs, guardrails
from evaldrop.report.tables.operations import operations
from evaldrop.report.tables.pairs import decided_slices, pairs
from evaldrop.report.tables.perturbations import perturbations
from evaldrop.report.tables.prompts import improved_prompts, tuned_on
from evaldrop.report.tables.ranking import ranking
from evaldrop.scorecard import figures
from evaldrop.scorecard.model.calibration import CalibratedMean
from evaldrop.scorecard.model.judges import AnchorEstimate
from evaldrop.scorecard.model.scorecard import (
    NO_GATE,
    CandidateScorecard,
    CriterionEstimate,
    GateCheck,
    MeanEstimate,
    Scorecard,
)
from evaldrop.scorecard.recommendation import recommendation_of

MOST_CHARACTERS = 65_536
"""What a comment on a pull request holds."""

REPORT_FILE = "report.html"
PROMPTS_FILE = "prompts.html"

# Longer lists are cut, and say so; of sentences that quote others the end.
_MOST_ROWS = 40
_MOST_CHECKS = 12
_MOST_ALARMS = 12
_MOST_REASONS = 3
_LONGEST_SENTENCE = 600
_LONGEST_NAME = 80
_SIGNS = {
    "pass": "✅ passed",
    "fail": "❌ failed",
    "inconclusive": "⚠️ inconclusive",
    NO_GATE: "none was set",
}
_BY_URGENCY = ("fail", "inconclusive", "pass")
# Where something is on one machine, or in one account, is nobody else's: its name is left of it.
_PLACE = re.compile(
    r"(?:(?:s3|file)://|(?<![\w/:.~<])(?:~|[A-Za-z]:)?[/\\])(?:[^\s/\\'\",;:]+[/\\])+([^\s/\\'\",;:]*)"
)


def markdown_report(scorecard: Scorecard, report_url: str = REPORT_FILE) -> str:
    """
    Return the scorecard as GitHub Markdown of at most MOST_CHARACTERS.

    What does not fit goes from the end, section by section, and a line says so.

    Args:
        scorecard: The scorecard.
        report_url: Where the page is: relative to the file, or as of `checked_url`.
    """
    # A blank line ends every block, or Markdown would join it with the next.
    sections = ["".join(f"{line}\n" for line in (*block, "")) for block in _blocks(scorecard, report_url)]
    confidence = figures.percent(scorecard.confidence)
    simulated = " · SIMULATED" if scorecard.simulated else ""
    end = f"<sub>run {_name(scorecard.run_id)} · intervals at {confidence}{simulated}</sub>\n"
    left_out = "*The rest does not fit into a comment; the report has it.*\n\n"
    room = MOST_CHARACTERS - len(end)
    if sum(map(len, sections)) > room:
        while sections and sum(map(len, sections)) > room - len(left_out):
            sections.pop()
        sections.append(left_out)
    return f"{''.join(sections)}{end}"


def checked_url(url: str) -> str:
    """
    Return a URL of a report that may stand in a link.

    Raises:
        InputError: It is no http(s) URL.
    """
    try:
        parts = urlsplit(url)
        # No name or password: the link is for whoever reads the comment.
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_url = False
    if not is_url or any(character.isspace() for character in url) or UNSEEN.search(url) or len(url) > 2_000:
        raise InputError(
            "--report-url: give an http:// or https:// URL without blanks, name or password, of 2,000 "
            "characters at most."
        )
    return url


def _blocks(scorecard: Scorecard, report_url: str) -> Iterator[Sequence[str]]:
    yield [f"**{_said(recommendation_of(scorecard).reason)}**"]
    yield from _regressed(scorecard)
    simulated = " · **SIMULATED**" if scorecard.simulated else ""
    # Round and square brackets would end the link, an angle bracket begin markup.
    link = quote(report_url, safe=":/?#@!$&'*+,;=%~")
    gate = scorecard.gate
    yield [f"**Gate: {_SIGNS[gate.decision]}** · [report]({link}) · {_name(scorecard.evaluation)}{simulated}"]
    yield from _gate(scorecard)
    yield from drawn(ranking(scorecard))
    yield from _why_it_failed(scorecard)
    if alarms := scorecard.alarms:
        more = [f"> - … and {len(alarms) - _MOST_ALARMS} more."] if len(alarms) > _MOST_ALARMS else []
        yield [*(f"> - ⚠️ {_said(alarm)}" for alarm in alarms[:_MOST_ALARMS]), *more]
    yield [f"## {_name(scorecard.evaluation)}{simulated}"]
    if scorecard.simulated:
        yield ["> **SIMULATED**: stand-ins answered, no model did. These numbers are about no model."]
    yield [_said(scorecard.summary.removeprefix("SIMULATED. "))]
    yield [_facts(scorecard)]
    if scorecard.anchors:
        yield [_anchors(name, known) for name, known in scorecard.anchors.items()]
    if scorecard.criteria:
        yield from _scores(scorecard)
    if free := free_checks(scorecard):
        named = ", ".join(map(_name, free[:_MOST_ROWS]))
        rest = f" and {len(free) - _MOST_ROWS} more" if len(free) > _MOST_ROWS else ""
        yield [f"Checked by code, without a call, at no cost: {named}{rest}."]
    for table in (field_scores(scorecard), label_scores(scorecard)):
        if len(table):
            yield from drawn(table)
    for check in scorecard.fields:
        table = by_field(scorecard, check)
        yield from _folded(table.title, table)
    yield from _listed(losses(scorecard))
    yield from _prompts(scorecard, report_url)
    if len(table := preferences(scorecard)):
        yield ["**Preferences**"]
        yield from drawn(table)
        yield from _folded("Preferences by pair", preference_pairs(scorecard))
    if len(table := guardrails(scorecard)):
        yield from drawn(table)
    yield from _folded("Pairs of candidates on what they block", guardrail_pairs(scorecard))
    yield from _folded("Cost, latency and losses", operations(scorecard))
    yield from _folded("Deliveries", deliveries(scorecard))
    yield from _folded("Pairs of candidates", pairs(scorecard))
    yield from _folded("Categories in which a candidate is decidedly better", _slices(scorecard))
    if baseline := scorecard.baseline:
        yield [f"**Baseline.** {_said(baseline.summary)}"]
        yield [f"- changed: {_said(change)}" for change in baseline.changes[:_MOST_ROWS]]
        yield from _folded("Against the baseline", baseline_changes(criterion_changes(baseline)))
        yield from _folded("Records that turned worst", worst_records(baseline))
    yield from _folded("Perturbed prompts: what changes that should not matter do", perturbations(scorecard))
    if (proof := scorecard.proof) and proof.sentences:
        simulated = " **SIMULATED**" if proof.simulated else ""
        yield [f"**Would it have noticed?**{simulated}"]
        yield [f"- {_said(sentence)}" for sentence in proof.sentences[:_MOST_ROWS]]
    yield from _listed(scorecard.hints)


def _said(text: str) -> str:
    """Return a sentence, which may quote others: inert, without where things are, and not endless."""
    return markdown(_cut(_PLACE.sub(r"\1", text), _LONGEST_SENTENCE))


def _name(text: str) -> str:
    return markdown(_cut(text, _LONGEST_NAME))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _regressed(scorecard: Scorecard) -> Iterator[Sequence[str]]:
    lines = [
        f"> - ❌ **{_name(one.candidate)} is worse than the blessed run**: "
        + "; ".join(
            f"{_name(fall.criterion)}{f' in {_name(fall.category)}' if fall.category else ''} "
            f"{fall.difference}{f' ({fall.interval})' if fall.interval else ''}"
            for fall in one.falls[:_MOST_REASONS]
        )
        + (f"; {figures.count(more)} more" if (more := len(one.falls) - _MOST_REASONS) > 0 else "")
        for one in fallen(scorecard)
    ]
    if lines:
        yield lines


def _gate(scorecard: Scorecard) -> Iterator[Sequence[str]]:
    gate = scorecard.gate
    checks = sorted(gate.checks, key=lambda check: _BY_URGENCY.index(check.decision))
    lines = [_check(check) for check in checks[:_MOST_CHECKS]]
    if more := len(checks) - len(lines):
        lines.append(f"- … and {figures.count(more)} more; the report has them all.")
    yield lines or [f"- {_said(reason)}" for reason in gate.reasons]


def _check(check: GateCheck) -> str:
    return f"- {_SIGNS[check.decision]} · {_name(check.expression)}: {_said(check.sentence)}"


def _prompts(scorecard: Scorecard, report_url: str) -> Iterator[Sequence[str]]:
    table = improved_prompts(scorecard)
    if not len(table):
        return
    yield ["**Improved prompts**, on test records that nobody tuned on"]
    yield from drawn(table)
    # Beside the report: where that is elsewhere, nobody knows whether this page is.
    if report_url == REPORT_FILE:
        yield [f"[Every prompt that was tried]({PROMPTS_FILE}), and the records that turned better or worse."]


def _why_it_failed(scorecard: Scorecard) -> Iterator[Sequence[str]]:
    candidate = shown_candidate(scorecard)
    lines = [
        f"- {_name(criterion)}: {_said(reasons)}"
        for criterion, reasons in (reasons_of(scorecard, candidate, _MOST_REASONS) if candidate else ())
    ]
    if candidate and lines:
        yield [f"**Why {_name(candidate)} failed**, by what judges wrote"]
        yield lines


def _scores(scorecard: Scorecard) -> Iterator[Sequence[str]]:
    cards = scorecard.candidates.items()
    strips = [Strip("candidate", ":--", [_name(name) for name, _ in cards])]
    for criterion in plotted(scorecard):
        cells = [_score(scorecard, card, criterion) for _, card in cards]
        strips.append(Strip(_name(criterion), ":--", cells))
    # The longer side goes down.
    turned = not is_narrow(strips) and len(cards) < len(strips) - 1
    return in_strips(transposed(strips, "criterion") if turned else strips)


def _facts(scorecard: Scorecard) -> str:
    records = scorecard.records
    lost = "".join(
        f", {figures.count(n)} {what}"
        for n, what in (
            (records.missing, "missing"),
            (records.skipped, "not begun for the budget was spent"),
            (records.rejected, "rejected"),
            (tuned_on(scorecard), "tuned on"),
        )
        if n
    )
    # Its name: where it is on one machine is nobody else's.
    name = re.split(r"[/\\]", scorecard.dataset.uri.rstrip("/"))[-1]
    facts = [
        f"dataset {_name(name)}",
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
        f"- judge {_name(judge)} is {trusted}: missed {figures.count(known.missed)} of "
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
        yield f"not corrected: {_said(found.reason or '')}"
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
    lines = [f"- {_said(sentence)}" for sentence in sentences[:_MOST_ROWS]]
    if len(sentences) > _MOST_ROWS:
        lines += [_rest(len(sentences)), ""]
    if lines:
        yield lines


def _folded(title: str, table: Table) -> Iterator[Sequence[str]]:
    """Yield a table that opens when it is clicked, as one block; nothing for one without rows."""
    if len(table):
        parts = [line for block in drawn(table, _MOST_ROWS) for line in (*block, "")]
        rest = [_rest(len(table)), ""] if len(table) > _MOST_ROWS else []
        yield [f"<details><summary>{title}</summary>", "", *parts, *rest, "</details>"]


def _rest(n: int) -> str:
    return f"… and {n - _MOST_ROWS} more; scorecard.json has them all."
