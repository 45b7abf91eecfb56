"""
A judge's successor reads the responses that the last runs kept, and a line links both scales.

Candidates are not called. Each run is judged again as `rejudge` does it, by its own evaluation with the new
judge in the old one's place; judges that stay are not asked again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from statistics import fmean

import numpy as np
import numpy.typing as npt
import orjson
from pydantic import ValidationError

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.evaluation import Evaluation, Judge
from evaldrop.evaluation.criteria import Criterion
from evaldrop.report.history_index import HISTORY_FILE, read_entries, renew_index
from evaldrop.run.definition import RunDefinition
from evaldrop.run.request import out_of
from evaldrop.running.here import LocalRun, rejudged_run
from evaldrop.scorecard.baseline.scores_table import places_of, read_scores
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.read import read_scorecard
from evaldrop.scorecard.trend.bridges import (
    BRIDGES_FILE,
    Bridge,
    Bridges,
    CriterionBridge,
    link_scores,
)
from evaldrop.scorecard.trend.entries import HistoryEntry

_Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridging:
    """What a bridge is made of: the judges' names, the runs that are read, and those that read them."""

    old_judge: str
    new_judge: str
    parents: tuple[RunDefinition, ...]
    runs: tuple[LocalRun, ...]


def bridging(
    folder: str, earlier: Iterable[str], *, judge: str, replaces: str | None, runs: int, bedrock: str | None
) -> Bridging:
    """
    Prepare a bridge: write the evaluations in which the new judge stands, and define the runs.

    Args:
        folder: The last run that is read.
        earlier: Folders of runs of its evaluation, the newest first; those that were made with the same
            judges are read, too.
        judge: `NAME=MODEL`, or the name of a judge in the run's evaluation file as it is now.
        replaces: The judge whose place it takes; by default the only one, or the one of its name.
        runs: How many runs are read at most.
        bedrock: Who answers; by default as in each run.

    Raises:
        InputError: There is no such judge, or a run cannot be judged again.
    """
    last = RunDefinition.load(folder)
    old = _replaced(last, judge.partition("=")[0], replaces)
    new = _new_judge(last, judge, old)
    if new == old:
        raise InputError(f"--bridge {judge}: it is the judge of {last.run_id}. Name another model.")
    parents = list(islice(_alike(last, earlier), runs))
    return Bridging(
        old_judge=old.name,
        new_judge=new.name,
        parents=tuple(parents),
        runs=tuple(
            rejudged_run(
                parent.folder,
                evaluation=_written(parent, _with_judge(parent.evaluation, old, new)),
                bedrock=bedrock,
                out=None,
                max_in_flight=None,
            )
            for parent in parents
        ),
    )


def _alike(last: RunDefinition, earlier: Iterable[str]) -> Iterator[RunDefinition]:
    """Yield the runs that are read, the newest first."""
    yield last
    for folder in earlier:
        run = RunDefinition.load(folder)
        is_like = run.judges == last.judges and run.simulated == last.simulated
        # Runs that read replies of others hold the same responses again.
        if run.run_id != last.run_id and run.started_at <= last.started_at and is_like and not run.parent:
            yield run


def _replaced(run: RunDefinition, name: str, replaces: str | None) -> Judge:
    judges = {judge.name: judge for judge in run.judges}
    wanted = replaces or (name if name in judges else None)
    if wanted is None and len(judges) == 1:
        return next(iter(judges.values()))
    if wanted in judges:
        return judges[wanted]
    known = ", ".join(judges) or "none"
    raise InputError(f"run {run.run_id} has the judges {known}: say with --replaces whose place it takes.")


def _new_judge(run: RunDefinition, wanted: str, old: Judge) -> Judge:
    name, _, model = wanted.partition("=")
    if model:
        try:
            # Whole, so that its name and model are held to what any judge's are.
            return Judge.model_validate(
                {**old.model_dump(exclude_defaults=True), "name": name, "model": model}
            )
        except ValidationError as error:
            raise InputError(f"--bridge {wanted}: {error.errors()[0]['msg']}.") from error
    from evaldrop.evaluation import read_evaluation

    uri = run.evaluation_uri
    if uri is not None and storage.exists(uri):
        for judge in read_evaluation(uri).judges:
            if judge.name == name:
                return judge
    raise InputError(f"--bridge {wanted}: no judge of this name is in {uri}. Give its model: {name}=MODEL.")


def _with_judge(evaluation: Evaluation, old: Judge, new: Judge) -> Evaluation:
    judges = tuple(new if each.name == old.name else each for each in evaluation.judges)
    # Of scores alone the line is made: pairs and copies are not judged again, and no gate is held.
    left = {"judges": judges, "pairwise": None, "robustness": None, "gate": ()}
    return evaluation.model_copy(update=left)


def _written(parent: RunDefinition, evaluation: Evaluation) -> str:
    """Write an evaluation with its prompts below the evaluation's folder; return where."""
    folder = storage.join(parent.folder, "bridge")
    for name, text in parent.prompt_files.items():
        storage.write_bytes(storage.join(folder, f"prompts/{name}.md"), text.encode())
    uri = storage.join(folder, "evaluation.yaml")
    # JSON is YAML.
    content = evaluation.model_dump(mode="json", exclude_defaults=True, by_alias=True)
    storage.write_bytes(uri, orjson.dumps(content, option=orjson.OPT_INDENT_2))
    return uri


def keep_bridge(made: Bridging) -> Bridge:
    """
    Link both judges' scores, once the runs have ended, and keep that in `<out>/<evaluation>/bridges.json`.

    Raises:
        StorageError: A run's scores are not there, or the file cannot be written.
    """
    parents = made.parents
    last = parents[0]
    before = _entry(last.folder)
    after = [_entry(run.folder) for run in made.runs]
    bridge = Bridge(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        simulated=after[0].simulated,
        old_judge=made.old_judge,
        new_judge=made.new_judge,
        old=before.judges,
        new=after[0].judges,
        runs=tuple(parent.run_id for parent in parents),
        judged=tuple(entry.run_id for entry in after),
        criteria=_criteria(made, before),
    )
    out = out_of(storage.absolute(last.folder)) or storage.absolute(last.folder)
    uri = storage.join(out, f"{last.evaluation_name}/{BRIDGES_FILE}")
    kept = Bridges(evaluation=last.evaluation_name)
    if storage.exists(uri):
        kept = Bridges.model_validate_json(storage.read_bytes(uri))
    kept = kept.model_copy(update={"bridges": (*kept.bridges, bridge)})
    storage.write_bytes(uri, kept.model_dump_json(indent=1).encode() + b"\n")
    renew_index(out)
    return bridge


def _entry(folder: str) -> HistoryEntry:
    found = read_entries([storage.join(folder, HISTORY_FILE)])
    if not found:
        raise InputError(f"{folder}: no {HISTORY_FILE} there. `evaldrop rescore` writes it.")
    return found[0]


def _criteria(made: Bridging, before: HistoryEntry) -> dict[str, CriterionBridge]:
    run = made.parents[0]
    confidence = run.evaluation.confidence
    judged = run.judged_criteria
    pairs = [
        _pair(parent, child.folder, judged) for parent, child in zip(made.parents, made.runs, strict=True)
    ]
    groups = [label for _, _, labels in pairs for label in labels]
    anchors = _anchors(made)

    def both(name: str) -> tuple[_Scores, _Scores]:
        return (
            np.concatenate([old[name] for old, _, _ in pairs]),
            np.concatenate([new[name] for _, new, _ in pairs]),
        )

    found = {}
    for name, criterion in judged.items():
        old, new = both(name)
        scale = criterion.scale
        passed = _passed(criterion, old), _passed(criterion, new)
        score = link_scores(old, new, groups, low=scale.low, high=scale.high, confidence=confidence)
        found[name] = CriterionBridge(
            score=score.held_against(anchors.get(name, ()), scale=scale.high - scale.low),
            passed=link_scores(passed[0], passed[1], groups, low=0, high=1, confidence=confidence),
            asked=before.criteria.get(name),
        )
    if len(judged) > 1:
        old, new = both(OVERALL)
        link = link_scores(old, new, groups, low=0, high=1, confidence=confidence)
        found[OVERALL] = CriterionBridge(score=link)
    return found


def _anchors(made: Bridging) -> dict[str, list[tuple[float, float]]]:
    """Return what the old panel and the new one give each anchor, by criterion; each anchor once."""
    found: defaultdict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for parent, child in zip(made.parents, made.runs, strict=True):
        old, new = _anchor_scores(parent.folder), _anchor_scores(child.folder)
        for criterion, anchor in old.keys() & new.keys():
            # The newest run comes first.
            found[criterion].setdefault(anchor, (old[criterion, anchor], new[criterion, anchor]))
    return {criterion: [*pairs.values()] for criterion, pairs in found.items()}


def _anchor_scores(folder: str) -> dict[tuple[str, str], float]:
    """Return the mean over a run's judges of what they give each anchor, by criterion and anchor."""
    scores: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for estimate in read_scorecard(folder).anchors.values():
        for each in estimate.by_anchor:
            scores[each.criterion, each.anchor].append(each.score)
    return {key: fmean(given) for key, given in scores.items()}


def _pair(
    parent: RunDefinition, child: str, criteria: Mapping[str, Criterion]
) -> tuple[dict[str, _Scores], dict[str, _Scores], list[str]]:
    """Return the scores of the same responses in both runs by criterion, flat, and each one's cluster."""
    old, new = read_scores(parent.folder), read_scores(child)
    places = places_of(old, among=new)
    candidates = [name for name in old.candidates if name in new.candidates]
    columns = [[kept.candidates.index(name) for name in candidates] for kept in (old, new)]
    before, after = {}, {}
    for name in criteria:
        blank = np.full((places.size, len(candidates)), np.nan)
        before[name] = old.scores[name][:, columns[0]] if name in old.scores else blank
        found = new.scores[name][:, columns[1]][places] if name in new.scores else blank
        after[name] = np.where(places[:, None] < 0, np.nan, found)
    dataset = parent.dataset.sha256
    ids = old.record_ids.to_pylist() if old.groups is None else [f"{dataset} {code}" for code in old.groups]
    labels = [label for label in ids for _ in candidates]
    flat = [{name: each.ravel() for name, each in scores.items()} for scores in (before, after)]
    for scores in flat:
        scores[OVERALL] = _overall(scores, criteria)
    return flat[0], flat[1], labels


def _overall(scores: dict[str, _Scores], criteria: Mapping[str, Criterion]) -> _Scores:
    """Return each response's weighted quality over the criteria that it has a score on."""
    names = [name for name, criterion in criteria.items() if criterion.weight]
    quality = np.stack([_quality(criteria[name], scores[name]) for name in names])
    weights = np.array([[criteria[name].weight] for name in names]) * ~np.isnan(quality)
    total: _Scores = weights.sum(axis=0)
    summed: _Scores = np.nansum(quality * weights, axis=0)
    overall = np.full(total.shape, np.nan)
    np.divide(summed, total, out=overall, where=total > 0)
    return overall


def _quality(criterion: Criterion, scores: _Scores) -> _Scores:
    share = (scores - criterion.scale.low) / (criterion.scale.high - criterion.scale.low)
    return share if criterion.higher_is_better else 1.0 - share


def _passed(criterion: Criterion, scores: _Scores) -> _Scores:
    sign = 1.0 if criterion.higher_is_better else -1.0
    return np.where(np.isnan(scores), np.nan, (sign * scores >= sign * criterion.pass_at).astype(float))


def planned_calls(runs: Sequence[LocalRun]) -> Iterator[tuple[LocalRun, float | None, tuple[str, ...]]]:
    """
    Yield each run with what it likely costs in USD, None where that is not known, and its problems.

    Nothing is called.
    """
    from evaldrop.steps.validate_dataset.validate import check_dataset

    for run in runs:
        check = check_dataset(run.request)
        lines = check.plan.lines if check.plan else ()
        costs = [line.cost_usd.likely if line.cost_usd else None for line in lines if line.calls]
        known = [cost for cost in costs if cost is not None]
        yield run, (sum(known) if len(known) == len(costs) else None), check.problems
