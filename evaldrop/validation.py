"""
ValidateDataset: a dataset and its evaluation checked together, before any money is spent.

`check_dataset` collects everything that is wrong, for `evaldrop validate`; `validate_dataset` refuses, for
the workflow.
"""

import platform
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from evaldrop import __version__, storage
from evaldrop.criteria import Criterion, as_langchain, criterion_from_config, lint_criteria
from evaldrop.datasets import Record, Survey, read_records, survey_dataset
from evaldrop.datasets.survey import MAX_NAMES_KEPT
from evaldrop.definition import DatasetFacts, Parent, PromptFile, RunDefinition, RunRequest, parent_of
from evaldrop.errors import (
    DatasetError,
    EvaldropError,
    EvaluationError,
    InputError,
    PromptError,
    StorageError,
)
from evaldrop.evaluation import Candidate, Evaluation, find_evaluation, read_evaluation, stack_evaluation
from evaldrop.gate import RunNames, check_names, parse_gate
from evaldrop.judge_checks import judge_problems, judge_warnings
from evaldrop.long_checks import LongChecks
from evaldrop.metrics import METRICS
from evaldrop.parent_checks import parent_problems, robustness_problems
from evaldrop.parent_replies import parent_replies
from evaldrop.plan import SAMPLE_RECORDS, Counting, Plan, make_plan, refuse_above_budget
from evaldrop.preparation import Preparing
from evaldrop.pricing import load_prices
from evaldrop.prompts import Kind, Prompt, load_prompt
from evaldrop.regression.blessing import blessed_run
from evaldrop.requests import GIVEN
from evaldrop.resources import workflow_sha256

CANDIDATE_VARIABLES = frozenset({"id", "prompt", "system", "context", "category"})
JUDGE_VARIABLES = CANDIDATE_VARIABLES | {
    "reference", "criteria", "verdict", "tool", "mark", "response", "first_response", "second_response",
    "low", "high",
}  # fmt: skip
# In rows of this shape a criterion's name means LangChain's question, which has two answers.
LANGCHAIN_SHAPE = "langchain_criteria"
MAX_TOLD = 50


@dataclass(frozen=True, kw_only=True)
class Check:
    """
    What came of checking a dataset with its evaluation.

    Attributes:
        problems: What stops a run, in sentences for the person who can mend it.
        warnings: What does not stop it, and is worth a look.
        definition: The run as it would be, None when there are problems.
        plan: What it would ask for, None when there are problems.
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

    A run that has its `run.json` already keeps it: this is how a run is gone on with.

    Args:
        request: The run.
        default: Name of the stack's evaluation for datasets that have none beside or above them.

    Raises:
        InputError: There is something wrong; the message says all of it.
    """
    check = check_dataset(request, default=default)
    if check.problems or check.definition is None or check.plan is None:
        raise _refusal(check)
    definition = _kept(check.definition) or check.definition
    refuse_above_budget(check.plan, definition.evaluation.budget_usd)
    definition.save()
    run = {**request.model_dump(mode="json"), "folder": definition.folder, "name": definition.evaluation_name}
    return {"run": run}


def _refusal(check: Check) -> InputError:
    told = list(check.problems[:MAX_TOLD])
    if len(check.problems) > MAX_TOLD:
        told.append(f"… and {len(check.problems) - MAX_TOLD:,} more problems. evaldrop validate lists them.")
    return DatasetError("\n".join(told))


def _kept(definition: RunDefinition) -> RunDefinition | None:
    """Return the definition this run began with, if it has begun."""
    if not storage.exists(definition.uri):
        return None
    kept = RunDefinition.load(definition.folder)
    for what, before, now in (
        ("dataset", kept.dataset.sha256, definition.dataset.sha256),
        ("evaluation", kept.evaluation, definition.evaluation),
        ("prompts", kept.prompts, definition.prompts),
    ):
        if before != now:
            raise InputError(
                f"run {kept.run_id} cannot go on: its {what} changed since it began. Start a new run."
            )
    return kept


def check_dataset(request: RunRequest, *, default: str | None = None) -> Check:
    """Return all there is to say about a dataset and its evaluation; raise for nothing a user can mend."""
    try:
        evaluation_uri = request.evaluation or find_evaluation(request.dataset)
        if evaluation_uri is None and default:
            evaluation_uri = stack_evaluation(request.dataset, default)
        evaluation = _read_evaluation(request.dataset, evaluation_uri)
    except EvaldropError as error:
        survey, problems = _survey(request, {})
        return Check(request=request, survey=survey, problems=(*str(error).splitlines(), *problems))
    survey, problems = _survey(request, evaluation.fields)
    if survey is None:
        return Check(request=request, evaluation_uri=evaluation_uri, problems=tuple(problems))
    checking = _Checking(request, evaluation, str(evaluation_uri), survey)
    checking.problems += problems
    checking.tolerate_rows()
    definition = checking.define()
    plan = checking.plan(definition) if definition and not checking.problems else None
    if plan and definition:
        definition = definition.model_copy(update={"estimate": plan.to_json()})
    return Check(
        request=request,
        survey=survey,
        evaluation_uri=evaluation_uri,
        problems=tuple(checking.problems),
        warnings=tuple(checking.warnings),
        definition=None if checking.problems else definition,
        plan=None if checking.problems else plan,
    )


def _read_evaluation(dataset: str, uri: str | None) -> Evaluation:
    if uri is None:
        raise EvaluationError(
            f"{_name(dataset)}: no evaluation. Put an evaluation.yaml beside it or in a folder above, "
            "or give one with --evaluation; evaldrop init DIR writes an example."
        )
    return read_evaluation(uri)


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


@dataclass(kw_only=False)
class _Checking:
    """Gathers problems and warnings while the run is defined."""

    request: RunRequest
    evaluation: Evaluation
    evaluation_uri: str
    survey: Survey
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    source: str = field(init=False)
    parent: RunDefinition | None = None

    def __post_init__(self) -> None:
        self.source = _name(self.evaluation_uri)
        self.warnings += [str(hint) for hint in self.survey.hints]
        if self.request.parent:
            self.parent = RunDefinition.load(self.request.parent)

    def tolerate_rows(self) -> None:
        """Turn the problems of single rows into warnings when the evaluation tolerates as many."""
        tolerated = self.evaluation.tolerated_invalid_percentage
        if 0 < self.survey.n_rejected * 100 <= tolerated * self.survey.n_read:
            self.warnings += self.problems
            self.problems = []
            self.warnings.append(
                f"{self.survey.source}: goes on without {self.survey.n_rejected:,} of {self.survey.n_read:,} "
                "rows; they are kept in rejected.jsonl."
            )
        if not self.survey.n_accepted and not self.problems:
            self.problems.append(f"{self.survey.source}: holds no record. Give it at least one row.")

    def define(self) -> RunDefinition | None:
        """Return the run as it would be; what stands in its way goes to the problems."""
        given = self._given()
        evaluation = self._with_given(given.values())
        criteria = self._criteria()
        if criteria or not self.problems:
            found = judge_problems(evaluation, (criteria or {}).values())
            self.problems += [f"{self.source}: {problem}" for problem in found]
        self.warnings += judge_warnings(evaluation)
        prompts = self._prompts(evaluation)
        self._check_metrics()
        self._check_gate(evaluation, criteria)
        self.problems += robustness_problems(evaluation, source=self.source)
        if self.parent:
            self.problems += parent_problems(
                self.parent, evaluation, self.survey.sha256, source=self.source, dataset=self.survey.source
            )
        if criteria is None or self.problems:
            return None
        configs = (*self.evaluation.criteria, *self._brought())
        folder = storage.join(self._out(), evaluation.name, self.request.run_id)
        models = [
            called.model for called in (*evaluation.candidates, *evaluation.judges) if called.model != GIVEN
        ]
        return RunDefinition(
            run_id=self.request.run_id,
            evaluation_name=evaluation.name,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            simulated=self.request.simulated or bool(self.parent and self.parent.simulated),
            bedrock=self.request.bedrock,
            folder=folder,
            out=self._out(),
            dataset=self._facts(),
            evaluation=evaluation,
            evaluation_uri=self.evaluation_uri,
            criteria=configs,
            given=given,
            prompts={
                name: PromptFile(sha256=prompt.sha256, text=prompt.text) for name, prompt in prompts.items()
            },
            workflow_sha256=workflow_sha256(),
            prices=load_prices(evaluation.prices).to_json(models),
            estimate=None,
            versions={"evaldrop": __version__, "python": platform.python_version()},
            # The parent's fences make the same question the same text, which its reply answers.
            nonce=self.parent.nonce if self.parent else secrets.token_hex(16),
            options={"limit": self.request.limit, "max_in_flight": self.request.max_in_flight},
            baseline=self._baseline(evaluation.name),
            parent=self._parent(),
        )

    def _parent(self) -> Parent | None:
        if self.parent is None or self.request.parent is None:
            return None
        return parent_of(self.parent, self.request.parent, "rejudged")

    def _out(self) -> str:
        out = self.request.out
        return out if storage.is_s3(out) else str(storage.local_path(out))

    def _baseline(self, name: str) -> str | None:
        """Return the evaluation's blessed run; a broken `baseline.json` is a warning, not a refusal."""
        try:
            return blessed_run(storage.join(self._out(), name), simulated=self.request.simulated)
        except StorageError as error:
            self.warnings.append(str(error))
            return None

    def _facts(self) -> DatasetFacts:
        uri = self.request.dataset
        return DatasetFacts(
            uri=uri if storage.is_s3(uri) else str(storage.local_path(uri)),
            version=self.request.dataset_version,
            sha256=self.survey.sha256,
            shape=self.survey.shape,
            records={"read": self.survey.n_read, "rejected": self.survey.n_rejected},
            notes=(self.survey.recognised,),
        )

    def _given(self) -> dict[str, str]:
        """Return the candidates that come with the dataset: their name there, and the name they get."""
        given = {name: _plain_name(name) for name in self.survey.candidates}
        by_name: dict[str, list[str]] = {}
        for theirs, ours in given.items():
            by_name.setdefault(ours, []).append(theirs)
        self.problems += [
            f'{self.survey.source}: responses of {" and ".join(map(repr, twins))} would all be "{ours}". '
            "Rename them."
            for ours, twins in by_name.items()
            if len(twins) > 1
        ]
        return given

    def _with_given(self, given: Iterable[str]) -> Evaluation:
        """Return the evaluation with the candidates that come with the dataset."""
        named = {candidate.name for candidate in self.evaluation.candidates}
        added = tuple(Candidate(name=name, model=GIVEN) for name in given if name not in named)
        evaluation = self.evaluation.model_copy(update={"candidates": (*self.evaluation.candidates, *added)})
        if not evaluation.candidates:
            self.problems.append(
                f"{self.source}: no candidates. List some, or bring responses in the dataset."
            )
        baseline = evaluation.pairwise.baseline if evaluation.pairwise else None
        if baseline and baseline not in {candidate.name for candidate in evaluation.candidates}:
            self.problems.append(f'{self.source}: pairwise.baseline: "{baseline}" is no candidate.')
        return evaluation

    def _brought(self) -> list[str | dict[str, Any]]:
        """Return the criteria that only records name, as an evaluation would write them."""
        seen = {_resolved_name(config) for config in self.evaluation.criteria}
        brought: list[str | dict[str, Any]] = []
        for name in self.survey.criteria:
            config: str | dict[str, Any] = name
            if name in self.survey.criteria_by_name and self.survey.shape == LANGCHAIN_SHAPE:
                config = as_langchain(name)
            elif name not in self.survey.criteria_by_name:
                config = {"name": name, "question": f"Does the response meet: {name}?"}
            if _resolved_name(config) not in seen:
                seen.add(_resolved_name(config))
                brought.append(config)
        return brought

    def _criteria(self) -> dict[str, Criterion] | None:
        found: dict[str, Criterion] = {}
        own = [
            (config, f"{self.source}: criteria[{place}]")
            for place, config in enumerate(self.evaluation.criteria)
        ]
        brought = [(config, self._line_naming(config)) for config in self._brought()]
        for config, path in (*own, *brought):
            try:
                criterion = criterion_from_config(config, path=path)
            except EvaluationError as error:
                self.problems += str(error).splitlines()
                continue
            if criterion.name in found:
                self.problems.append(f'{path}: "{criterion.name}" is there twice.')
            found[criterion.name] = criterion
            self._check_needs(criterion)
        if len(self.survey.criteria) >= MAX_NAMES_KEPT:
            self.problems.append(
                f"{self.survey.source}: records name {MAX_NAMES_KEPT:,} different criteria or more. "
                "Give those that ask the same of other records one name."
            )
        if found and not self.evaluation.judges:
            self.problems.append(
                f"{self.source}: the dataset brings criteria, and there is no judge. Add judges."
            )
        self.warnings += [
            f"criterion {finding.criterion}: {finding.what}. {finding.do}"
            for finding in lint_criteria(list(found.values()))
        ]
        return found

    def _line_naming(self, config: str | dict[str, Any]) -> str:
        line = self.survey.criteria_by_name.get(config) if isinstance(config, str) else None
        return f"{self.survey.source} line {line}" if line else f"{self.survey.source}: criteria"

    def _check_needs(self, criterion: Criterion) -> None:
        for needed, what in ((criterion.needs_reference, "reference"), (criterion.needs_context, "context")):
            have = self.survey.with_field.get(what, 0)
            if needed and not have:
                self.problems.append(
                    f"{self.survey.source}: criterion {criterion.name} needs a {what}, "
                    f'and no record has one. Give records a "{what}", or drop the criterion.'
                )
            elif needed and have < self.survey.n_accepted:
                self.warnings.append(
                    f"{self.survey.source}: {self.survey.n_accepted - have:,} of {self.survey.n_accepted:,} "
                    f"records have no {what}; criterion {criterion.name} is not applicable to them."
                )

    def _prompts(self, evaluation: Evaluation) -> dict[str, Prompt]:
        near = storage.parent(self.evaluation_uri)
        wanted: dict[tuple[Kind, str], None] = {}
        for candidate in evaluation.candidates:
            if candidate.model != GIVEN:
                wanted["candidate", evaluation.prompt_of(candidate)] = None
        for judge in evaluation.judges:
            wanted["judge", judge.prompt] = None
        if evaluation.pairwise:
            wanted["judge", evaluation.pairwise.prompt] = None
        prompts: dict[str, Prompt] = {}
        for kind, name in wanted:
            if self.parent and kind == "candidate" and f"{kind}/{name}" in self.parent.prompts:
                # What was sent is what was answered, whatever the file says now.
                prompts[f"{kind}/{name}"] = self.parent.prompt(kind, name)
                continue
            try:
                prompt = load_prompt(kind, name, near=near)
            except PromptError as error:
                self.problems.append(f"{self.source}: {error}")
                continue
            prompts[prompt.name] = prompt
            self._check_variables(prompt, CANDIDATE_VARIABLES if kind == "candidate" else JUDGE_VARIABLES)
        return prompts

    def _check_variables(self, prompt: Prompt, always: frozenset[str]) -> None:
        # A candidate's prompt does not get the reference: asking for it is idle, printing it fails below.
        known = always | (self.survey.variables.keys() - {"reference"})
        missing = sorted(prompt.variables - known - {"reference"})
        if missing and self.survey.n_accepted:
            self.problems.append(
                f"{self.source}: prompt {prompt.name} uses {', '.join(missing)}, which no record gives it. "
                f"Known here: {', '.join(sorted(known))}."
            )

    def _check_metrics(self) -> None:
        for name in self.evaluation.metrics:
            if name not in METRICS:
                self.problems.append(
                    f'{self.source}: metrics: "{name}" is no metric. There are {", ".join(METRICS)}.'
                )
            elif METRICS[name].needs_reference and not self.survey.with_field.get("reference"):
                self.problems.append(
                    f"{self.source}: metric {name} needs a reference, and no record has one."
                )

    def _check_gate(self, evaluation: Evaluation, criteria: Mapping[str, Criterion] | None) -> None:
        names = RunNames(
            candidates=[candidate.name for candidate in evaluation.candidates],
            criteria=list(criteria or {}),
            metrics=evaluation.metrics,
        )
        for place, expression in enumerate(self.evaluation.gate):
            try:
                rule = parse_gate(expression)
                # Before money is spent: a name that is not there would be found only in the end.
                check_names(rule, names)
            except EvaluationError as error:
                self.problems.append(f"{self.source}: gate[{place}]: {error}")

    def plan(self, definition: RunDefinition) -> Plan | None:
        """Return the plan, rendered for a sample; not one record that can be rendered is a problem."""
        try:
            list(Preparing(definition).anchors())
        except EvaluationError as error:
            self.problems.append(f"{self.source}: {error}")
            return None
        total = min(self.survey.n_accepted, self.request.limit or self.survey.n_accepted)
        with parent_replies(definition) as parent:
            counting = Counting(definition, parent)
            checks = LongChecks(definition, self.survey.source, counting)
            sample = list(self._sample(total, checks))
            self._refuse_long(checks.problems)
            reason = _why_none_can_be_sent(Preparing(definition).prepare, sample)
            if reason and not self.problems:
                self.problems.append(f"{self.survey.source} line {sample[0].line}: {reason}")
            if self.problems:
                return None
            records = total - len(checks.problems)
            prices = load_prices(definition.evaluation.prices)
            plan = make_plan(counting, sample, records=records, prices=prices)
        if plan.unknown:
            budget = " budget_usd cannot be held to." if definition.evaluation.budget_usd else ""
            self.warnings.append(
                f"the price of {', '.join(plan.unknown)} is unknown; "
                f"give it under prices: in the evaluation.{budget}"
            )
        return plan

    def _refuse_long(self, problems: list[str]) -> None:
        """Take records that cannot be sent for problems, or for warnings when as many are tolerated."""
        tolerated = self.evaluation.tolerated_invalid_percentage
        refused = self.survey.n_rejected + len(problems)
        if refused * 100 <= tolerated * self.survey.n_read and len(problems) < self.survey.n_accepted:
            self.warnings += problems
        else:
            self.problems += problems

    def _sample(self, total: int, checks: LongChecks) -> Iterator[Record]:
        step = max(1, total // SAMPLE_RECORDS)
        with storage.open_read(self.request.dataset, self.request.dataset_version) as stream:
            rows = read_records(stream, source=self.survey.source, fields=self.evaluation.fields or None)
            records = (row for row in rows if isinstance(row, Record))
            usual = (record for record in islice(records, total) if not checks.takes(record))
            yield from islice(usual, None, None, step)


def _why_none_can_be_sent(prepare: Callable[[Record], Any], sample: Iterable[Record]) -> str | None:
    """Return why the first record cannot be sent, when none of the sample can."""
    first: str | None = None
    for record in sample:
        outcome = prepare(record)
        if isinstance(outcome, dict):
            return None
        first = first or outcome.row["reason"]
    return first


def _resolved_name(config: str | Mapping[str, Any]) -> str:
    """Return a criterion's name: of a built-in one, its own name whatever the spelling."""
    try:
        return criterion_from_config(config, path="criteria").name
    except EvaluationError:
        return config if isinstance(config, str) else str(config.get("name"))


def _plain_name(name: str) -> str:
    """Return a name a candidate can have: the dataset's, with other characters as hyphens."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:64] or "given"
