"""`scorecard.csv`: a row per candidate and criterion, and per rate of a guardrail."""

from collections.abc import Iterator, Sequence

from evaldrop.report.escape import csv_text
from evaldrop.scorecard.model.calibration import CalibratedMean
from evaldrop.scorecard.model.guardrails import BlockedShare, GuardrailEstimate
from evaldrop.scorecard.model.scorecard import CandidateScorecard, CriterionEstimate, Scorecard

COLUMNS = (
    "run", "run_id", "evaluation", "started_at", "candidate", "model", "prompt", "criterion", "n_scored",
    "n_unscored", "coverage", "mean", "sd", "standard_error", "low", "high", "pass_rate", "pass_low",
    "pass_high", "confidence", "responses", "errors", "latency_ms_p50", "latency_ms_p90",
    "cost_usd_candidate", "cost_usd_judge", "calibrated_mean", "calibrated_low",
    "calibrated_high", "n_labelled",
)  # fmt: skip


def csv_report(scorecard: Scorecard) -> str:
    """Return the scorecard as CSV. A number that does not exist is an empty cell; an unknown cost says so."""
    return csv_text((COLUMNS, *scorecard_rows(scorecard)))


def scorecard_rows(scorecard: Scorecard) -> Iterator[Sequence[object]]:
    """Yield a row per candidate and criterion, and per guardrail rate, in the order of `COLUMNS`."""
    for name, card in scorecard.candidates.items():
        first, last = _first_cells(scorecard, name, card), _last_cells(card)
        for cells in _guardrail_cells(scorecard, card):
            yield (*first, *cells, *last, *_calibrated(None))
        for criterion, estimate in card.criteria.items():
            yield (*first, criterion, *_estimate_cells(estimate), *last, *_calibrated(estimate.calibrated))


def _first_cells(scorecard: Scorecard, name: str, card: CandidateScorecard) -> Sequence[object]:
    run = "SIMULATED" if scorecard.simulated else "real"
    about = (run, scorecard.run_id, scorecard.evaluation, scorecard.started_at)
    return (*about, name, card.model, card.prompt)


def _last_cells(card: CandidateScorecard) -> Sequence[object]:
    latency, cost = card.latency_ms, card.cost_usd
    counts = (card.responses.n, card.responses.errors)
    return (*counts, latency.p50, latency.p90, _cost(cost.candidate), _cost(cost.judge))


def _estimate_cells(estimate: CriterionEstimate) -> Sequence[object]:
    return (
        estimate.n_scored,
        estimate.n_unscored,
        estimate.coverage,
        estimate.mean,
        estimate.sd,
        estimate.standard_error,
        *(estimate.interval or (None, None)),
        estimate.pass_rate,
        *(estimate.pass_interval or (None, None)),
        estimate.confidence,
    )


def _guardrail_cells(scorecard: Scorecard, card: CandidateScorecard) -> Iterator[Sequence[object]]:
    """Yield shares as if they were criteria that a request passes or not: `guardrail.blocked_bad` …"""
    for measure, share, unknown in _guardrail_shares(card.guardrail):
        total = share.of + unknown
        counts = (share.of, unknown, share.of / total if total else None)
        rate = (share.rate, *(share.interval or (None, None)))
        yield (
            f"guardrail.{measure}",
            *counts,
            share.rate,
            None,
            None,
            *rate[1:],
            *rate,
            scorecard.confidence,
        )


def _guardrail_shares(estimate: GuardrailEstimate | None) -> Iterator[tuple[str, BlockedShare, int]]:
    """Yield the shares a gate may be about, each with its name and the number of unknown ends beside it."""
    if estimate is None:
        return
    for kind, unknown in (("bad", estimate.unknown_bad), ("good", estimate.unknown_good)):
        for end in ("blocked", "passed"):
            name = f"{end}_{kind}"
            yield name, getattr(estimate, name), unknown


def _calibrated(found: CalibratedMean | None) -> tuple[float | None, ...]:
    if found is None:
        return (None,) * 4
    return (found.mean, *(found.interval or (None, None)), found.n_labelled)


def _cost(value: float | None) -> float | str:
    return "unknown" if value is None else value
