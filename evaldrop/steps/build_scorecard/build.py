"""BuildScorecard: a run's result files in; tables, scorecard, report and history out."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.report.history import write_history
from evaldrop.report.writing import write_reports
from evaldrop.run.definition import RunDefinition
from evaldrop.run.results import find_manifests
from evaldrop.scorecard.baseline.compare import against_baseline
from evaldrop.scorecard.calibration import Calibration, calibrate
from evaldrop.scorecard.gate import evaluate_gate
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    CriterionInfo,
    DatasetInfo,
    Records,
    Scorecard,
)
from evaldrop.scorecard.scores import NOT_APPLICABLE
from evaldrop.steps.build_scorecard.anchors import distrust, judge_trusted
from evaldrop.steps.build_scorecard.bounds import scored_only
from evaldrop.steps.build_scorecard.comparing import compare_candidates
from evaldrop.steps.build_scorecard.criteria_use import criteria_use, criterion_pairs
from evaldrop.steps.build_scorecard.estimates import (
    candidate_scorecards,
    columns_of,
    cost_totals,
    judge_health,
)
from evaldrop.steps.build_scorecard.frontier import quality_cost_frontier
from evaldrop.steps.build_scorecard.guardrails import (
    guardrail_comparisons,
    guardrail_estimates,
    guardrails_in_words,
)
from evaldrop.steps.build_scorecard.panels import agreements
from evaldrop.steps.build_scorecard.reuse import reused_in_words, what_was_reused
from evaldrop.steps.build_scorecard.robustness import robustness_alarms, with_robustness
from evaldrop.steps.build_scorecard.strengths import strengths
from evaldrop.steps.build_scorecard.tabulate import Tallies, read_results
from evaldrop.steps.build_scorecard.tally import RunTally
from evaldrop.steps.build_scorecard.win_rates import candidate_pairwise
from evaldrop.steps.build_scorecard.words import run_alarms, run_hints, verdict_in_words

SCORECARD_FILE = "scorecard.json"


def build_scorecard(folder: str, manifest: str | None = None) -> Scorecard:
    """
    Compute the scorecard of the run in a folder and write every file of it, as `score_run` does.

    Raises:
        StorageError: A file is missing, or is not what it should be.
        EvaluationError: The gate cannot be read.
    """
    return score_run(RunDefinition.load(folder), manifest)


def score_run(run: RunDefinition, manifest: str | None = None) -> Scorecard:
    """
    Compute a run's scorecard and write every file of its folder (docs/output-files.md).

    Streams: of a record's texts nothing is kept but its rows in the tables and, within a budget, in the
    report.

    Args:
        run: The run, whose folder also holds `records.jsonl` and the results.
        manifest: URI of the Map run's manifest; by default those found below `results/`.

    Raises:
        StorageError: A file is missing, or is not what it should be.
        EvaluationError: The gate cannot be read.
    """
    manifests = [manifest] if manifest else find_manifests(run.folder)
    tallies = read_results(run, manifests)
    scorecard = with_calibration(_scorecard(run, tallies, ended_at=_ended_at(manifests)), calibrate(run))
    storage.write_bytes(run.file(SCORECARD_FILE), scorecard.model_dump_json(indent=2).encode())
    write_reports(run, scorecard, tallies.rows)
    write_history(run, scorecard)
    return scorecard


def with_calibration(scorecard: Scorecard, calibration: Calibration | None) -> Scorecard:
    """Return a scorecard with means corrected by people's labels beside the judges' own."""
    if calibration is None:
        return scorecard
    cards = {
        name: card.model_copy(
            update={
                "criteria": {
                    criterion: estimate.model_copy(
                        update={"calibrated": calibration.means[name].get(criterion)}
                    )
                    for criterion, estimate in card.criteria.items()
                }
            }
        )
        for name, card in scorecard.candidates.items()
    }
    return scorecard.model_copy(update={"candidates": cards, "calibration": dict(calibration.criteria)})


def _scorecard(run: RunDefinition, tallies: Tallies, *, ended_at: float | None) -> Scorecard:
    tally, columns = tallies.run, columns_of(tallies.run)
    confidence = run.evaluation.confidence
    pairwise, pairs = run.evaluation.pairwise, tallies.pairwise.columns()
    candidates = candidate_scorecards(run, tally, columns)
    if pairwise is not None:
        candidates = {
            name: card.model_copy(
                update={"pairwise": candidate_pairwise(pairs, name, pairwise, tally.groups, confidence)}
            )
            for name, card in candidates.items()
        }
    candidates = with_robustness(candidates, tallies.robustness, confidence=confidence)
    for name, estimate in guardrail_estimates(run, tally, tallies.guardrails).items():
        candidates[name] = candidates[name].model_copy(update={"guardrail": estimate})
    compared = compare_candidates(run, tally, columns)
    judged = {
        name: {criterion: scored_only(column) for criterion, column in parts.items()}
        for name, parts in columns.items()
    }
    scorecard = Scorecard(
        run_id=run.run_id,
        evaluation=run.evaluation.name,
        simulated=run.simulated,
        started_at=run.started_at,
        duration_s=_duration(run.started_at, ended_at),
        dataset=DatasetInfo(
            uri=run.dataset.uri,
            version=run.dataset.version,
            sha256=run.dataset.sha256,
            notes=run.dataset.notes,
        ),
        records=_records(run, tally),
        confidence=confidence,
        coverage=_coverage(candidates.values()),
        criteria={name: _criterion_info(criterion) for name, criterion in run.criteria.items()},
        candidates=candidates,
        comparisons=compared.comparisons,
        slices=compared.slices,
        guardrail_comparisons=guardrail_comparisons(run, tally, tallies.guardrails),
        criteria_use=criteria_use(run, judged, tally.records),
        criterion_pairs=criterion_pairs(run, judged),
        frontier=quality_cost_frontier(candidates, compared.comparisons),
        judges=judge_health(run, tally),
        agreement=agreements(tallies.panel, run.criteria),
        strengths=strengths(pairs, list(candidates), pairwise, tally.groups, confidence),
        cost_usd=cost_totals(run, tally),
        baseline=against_baseline(run),
        anchors=tally.anchors.estimates(run),
        reused=what_was_reused(run, tally),
    )
    return scorecard.model_copy(
        update={
            "gate": distrust(evaluate_gate(run.evaluation.gate, scorecard), scorecard.anchors),
            "judge_trusted": judge_trusted(scorecard.anchors),
            "alarms": (*run_alarms(scorecard, tally), *robustness_alarms(scorecard.candidates)),
            "hints": run_hints(scorecard),
            "summary": "".join(
                (
                    verdict_in_words(scorecard),
                    guardrails_in_words(scorecard),
                    reused_in_words(scorecard.reused),
                )
            ),
        }
    )


def _records(run: RunDefinition, tally: RunTally) -> Records:
    counts = run.dataset.records
    return Records(
        read=counts["read"],
        rejected=counts["rejected"],
        evaluated=tally.evaluated,
        missing=tally.records - tally.evaluated,
        missing_reasons=dict(tally.missing_reasons.most_common()),
        repeated=tally.repeated,
    )


def _coverage(cards: Iterable[CandidateScorecard]) -> float | None:
    estimates = [estimate for card in cards for estimate in card.criteria.values()]
    scored = sum(estimate.n_scored for estimate in estimates)
    lost = sum(estimate.n_unscored - estimate.unscored.get(NOT_APPLICABLE, 0) for estimate in estimates)
    return scored / (scored + lost) if scored + lost else None


def _criterion_info(criterion: Criterion) -> CriterionInfo:
    return CriterionInfo(
        question=criterion.question,
        kind=criterion.scale.kind,
        low=criterion.scale.low,
        high=criterion.scale.high,
        pass_at=criterion.pass_at,
        higher_is_better=criterion.higher_is_better,
        weight=criterion.weight,
    )


def _ended_at(manifests: Sequence[str]) -> float | None:
    # The manifest is the last thing the Map writes, so a report made again later tells the same duration.
    try:
        return max((storage.modified_at(uri) for uri in manifests), default=None)
    except StorageError:
        return None


def _duration(started_at: str, ended_at: float | None) -> float | None:
    if ended_at is None:
        return None
    duration = ended_at - datetime.fromisoformat(started_at).timestamp()
    return round(duration, 3) if duration >= 0 else None
