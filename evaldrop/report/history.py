"""What the history keeps of a run: its own small `history.json`, which no other run ever writes."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.evaluation import Called
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.questions import judge_question
from evaldrop.report.history_index import HISTORY_FILE, renew_index
from evaldrop.run.definition import RunDefinition
from evaldrop.run.request import out_of
from evaldrop.scorecard.answers import silences
from evaldrop.scorecard.baseline.repeats import RepeatErrors, repeat_errors
from evaldrop.scorecard.model.judges import AnchorScores
from evaldrop.scorecard.model.part import OVERALL, Interval
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    CriterionEstimate,
    MeanEstimate,
    Scorecard,
)
from evaldrop.scorecard.recommendation import recommendation_of
from evaldrop.scorecard.trend.entries import HistoryCandidate, HistoryEntry, HistoryEstimate, HistoryJudge


def history_entry(
    scorecard: Scorecard, folder: str, run: RunDefinition, repeats: RepeatErrors | None = None
) -> HistoryEntry:
    """
    Return what the history keeps of a run.

    Args:
        scorecard: Its scorecard.
        folder: Its folder, relative to the output folder.
        run: What it was asked to do.
        repeats: Its means' errors when the same records are asked again, where an earlier run tells.
    """
    repeats = repeats or {}
    candidates = {candidate.name: candidate for candidate in run.candidates}
    return HistoryEntry(
        run_id=scorecard.run_id,
        evaluation=scorecard.evaluation,
        folder=folder,
        simulated=scorecard.simulated,
        started_at=scorecard.started_at,
        dataset=scorecard.dataset.uri,
        records=scorecard.records.evaluated,
        coverage=scorecard.coverage,
        cost_usd=scorecard.cost_usd.total,
        decision=scorecard.gate.decision,
        summary=scorecard.summary,
        recommendation=recommendation_of(scorecard).reason,
        unanswered=next((lack.sentence for lack in silences(scorecard)), ""),
        alarms=len(scorecard.alarms),
        baseline=scorecard.baseline.run_id if scorecard.baseline else None,
        candidates={
            name: HistoryCandidate(
                model=card.model,
                prompt=card.prompt,
                prompt_sha256=_prompt_sha256(run, "candidate", card.prompt),
                settings=_settings(candidates[name]),
                criteria=_estimates(card, repeats.get(name, {})),
                overall=card.overall.mean if card.overall else None,
                overall_interval=card.overall.interval if card.overall else None,
                overall_standard_error=card.overall.standard_error if card.overall else None,
                overall_n=card.overall.n if card.overall else None,
                overall_bounds=_bounds(card.overall) if card.overall else None,
                overall_repeat_error=repeats.get(name, {}).get(OVERALL),
                latency_ms_p50=card.latency_ms.p50,
                cost_usd=card.cost_usd.candidate,
                win_rate=card.pairwise.win_rate if card.pairwise else None,
                win_rate_interval=card.pairwise.interval if card.pairwise else None,
                win_rate_n=card.pairwise.n if card.pairwise else None,
            )
            for name, card in scorecard.candidates.items()
        },
        description=run.evaluation.description or "",
        labels=run.labels,
        owner=run.owner,
        regressed=_regressed(scorecard),
        parent=run.parent.run_id if run.parent else None,
        dataset_sha256=scorecard.dataset.sha256,
        workflow_sha256=run.workflow_sha256,
        judges={
            judge.name: HistoryJudge(
                model=judge.model,
                prompt=judge.prompt,
                prompt_sha256=_prompt_sha256(run, "judge", judge.prompt),
                settings=_settings(judge),
            )
            for judge in run.judges
        },
        criteria={name: _asked_digest(criterion) for name, criterion in run.criteria.items()},
        weights={name: criterion.weight for name, criterion in run.criteria.items()},
        anchors=_anchors(scorecard, repeats),
        anchors_sha256=_anchors_sha256(run),
    )


def _regressed(scorecard: Scorecard) -> tuple[str, ...]:
    """Return on what candidates are decided to be worse than in the baseline."""
    found = scorecard.baseline.candidates if scorecard.baseline else {}
    return tuple(
        f"{candidate} on {criterion}"
        for candidate, card in found.items()
        for criterion, estimate in card.criteria.items()
        if estimate.decision == "regressed"
    )


def _anchors(scorecard: Scorecard, repeats: RepeatErrors) -> dict[str, dict[str, HistoryEstimate]]:
    """
    Return the estimates of responses that nobody answers anew: those given with the dataset, and the
    evaluation's anchors, which are a set per judge and kind. Apart, for a judge that grows timid moves good
    and bad ones towards each other and their common mean not at all.
    """
    found = {
        name: _estimates(card, repeats.get(name, {}))
        for name, card in scorecard.candidates.items()
        if card.model == GIVEN
    }
    for judge, anchors in scorecard.anchors.items():
        for scores in anchors.scores:
            # No candidate can be called so: names hold no spaces.
            name = f"{'good' if scores.passes else 'bad'} anchors ({judge})"
            found.setdefault(name, {})[scores.criterion] = _estimate(scores, scores.n)
    return found


def _anchors_sha256(run: RunDefinition) -> str | None:
    """Return a digest of what the judges are asked about the evaluation's anchors, in whatever order."""
    if run.evaluation.anchors is None:
        return None
    asked = [anchor.model_dump(mode="json", exclude={"id"}) for anchor in run.evaluation.anchors.records]
    # By their JSON: objects have no order of their own.
    return _digest(sorted(asked, key=orjson.dumps))


def _estimates(card: CandidateScorecard, repeats: Mapping[str, float]) -> dict[str, HistoryEstimate]:
    return {
        name: _estimate(estimate, estimate.n_scored, repeats.get(name))
        for name, estimate in card.criteria.items()
    }


def _estimate(
    estimate: CriterionEstimate | AnchorScores, n_scored: int, repeat_error: float | None = None
) -> HistoryEstimate:
    kept = {"mean", "standard_error", "interval", "pass_rate", "pass_interval"}
    return HistoryEstimate(
        n_scored=n_scored,
        bounds=_bounds(estimate) if isinstance(estimate, CriterionEstimate) else None,
        repeat_error=repeat_error,
        **estimate.model_dump(include=kept),
    )


def _bounds(estimate: CriterionEstimate | MeanEstimate) -> Interval | None:
    # Without losses the bounds are the mean; what the evaluation counts as the worst is not lost.
    return estimate.bounds if estimate.bounds_interval else None


def _prompt_sha256(run: RunDefinition, kind: str, name: str) -> str | None:
    prompt = run.prompts.get(f"{kind}/{name}")
    return prompt.sha256 if prompt else None


def _settings(called: Called) -> str:
    # Name, model and prompt are compared by themselves, so that a change can be named.
    # Defaults are left out: a setting that a later version adds is no change of the candidate.
    different = {"name", "model", "prompt", "timeout_s"}
    return _digest(called.model_dump(mode="json", exclude=different, exclude_defaults=True))


def _asked_digest(criterion: Criterion) -> str:
    # Empty fields are left out, so that one which a later version adds is no change.
    return _digest({key: value for key, value in judge_question(criterion).items() if value})


def _digest(content: Any) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def write_history(run: RunDefinition, scorecard: Scorecard) -> None:
    """
    Note a run in its own folder, `<out>/<evaluation>/<run_id>/`, and renew `<out>/index.html`.

    Raises:
        StorageError: The output folder cannot be read or written.
    """
    relative = "/".join(run.folder.rstrip("/").split("/")[-2:])
    entry = history_entry(scorecard, relative, run, repeat_errors(run))
    storage.write_bytes(run.file(HISTORY_FILE), entry.model_dump_json(indent=1).encode())
    if out := out_of(run.folder):
        renew_index(out)
