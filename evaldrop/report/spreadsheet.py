"""`scorecard.csv`: a row per candidate and criterion, and per rate of a guardrail."""

import csv
import io
from collections.abc import Iterator, Sequence

from evaldrop.report.escape import csv_cell
from evaldrop.report.guardrails import guardrail_shares
from evaldrop.scorecard.model.calibration import CalibratedMean
from evaldrop.scorecard.model.scorecard import CandidateScorecard, Scorecard

COLUMNS = (
    "run", "run_id", "evaluation", "started_at", "candidate", "model", "prompt", "criterion", "n_scored",
    "n_unscored", "coverage", "mean", "sd", "standard_error", "low", "high", "pass_rate", "pass_low",
    "pass_high", "confidence", "responses", "errors", "latency_ms_p50", "latency_ms_p90",
    "cost_usd_candidate", "cost_usd_judge", "calibrated_mean", "calibrated_low",
    "calibrated_high", "n_labelled",
)  # fmt: skip


def csv_report(scorecard: Scorecard) -> str:
    """Return the scorecard as CSV. A number that does not exist is an empty cell; an unknown cost says so."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    writer.writerows([csv_cell(cell) for cell in row] for row in scorecard_rows(scorecard))
    return stream.getvalue()


def scorecard_rows(scorecard: Scorecard) -> Iterator[Sequence[object]]:
    """Yield a row per candidate and criterion, and per guardrail rate, in the order of `COLUMNS`."""
    for name, card in scorecard.candidates.items():
        yield from _guardrail_rows(scorecard, name, card)
        for criterion, estimate in card.criteria.items():
            yield (
                "SIMULATED" if scorecard.simulated else "real",
                scorecard.run_id,
                scorecard.evaluation,
                scorecard.started_at,
                name,
                card.model,
                card.prompt,
                criterion,
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
                card.responses.n,
                card.responses.errors,
                card.latency_ms.p50,
                card.latency_ms.p90,
                _cost(card.cost_usd.candidate),
                _cost(card.cost_usd.judge),
                *_calibrated(estimate.calibrated),
            )


def _guardrail_rows(scorecard: Scorecard, name: str, card: CandidateScorecard) -> Iterator[Sequence[object]]:
    """Yield shares as if they were criteria that a request passes or not: `guardrail.blocked_bad` …"""
    for measure, share, unknown in guardrail_shares(card.guardrail):
        total = share.of + unknown
        yield (
            "SIMULATED" if scorecard.simulated else "real",
            scorecard.run_id,
            scorecard.evaluation,
            scorecard.started_at,
            name,
            card.model,
            card.prompt,
            f"guardrail.{measure}",
            share.of,
            unknown,
            share.of / total if total else None,
            share.rate,
            None,
            None,
            *(share.interval or (None, None)),
            share.rate,
            *(share.interval or (None, None)),
            scorecard.confidence,
            card.responses.n,
            card.responses.errors,
            card.latency_ms.p50,
            card.latency_ms.p90,
            _cost(card.cost_usd.candidate),
            _cost(card.cost_usd.judge),
            *_calibrated(None),
        )


def _calibrated(found: CalibratedMean | None) -> tuple[float | None, ...]:
    if found is None:
        return (None,) * 4
    return (found.mean, *(found.interval or (None, None)), found.n_labelled)


def _cost(value: float | None) -> float | str:
    return "unknown" if value is None else value
