"""Which records are behind the numbers of a scorecard, as links; None where a page carries none of them."""

from evaldrop.errors import EvaluationError
from evaldrop.report import links
from evaldrop.report.links import Link
from evaldrop.scorecard.gate.names import RunNames, subject_of
from evaldrop.scorecard.gate.rules import NoRegression, NoWorseRecord, PowerToSee, Rule, Threshold, parse_gate
from evaldrop.scorecard.model.baseline import Baseline, BaselineEstimate
from evaldrop.scorecard.model.guardrails import BlockedShare, GuardrailComparison, GuardrailEstimate
from evaldrop.scorecard.model.pairwise import PairwiseEstimate
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    Comparison,
    GateCheck,
    Scorecard,
)
from evaldrop.scorecard.recommendation.leads import WIN_RATE


def quality(scorecard: Scorecard, candidate: str, quantity: str | None) -> Link | None:
    """Return what the quantity that decides rests on: of a criterion, overall, or preferences."""
    card = scorecard.candidates[candidate]
    if quantity == WIN_RATE:
        return preferences(candidate, card.pairwise, "read")
    if quantity in card.criteria:
        return links.verdicts(candidate, quantity, card.criteria[quantity].n_scored)
    if quantity in card.metrics:
        return links.metric(candidate, quantity, card.metrics[quantity].n)
    return links.verdicts(candidate, OVERALL, card.overall.n if card.overall else 0)


def price(scorecard: Scorecard, candidate: str) -> Link | None:
    """Return the responses that a model gave, which a price per 1,000 records rests on."""
    counts = scorecard.candidates[candidate].responses
    # Of those that are given, some were called for by an earlier run: nobody counted them apart.
    n = None if counts.given else counts.n - counts.errors - counts.missing
    known = scorecard.candidates[candidate].cost_usd.per_1000_records is not None
    return links.answers(candidate, n, "called", sort="dear") if known else None


def latency(card: CandidateScorecard, candidate: str) -> Link | None:
    """Return the calls that a percentile rests on, the slowest first."""
    return links.answers(candidate, card.latency_ms.n, "timed", sort="slow")


def preferences(
    candidate: str, estimate: PairwiseEstimate | None, kind: links.Preference, opponent: str = ""
) -> Link | None:
    """Return the pairs of a win rate, or those that were won, lost or even; of several opponents all."""
    # People's preferences correct a rate: then it rests on no records that a page could show.
    if estimate is None or estimate.rests_on != "judge":
        return None
    counted = {
        "won": estimate.wins,
        "lost": estimate.losses,
        "tied": estimate.ties,
        "read": estimate.n,
        "unread": estimate.n_lost,
    }
    # Where a pair without a preference counts as something, the counts are of those too.
    n = counted[kind] if not estimate.n_lost or estimate.n_lost == estimate.n_unscored else None
    return links.preferred(candidate, opponent, kind, n)


def compared(pair: Comparison, category: str | None = None) -> Link | None:
    """Return the records on which two candidates are both scored; of people's labels nobody knows which."""
    n = pair.n if pair.rests_on == "judge" else None
    return links.pair(pair.a, pair.b, pair.criterion, n, category=category)


def moved(
    baseline: Baseline, candidate: str, criterion: str, estimate: BaselineEstimate, kind: links.Change
) -> Link | None:
    """Return the records on which a candidate is better or worse than in the baseline, or in both."""
    counted = {
        "better": estimate.better,
        "worse": estimate.worse,
        "lost": estimate.lost,
        # Of several runs a record's mean may be there where the baseline itself has no score.
        "paired": estimate.n if len(baseline.pooled) < 2 and estimate.rests_on == "judge" else None,
    }
    return links.changed(candidate, criterion, counted[kind], kind)


def fell(scorecard: Scorecard, candidate: str, criterion: str, category: str = "") -> Link | None:
    """Return the records, of a category or all, on which a candidate is worse than in the baseline."""
    card = scorecard.baseline.candidates[candidate] if scorecard.baseline else None
    if card is None:
        return None
    criteria = card.categories[category] if category else card.criteria
    return links.changed(candidate, criterion, criteria[criterion].worse, "worse", category=category)


def judged(scorecard: Scorecard, judge: str, n: int, kind: str) -> Link | None:
    """Return a judge's verdicts of a kind; those on perturbed copies count too, and no page has them."""
    has_copies = any(card.robustness for card in scorecard.candidates.values())
    return links.judged(judge, None if has_copies and n else n, kind)


def called(judge: str, n: int) -> Link | None:
    """Return the records on which a judge was asked; of its calls nobody can be told apart there."""
    return links.link(None, judge=judge) if n else None


def coverage(scorecard: Scorecard) -> Link | None:
    """Return the records that lack a verdict, which is what a coverage below 1 tells of; else all of them."""
    lacks = scorecard.coverage is not None and scorecard.coverage < 1
    return links.link(None, show="unscored") if lacks else links.link(None, answer="evaluated")


def failed_calls(judge: str, n: int) -> Link | None:
    """Return a judge's verdicts that a failed call left open; one call may have several."""
    return links.judged(judge, None, "judge_error") if n else None


def asked_again(judge: str, n: int) -> Link | None:
    """Return a judge's verdicts for which it was asked once more; one call may have several."""
    return links.judged(judge, None, "asked_again") if n else None


def calibrated(card: CandidateScorecard, candidate: str, criterion: str) -> Link | None:
    """Return what a mean that labels correct rests on: every response that judges scored, labelled or not."""
    if criterion in card.criteria:
        return links.verdicts(candidate, criterion, card.criteria[criterion].n_scored)
    return links.verdicts(candidate, OVERALL, card.overall.n if card.overall else 0)


def asked(card: CandidateScorecard, candidate: str, criterion: str) -> Link | None:
    """Return the records on which a criterion was asked of a candidate, scored or not."""
    found = card.criteria[criterion]
    return links.link(found.n_scored + found.n_unscored, candidate=candidate, criterion=criterion)


def missing(pair: Comparison) -> Link | None:
    """Return the records on which a verdict of either candidate is missing."""
    return links.pair(pair.a, pair.b, pair.criterion, pair.n_missing, sign="missing")


def both_guarded(pair: GuardrailComparison) -> Link | None:
    """Return the requests whose end is known of both candidates."""
    return links.both_guarded(pair.a, pair.b, pair.requests, pair.n)


def perturbed(scorecard: Scorecard, candidate: str, on: str, perturbation: str, n: int | None) -> Link | None:
    """Return a candidate's records that copies were held against; `n` is of pairs, for no page has copies."""
    if on in scorecard.candidates[candidate].metrics and on not in scorecard.criteria:
        metric = links.several("metric", on)
        return links.link(n, "pairs", candidate=candidate, answer=metric, copies=perturbation)
    return links.link(n, "pairs", candidate=candidate, criterion=on, verdict="scored", copies=perturbation)


def gate(check: GateCheck, scorecard: Scorecard) -> Link | None:
    """Return what the judgement of a rule rests on; None where nobody can tell records by it."""
    try:
        rule = parse_gate(check.expression)
    except EvaluationError:
        # Some checks are no rule of the gate: that there are answers at all, that anchors hold.
        return None
    if check.candidate is None or isinstance(rule, PowerToSee):
        return _of_run(rule)
    if isinstance(rule, Threshold):
        return _of_threshold(rule, check.candidate, scorecard)
    return _of_change(rule, check.candidate, check.criterion or rule.criterion, scorecard)


def _of_run(rule: Rule) -> Link | None:
    """Return what a rule about the whole run rests on: of its cost what was called."""
    is_cost = isinstance(rule, Threshold) and rule.quantity.partition(".")[0] == "cost_usd"
    return links.link(None, answer="called", sort="dear") if is_cost else None


def _of_change(
    rule: NoRegression | NoWorseRecord, candidate: str, criterion: str | None, scorecard: Scorecard
) -> Link | None:
    baseline = scorecard.baseline
    card = baseline.candidates.get(candidate) if baseline else None
    estimate = card.criteria.get(criterion or "") if card else None
    if baseline is None or estimate is None or criterion is None:
        return None
    is_worse = isinstance(rule, NoWorseRecord) or estimate.worse > 0
    return moved(baseline, candidate, criterion, estimate, "worse" if is_worse else "paired")


def _of_threshold(rule: Threshold, candidate: str, scorecard: Scorecard) -> Link | None:
    card = scorecard.candidates[candidate]
    kind, _, part = rule.quantity.partition(".")
    if kind == "win_rate":
        estimate = card.pairwise and (
            card.pairwise if rule.over is None else card.pairwise.by_baseline.get(rule.over)
        )
        return preferences(candidate, estimate, "read", rule.over or "")
    if kind == "latency_ms":
        return latency(card, candidate)
    if kind == "cost_usd":
        return price(scorecard, candidate)
    if kind == "guardrail":
        end, requests = part.removesuffix("_rate").split("_")
        return guarded(candidate, card.guardrail, end, requests)
    if kind == "error_rate":
        return links.answers(candidate, card.responses.errors + card.responses.missing, "unanswered")
    measure = subject_of(rule, RunNames.of(scorecard)).measure
    if kind == "coverage" and measure in card.criteria:
        return asked(card, candidate, measure)
    return quality(scorecard, candidate, measure) if measure else None


def guarded(candidate: str, found: GuardrailEstimate | None, end: str, requests: str) -> Link | None:
    """Return the requests of a kind that came to an end: blocked, refused or passed."""
    share = getattr(found, f"{end}_{requests}", None)
    return share and of_share(candidate, share, requests, end)


def of_share(
    candidate: str, share: BlockedShare, requests: str, end: str, category: str | None = None
) -> Link | None:
    """Return the requests that came to an end; where none did, those whose end is known."""
    if share.n:
        return links.guarded(candidate, requests, end, share.n, category)
    return links.guarded(candidate, requests, "known", share.of, category)
