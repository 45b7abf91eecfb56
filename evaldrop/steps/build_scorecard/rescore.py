"""
A run's raw replies read again by other rules: pass marks, weights, metrics, confidence, prices, gate.

Nothing is called. What was asked must be what the evaluation still asks; where it is not, the numbers would
be about something else, and `evaldrop rejudge` asks for what is new.
"""

import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from evaldrop import storage
from evaldrop.errors import EvaluationError, InputError
from evaldrop.evaluation import Evaluation, read_evaluation
from evaldrop.evaluation.called_checks import called_checks
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.metrics import METRICS
from evaldrop.evaluation.originals import with_originals, with_proposers
from evaldrop.evaluation.questions import judge_question, questions_of
from evaldrop.evaluation.regions import as_called
from evaldrop.prompt_search.state import PARTS_FILE
from evaldrop.run.definition import RunDefinition, checks_by_name, criteria_by_name, prices_for
from evaldrop.run.job_scores import JUDGEMENTS_FILE
from evaldrop.run.records import RECORDS_FILE, RECORDS_FOLDER, REJECTED_FILE, record_files
from evaldrop.run.request import new_run_id, out_of, run_folder
from evaldrop.run.results import find_manifests
from evaldrop.run.scores import SCORES
from evaldrop.scorecard.baseline.blessing import blessed_run
from evaldrop.scorecard.gate import RunNames, gate_problems
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.shipped import VERSION
from evaldrop.steps.build_scorecard.build import score_run

KEPT_FILES = (RECORDS_FILE, REJECTED_FILE, JUDGEMENTS_FILE, PARTS_FILE)


def rescore(folder: str, *, evaluation: str | None = None, out: str | None = None) -> RunDefinition:
    """
    Write a run that reads the replies of another one by its evaluation as it is now.

    Args:
        folder: The parent run's folder.
        evaluation: URI of the evaluation; by default the file the parent was run with.
        out: The folder that runs are kept in; by default the parent's.

    Raises:
        InputError: The parent has no results, or the evaluation asks something else than it did.
        StorageError: A file cannot be read, `baseline.json` among them.
    """
    parent = RunDefinition.load(folder)
    manifests = find_manifests(folder)
    if not manifests:
        raise InputError(
            f"{folder}: this run has no results to read again. evaldrop run --resume finishes it."
        )
    definition = _rescored(parent, evaluation=evaluation, out=out)
    # Copied, not referred to: a rescored run stays readable when its parent is gone.
    for name in KEPT_FILES:
        if storage.exists(storage.join(folder, name)):
            storage.copy(storage.join(folder, name), storage.join(definition.folder, name))
    if not storage.exists(storage.join(folder, RECORDS_FILE)):
        for uri in record_files(folder):
            storage.copy(uri, storage.join(definition.folder, RECORDS_FOLDER, uri.rpartition("/")[2]))
    # The oldest first: of several attempts the newest counts.
    for manifest in reversed(manifests):
        place = storage.parent(manifest) or ""
        for uri in storage.list_files(place):
            storage.copy(uri, storage.join(definition.folder, "results", *_below(uri, place)))
    scores = storage.join(storage.absolute(folder), SCORES)
    for uri in _scores_of(scores):
        storage.copy(uri, storage.join(definition.folder, SCORES, uri[len(scores) :].strip("/")))
    # Last: a folder with run.json is a run, and must have its results by then.
    definition.save()
    return definition


def rescored_scorecard(definition: RunDefinition) -> Scorecard:
    """Compute a rescored run's scorecard and write its files."""
    return score_run(definition)


def _rescored(parent: RunDefinition, *, evaluation: str | None, out: str | None) -> RunDefinition:
    uri = evaluation or parent.evaluation_uri
    if uri is None or not storage.exists(uri):
        raise InputError(
            f"{uri or parent.folder}: the evaluation is not there. Give one with --evaluation FILE."
        )
    source = uri.rpartition("/")[2]
    asked = with_given(as_called(read_evaluation(uri), parent.evaluation), parent)
    now = with_originals(with_proposers(asked))
    # Criteria that records bring are in no evaluation file; the parent has them behind its own.
    configs = (*now.criteria, *parent.criteria_configs[len(parent.evaluation.criteria) :])
    criteria = criteria_by_name(configs, path=f"{source}: criteria")
    # Checks ask nobody: any may be added, changed or dropped.
    own = {criterion.name for criterion in checks_by_name(now.checks, path=f"{source}: checks").values()}
    brought = parent.check_configs[len(parent.evaluation.checks) :]
    check_configs = (
        *now.checks,
        *(config for config in brought if isinstance(config, dict) and config["name"] not in own),
    )
    checked = checks_by_name(check_configs, path=f"{source}: checks")
    problems = [
        *(
            f"{source}: {what} is not what run {parent.run_id} asked"
            for what in _asked_otherwise(parent, now)
        ),
        *_criteria_asked_otherwise(parent, criteria, source),
    ]
    problems += [
        f"{source}: check {check.check.name} is a call that run {parent.run_id} did not make"
        for check in called_checks(check_configs)
        if (check.name, check.constants) not in [(each.name, each.constants) for each in parent.called_checks]
    ]
    if problems:
        problems.append("Other questions need other replies: evaldrop rejudge calls judges for what is new.")
    names = RunNames.asked(now, (*criteria, *checked))
    problems += [f"{source}: {problem}" for problem in gate_problems(now.gate, names)]
    problems += [
        f'{source}: metrics: "{name}" is no metric. There are {", ".join(METRICS)}.'
        for name in now.metrics
        if name not in METRICS
    ]
    if problems:
        raise EvaluationError("\n".join(problems))
    run_id = new_run_id()
    place = storage.absolute(out or out_of(storage.absolute(parent.folder)) or parent.folder)
    blessed = blessed_run(storage.join(place, now.name), simulated=parent.simulated)
    return parent.changed(
        run_id=run_id,
        evaluation_name=now.name,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        written_to=run_folder(place, now.name, run_id),
        out=place,
        evaluation=now,
        evaluation_uri=storage.absolute(uri),
        criteria_configs=configs,
        check_configs=check_configs,
        price_list=prices_for(now),
        estimate=None,
        baseline=blessed or parent.baseline,
        versions={"evaldrop": VERSION, "python": platform.python_version()},
        parent=parent.as_parent("rescored"),
    )


def with_given(evaluation: Evaluation, parent: RunDefinition) -> Evaluation:
    """Return an evaluation with the candidates that came with the parent's dataset."""
    named = {candidate.name for candidate in evaluation.candidates}
    given = [
        candidate
        for candidate in parent.evaluation.candidates
        if candidate.model == GIVEN and candidate.name not in named
    ]
    return evaluation.model_copy(update={"candidates": (*evaluation.candidates, *given)})


def _asked_otherwise(parent: RunDefinition, now: Evaluation) -> Iterator[str]:
    before, after = questions_of(parent.evaluation), questions_of(now)
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield key


def _criteria_asked_otherwise(
    parent: RunDefinition, after: Mapping[str, Criterion], source: str
) -> Iterator[str]:
    before = parent.judged_criteria
    for name in sorted(before.keys() | after.keys()):
        if (
            name not in after
            or name not in before
            or judge_question(before[name]) != judge_question(after[name])
        ):
            yield f"{source}: criteria: {name} is not what run {parent.run_id} asked"


def _scores_of(folder: str) -> list[str]:
    """Return the files of what scorers said, the oldest first: of two the newest counts."""
    files = storage.list_files(folder)
    return sorted((uri for uri in files if uri.endswith((".json", ".jsonl"))), key=storage.modified_at)


def _below(uri: str, manifest_folder: str) -> tuple[str, str]:
    """Return a result file's place below `results/`: its Map run, and its name there."""
    return manifest_folder.rpartition("/")[2], uri[len(manifest_folder) :].strip("/")
