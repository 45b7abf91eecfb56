"""
What evaluation jobs of all kinds wrote, row by row: prompts, responses, and what became of each metric.

Keys are those of "Review metrics" and "Review a human-based model evaluation job" in the Bedrock user guide;
what older rows and SageMaker's own have otherwise is taken too. A result is a number, a label, or None: null
says that a metric does not apply, or that no score could be read, and is never a 0.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.job_formats.output_files import LARGEST, OutputFile, find_files, objects_in
from evaldrop.job_formats.people import People, Rating, ratings_in

UNNAMED = "Score"
"""What a metric is called whose row does not name it, as rows of earlier jobs do not."""

# Characters up to which a text is looked at for being a Python literal.
_MOST_LITERAL = 1 << 20


class JobScore(NamedTuple):
    """
    What a response was given on one metric.

    `evaluator` is the judge's model, None where an algorithm computed the number. `rating` is there where a
    person gave it.
    """

    metric: str
    result: float | str | None
    evaluator: str | None = None
    explanation: str = ""
    rating: Rating | None = None


class JobResponse(NamedTuple):
    """A model's response, None where there was none, and its scores."""

    model: str | None
    text: str | None
    scores: tuple[JobScore, ...]


class JobRow(NamedTuple):
    """A row of a job's output; a human job's may hold two responses."""

    prompt: str
    reference: tuple[str, ...]
    category: str | None
    responses: tuple[JobResponse, ...]
    task: str | None
    dataset: str | None


class BrokenRow(NamedTuple):
    """A row that could not be read: its file, and how it begins."""

    uri: str
    text: str


class JobOutput(NamedTuple):
    """The output of one job: its folder, its rows, and the definitions of its custom metrics."""

    uri: str
    rows: list[JobRow]
    definitions: Sequence[Mapping[str, Any]]
    broken: list[BrokenRow]


def read_output(uri: str, definitions: Sequence[Mapping[str, Any]] = ()) -> list[JobOutput]:
    """
    Read the output of every job below a folder.

    Args:
        uri: The folder, or one file.
        definitions: Of custom metrics, beside those that are in the folder.

    Raises:
        InputError: There is none, or no row of it can be read.
        StorageError: A file cannot be read.
    """
    found = find_files(uri)
    jobs: dict[str, list[OutputFile]] = {}
    for file in found.outputs:
        jobs.setdefault(file.job, []).append(file)
    known = [*definitions, *found.definitions]
    read = [_read_job(job, files, known) for job, files in jobs.items()]
    if not any(job.rows for job in read):
        raise InputError(f"{uri}: no row of its output can be read as that of an evaluation job.")
    return read


def _read_job(uri: str, files: Iterable[OutputFile], definitions: Sequence[Mapping[str, Any]]) -> JobOutput:
    rows: list[JobRow] = []
    broken: list[BrokenRow] = []
    people = People()
    for file in files:
        for value in objects_in(storage.read_bytes(file.uri)):
            row = None if isinstance(value, str) else _row(value, file, people)
            if row is None:
                broken.append(BrokenRow(file.uri, str(value)[:200]))
            else:
                rows.append(row)
    return JobOutput(uri, _with_evaluators(rows), definitions, broken)


def _row(value: Mapping[str, Any], file: OutputFile, people: People) -> JobRow | None:
    record = value.get("inputRecord")
    if not isinstance(record, Mapping) or record.get("prompt") is None:
        return None
    said, is_literal = _prompt(record["prompt"])
    answers = [each for each in _list(value.get("modelResponses")) if isinstance(each, Mapping)]
    texts = [_response(each, is_literal=is_literal) for each in answers]
    models = [_text(each.get("modelIdentifier")) or None for each in answers]
    automated = value.get("automatedEvaluationResult")
    scores: dict[int, list[JobScore]] = {}
    if isinstance(automated, Mapping):
        # One response a row, so the scores are its own.
        scores[0] = list(_scores(automated.get("scores")))
    for place, metric, result, rating in ratings_in(value.get("humanEvaluationResult"), models, people):
        scores.setdefault(place, []).append(JobScore(metric, result, rating=rating))
    if not said.strip() or (not answers and not scores):
        return None
    responses = tuple(
        JobResponse(model, text, tuple(scores.get(place, ())))
        for place, (model, text) in enumerate(zip(models, texts, strict=True))
    )
    category = _text(record.get("category")) or None
    reference = tuple(filter(None, map(_text, _list(record.get("referenceResponse")))))
    # A row without a response is one that the job asked for and did not get.
    responses = responses or (JobResponse(None, None, tuple(scores.get(0, ()))),)
    return JobRow(said, reference, category, responses, file.task, file.dataset)


def _scores(value: object) -> Iterator[JobScore]:
    unnamed = 0
    for score in _list(value):
        if not isinstance(score, Mapping):
            continue
        name = _text(score.get("metricName"))
        if not name:
            unnamed += 1
            name = UNNAMED if unnamed == 1 else f"{UNNAMED}-{unnamed}"
        details = [each for each in _list(score.get("evaluatorDetails")) if isinstance(each, Mapping)]
        models = [_text(each.get("modelIdentifier")) for each in details]
        explanations = [_text(each.get("explanation")) for each in details]
        yield JobScore(
            name,
            plain_result(score.get("result")),
            next(filter(None, models), None),
            "\n\n".join(filter(None, explanations)),
        )


def plain_result(value: object) -> float | str | None:
    """Return a result as a number or a label; what is neither, or no metric's number, is None as null is."""
    if isinstance(value, bool | int | float):
        return float(value) if abs(value) <= LARGEST else None
    return (value.strip() or None) if isinstance(value, str) else None


def _with_evaluators(rows: list[JobRow]) -> list[JobRow]:
    """Return rows in which a judge's null, which may come without its details, has its judge as well."""
    seen: dict[str, Counter[str]] = {}
    for row in rows:
        for score in (score for response in row.responses for score in response.scores):
            if score.evaluator:
                seen.setdefault(score.metric, Counter())[score.evaluator] += 1

    def named(score: JobScore) -> JobScore:
        if score.evaluator or score.metric not in seen:
            return score
        return score._replace(evaluator=seen[score.metric].most_common(1)[0][0])

    return [
        row._replace(
            responses=tuple(
                response._replace(scores=tuple(map(named, response.scores))) for response in row.responses
            )
        )
        for row in rows
    ]


def _prompt(value: object) -> tuple[str, bool]:
    """Return a prompt's text, and whether it came as a Python literal, as SageMaker's SDK writes it."""
    if not isinstance(value, str) or not value.lstrip().startswith(("[{", "{'")):
        return _text(value), False
    literal = _literal(value)
    turns = literal if isinstance(literal, list) else [literal]
    texts = [_turn(turn) for turn in turns]
    return ("\n\n".join(filter(None, texts)), True) if all(texts) else (value, False)


def _turn(turn: object) -> str:
    if not isinstance(turn, Mapping) or not {"content", "text"} & turn.keys():
        return ""
    content = turn.get("content", turn.get("text"))
    return "\n".join(filter(None, map(_text, _list(content))))


def _response(answer: Mapping[str, Any], *, is_literal: bool) -> str | None:
    value = answer.get("response", answer.get("text"))
    if is_literal and isinstance(value, str) and value.startswith("["):
        # Only beside a prompt of that form: a response may well be a list of its own.
        literal = _literal(value)
        if isinstance(literal, list) and len(literal) == 1 and isinstance(literal[0], str):
            return literal[0]
    return None if value is None else _text(value)


def _literal(text: str) -> object:
    if len(text) > _MOST_LITERAL:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _text(value: object) -> str:
    """Return a text that is alone, or under `text`, as SageMaker's rows have it."""
    if isinstance(value, Mapping):
        value = value.get("text")
    return value if isinstance(value, str) else ""
