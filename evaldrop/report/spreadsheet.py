"""`scorecard.csv`: a row per candidate and criterion, per rate of a guardrail, and per win rate."""

from collections.abc import Iterator, Sequence

from evaldrop.report.escape import csv_text
from evaldrop.scorecard.model.calibration import CalibratedMean
from evaldrop.scorecard.model.guardrails import BlockedShare, GuardrailEstimate
from evaldrop.scorecard.model.pairwise import NOTHING_COMPARED, PairwiseEstimate, Strength
from evaldrop.scorecard.model.scorecard import CandidateScorecard, CriterionEstimate, Scorecard

COLUMNS = (
    "run", "run_id", "evaluation", "started_at", "candidate", "model", "prompt", "criterion", "n_scored",
    "n_unscored", "coverage", "mean", "sd", "standard_error", "low", "high", "pass_rate", "pass_low",
    "pass_high", "confidence", "responses", "errors", "latency_ms_p50", "latency_ms_p90",
    "cost_usd_candidate", "cost_usd_judge", "calibrated_mean", "calibrated_low",
    "calibrated_high", "n_labelled", "p_value", "p_adjusted", "decided", "wins", "losses", "ties",
    "flip_rate", "elo", "elo_low", "elo_high", "latency_ms_p50_low", "latency_ms_p50_high",
    "latency_ms_p90_low", "latency_ms_p90_high", "cost_usd_per_1000_records",
    "cost_usd_per_1000_records_low", "cost_usd_per_1000_records_high", "gate",
)  # fmt: skip


def csv_report(scorecard: Scorecard) -> str:
    """Return the scorecard as CSV. A number that does not exist is an empty cell; an unknown cost says so."""
    return csv_text((COLUMNS, *scorecard_rows(scorecard)))


def scorecard_rows(scorecard: Scorecard) -> Iterator[Sequence[object]]:
    """Yield a row per candidate and criterion, per guardrail rate and win rate, in the order of `COLUMNS`."""
    run = "SIMULATED" if scorecard.simulated else "real"
    about = (run, scorecard.run_id, scorecard.evaluation, scorecard.started_at)
    decision = scorecard.gate.decision
    for name, card in scorecard.candidates.items():
        first = (*about, name, card.model, card.prompt)
        costs = ("unknown" if usd is None else usd for usd in (card.cost_usd.candidate, card.cost_usd.judge))
        last = (card.responses.n, card.responses.errors, card.latency_ms.p50, card.latency_ms.p90, *costs)
        for cells in _guardrail_cells(card.guardrail, scorecard.confidence):
            yield (
                *first,
                *cells,
                *last,
                *_calibrated(None),
                *_NO_PREFERENCE,
                *_bounds(card, decision),
            )
        for criterion, estimate in card.criteria.items():
            estimated = (*_estimate_cells(estimate), *last, *_calibrated(estimate.calibrated))
            yield (*first, criterion, *estimated, *_NO_PREFERENCE, *_bounds(card, decision))
        for what, found, strength in _preferences(scorecard, name):
            rate = (*_rate_cells(found, scorecard.confidence), *last, *_calibrated(None))
            yield (
                *first,
                what,
                *rate,
                *_preference_cells(found, strength),
                *_bounds(card, decision),
            )


def _estimate_cells(estimate: CriterionEstimate) -> Sequence[object]:
    counts = (estimate.n_scored, estimate.n_unscored, estimate.coverage)
    mean = (estimate.mean, estimate.sd, estimate.standard_error, *(estimate.interval or (None, None)))
    pass_rate = (estimate.pass_rate, *(estimate.pass_interval or (None, None)))
    return (*counts, *mean, *pass_rate, estimate.confidence)


def _guardrail_cells(estimate: GuardrailEstimate | None, confidence: float) -> Iterator[Sequence[object]]:
    """Yield shares as if they were criteria that a request passes or not: `guardrail.blocked_bad` …"""
    if estimate is None:
        return
    for kind, unknown in (("bad", estimate.unknown_bad), ("good", estimate.unknown_good)):
        for measure in (f"blocked_{kind}", f"passed_{kind}"):
            share: BlockedShare = getattr(estimate, measure)
            total = share.of + unknown
            counts = (share.of, unknown, share.of / total if total else None)
            bounds = share.interval or (None, None)
            rates = (share.rate, None, None, *bounds, share.rate, *bounds)
            yield (f"guardrail.{measure}", *counts, *rates, confidence)


def _bounds(card: CandidateScorecard, decision: str) -> Sequence[object]:
    latency, cost, unknown = card.latency_ms, card.cost_usd, (None, None)
    bounds = (*(latency.p50_interval or unknown), *(latency.p90_interval or unknown))
    return (*bounds, cost.per_1000_records, *(cost.per_1000_interval or unknown), decision)


_NO_PREFERENCE = (None,) * 10


def _preferences(scorecard: Scorecard, name: str) -> Iterator[tuple[str, PairwiseEstimate, Strength | None]]:
    """Yield a candidate's win rates: over all, which goes with its strength, and over each opponent."""
    known = scorecard.candidates[name].pairwise
    strengths = scorecard.strengths.candidates if scorecard.strengths else {}
    # A baseline has no win rate, and a strength like the others.
    if known is not None or name in strengths:
        yield "win_rate", known or NOTHING_COMPARED, strengths.get(name)
    for opponent, estimate in known.by_baseline.items() if known else ():
        yield f"win_rate over {opponent}", estimate, None


def _rate_cells(found: PairwiseEstimate, confidence: float) -> Sequence[object]:
    counts = (found.n, found.n_lost, found.coverage)
    mean = (found.win_rate, None, found.standard_error, *(found.interval or (None, None)))
    return (*counts, *mean, None, None, None, confidence)


def _preference_cells(found: PairwiseEstimate, strength: Strength | None) -> Sequence[object]:
    elo = (None, None, None) if strength is None else (strength.elo, *strength.elo_interval)
    tested = (found.p_value, found.p_adjusted, found.decisive if found.p_value is not None else None)
    return (*tested, found.wins, found.losses, found.ties, found.flip_rate, *elo)


def _calibrated(found: CalibratedMean | None) -> tuple[float | None, ...]:
    if found is None:
        return (None,) * 4
    return (found.mean, *(found.interval or (None, None)), found.n_labelled)
