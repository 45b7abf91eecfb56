"""
BuildScorecard: a run's result files in; tables, scorecard, report and history out.

A loop over the records, and over tallies: see `tally`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.questions import compared_pairs
from evaldrop.report.history import write_history
from evaldrop.report.places import Behind
from evaldrop.report.rows import ReportRows
from evaldrop.report.writing import write_reports
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.results import find_manifests
from evaldrop.scorecard.baseline.compare import against_baseline
from evaldrop.scorecard.calibration import Calibration, calibrate
from evaldrop.scorecard.gate import evaluate_gate
from evaldrop.scorecard.improved_prompts import improvements_in_words
from evaldrop.scorecard.model.pairwise import pairs_of
from evaldrop.scorecard.model.scorecard import (
    CriterionInfo,
    DatasetInfo,
    Records,
    Scorecard,
    coverage_of,
)
from evaldrop.scorecard.proofs import proof_of
from evaldrop.scorecard.recommendation import recommend
from evaldrop.scorecard.results import RecordResults
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.anchors import (
    AnchorCheck,
    AnchorTally,
    anchor_estimates,
    judge_trusted,
)
from evaldrop.steps.build_scorecard.answer_estimates import field_estimates, label_estimates
from evaldrop.steps.build_scorecard.answers import AnswerTally, KnownAnswers
from evaldrop.steps.build_scorecard.begun import take_begun
from evaldrop.steps.build_scorecard.biases.gathering import BiasData, BiasTally, labels_of, people_of
from evaldrop.steps.build_scorecard.biases.measures import Judgements
from evaldrop.steps.build_scorecard.biases.measuring import BiasMeter, earlier_anchors
from evaldrop.steps.build_scorecard.biases.words import bias_alarms, bias_hints
from evaldrop.steps.build_scorecard.by_people import favour_alarms, people_in_words, with_calibrated_means
from evaldrop.steps.build_scorecard.candidate_differences import compare_candidates
from evaldrop.steps.build_scorecard.check_agreement import checks_against_judges
from evaldrop.steps.build_scorecard.columns import common_quality, scored_only
from evaldrop.steps.build_scorecard.costs import cost_totals, judge_health, reused_in_words, what_was_reused
from evaldrop.steps.build_scorecard.counts import CountTally, RunCounts
from evaldrop.steps.build_scorecard.estimates import candidate_scorecards
from evaldrop.steps.build_scorecard.failures import FailedOn, FailureTally, members_of, parts_of_scorecard
from evaldrop.steps.build_scorecard.guardrails import (
    GuardrailEnds,
    GuardrailTally,
    guardrail_comparisons,
    guardrail_estimates,
    guardrails_in_words,
)
from evaldrop.steps.build_scorecard.hints import as_one, run_hints
from evaldrop.steps.build_scorecard.job_alarms import evaluation_job_alarms, job_alarms
from evaldrop.steps.build_scorecard.panels import PanelTally, agreements
from evaldrop.steps.build_scorecard.preferences.by_people import lean_alarms, with_peoples_preferences
from evaldrop.steps.build_scorecard.preferences.estimates import PairsAsked, pairwise_estimates
from evaldrop.steps.build_scorecard.preferences.strengths import strengths
from evaldrop.steps.build_scorecard.preferences.win_rates import JudgeColumn, Pair, PairwiseTally
from evaldrop.steps.build_scorecard.preferences.words import headline, preference_alarms
from evaldrop.steps.build_scorecard.prompts import improvements
from evaldrop.steps.build_scorecard.results import read_results
from evaldrop.steps.build_scorecard.robustness import (
    RobustnessPairs,
    RobustnessTally,
    robustness_alarms,
    with_robustness,
)
from evaldrop.steps.build_scorecard.step_prices import with_intervals
from evaldrop.steps.build_scorecard.tables import open_tables
from evaldrop.steps.build_scorecard.tally import Merging
from evaldrop.steps.build_scorecard.unseen_judges import JudgedColumns, JudgesApartTally
from evaldrop.steps.build_scorecard.usefulness import criteria_use, criterion_pairs, quality_cost_frontier
from evaldrop.steps.build_scorecard.words import counted_as_worst, run_alarms

SCORECARD_FILE = "scorecard.json"


def build_scorecard(folder: str, *manifests: str) -> Scorecard:
    """
    Compute the scorecard of the run in a folder and write every file of it, as `score_run` does.

    Raises:
        StorageError: A file is missing, or is not what it should be.
        EvaluationError: The gate cannot be read.
    """
    return score_run(RunDefinition.load(folder), *manifests)


def score_run(run: RunDefinition, *manifests: str) -> Scorecard:
    """
    Compute a run's scorecard and write every file of its folder (docs/output-files.md).

    Streams: of a record's texts nothing is kept but its rows in the tables and, within a budget, in the
    report.

    Args:
        run: The run, whose folder also holds `records.jsonl` and the results.
        manifests: URIs of the Map runs' manifests, the newest first; by default those found below
            `results/`.

    Raises:
        StorageError: A file is missing, or is not what it should be.
        EvaluationError: The gate cannot be read.
    """
    found = manifests or find_manifests(run.folder)
    begun = take_begun(run.folder)
    made = None if begun is None else begun.finish(run, found)
    tally, rows = made or tally_records(run, read_results(run, found))
    return finish_run(run, tally, rows, found)


def tally_records(
    run: RunDefinition, found: Iterable[tuple[PreparedRecord, RecordResults]]
) -> "tuple[RunTally, ReportRows]":
    """
    Tally a run's records and write its tables; return the tallies and the report's rows.

    Args:
        run: The run.
        found: Every line of its records with what came of it, as `read_results` has them.

    Raises:
        StorageError: A file is missing, or is not what it should be.
    """
    tally = RunTally(run)
    with open_tables(run) as tables:
        for record, results in found:
            tally.add(record, results)
            tables.add(record, results)
    return tally, tables.report


def finish_run(
    run: RunDefinition, tally: "RunTally", rows: ReportRows, manifests: Sequence[str]
) -> Scorecard:
    """
    Compute a run's scorecard and write every file of its folder but the tables, which are there.

    Args:
        run: The run.
        tally: Of all its records.
        rows: Of its report.
        manifests: URIs of its Map runs' manifests.

    Raises:
        StorageError: A file is missing, or is not what it should be.
        EvaluationError: The gate cannot be read.
    """
    # From the tables, so after them: people's labels decide comparisons, sentences and the gate.
    tallied = tally.result()
    scorecard = scorecard_of(run, tallied, calibration=calibrate(run), ended_at=_ended_at(manifests))
    storage.write_bytes(run.file(SCORECARD_FILE), scorecard.model_dump_json(indent=2).encode())
    behind = Behind(groups=members_of(tallied.failures), labels=labels_of(tallied.biases, run))
    write_reports(run, scorecard, rows, behind)
    write_history(run, scorecard)
    return scorecard


class Tallied(NamedTuple):
    """All that a scorecard is computed from."""

    counts: RunCounts
    pairs: Mapping[Pair, Mapping[str, JudgeColumn]]
    panel: Mapping[str, tuple[Ordinals, Floats]]
    robustness: RobustnessPairs
    guardrails: GuardrailEnds
    anchors: Sequence[AnchorCheck]
    biases: BiasData
    failures: Mapping[str, FailedOn]
    judges_apart: JudgedColumns
    answers: KnownAnswers


class RunTally(Merging):
    """All tallies of a run, as one."""

    def __init__(self, run: RunDefinition) -> None:
        candidates = [candidate.name for candidate in run.candidates]
        judges = [judge.name for judge in run.judges]
        self._counts = CountTally(candidates, list(run.answering), run.evaluation.metrics)
        self._pairs = PairwiseTally()
        menus = [name for name, criterion in run.criteria.items() if criterion.scale.kind == "choices"]
        self._panel = PanelTally(judges, [name for name in menus if run.criteria[name].scale.is_nominal])
        self._robustness = RobustnessTally(run)
        self._guardrails = GuardrailTally(candidates)
        self._anchors = AnchorTally()
        self._data = BiasTally(run)
        self._failures = FailureTally(run)
        self._judges_apart = JudgesApartTally(run)
        self._answers = AnswerTally(run)

    def add(self, record: PreparedRecord, results: RecordResults) -> None:
        """Add a line of `records.jsonl` with what came of it."""
        if results.is_skipped:
            # Of what was not begun there is nothing to say but that it is not there.
            self._counts.add(record, results)
            return
        for tally in vars(self).values():
            tally.add(record, results)

    def result(self) -> Tallied:
        """Return what was gathered."""
        # In the order in which __init__ made them: that of the fields of `Tallied`.
        return Tallied(*(tally.result() for tally in vars(self).values()))


def scorecard_of(
    run: RunDefinition,
    tallied: Tallied,
    *,
    calibration: Calibration | None = None,
    ended_at: float | None,
) -> Scorecard:
    """
    Compute the scorecard of a run.

    Args:
        run: The run.
        tallied: All that was gathered from its results.
        calibration: What people's labels say of it; None where there are none.
        ended_at: Seconds since 1970.
    """
    counts, pairs, groups = tallied.counts, tallied.pairs, tallied.counts.groups
    confidence, pairwise = run.evaluation.confidence, run.evaluation.pairwise
    columns = {name: candidate.columns() for name, candidate in counts.candidates.items()}
    # A verdict that is counted as the worst says nothing about its criterion.
    judged = {
        name: {criterion: scored_only(column) for criterion, column in parts.items()}
        for name, parts in columns.items()
    }
    candidates = with_robustness(candidate_scorecards(run, counts, columns), tallied.robustness, run)
    candidates = with_calibrated_means(candidates, calibration)
    if pairwise is not None:
        asked = PairsAsked(list(compared_pairs(run.evaluation)), pairwise, counts.records, groups, confidence)
        judges = pairwise_estimates(pairs, list(candidates), asked)
        people = () if calibration is None else calibration.preferences
        for name, won in with_peoples_preferences(judges, people, confidence).items():
            candidates[name] = candidates[name].model_copy(update={"pairwise": won})
    for name, estimate in guardrail_estimates(run, counts, tallied.guardrails).items():
        candidates[name] = candidates[name].model_copy(update={"guardrail": estimate})
    compared = compare_candidates(run, counts, columns, calibration)
    prompts = improvements(run, counts, candidates, compared.comparisons, tallied.judges_apart)
    baseline = against_baseline(run)
    scorecard = Scorecard(
        run_id=run.run_id,
        evaluation=run.evaluation.name,
        simulated=run.simulated,
        started_at=run.started_at,
        duration_s=_duration(run.started_at, ended_at),
        customer=run.owner.customer,
        dataset=DatasetInfo(
            uri=run.dataset.uri,
            version=run.dataset.version,
            sha256=run.dataset.sha256,
            notes=run.dataset.notes,
        ),
        records=_records(run, counts),
        budget_usd=run.budget_usd,
        confidence=confidence,
        coverage=coverage_of(
            (estimate for card in candidates.values() for estimate in card.criteria.values()),
            pairs_of({name: card.pairwise for name, card in candidates.items()}).values(),
        ),
        criteria={name: _criterion_info(criterion) for name, criterion in run.criteria.items()},
        candidates=candidates,
        comparisons=compared.comparisons,
        slices=compared.slices,
        guardrail_comparisons=guardrail_comparisons(run, groups, tallied.guardrails),
        criteria_use=criteria_use(run, judged, counts.size),
        criterion_pairs=criterion_pairs(run, judged),
        checks_against_judges=checks_against_judges(run, judged, counts.size),
        fields=field_estimates(run, counts, tallied.answers),
        labels=label_estimates(run, counts, tallied.answers),
        frontier=with_intervals(
            quality_cost_frontier(
                candidates,
                common_quality(columns, run.criteria, counts.size),
                compared.comparisons,
                run.criteria,
            ),
            run,
            counts,
            columns,
        ),
        judges=judge_health(run, counts),
        agreement=agreements(tallied.panel, run.criteria, groups, confidence),
        strengths=strengths(pairs, list(candidates), pairwise, groups, confidence),
        cost_usd=cost_totals(run, counts),
        baseline=baseline,
        anchors=anchor_estimates(run, tallied.anchors),
        biases=BiasMeter(
            Judgements(run, counts, judged, tallied.biases, people_of(tallied.biases, run))
        ).measure(pairs, tallied.anchors, earlier_anchors(run, baseline)),
        calibration={} if calibration is None else dict(calibration.criteria),
        preferences_by_people=() if calibration is None else calibration.preferences,
        reused=what_was_reused(run, counts),
        failure_groups=parts_of_scorecard(tallied.failures),
        prompts=dict(prompts.by_candidate),
        parts=prompts.parts,
        proof=proof_of(run),
    )
    said = (
        headline(scorecard),
        improvements_in_words(scorecard),
        people_in_words(scorecard),
        guardrails_in_words(scorecard),
        reused_in_words(scorecard.reused),
    )
    decided = scorecard.model_copy(
        update={
            "gate": evaluate_gate(run.evaluation.gate, scorecard),
            "judge_trusted": judge_trusted(scorecard.anchors),
            "alarms": (
                *run.dataset.alarms,
                *preference_alarms(scorecard),
                *run_alarms(scorecard, counts),
                *job_alarms(run),
                *evaluation_job_alarms(run),
                *(counted_as_worst(scorecard) if run.evaluation.unscored == "worst" else ()),
                *favour_alarms(scorecard),
                *lean_alarms(scorecard),
                *bias_alarms(scorecard, orders=pairwise.orders if pairwise else "both"),
                *as_one(robustness_alarms(scorecard.candidates)),
            ),
            "hints": (*run_hints(scorecard), *bias_hints(scorecard)),
            "summary": "".join(said),
        }
    )
    return with_recommendation(decided)


def with_recommendation(scorecard: Scorecard) -> Scorecard:
    """Return a scorecard that says which candidate to ship; the last thing that is computed of it."""
    return scorecard.model_copy(update={"recommendation": recommend(scorecard)})


def _records(run: RunDefinition, counts: RunCounts) -> Records:
    return Records(
        read=run.dataset.records["read"],
        rejected=run.dataset.records["rejected"],
        evaluated=counts.evaluated,
        missing=counts.records - counts.evaluated - counts.skipped,
        skipped=counts.skipped,
        missing_reasons=dict(counts.missing_reasons),
        repeated=counts.repeated,
    )


def _criterion_info(criterion: Criterion) -> CriterionInfo:
    return CriterionInfo(
        question=criterion.question,
        kind=criterion.scale.kind,
        low=criterion.scale.low,
        high=criterion.scale.high,
        pass_at=criterion.pass_at,
        higher_is_better=criterion.higher_is_better,
        weight=criterion.weight,
        check=None if criterion.check is None else criterion.check.kind.name,
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
    # Two clocks tell the two moments: of a very short run the difference may come out below nothing.
    return round(duration, 3) if duration >= 0 else None
