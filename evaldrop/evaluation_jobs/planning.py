"""
From an evaluation to the jobs that it takes: one candidate a job, five datasets of 1,000 prompts each.

Nothing is written or called here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from evaldrop.errors import DatasetError, EvaluationError, InputError
from evaldrop.evaluation.definition import GIVEN, Candidate, Judge
from evaldrop.evaluation.prices import Prices
from evaldrop.evaluation_jobs import prices as costs
from evaldrop.evaluation_jobs.datasets import DatasetPlan, RowTally, count_rows, dataset_uri, part_name
from evaldrop.evaluation_jobs.jobs_file import EvaluationJob
from evaldrop.evaluation_jobs.jobs_plan import JobsPlan
from evaldrop.evaluation_jobs.notes import (
    NOTES_ON_PEOPLE,
    notes_on_calls,
    notes_on_judges,
    notes_on_rows,
    unasked,
)
from evaldrop.evaluation_jobs.prompts import JobSource, has_system
from evaldrop.evaluation_jobs.wanted import WantedJobs
from evaldrop.job_formats.asked_metrics import (
    MetricGroup,
    computed_group,
    criteria_of,
    default_task,
    judged_groups,
    rated_groups,
)
from evaldrop.job_formats.limits import MAX_DATASETS, MAX_MODELS, in_parts
from evaldrop.job_formats.metrics import TaskType
from evaldrop.job_formats.requests import (
    Target,
    called_model,
    instructions_for,
    job_request,
    own_responses,
    refuse_unlike,
)
from evaldrop.job_formats.rows import LeftOut

_MOST_REASONS = 5


@dataclass(frozen=True, slots=True)
class _Series:
    """Candidates that one job evaluates together, and the rows they are asked or have answered."""

    candidates: tuple[Candidate, ...]
    plan: DatasetPlan


class Planner:
    """Makes the plan of a source's jobs."""

    def __init__(self, source: JobSource, wanted: WantedJobs, prices: Prices) -> None:
        self._source, self._wanted, self._prices = source, wanted, prices
        self._evaluation = source.definition.evaluation
        self._tallies: dict[DatasetPlan, RowTally] = {}

    def plan(self) -> JobsPlan:
        """
        Return the plan.

        Raises:
            InputError: There is nothing to evaluate, or a job cannot do it; the message says what can.
        """
        series = [self._counted(each) for each in self._series()]
        groups = self._groups
        jobs: list[EvaluationJob] = []
        lines: dict[tuple[costs.Role, str], costs.CostLine] = {}
        for each in series:
            for group in groups:
                for judge in self._judges or (None,):
                    jobs += self._jobs(each, group, judge, start=len(jobs) + 1)
                    for line in self._lines(each, group, judge):
                        lines = costs.added(lines, line)
        left_out = self._left_out()
        return JobsPlan(
            task=self._task,
            tallies=self._tallies,
            jobs=tuple(jobs),
            # As in a run's plan: candidates, then who judges them.
            lines=tuple(sorted(lines.values(), key=lambda line: line.role != "candidate")),
            notes=tuple(self._notes(left_out)),
            prices_date=self._prices.date,
            left_out=left_out,
        )

    @cached_property
    def _candidates(self) -> list[Candidate]:
        named = {candidate.name: candidate for candidate in self._evaluation.candidates}
        wanted = self._wanted.candidates or tuple(named)
        if unknown := [name for name in wanted if name not in named]:
            raise InputError(
                f"--candidate {unknown[0]}: there is no such candidate. There are {', '.join(named)}."
            )
        return [named[name] for name in wanted]

    @cached_property
    def _judges(self) -> list[Judge]:
        """The judges, each model once: what a job asks of a model is the same under any name."""
        if self._wanted.kind != "judge":
            return []
        named = {judge.name: judge for judge in self._evaluation.judges}
        if not named:
            raise EvaluationError("a judge job needs a judge: add judges to the evaluation.")
        wanted = self._wanted.judges or tuple(named)
        if unknown := [name for name in wanted if name not in named]:
            raise InputError(f"--judge {unknown[0]}: there is no such judge. There are {', '.join(named)}.")
        return list({named[name].model: named[name] for name in reversed(wanted)}.values())[::-1]

    def _is_own(self, candidate: Candidate) -> bool:
        return self._source.is_run or candidate.model == GIVEN

    def _series(self) -> Iterator[_Series]:
        for candidate in self._candidates:
            if self._is_own(candidate):
                self._refuse_own(candidate)
            else:
                refuse_unlike(candidate)
        numbers: dict[tuple[str, tuple[str, ...]], int] = {}
        for prompt, of_prompt in groupby(
            sorted(self._candidates, key=self._evaluation.prompt_of), key=self._evaluation.prompt_of
        ):
            for together in in_parts(list(of_prompt), MAX_MODELS[self._wanted.kind]):
                own = tuple(each.name for each in together if self._is_own(each))
                # Numbered: of long names the beginnings may be the same.
                number = numbers.setdefault((prompt, own), len(numbers) + 1)
                name = f"{number}-{_slug('-'.join(own) if own else prompt, 40)}"
                yield _Series(together, DatasetPlan(name=name, prompt=prompt, responses_of=own))

    def _refuse_own(self, candidate: Candidate) -> None:
        if self._wanted.kind == "automatic":
            raise EvaluationError(
                f"candidate {candidate.name}: an algorithmic job calls its model, and takes no responses "
                "that are there already. --kind judge does; evaldrop run computes metrics of them."
            )

    def _counted(self, series: _Series) -> _Series:
        if series.plan not in self._tallies:
            tally = count_rows(self._source, series.plan)
            faults = [row for row in tally.left_out if row.is_fault]
            self._refuse_faults(faults, tally.n + len(tally.left_out))
            if not tally.n:
                why = f" {tally.left_out[0].reason}." if tally.left_out else ""
                raise DatasetError(f"no record can be in a job.{why}")
            self._tallies[series.plan] = tally
        return series

    def _refuse_faults(self, faults: Sequence[LeftOut], read: int) -> None:
        tolerated = self._evaluation.tolerated_invalid_percentage
        if not faults or len(faults) * 100 <= tolerated * read:
            return
        lines = [f"{row.record_id}: {row.reason}" for row in faults[:_MOST_REASONS]]
        if more := len(faults) - len(lines):
            lines.append(f"… and {more:,} more.")
        lines.append(
            f"{len(faults):,} of {read:,} records cannot be in an evaluation job. evaldrop run takes them; "
            f"to go on without them, set tolerated_invalid_percentage (now {tolerated:g}) in the evaluation."
        )
        raise DatasetError("\n".join(lines))

    @cached_property
    def _all_references(self) -> bool:
        return all(tally.references == tally.n for tally in self._tallies.values())

    @cached_property
    def _task(self) -> TaskType:
        if self._wanted.kind == "judge":
            return "General"
        if self._wanted.kind == "human":
            return "Custom"
        return self._wanted.task or default_task(has_references=self._all_references)

    @cached_property
    def _groups(self) -> list[MetricGroup]:
        wanted = self._wanted
        if wanted.kind == "automatic":
            return [
                computed_group(
                    self._evaluation, self._task, wanted.metrics, all_references=self._all_references
                )
            ]
        criteria = criteria_of(self._evaluation, wanted.metrics)
        if wanted.kind == "judge":
            return judged_groups(criteria)
        pairs = self._evaluation.pairwise is not None and len(self._candidates) > 1
        return rated_groups(criteria, compare=pairs)

    def _jobs(
        self, series: _Series, group: MetricGroup, judge: Judge | None, *, start: int
    ) -> Iterator[EvaluationJob]:
        target = Target(
            kind=self._wanted.kind,
            task=self._task,
            role=self._wanted.role,
            output=f"{self._wanted.folder.rstrip('/')}/output/",
            flow_definition=self._wanted.flow_definition,
        )
        names = [part_name(series.plan, part + 1) for part in range(self._tallies[series.plan].parts)]
        models = [
            own_responses(each.name) if self._is_own(each) else called_model(each)
            for each in series.candidates
        ]
        people = self._wanted.kind == "human"
        told = instructions_for(criteria_of(self._evaluation, self._wanted.metrics)) if people else ""
        who = " and ".join(each.name for each in series.candidates)
        for number, part in enumerate(in_parts(names, MAX_DATASETS), start=start):
            name = self._job_name(series, number)
            about = f"evaldrop: {self._evaluation.name}, {who}" + (
                f", judged by {judge.name}" if judge else ""
            )
            yield EvaluationJob(
                name=name,
                candidates=tuple(each.name for each in series.candidates),
                judge=judge.name if judge else None,
                metrics=dict(group.criteria),
                datasets=part,
                request=job_request(
                    target,
                    name=name,
                    about=about,
                    datasets={each: dataset_uri(self._wanted.folder, each) for each in part},
                    group=group,
                    models=models,
                    judge=judge.model if judge else None,
                    instructions=told,
                ),
            )

    def _job_name(self, series: _Series, number: int) -> str:
        who = "-".join(each.name for each in series.candidates)
        evaluation = _slug(self._evaluation.name, 16)
        # Unique in an account and Region, in 63 characters of these.
        return f"{evaluation}-{_slug(who, 16)}-{self._wanted.id}-{number}".lower()

    def _lines(self, series: _Series, group: MetricGroup, judge: Judge | None) -> Iterator[costs.CostLine]:
        tally = self._tallies[series.plan]
        for candidate in series.candidates:
            if not self._is_own(candidate):
                yield costs.candidate_cost(candidate, tally, group, self._prices)
            if judge:
                yield costs.judge_cost(judge.name, judge.model, candidate, tally, group, self._prices)
        if self._wanted.kind == "human":
            yield costs.people_cost("people", tally)

    def _left_out(self) -> dict[str, LeftOut]:
        return {row.record_id: row for tally in self._tallies.values() for row in tally.left_out}

    def _notes(self, left_out: dict[str, LeftOut]) -> Iterator[str]:
        evaluation, kind = self._evaluation, self._wanted.kind
        called = [each for each in self._candidates if not self._is_own(each)]
        if self._source.is_run and self._source.definition.simulated:
            yield "the run is a rehearsal: its responses are made up."
        yield from notes_on_rows(self._tallies.values(), left_out)
        yield from unasked(evaluation, kind)
        if any(has_system(self._source.definition, each) for each in called):
            yield "a job's rows have no system text: it is put before the question."
        yield from notes_on_calls(len(called), len(self._groups) * max(1, len(self._judges)))
        yield from notes_on_judges(self._judges)
        if kind == "human":
            yield from NOTES_ON_PEOPLE
        elif len(self._candidates) > 1:
            yield "all candidates are asked the same: evaldrop bedrock-eval import compares them in pairs."


def _slug(text: str, most: int) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:most].strip("-") or "x"


def plan_jobs(source: JobSource, wanted: WantedJobs, prices: Prices) -> JobsPlan:
    """Return the plan of a source's jobs; see `Planner.plan`."""
    return Planner(source, wanted, prices).plan()
