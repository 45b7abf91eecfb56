"""
ValidateDataset: a dataset and its evaluation checked together, before any money is spent.

`check_dataset` collects everything that is wrong, for `evaldrop validate`; `validate_dataset` refuses, for
the workflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.datasets import Survey, survey_dataset
from evaldrop.errors import DatasetError, EvaldropError, EvaluationError, InputError
from evaldrop.evaluation import Evaluation, find_evaluation, read_evaluation, stack_evaluation
from evaldrop.run.definition import RunDefinition
from evaldrop.run.request import RunRequest, has_begun
from evaldrop.steps.validate_dataset.define_run import RunDraft
from evaldrop.steps.validate_dataset.plan import Plan, refuse_above_budget

MAX_SHOWN = 50


@dataclass(frozen=True, kw_only=True)
class Check:
    """
    What came of checking a dataset with its evaluation.

    Problems stop a run: there is no definition then, and no plan. Warnings do not. Both are sentences for the
    person who can mend it.
    """

    request: RunRequest
    survey: Survey | None = None
    evaluation_uri: str | None = None
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    definition: RunDefinition | None = None
    plan: Plan | None = None


def validate_dataset(request: RunRequest, *, default: str | None = None) -> dict[str, Any]:
    """
    Check a dataset, write the run's `run.json`, and return the state PrepareRecords works on.

    A run that has its `run.json` already keeps it: this is how a run is gone on with. `default` names the
    stack's evaluation for datasets that have none beside or above them.

    Raises:
        InputError: There is something wrong; the message says all of it.
    """
    check = check_dataset(request, default=default)
    if check.problems or check.definition is None or check.plan is None:
        shown = list(check.problems[:MAX_SHOWN])
        if more := len(check.problems) - len(shown):
            shown.append(f"… and {more:,} more problems. evaldrop validate lists them.")
        raise DatasetError("\n".join(shown))
    definition = _kept(check.definition) or check.definition
    # Before run.json is written: a run that was refused must not look as if it had begun.
    refuse_above_budget(check.plan, definition.evaluation.budget_usd)
    definition.save()
    run = {**request.model_dump(mode="json"), "folder": definition.folder, "name": definition.evaluation_name}
    return {"run": run}


def _kept(definition: RunDefinition) -> RunDefinition | None:
    """Return the definition this run began with, if it has begun."""
    if not has_begun(definition.folder):
        return None
    kept = RunDefinition.load(definition.folder)
    for what, before, now in (
        ("dataset", kept.dataset.sha256, definition.dataset.sha256),
        ("evaluation", _as_kept(kept.evaluation), _as_kept(definition.evaluation)),
        ("prompts", kept.prompts, definition.prompts),
    ):
        if before != now:
            raise InputError(
                f"run {kept.run_id} cannot go on: its {what} changed since it began. Start a new run."
            )
    return kept


def _as_kept(evaluation: Evaluation) -> Any:
    """Return an evaluation as run.json spells it: there the points 1 and 2 of a scale are "1" and "2"."""
    return orjson.loads(evaluation.model_dump_json())


def check_dataset(request: RunRequest, *, default: str | None = None) -> Check:
    """Return all there is to say about a dataset and its evaluation; raise for nothing a user can mend."""
    try:
        evaluation_uri = request.evaluation or find_evaluation(request.dataset)
        if evaluation_uri is None and default:
            evaluation_uri = stack_evaluation(request.dataset, default)
        if evaluation_uri is None:
            raise EvaluationError(
                f"{_name(request.dataset)}: no evaluation. "
                "Put an evaluation.yaml beside it or in a folder above, or give one with --evaluation; "
                "evaldrop init DIR writes an example."
            )
        evaluation = read_evaluation(evaluation_uri)
    except EvaldropError as error:
        # Without an evaluation the rows can still be checked: everything that is wrong is told at once.
        survey, problems = _survey(request, {})
        return Check(request=request, survey=survey, problems=(*str(error).splitlines(), *problems))
    survey, problems = _survey(request, evaluation.fields)
    if survey is None:
        return Check(request=request, evaluation_uri=evaluation_uri, problems=tuple(problems))
    draft = RunDraft(request, evaluation, evaluation_uri, survey)
    draft.problems += problems
    draft.tolerate_rows()
    definition = draft.define()
    plan = draft.plan(definition) if definition and not draft.problems else None
    if plan and definition:
        definition = definition.changed(estimate=plan.to_json())
    return Check(
        request=request,
        survey=survey,
        evaluation_uri=evaluation_uri,
        problems=tuple(draft.problems),
        warnings=tuple(draft.warnings),
        definition=None if draft.problems else definition,
        plan=None if draft.problems else plan,
    )


def _survey(request: RunRequest, fields: Mapping[str, str]) -> tuple[Survey | None, list[str]]:
    try:
        survey = survey_dataset(
            lambda: storage.open_read(request.dataset, request.dataset_version),
            source=_name(request.dataset),
            fields=fields or None,
        )
    except EvaldropError as error:
        return None, str(error).splitlines()
    problems = [str(problem) for problem in survey.problems]
    if survey.n_more_problems:
        problems.append(f"{survey.source}: {survey.n_more_problems:,} more problems of the same kinds.")
    return survey, problems


def _name(uri: str) -> str:
    return uri.rstrip("/").rpartition("/")[2]
