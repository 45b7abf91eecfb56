"""A run as its request, evaluation and dataset make it, and everything that prevents it."""

import platform
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from evaldrop import storage
from evaldrop.datasets import Record, Survey, read_records
from evaldrop.errors import EvaluationError, PromptError, StorageError
from evaldrop.evaluation import Candidate, Evaluation
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.metrics import METRICS
from evaldrop.evaluation.prices import load_prices
from evaldrop.evaluation.prompts import Kind, Prompt, load_prompt
from evaldrop.run.definition import DatasetFacts, PromptFile, RunDefinition, prices_for
from evaldrop.run.request import RunRequest, run_folder
from evaldrop.scorecard.baseline.blessing import blessed_run
from evaldrop.scorecard.gate import RunNames, gate_problems
from evaldrop.shipped import VERSION, workflow_sha256
from evaldrop.steps.prepare_records.kept_replies import parent_replies
from evaldrop.steps.prepare_records.prepare import Preparing
from evaldrop.steps.validate_dataset.evaluation_checks import (
    CriteriaChecks,
    judge_problems,
    judge_warnings,
    parent_problems,
    robustness_problems,
)
from evaldrop.steps.validate_dataset.plan import SAMPLE_RECORDS, Counting, Plan, make_plan
from evaldrop.steps.validate_dataset.size_checks import LongChecks

CANDIDATE_VARIABLES = frozenset({"id", "prompt", "system", "context", "category"})
JUDGE_VARIABLES = CANDIDATE_VARIABLES | {
    "reference", "criteria", "verdict", "tool", "mark", "response", "first_response", "second_response",
    "low", "high",
}  # fmt: skip


@dataclass
class RunDraft:
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
        self.source = self.evaluation_uri.rstrip("/").rpartition("/")[2]
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
        """Return the run as it would be; what prevents it goes to the problems."""
        given = self._given()
        evaluation = self._with_given(given.values())
        criteria, brought = self._criteria()
        if criteria or not self.problems:
            found = judge_problems(evaluation, criteria.values())
            self.problems += [f"{self.source}: {problem}" for problem in found]
        self.warnings += judge_warnings(evaluation)
        prompts = self._prompts(evaluation)
        self._check_metrics()
        unreadable = gate_problems(self.evaluation.gate, RunNames.asked(evaluation, criteria))
        self.problems += [f"{self.source}: {problem}" for problem in unreadable]
        self.problems += robustness_problems(evaluation, source=self.source)
        if self.parent:
            self.problems += parent_problems(
                self.parent, evaluation, self.survey.sha256, source=self.source, dataset=self.survey.source
            )
        if self.problems:
            return None
        out = storage.absolute(self.request.out)
        return RunDefinition(
            run_id=self.request.run_id,
            evaluation_name=evaluation.name,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            simulated=self.request.simulated or bool(self.parent and self.parent.simulated),
            bedrock=self.request.bedrock,
            folder=run_folder(out, evaluation.name, self.request.run_id),
            out=out,
            dataset=self._facts(),
            evaluation=evaluation,
            evaluation_uri=self.evaluation_uri,
            criteria=(*self.evaluation.criteria, *brought),
            given=given,
            prompts={
                name: PromptFile(sha256=prompt.sha256, text=prompt.text) for name, prompt in prompts.items()
            },
            workflow_sha256=workflow_sha256(),
            prices=prices_for(evaluation),
            estimate=None,
            versions={"evaldrop": VERSION, "python": platform.python_version()},
            # The parent's fences make the same question the same text, which its reply answers.
            nonce=self.parent.nonce if self.parent else secrets.token_hex(16),
            options={"limit": self.request.limit, "max_in_flight": self.request.max_in_flight},
            baseline=self._baseline(storage.join(out, evaluation.name)),
            parent=self.parent.as_parent("rejudged") if self.parent else None,
        )

    def _baseline(self, evaluation_folder: str) -> str | None:
        """Return the evaluation's blessed run; a broken `baseline.json` is a warning, not a refusal."""
        try:
            return blessed_run(evaluation_folder, simulated=self.request.simulated)
        except StorageError as error:
            self.warnings.append(str(error))
            return None

    def _facts(self) -> DatasetFacts:
        return DatasetFacts(
            uri=storage.absolute(self.request.dataset),
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

    def _criteria(self) -> tuple[dict[str, Criterion], list[str | dict[str, Any]]]:
        """Return the criteria by name, and the configurations of those that only records name."""
        checks = CriteriaChecks(evaluation=self.evaluation, survey=self.survey, source=self.source)
        found, brought = checks.check(), checks.brought()
        self.problems += checks.problems
        self.warnings += checks.warnings
        return found, brought

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


def _plain_name(name: str) -> str:
    """Return a name a candidate can have: the dataset's, with other characters as hyphens."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:64] or "given"
