"""
Brings the rows of several jobs together: a prompt is one record, whichever job asked it, a model a candidate.

Jobs number nothing, so records are known by their prompt and reference. A row that is there twice counts
once; a model that answered a prompt twice, and differently, makes two records of it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from evaldrop.errors import InputError
from evaldrop.evaluation_jobs.imported_criteria import ImportedCriteria, MetricKey, key_of
from evaldrop.evaluation_jobs.model_names import UNKNOWN_MODEL, model_id, short_names
from evaldrop.job_formats.judgements import Judgement
from evaldrop.job_formats.output import JobOutput, JobResponse, JobRow, JobScore
from evaldrop.scorecard.model.judges import ALGORITHM, PEOPLE

_WORKERS_AS_JUDGES = 9
"""People up to which each is a judge of their own; more of them are told apart by place within a record."""


class RecordKey(NamedTuple):
    """A record of the dataset that a prompt was made of, and its group."""

    record_id: str
    group: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSource:
    """
    Output to import, and what is known of it.

    Attributes:
        uri: Where it is.
        jobs: What is there.
        name: Its candidate's, as it was given; None: the model tells it.
        candidates: Candidates by what the output calls their model.
        judge: The judge's name in the evaluation; None: its model tells it.
        records: By the digest of a prompt, the record that it was made of.
    """

    uri: str
    jobs: Sequence[JobOutput]
    name: str | None = None
    candidates: Mapping[str, str] = field(default_factory=dict)
    judge: str | None = None
    records: Mapping[str, RecordKey] = field(default_factory=dict)

    def record_of(self, row: JobRow) -> RecordKey:
        """Return the record that a row is about: the dataset's own, or one that its texts make."""
        known = self.records.get(prompt_digest(row.prompt)) if self.records else None
        return known or RecordKey(_record_id(row.prompt, row.reference), None)


def prompt_digest(prompt: str) -> str:
    """Return the digest by which a set of jobs knows what each prompt was made of."""
    return hashlib.sha256(prompt.encode("utf-8", "replace")).hexdigest()


class ImportedJudge(NamedTuple):
    """A judge of the import: a model, a person, or an algorithm."""

    name: str
    model: str


class ImportedAnswer(NamedTuple):
    """A candidate's response to a record, None where the job has the row and no response."""

    text: str | None
    judgements: Sequence[Judgement]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRecord:
    """A prompt with every candidate's response; a candidate that is not there was not asked."""

    record_id: str
    prompt: str
    reference: tuple[str, ...]
    category: str | None
    group: str | None
    dataset: str | None
    answers: Mapping[str, ImportedAnswer]


class JoinedJobs(NamedTuple):
    """
    All that was imported.

    Attributes:
        candidates: Their models by name.
        by_source: The candidates of each source.
        twice: Rows that said nothing new.
    """

    candidates: Mapping[str, str]
    by_source: Sequence[Sequence[str]]
    judges: Sequence[ImportedJudge]
    records: Sequence[ImportedRecord]
    twice: int


@dataclass(slots=True)
class _JobAnswer:
    text: str | None
    scores: list[tuple[MetricKey, JobScore, str | None]] = field(default_factory=list)


@dataclass(slots=True)
class _Prompt:
    text: str
    reference: tuple[str, ...]
    group: str | None
    category: str | None = None
    dataset: str | None = None
    answers: dict[str, list[_JobAnswer]] = field(default_factory=dict)


def join(sources: Sequence[ImportSource], criteria: ImportedCriteria) -> JoinedJobs:
    """
    Return the records of some jobs' output.

    Raises:
        InputError: A name was given for the output of several models.
    """
    candidates = _Candidates(sources)
    prompts: dict[str, _Prompt] = {}
    twice = 0
    for place, source in enumerate(sources):
        for row in (row for job in source.jobs for row in job.rows):
            key = source.record_of(row)
            prompt = prompts.setdefault(key.record_id, _Prompt(row.prompt, row.reference, key.group))
            prompt.category = prompt.category or row.category
            prompt.dataset = prompt.dataset or row.dataset
            for response in row.responses:
                answers = prompt.answers.setdefault(candidates.of(place, response), [])
                twice += _add(answers, row, response, source.judge)
    judging = _Judging(prompts.values(), criteria)
    records = [
        record for record_id, prompt in prompts.items() for record in _records(record_id, prompt, judging)
    ]
    # In a stable order of names, and people last: they are compared with the rest.
    return JoinedJobs(candidates.models, candidates.by_source(), judging.judges(), records, twice)


def _add(answers: list[_JobAnswer], row: JobRow, response: JobResponse, judge: str | None) -> bool:
    """Add a response, or its scores to the same one that is there; return whether nothing was new."""
    known = next((answer for answer in answers if answer.text == response.text), None)
    scores = [(key_of(score, row), score, judge) for score in response.scores]
    if known is None:
        answers.append(_JobAnswer(response.text, scores))
        return False
    new = [each for each in scores if each not in known.scores]
    known.scores += new
    return not new


def _records(record_id: str, prompt: _Prompt, judging: "_Judging") -> Iterator[ImportedRecord]:
    times = max(map(len, prompt.answers.values()), default=0)
    for place in range(times):
        yield ImportedRecord(
            record_id=record_id if place == 0 else f"{record_id}-{place + 1}",
            prompt=prompt.text,
            reference=prompt.reference,
            category=prompt.category,
            # Several answers to one prompt are no independent records: intervals have to know.
            group=prompt.group or (record_id if times > 1 else None),
            dataset=prompt.dataset,
            answers={
                name: ImportedAnswer(answers[place].text, judging.judgements(answers[place]))
                for name, answers in prompt.answers.items()
                if place < len(answers)
            },
        )


def _record_id(prompt: str, reference: tuple[str, ...]) -> str:
    """Return an ID that two imports of a prompt share, and that people can tell from others."""
    words = re.sub(r"[^a-z0-9]+", "-", prompt[:200].casefold()).strip("-")[:20].strip("-")
    digest = hashlib.sha256("\0".join([prompt, *reference]).encode("utf-8", "replace")).hexdigest()[:10]
    return f"{words}-{digest}" if words else digest


class _Candidates:
    """Names candidates: by the argument where it has a name, else by the model."""

    def __init__(self, sources: Sequence[ImportSource]) -> None:
        found = [
            (place, source, model)
            for place, source in enumerate(sources)
            for model in dict.fromkeys(
                response.model
                for job in source.jobs
                for row in job.rows
                for response in row.responses
                if response.model
            )
            or [UNKNOWN_MODEL]
        ]
        self.models: dict[str, str] = {}
        self._names: dict[tuple[int, str], str] = {}
        short = short_names({model for _, _, model in found})
        for place, source, model in found:
            name = source.name or source.candidates.get(model) or short[model]
            if source.name and any(at == place for at, _ in self._names):
                raise InputError(
                    f"{source.name}: its output is of several models. Leave the name out, and each is "
                    "called by its model."
                )
            self._names[place, model] = name
            self.models.setdefault(name, model_id(model))
        self._sources = range(len(sources))

    def by_source(self) -> list[list[str]]:
        """Return the candidates of each source."""
        return [
            list(dict.fromkeys(name for (at, _), name in self._names.items() if at == place))
            for place in self._sources
        ]

    def of(self, place: int, response: JobResponse) -> str:
        """Return the candidate that a response of an argument's output is of."""
        if response.model is None:
            # A row without a response tells no model: it is of the only one that the output has.
            return next(name for (at, _), name in self._names.items() if at == place)
        return self._names[place, response.model]


class _Judging:
    """Names judges, and numbers what one of them said more than once of a response."""

    def __init__(self, prompts: Iterable[_Prompt], criteria: ImportedCriteria) -> None:
        self._criteria = criteria
        found = [
            (score, judge)
            for prompt in prompts
            for answers in prompt.answers.values()
            for answer in answers
            for key, score, judge in answer.scores
            if key in criteria.by_key
        ]
        self._short = short_names({score.evaluator for score, _ in found if score.evaluator})
        self._models = {
            judge or self._short[score.evaluator]: model_id(score.evaluator)
            for score, judge in found
            if score.evaluator
        }
        self._workers = {score.rating.worker for score, _ in found if score.rating}
        self._computes = any(score.evaluator is None and score.rating is None for score, _ in found)
        self._people: set[int] = set()

    def judges(self) -> list[ImportedJudge]:
        """Return all judges; ask when every record was read, which tells how many people rated one."""
        models = [ImportedJudge(name, model) for name, model in self._models.items()]
        computed = [ImportedJudge(ALGORITHM, ALGORITHM)] if self._computes else []
        people = [ImportedJudge(self._person(number), PEOPLE) for number in sorted(self._people)]
        # By name: a model may be called as people are.
        return list({judge.name: judge for judge in (*models, *computed, *people)}.values())

    def judgements(self, answer: _JobAnswer) -> list[Judgement]:
        """Return what was said of a response, in the order of the job's scores."""
        said: dict[tuple[str, str], int] = {}
        found = []
        raters = sorted({score.rating.worker for _, score, _ in answer.scores if score.rating})
        for key, score, named in answer.scores:
            criterion = self._criteria.by_key.get(key)
            if criterion is None:
                continue
            judge = self._judge(score, named, raters)
            repeat = said.get((judge, criterion.name), 0)
            said[judge, criterion.name] = repeat + 1
            value = None if score.result is None else criterion.score(score.result)
            found.append(Judgement(judge, criterion.name, repeat, score, value))
        return found

    def _judge(self, score: JobScore, named: str | None, raters: Sequence[int]) -> str:
        if score.rating is None:
            return (named or self._short[score.evaluator]) if score.evaluator else ALGORITHM
        is_few = len(self._workers) <= _WORKERS_AS_JUDGES
        number = score.rating.worker if is_few else raters.index(score.rating.worker) + 1
        self._people.add(number)
        return self._person(number)

    def _person(self, number: int) -> str:
        return PEOPLE if len(self._workers) == 1 else f"{PEOPLE}-{number}"
