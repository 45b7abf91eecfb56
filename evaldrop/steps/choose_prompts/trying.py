"""Prompts that are tried on records: as candidates of a run of their own, judged by the run's first judge."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from evaldrop import storage
from evaldrop.datasets import Record
from evaldrop.evaluation import Candidate
from evaldrop.evaluation.delivery import Delivery
from evaldrop.prompt_search.kept import turn_folder
from evaldrop.prompt_search.state import Search
from evaldrop.run.definition import PromptFile, RunDefinition
from evaldrop.run.records import RECORDS_FILE
from evaldrop.run.rest import records_with_results
from evaldrop.run.results import find_manifests
from evaldrop.steps.choose_prompts.turns import id_in_turn, state_of_turn, write_lines
from evaldrop.steps.prepare_records.prepare import Preparing
from evaldrop.steps.prepare_records.reserve import budget_of, in_flight

JSON = dict[str, Any]


class Trial(NamedTuple):
    """
    A prompt and the records that it is tried on.

    Attributes:
        search: The search that it belongs to.
        proposal: ID of the prompt.
        records: IDs of the records.
    """

    search: Search
    proposal: str
    records: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the prompt's candidate is called."""
        return f"{self.search.candidate}.{self.proposal}"


def run_of_trials(run: RunDefinition, turn: int, trials: Iterable[Trial]) -> RunDefinition:
    """Return a run whose candidates are the prompts that a turn tries, for PrepareRecords' functions."""
    candidates, prompts, deliveries = [], dict[str, PromptFile](), dict[str, Delivery]()
    own = {each.name: each for each in run.candidates}
    # A prompt may be tried on train and on dev records.
    for trial in {each.name: each for each in trials}.values():
        candidate = own[trial.search.candidate]
        text = trial.search.proposal(trial.proposal).text
        candidates.append(_candidate(candidate, trial.name))
        prompts[f"candidate/{trial.name}"] = PromptFile(
            sha256=hashlib.sha256(text.encode()).hexdigest(), text=text
        )
        # A job has a hundred rows at least, and takes hours: what would go in one is called for.
        if run.delivery_of("candidate", candidate.name) == "flex":
            deliveries[f"candidate/{trial.name}"] = "flex"
    judges = run.evaluation.called_judges[:1]
    deliveries |= {
        f"judge/{each.name}": "flex" for each in judges if run.delivery_of("judge", each.name) == "flex"
    }
    evaluation = run.evaluation.model_copy(
        update={
            "candidates": tuple(candidates),
            "judges": judges,
            "pairwise": None,
            "anchors": None,
            "robustness": None,
            "metrics": (),
            "gate": (),
        }
    )
    kept = {name: file for name, file in run.prompts.items() if name.startswith("judge/")}
    return run.changed(
        evaluation=evaluation,
        prompts=kept | prompts,
        deliveries=deliveries,
        written_to=turn_folder(run.folder, turn),
        parent=None,
    )


def _candidate(candidate: Candidate, name: str) -> Candidate:
    return candidate.model_copy(update={"name": name, "prompt": name})


def prepare_trials(
    run: RunDefinition,
    turn: int,
    trials: Sequence[Trial],
    records: Mapping[str, Record],
    *,
    run_state: Mapping[str, Any],
    limit: int | None,
) -> JSON:
    """
    Write a turn's records, and return the state with which EvaluateRecords tries prompts on them.

    Args:
        run: The run.
        turn: Which turn it is.
        trials: The prompts and their records.
        records: Train and dev records by their ID.
        run_state: What the workflow's state says of the run.
        limit: What all tries of the run may cost, in micro-dollars; None: anything.
    """
    lines, constants = list[JSON](), dict[str, JSON]()
    budget: JSON | None = None
    reserved = 0
    for alike, ids in _by_candidates(trials):
        tried = run_of_trials(run, turn, alike)
        if limit is not None:
            tried = tried.changed(budget_usd=limit / 1e6)
            made = budget_of(tried) or {}
            budget = _joined(budget, made, limit)
        preparing = Preparing(tried, is_sending=True)
        for record_id in ids:
            line = preparing.prepare(records[record_id])
            # What cannot be sent is a record without a result.
            if isinstance(line, dict):
                lines.append(_line(line, turn, record_id, preparing))
        reserved += preparing.reserve.sum
        constants |= preparing.judge_requests.constants
    folder = turn_folder(run.folder, turn)
    write_lines(storage.join(folder, RECORDS_FILE), lines)
    wanted = run_state.get("max_in_flight") or run.evaluation.max_concurrency
    mean = reserved / max(len(lines), 1)
    return {
        **state_of_turn(run, turn, run_state=run_state, is_try=True),
        # Each record brings those who are tried on it.
        "candidates": [],
        "judges": constants,
        "refused": {"candidates": {}, "judges": {}},
        # A turn that was broken off goes on.
        "done": sorted(records_with_results(find_manifests(folder))),
        "earlier": [],
        "budget": budget,
        "max_concurrency": wanted if limit is None else in_flight(limit, mean, wanted),
        # A try that failed is one that says nothing.
        "tolerated_failure_percentage": 100,
    }


def _line(line: JSON, turn: int, record_id: str, preparing: Preparing) -> JSON:
    name = id_in_turn(turn, record_id)
    calls = line["calls"] | {"record_id": name, "candidates": preparing.candidates}
    return line | {"record_id": name, "calls": calls}


def _joined(budget: JSON | None, other: JSON, limit: int) -> JSON:
    if budget is None:
        return other | {"limit": limit}
    prices = {kind: known | other["prices"][kind] for kind, known in budget["prices"].items()}
    return budget | {"prices": prices}


def _by_candidates(trials: Sequence[Trial]) -> list[tuple[tuple[Trial, ...], list[str]]]:
    """Return prompts that are tried together, and the records that they are tried on."""
    by_record: dict[str, list[Trial]] = {}
    for trial in trials:
        for record_id in trial.records:
            by_record.setdefault(record_id, []).append(trial)
    found: dict[tuple[str, ...], tuple[tuple[Trial, ...], list[str]]] = {}
    for record_id, of_record in by_record.items():
        names = tuple(each.name for each in of_record)
        found.setdefault(names, (tuple(of_record), []))[1].append(record_id)
    return list(found.values())
