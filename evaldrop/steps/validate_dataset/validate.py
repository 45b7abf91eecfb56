"""
ValidateDataset: a dataset and its evaluation checked together, before any money is spent.

`check_dataset` collects everything that is wrong, for `evaldrop validate`; `validate_dataset` refuses, for
the workflow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from evaldrop import storage
from evaldrop.datasets import Survey, survey_dataset
from evaldrop.errors import DatasetError, EvaldropError, EvaluationError, StorageError
from evaldrop.evaluation import (
    Evaluation,
    find_evaluation,
    read_evaluation,
    read_loosely,
    stack_evaluation,
)
from evaldrop.evaluation.delivered import as_delivered, without_jobs
from evaldrop.evaluation.scorers import local_scorer_problems
from evaldrop.model_lives import Lives, published_lives
from evaldrop.run.definition import RunDefinition
from evaldrop.run.part_sizes import PartSizes
from evaldrop.run.parts import PartTask
from evaldrop.run.request import RunRequest, run_folder
from evaldrop.steps.validate_dataset.begun import as_begun
from evaldrop.steps.validate_dataset.caps import NO_CAPS, Caps
from evaldrop.steps.validate_dataset.define_run import RunDraft, calling_region
from evaldrop.steps.validate_dataset.improvements import without_prompt_jobs
from evaldrop.steps.validate_dataset.in_parts import DatasetParts, is_cut
from evaldrop.steps.validate_dataset.job_checks import without_evaluation_jobs
from evaldrop.steps.validate_dataset.looking import LookAtRecords
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
    sizes: PartSizes = PartSizes(),  # noqa: B008 -- a named tuple, which nobody changes
    stage: str | None = None,
) -> dict[str, Any]:
    """
    Check a dataset, write the run's `run.json`, and return the state PrepareRecords works on.

    A run that has its `run.json` already keeps it: this is how a run is gone on with. `default` names the
    stack's evaluation for datasets that have none beside or above them; `caps` are what the stack lets a run
    ask, and `arn` is one of its functions. `admit` gets a run that may begin otherwise, and may refuse it.
    `lives` are those of an account's models; without them it is the shipped file that tells.

    Above `sizes` the dataset is validated in parts: the state then says what is due (`evaldrop.run.parts`),
    and this is called again after each `stage`.

    Raises:
        InputError: There is something wrong; the message says all of it.
    """
    if region := calling_region(request):
        caps = caps.in_region(region)
    checking = _Checking(request, default, caps, arn, {}, lives)
    begun = _validated_so_far(checking, sizes, stage)
    if isinstance(begun, dict):
        return begun
    check, parts = begun
    definition, plan = _refused_or_defined(check)
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
    caps.refuse(plan, definition.evaluation, budget_usd=request.budget_usd)
    definition = definition.changed(budget_usd=_budget_usd(request, definition, caps))
    if admit:
        admit(definition)
    definition.save()
    run = _run_state(request, definition.folder, definition.evaluation_name)
    if definition.is_searching:
        return {"run": run, "prompt_search": {"turn": 0, "next": "choose"}}
    return {"run": run, "parts": {}} if parts else {"run": run}


def validate_part(
    request: RunRequest,
    folder: str,
    task: PartTask,
    *,
    default: str | None = None,
    caps: Caps = NO_CAPS,
) -> None:
    """Do what a stage of a validation in parts asks of one part, and write what was found beside the run."""
    if region := calling_region(request):
        caps = caps.in_region(region)
    checking = _Checking(request, default, caps, None, {}, None)
    DatasetParts(request, folder, checking.read()[1].fields).work(task, caps)


def _validated_so_far(
    checking: "_Checking", sizes: PartSizes, stage: str | None
) -> tuple["DatasetCheck", bool] | dict[str, Any]:
    """Return what came of a validation, and whether it was in parts; or the state of one that goes on."""
    request = checking.request
    try:
        uri, evaluation = checking.read()
        is_in_parts = stage is not None or is_cut(request, evaluation, sizes)
    # That there is no such dataset is said beside all else that is wrong.
    except EvaldropError:
        is_in_parts = False
    if not is_in_parts:
        return checking.check(), False
    folder = request.folder or run_folder(storage.absolute(request.out), evaluation.name, request.run_id)
    parts = DatasetParts(request, folder, evaluation.fields)
    if stage is None:
        due: Any = parts.begin(sizes, datetime.now(UTC).isoformat(timespec="seconds"))
    elif stage == "lines":
        due = parts.after_lines()
    else:
        due = parts.after_survey()
    if due is None:
        return checking.check(), False
    if isinstance(due, Survey):
        drafted = checking.drafted(uri, evaluation, due)
        definition = drafted.definition
        if definition is None or not due.n_accepted or not drafted.draft.may_look(definition):
            return drafted.check(), True
        if stage == "look":
            begun = drafted._replace(definition=definition.changed(started_at=parts.started_at))
            return begun.planned(parts.after_look(definition, checking.caps)), True
        due = parts.before_look(definition)
    return {"run": _run_state(request, folder, evaluation.name), "parts": due}


def _refused_or_defined(check: "DatasetCheck") -> tuple[RunDefinition, Plan]:
    if check.problems or check.definition is None or check.plan is None:
        shown = list(check.problems[:MAX_SHOWN])
        if more := len(check.problems) - len(shown):
            shown.append(f"… and {more:,} more problems. evaldrop validate lists them.")
        raise DatasetError("\n".join(shown))
    return as_begun(check.definition) or check.definition, check.plan


def _run_state(request: RunRequest, folder: str, name: str) -> dict[str, Any]:
    return {**request.model_dump(mode="json"), "folder": folder, "name": name}


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
    return _Checking(request, default, caps, arn, observed or {}, lives).check()


@dataclass(frozen=True)
class _Checking:
    """A dataset and its evaluation, to be checked together; as `check_dataset` has its arguments."""

    request: RunRequest
    default: str | None
    caps: Caps
    arn: str | None
    observed: Mapping[str, float]
    lives: Lives | None

    def read(self) -> tuple[str, Evaluation]:
        """
        Return the evaluation, and where it is.

        Raises:
            EvaldropError: There is none, or it cannot be read.
        """
        evaluation_uri = self._found()
        if evaluation_uri is None:
            raise EvaluationError(
                f"{_name(self.request.dataset)}: no evaluation. "
                "Put an evaluation.yaml beside it or in a folder above, or give one with --evaluation; "
                "evaldrop init DIR writes an example."
            )
        return evaluation_uri, read_evaluation(evaluation_uri)

    def _found(self) -> str | None:
        request = self.request
        found = _named_evaluation(request) or find_evaluation(request.dataset)
        if found is None and self.default:
            return stack_evaluation(request.dataset, self.default)
        return found

    def check(self) -> DatasetCheck:
        """Return all there is to say, in one piece."""
        request, evaluation_uri = self.request, None
        try:
            evaluation_uri = self._found()
            evaluation_uri, evaluation = self.read()
        except EvaldropError as error:
            return _check_apart(request, evaluation_uri, str(error).splitlines())
        survey, problems = _survey(request, evaluation.fields)
        if survey is None:
            further = _loose_problems(request, evaluation_uri, None)
            return DatasetCheck(
                request=request, evaluation_uri=evaluation_uri, problems=(*problems, *further)
            )
        drafted = self.drafted(evaluation_uri, evaluation, survey)
        # Also where rows are at fault: of the others some may be too long to be sent.
        return drafted.planned() if drafted.definition and survey.n_accepted else drafted.check()

    def drafted(self, evaluation_uri: str, evaluation: Evaluation, survey: Survey) -> "_DefinedRun":
        """Return the run as it would be, of what is in the dataset."""
        draft = RunDraft(
            self.request, evaluation, evaluation_uri, survey,
            caps=self.caps, arn=self.arn, observed=self.observed, lives=self.lives or published_lives(),
        )  # fmt: skip
        draft.problems += _row_problems(survey)
        draft.tolerate_rows()
        of_rows, draft.problems = draft.problems, []
        return _DefinedRun(draft, of_rows, draft.define())


class _DefinedRun(NamedTuple):
    """A run as it would be, what is wrong with its rows, and its definition, where it can have one."""

    draft: RunDraft
    of_rows: Sequence[str]
    definition: RunDefinition | None

    def planned(self, look: LookAtRecords | None = None) -> DatasetCheck:
        """Return all there is to say, with a plan; `look` is at all records, where they are in parts."""
        if self.definition is None:
            return self.check()
        return self.check(self.draft.plan(self.definition, look))

    def check(self, plan: Plan | None = None) -> DatasetCheck:
        """Return what there is to say."""
        problems, definition = [*self.of_rows, *self.draft.problems], self.definition
        if plan and definition:
            definition = definition.changed(
                estimate=plan.to_json(),
                deliveries=plan.deliveries,
                evaluation=as_delivered(definition.evaluation, plan.deliveries),
            )
        return DatasetCheck(
            request=self.draft.request,
            survey=self.draft.survey,
            evaluation_uri=self.draft.evaluation_uri,
            problems=tuple(problems),
            warnings=tuple(self.draft.warnings),
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
    return survey, _row_problems(survey)


def _row_problems(survey: Survey) -> list[str]:
    problems = [str(problem) for problem in survey.problems]
    if survey.n_more_problems:
        problems.append(f"{survey.source}: {survey.n_more_problems:,} more problems of the same kinds.")
    return problems


def _name(uri: str) -> str:
    return uri.rstrip("/").rpartition("/")[2]
