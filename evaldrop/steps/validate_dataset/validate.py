"""
ValidateDataset: a dataset and its evaluation checked together, before any money is spent.

`check_dataset` collects everything that is wrong, for `evaldrop validate`; `validate_dataset` refuses, for
the workflow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evaldrop import storage
from evaldrop.datasets import Survey, survey_dataset
from evaldrop.errors import DatasetError, EvaldropError, EvaluationError, StorageError
from evaldrop.evaluation import (
    find_evaluation,
    read_evaluation,
    read_loosely,
    stack_evaluation,
)
from evaldrop.evaluation.delivered import as_delivered, without_jobs
from evaldrop.evaluation.scorers import local_scorer_problems
from evaldrop.model_lives import Lives, published_lives
from evaldrop.run.definition import RunDefinition
from evaldrop.run.request import RunRequest
from evaldrop.steps.validate_dataset.begun import as_begun
from evaldrop.steps.validate_dataset.caps import NO_CAPS, Caps
from evaldrop.steps.validate_dataset.define_run import RunDraft, calling_region
from evaldrop.steps.validate_dataset.improvements import without_prompt_jobs
from evaldrop.steps.validate_dataset.job_checks import without_evaluation_jobs
from evaldrop.steps.validate_dataset.loose_checks import loose_problems
from evaldrop.steps.validate_dataset.plan import Plan

MAX_SHOWN = 50


@dataclass(frozen=True, kw_only=True)
class DatasetCheck:
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


def validate_dataset(
    request: RunRequest,
    *,
    default: str | None = None,
    caps: Caps = NO_CAPS,
    arn: str | None = None,
    admit: Callable[[RunDefinition], None] | None = None,
    lives: Lives | None = None,
) -> dict[str, Any]:
    """
    Check a dataset, write the run's `run.json`, and return the state PrepareRecords works on.

    A run that has its `run.json` already keeps it: this is how a run is gone on with. `default` names the
    stack's evaluation for datasets that have none beside or above them; `caps` are what the stack lets a run
    ask, and `arn` is one of its functions. `admit` gets a run that may begin otherwise, and may refuse it.
    `lives` are those of an account's models; without them it is the shipped file that tells.

    Raises:
        InputError: There is something wrong; the message says all of it.
    """
    if region := calling_region(request):
        caps = caps.in_region(region)
    check = check_dataset(request, default=default, caps=caps, arn=arn, lives=lives)
    if check.problems or check.definition is None or check.plan is None:
        shown = list(check.problems[:MAX_SHOWN])
        if more := len(check.problems) - len(shown):
            shown.append(f"… and {more:,} more problems. evaldrop validate lists them.")
        raise DatasetError("\n".join(shown))
    definition = as_begun(check.definition) or check.definition
    # Of a run that begins, and not of a dataset that is looked at: it may be meant for a stack.
    has_jobs = request.simulated or (arn is not None and request.bedrock == "aws")
    if not has_jobs and (problem := without_jobs(definition.deliveries)):
        raise DatasetError(problem)
    if not has_jobs and (problem := without_evaluation_jobs(definition.evaluation)):
        raise DatasetError(problem)
    if not has_jobs and (problem := without_prompt_jobs(definition.evaluation)):
        raise DatasetError(problem)
    if arn is None and (problem := "\n".join(local_scorer_problems(definition.evaluation))):
        raise DatasetError(problem)
    # Before run.json is written: a run that was refused must not look as if it had begun.
    caps.refuse(check.plan, definition.evaluation, budget_usd=request.budget_usd)
    definition = definition.changed(budget_usd=_budget_usd(request, definition, caps))
    if admit:
        admit(definition)
    definition.save()
    run = {**request.model_dump(mode="json"), "folder": definition.folder, "name": definition.evaluation_name}
    if definition.is_searching:
        return {"run": run, "prompt_search": {"turn": 0, "next": "choose"}}
    return {"run": run}


def _budget_usd(request: RunRequest, definition: RunDefinition, caps: Caps) -> float | None:
    """Return what a run may cost: as this request says, or an earlier one, the evaluation, the stack."""
    evaluation = definition.evaluation
    return request.budget_usd or definition.budget_usd or evaluation.budget_usd or caps.default_budget_usd


def check_dataset(
    request: RunRequest,
    *,
    default: str | None = None,
    caps: Caps = NO_CAPS,
    arn: str | None = None,
    observed: Mapping[str, float] | None = None,
    lives: Lives | None = None,
) -> DatasetCheck:
    """
    Return all there is to say about a dataset and its evaluation; raise for nothing a user can mend.

    `observed` is how long replies of an earlier run were, as `reply_tokens` returns it.

    Raises:
        BudgetExceeded: There are so many calls that a stack's cap ended their counting.
    """
    evaluation_uri = None
    try:
        evaluation_uri = _named_evaluation(request) or find_evaluation(request.dataset)
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
        return _check_apart(request, evaluation_uri, str(error).splitlines())
    survey, problems = _survey(request, evaluation.fields)
    if survey is None:
        further = _loose_problems(request, evaluation_uri, None)
        return DatasetCheck(request=request, evaluation_uri=evaluation_uri, problems=(*problems, *further))
    draft = RunDraft(
        request, evaluation, evaluation_uri, survey,
        caps=caps, arn=arn, observed=observed or {}, lives=lives or published_lives(),
    )  # fmt: skip
    draft.problems += problems
    draft.tolerate_rows()
    of_rows, draft.problems = draft.problems, []
    definition = draft.define()
    # Also where rows are at fault: of the others some may be too long to be sent.
    plan = draft.plan(definition) if definition and survey.n_accepted else None
    problems = [*of_rows, *draft.problems]
    if plan and definition:
        definition = definition.changed(
            estimate=plan.to_json(),
            deliveries=plan.deliveries,
            evaluation=as_delivered(definition.evaluation, plan.deliveries),
        )
    return DatasetCheck(
        request=request,
        survey=survey,
        evaluation_uri=evaluation_uri,
        problems=tuple(problems),
        warnings=tuple(draft.warnings),
        definition=None if problems else definition,
        plan=None if problems else plan,
    )


def _named_evaluation(request: RunRequest) -> str | None:
    """Return the evaluation that was asked for by name, None without one."""
    uri = request.evaluation
    if uri is None or not storage.is_s3(uri):
        return uri
    try:
        if storage.exists(uri):
            return uri
        fault, remedy = "there is no evaluation", "Upload it first"
    except StorageError:
        fault, remedy = "not to be read is", "Put it into the input bucket, below evaluations/"
    # Said by whom: with S3's words alone a reader looks for a fault in the dataset.
    raise EvaluationError(
        f"{fault} {uri}, which evaldrop-evaluation in the upload's metadata, a schedule or --evaluation "
        f"names. {remedy}, and then submit the dataset again."
    )


def _check_apart(request: RunRequest, evaluation_uri: str | None, problems: list[str]) -> DatasetCheck:
    """Check the rows of a dataset whose evaluation is missing or wrong, and the evaluation's parts."""
    fields: Any = None
    if evaluation_uri is not None:
        # Rows are read by its `fields` all the same: without them every row might seem at fault.
        fields = read_loosely(evaluation_uri).get("fields")
    is_mapping = isinstance(fields, dict) and all(
        isinstance(each, str) for pair in fields.items() for each in pair
    )
    survey, of_rows = _survey(request, fields if is_mapping else {})
    if evaluation_uri is not None:
        further = _loose_problems(request, evaluation_uri, survey)
        problems += [each for each in further if each not in problems]
    warnings = tuple(map(str, survey.hints)) if survey else ()
    return DatasetCheck(request=request, survey=survey, problems=(*problems, *of_rows), warnings=warnings)


def _loose_problems(request: RunRequest, evaluation_uri: str, survey: Survey | None) -> list[str]:
    return list(
        loose_problems(
            read_loosely(evaluation_uri),
            source=_name(evaluation_uri),
            near=storage.parent(evaluation_uri),
            survey=survey,
            region=request.region,
        )
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
