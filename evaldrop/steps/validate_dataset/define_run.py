"""A run as its request, evaluation and dataset make it, and everything that prevents it."""

import platform
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from evaldrop import storage
from evaldrop.bedrock.families.requests import tool_problems
from evaldrop.datasets import Record, Survey, read_records
from evaldrop.errors import EvaluationError, PromptError, StorageError
from evaldrop.evaluation import Candidate, Evaluation
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.delivered import as_delivered, batch_problems, plain_deliveries
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.lifecycle import LeavingModels, leaving_models, with_successors
from evaldrop.evaluation.metrics import METRICS
from evaldrop.evaluation.originals import improved_candidates, with_originals, with_proposers
from evaldrop.evaluation.prompts import Kind, Prompt, load_prompt, newest_prompt
from evaldrop.evaluation.regions import REHEARSED_REGION, as_called, in_region, region_problems
from evaldrop.model_lives import Lives, published_lives
from evaldrop.nearest import did_you_mean
from evaldrop.prompt_search.state import PROPOSER_VARIABLES
from evaldrop.run.definition import DatasetFacts, PromptFile, RunDefinition, prices_for
from evaldrop.run.request import RunRequest, run_folder
from evaldrop.scorecard.baseline.blessing import blessed_run
from evaldrop.scorecard.gate import RunNames, gate_problems
from evaldrop.shipped import VERSION, workflow_sha256
from evaldrop.steps.prepare_records.kept_replies import ParentReplies, parent_replies
from evaldrop.steps.prepare_records.prepare import Preparing
from evaldrop.steps.validate_dataset.called_checks import called_check_problems, called_check_warnings
from evaldrop.steps.validate_dataset.caps import NO_CAPS, Caps
from evaldrop.steps.validate_dataset.check_configs import CheckConfigs
from evaldrop.steps.validate_dataset.deliveries import (
    delivery_problems,
    delivery_warnings,
    with_deliveries,
)
from evaldrop.steps.validate_dataset.evaluation_checks import (
    CriteriaChecks,
    judge_problems,
    judge_warnings,
    parent_problems,
    robustness_problems,
    unknown_metric,
)
from evaldrop.steps.validate_dataset.improvements import (
    improvement_problems,
    is_made_by_run,
    length_problems,
    prompts_of_instructions,
    search_problems,
    search_warnings,
)
from evaldrop.steps.validate_dataset.in_parts import bytes_in_parts
from evaldrop.steps.validate_dataset.job_checks import evaluation_job_problems, evaluation_job_warnings
from evaldrop.steps.validate_dataset.limit_checks import limit_problems, limit_warnings
from evaldrop.steps.validate_dataset.looking import LookAtRecords, Picking, sample_step
from evaldrop.steps.validate_dataset.plan import Plan, make_plan
from evaldrop.steps.validate_dataset.planned_search import PlannedSearches, ProposedLengths
from evaldrop.steps.validate_dataset.planning_searches import (
    Searching,
    SplitRecords,
    with_search,
)
from evaldrop.steps.validate_dataset.reply_lengths import GUESSED, ReplyLengths
from evaldrop.steps.validate_dataset.scorer_checks import import_problems
from evaldrop.steps.validate_dataset.search_records import split_before

# What a report says of its dataset beside its shapes.
MAX_NOTES = 12
CANDIDATE_VARIABLES = frozenset({"id", "prompt", "system", "context", "category"})
JUDGE_VARIABLES = CANDIDATE_VARIABLES | {
    "reference", "criteria", "verdict", "tool", "mark", "response", "first_response", "second_response",
    "low", "high",
}  # fmt: skip


def calling_region(request: RunRequest) -> str | None:
    """Return the Region that a run calls its models from; None where nothing tells."""
    return request.region or (REHEARSED_REGION if request.simulated else None)


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
    caps: Caps = NO_CAPS
    arn: str | None = None
    observed: Mapping[str, float] = field(default_factory=dict)
    lives: Lives = field(default_factory=published_lives)

    def __post_init__(self) -> None:
        self.source = self.evaluation_uri.rstrip("/").rpartition("/")[2]
        self.warnings += [str(hint) for hint in self.survey.hints]
        if self.request.parent:
            self.parent = RunDefinition.load(self.request.parent)
            self.evaluation = as_called(self.evaluation, self.parent.evaluation)
        if self.request.successors:
            evaluated = with_successors(self.evaluation, self.request.successors)
            if evaluated == self.evaluation:
                self.problems.append(
                    f"{self.source}: no candidate calls {', '.join(self.request.successors)}, or its "
                    "successors answer already. Take the model out of the stack's successors (cdk.json)."
                )
            self.evaluation = evaluated
        if region := calling_region(self.request):
            self.evaluation = in_region(self.evaluation, region)

    def tolerate_rows(self) -> None:
        """Turn the problems of single rows into warnings when the evaluation tolerates as many."""
        tolerated = self.evaluation.tolerated_invalid_percentage
        # Multiplied, not divided: a dataset may have no row.
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
        is_bedrock = not self.request.bedrock.startswith("openai")
        improving = evaluation
        evaluation = with_originals(with_proposers(evaluation))
        deliveries = self._deliveries(evaluation)
        evaluation = as_delivered(evaluation, deliveries)
        checks = CriteriaChecks(evaluation=self.evaluation, survey=self.survey, source=self.source)
        criteria, brought = checks.check(), checks.brought()
        coded = CheckConfigs(evaluation=self.evaluation, survey=self.survey, source=self.source)
        checked = coded.read(criteria)
        self.problems += [*checks.problems, *coded.problems]
        self.warnings += [*checks.warnings, *coded.warnings]
        # Where no criterion could be read, that there is none to judge by is no further news.
        # Rows that were refused may well bring some.
        if criteria or not (self.problems or self.survey.n_rejected):
            self._refuse(judge_problems(evaluation, criteria.values()))
        self.warnings += judge_warnings(evaluation)
        self._refuse(
            improvement_problems(
                improving,
                criteria=criteria if not (self.problems or self.survey.n_rejected) else None,
                records=min(self.survey.n_accepted, self.request.limit or self.survey.n_accepted),
                is_bedrock=is_bedrock,
                given=given.values(),
            )
        )
        self._refuse(limit_problems(evaluation))
        self._refuse(delivery_problems(evaluation, is_bedrock=is_bedrock))
        self._refuse(called_check_problems(evaluation, is_bedrock=is_bedrock))
        self.warnings += called_check_warnings(evaluation, region=self.request.region)
        self.warnings += delivery_warnings(evaluation, self.caps.prices_for(evaluation))
        # A rehearsal without a Region takes place where everything is to be had.
        if self.request.region:
            self._refuse(region_problems(evaluation, self.request.region))
        self._refuse(self.caps.problems(evaluation, arn=self.arn))
        self._refuse(import_problems(evaluation, self.evaluation_uri) if self.arn is None else ())
        self.warnings += limit_warnings(evaluation, is_bedrock=is_bedrock)
        leaving = self._leaving(evaluation)
        prompts = self._prompts(evaluation)
        self._refuse(length_problems(evaluation, prompts))
        self.problems += self._metric_problems()
        self.warnings += self._metric_warnings()
        self._refuse(gate_problems(self.evaluation.gate, RunNames.asked(evaluation, (*criteria, *checked))))
        self._refuse(robustness_problems(evaluation))
        self._refuse(tool_problems(evaluation.candidates))
        self._refuse(batch_problems(evaluation, deliveries))
        # The evaluation's own are read first.
        own = list(criteria.values())[: len(self.evaluation.criteria)]
        self._refuse(evaluation_job_problems(evaluation, own))
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
            # Replies of a rehearsal are made up: a run that takes them over is not real either.
            simulated=self.request.simulated or bool(self.parent and self.parent.simulated),
            bedrock=self.request.bedrock,
            folder=self.request.folder or run_folder(out, evaluation.name, self.request.run_id),
            out=out,
            dataset=DatasetFacts(
                uri=storage.absolute(self.request.dataset),
                version=self.request.dataset_version,
                sha256=self.survey.sha256,
                shape=self.survey.shape,
                # Records, not rows: those of which several made one are not missing.
                records={
                    "read": self.survey.n_accepted + self.survey.n_rejected,
                    "rejected": self.survey.n_rejected,
                },
                notes=(
                    *self._understood(),
                    *map(str, self.survey.findings[:MAX_NOTES]),
                    *leaving.warnings,
                    *self.lives.notes,
                ),
                alarms=leaving.alarms,
            ),
            evaluation=evaluation,
            evaluation_uri=self.evaluation_uri,
            # The evaluation's own first: a rescored run finds those that records brought behind as many.
            criteria=(*self.evaluation.criteria, *brought),
            checks=(*self.evaluation.checks, *coded.brought()),
            given=given,
            prompts={
                name: PromptFile(sha256=prompt.sha256, text=prompt.text) for name, prompt in prompts.items()
            },
            workflow_sha256=workflow_sha256(),
            prices=prices_for(evaluation, self.caps.prices_for(evaluation)),
            estimate=None,
            versions={"evaldrop": VERSION, "python": platform.python_version()},
            # The parent's fences make the same question the same text, which its reply answers.
            nonce=self.parent.nonce if self.parent else secrets.token_hex(16),
            options={
                "limit": self.request.limit,
                "max_in_flight": self.request.max_in_flight,
                "go_on": self.request.go_on,
            },
            baseline=self._baseline(storage.join(out, evaluation.name)),
            parent=self.parent.as_parent("rejudged") if self.parent else None,
            labels=self.request.labels,
            owner=self.request.owner,
            deliveries=deliveries,
        )

    def _leaving(self, evaluation: Evaluation) -> LeavingModels:
        """Return what is to be said of models that leave Bedrock; those that have left go to the problems."""
        if not self.request.bedrock.startswith(("aws", "simulated")):
            return LeavingModels()
        # Candidates of a run that is judged again are not called: they may be long gone.
        called = evaluation.model_copy(update={"candidates": ()}) if self.parent else evaluation
        today = datetime.now(UTC).date()
        leaving = leaving_models(called, self.lives, day=today, region=calling_region(self.request))
        self._refuse(leaving.problems)
        self.warnings += (*leaving.alarms, *leaving.warnings)
        return leaving

    def _deliveries(self, evaluation: Evaluation) -> dict[str, Delivery]:
        """Return how calls are delivered; a run that takes its parent's responses calls no candidate."""
        found = plain_deliveries(evaluation)
        return {
            place: each
            for place, each in found.items()
            if not (self.parent and place.startswith("candidate/"))
        }

    def _baseline(self, evaluation_folder: str) -> str | None:
        """Return the evaluation's blessed run; a broken `baseline.json` is a warning, not a refusal."""
        try:
            return blessed_run(evaluation_folder, simulated=self.request.simulated)
        except StorageError as error:
            self.warnings.append(str(error))
            return None

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
            self._refuse(["no candidates. List some, or bring responses in the dataset."])
        baseline = evaluation.pairwise.baseline if evaluation.pairwise else None
        names = [candidate.name for candidate in evaluation.candidates]
        if baseline and baseline not in names:
            guess = did_you_mean(baseline, names)
            self._refuse([f'pairwise.baseline: "{baseline}" is no candidate.{guess}'])
        return evaluation

    def _prompts(self, evaluation: Evaluation) -> dict[str, Prompt]:
        near = storage.parent(self.evaluation_uri)
        made = prompts_of_instructions(evaluation)
        # What the run makes has no file; that of a parent has been made.
        called = [
            each
            for each in evaluation.candidates
            if each.model != GIVEN and not (is_made_by_run(each) and self.parent is None)
        ]
        wanted: list[tuple[Kind, str]] = [
            *(("candidate", evaluation.prompt_of(candidate)) for candidate in called),
            *(("judge", judge.prompt) for judge in evaluation.called_judges),
            *([("judge", evaluation.pairwise.prompt)] if evaluation.pairwise else ()),
        ]
        prompts: dict[str, Prompt] = {}
        # Once each: two candidates with one prompt would have its fault told twice.
        for kind, name in dict.fromkeys(wanted):
            if self.parent and kind == "candidate" and f"{kind}/{name}" in self.parent.prompts:
                # What was sent is what was answered, whatever the file says now.
                prompts[f"{kind}/{name}"] = self.parent.prompt(kind, name)
                continue
            try:
                is_made = kind == "candidate" and name in made
                prompt = made[name] if is_made else load_prompt(kind, name, near=near)
            except PromptError as error:
                self._refuse([error])
                continue
            prompts[prompt.name] = prompt
            self._check_variables(prompt, CANDIDATE_VARIABLES if kind == "candidate" else JUDGE_VARIABLES)
        return prompts | self._proposers_prompts(evaluation, near)

    def _proposers_prompts(self, evaluation: Evaluation, near: str | None) -> dict[str, Prompt]:
        """Return the prompts by which models are asked for prompts: a run that goes on asks by the same."""
        asked_by = {improved.asked_by for _, improved in improved_candidates(evaluation)} - {None}
        found = {}
        # What a parent has made is there already.
        for stem in sorted(filter(None, asked_by)) if self.parent is None else ():
            try:
                prompt = newest_prompt("proposer", stem, near=near)
            except PromptError as error:
                self._refuse([error])
                continue
            found[prompt.name] = prompt
            if unknown := sorted(prompt.variables - PROPOSER_VARIABLES[stem]):
                known = ", ".join(sorted(PROPOSER_VARIABLES[stem]))
                self._refuse([f"prompt {prompt.name} uses {', '.join(unknown)}. Known here: {known}."])
        return found

    def _check_variables(self, prompt: Prompt, always: frozenset[str]) -> None:
        # A candidate's prompt does not get the reference: asking for it is idle, printing it fails below.
        known = always | (self.survey.variables.keys() - {"reference"})
        missing = sorted(prompt.variables - known - {"reference"})
        # Without a good row the records' own variables are unknown: a prompt with one would seem at fault.
        if missing and self.survey.n_accepted:
            names, those = ", ".join(missing), ", ".join(sorted(known))
            self._refuse(
                [f"prompt {prompt.name} uses {names}, which no record gives it. Known here: {those}."]
            )

    def _metric_problems(self) -> Iterator[str]:
        # Rows that were refused may well have references.
        lacks_reference = self.survey.n_accepted and not self.survey.with_field.get("reference")
        for name in self.evaluation.metrics:
            if name not in METRICS:
                yield unknown_metric(self.source, name)
            elif METRICS[name].needs_reference and lacks_reference:
                yield f"{self.source}: metric {name} needs a reference, and no record has one."

    def _metric_warnings(self) -> Iterator[str]:
        letters = self.survey.with_field.get("choices", 0)
        if "contains" in self.evaluation.metrics and letters:
            yield (
                f"{self.survey.source}: {letters:,} records have a letter as their reference, and metric "
                "contains finds a letter in nearly every response. Read exact_match for them, or ask a judge."
            )

    def _refuse(self, problems: Iterable[object]) -> None:
        self.problems += [f"{self.source}: {problem}" for problem in problems]

    def plan(self, definition: RunDefinition, look: LookAtRecords | None = None) -> Plan | None:
        """
        Return the plan, rendered for a sample; not one record that can be rendered is a problem.

        `look` is at all records, where they were looked at in parts.
        """
        if not self.may_look(definition):
            return None
        total = min(self.survey.n_accepted, self.request.limit or self.survey.n_accepted)
        split = split_before(definition) if improved_candidates(definition.evaluation) else None
        n_tuned = len(split.parts) if split else 0
        tried: list[Record] = []
        with parent_replies(definition) as parent:
            if look is None:
                place = f"{self.survey.source} {self.survey.unit}"
                look = LookAtRecords(definition, parent, place=place, caps=self.caps)
                every = self.caps.counts_every_record
                picking = None if split is None else Picking(split, tried, all_of_them=every)
                look.take(self._records(total, picking), step=sample_step(total - n_tuned))
            counting, checks, sample = look.counting, look.checks, look.sample
            brought = definition.criteria_configs[len(definition.evaluation.criteria) :]
            self.warnings += evaluation_job_warnings(
                definition.evaluation, brought, n_too_long=checks.n_too_long_for_jobs
            )
            if checks.n_joined:
                self.warnings.append(
                    f"{self.survey.source}: {checks.n_joined:,} of {total:,} records have messages of one "
                    "role in a row; those are sent as one message, a blank line between."
                )
            # Records that cannot be sent are warnings when as many are tolerated.
            tolerated = self.evaluation.tolerated_invalid_percentage
            n_refused = len(checks.problems)
            refused = self.survey.n_rejected + n_refused
            if refused * 100 <= tolerated * self.survey.n_read and n_refused < self.survey.n_accepted:
                self.warnings += checks.problems
            else:
                self.problems += checks.problems
            # One record may fail for what it alone lacks. When none can be sent, the prompt is at fault.
            reason = _why_none_can_be_sent(Preparing(definition).prepare, sample)
            if reason and not self.problems:
                self.problems.append(f"{self.survey.source} {self.survey.unit} {sample[0].line}: {reason}")
            if self.problems:
                return None
            prices = self.caps.prices_for(definition.evaluation)
            lengths = self._lengths(definition, sample, parent)
            search = None
            if split is not None and definition.is_searching:
                search = self._searching(definition, split, tried, lengths)
            plan = make_plan(
                counting,
                sample,
                records=total - n_tuned - n_refused,
                prices=prices,
                lengths=lengths,
                longer={each.candidate: each.longer for each in search.searches} if search else None,
                dataset_bytes=bytes_in_parts(self.request, self.evaluation),
            )
            plan = with_deliveries(plan, definition.evaluation, prices, has_jobs=self._has_jobs)
        if search is not None:
            plan = with_search(plan, search)
            self._refuse(search_problems(plan.prompt_search or search))
            self.warnings += search_warnings(definition, search)
            if self.problems:
                return None
        if plan.unknown:
            stated = [definition.evaluation.budget_usd]
            stated += [each.budget_usd for _, each in improved_candidates(definition.evaluation)]
            budget = " budget_usd cannot be held to." if any(stated) else ""
            self.warnings.append(
                f"the price of {', '.join(plan.unknown)} is unknown; "
                f"give it under prices: in the evaluation.{budget}"
            )
        return plan

    def may_look(self, definition: RunDefinition) -> bool:
        """Tell whether records can be looked at; an anchor that cannot be judged is a problem."""
        try:
            # Before any record: it is the evaluation's fault, and tolerated for no share.
            list(Preparing(definition).anchors())
        except EvaluationError as error:
            self._refuse([error])
            return False
        return True

    def _records(self, total: int, picking: Picking | None) -> Iterator[Record]:
        with storage.open_read(self.request.dataset, self.request.dataset_version) as stream:
            rows = read_records(stream, source=self.survey.source, fields=self.evaluation.fields or None)
            records = (row for row in rows if isinstance(row, Record))
            yield from (row for row in islice(records, total) if picking is None or not picking.takes(row))

    def _lengths(
        self, definition: RunDefinition, sample: Sequence[Record], parent: ParentReplies | None
    ) -> ReplyLengths:
        known = GUESSED
        # A stack's functions have no simulated models with them.
        if self.request.simulated and self.arn is None:
            from evaldrop.steps.validate_dataset.rehearsed import rehearsed_lengths

            known = rehearsed_lengths(definition, sample, parent)
        return known.corrected_by(self.observed)

    def _searching(
        self, definition: RunDefinition, split: SplitRecords, tried: list[Record], lengths: ReplyLengths
    ) -> PlannedSearches:
        proposed: Mapping[str, ProposedLengths] = {}
        if self.request.simulated and self.arn is None:
            from evaldrop.steps.validate_dataset.rehearsed import rehearsed_proposals

            proposed = rehearsed_proposals(definition, tried)
        return Searching(
            definition,
            split,
            tried,
            prices=self.caps.prices_for(definition.evaluation),
            lengths=lengths,
            proposed=proposed,
        ).planned()

    @property
    def _has_jobs(self) -> bool:
        """Whether jobs can be created: in a stack, or in a rehearsal."""
        return self.arn is not None or self.request.simulated

    def _understood(self) -> tuple[str, ...]:
        """Return how rows were read, where it may be otherwise than their author means."""
        own = "recognised as evaldrop rows"
        plain = [text for text in self.survey.recognised if text.startswith(own) and "Left aside" not in text]
        return () if [*plain] == [*self.survey.recognised] else self.survey.recognised


def _why_none_can_be_sent(prepare: Callable[[Record], Any], sample: Iterable[Record]) -> str | None:
    """Return why the first record cannot be sent, when none of the sample can."""
    first: str | None = None
    for record in sample:
        outcome = prepare(record)
        if isinstance(outcome, dict):
            return None
        first = first or outcome.reason
    return first


def _plain_name(name: str) -> str:
    """Return a name a candidate can have: the dataset's, with other characters as hyphens."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:64] or "given"
