"""`review import`: a filled file in; labels, or every problem with its line, out."""

from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from pydantic import ValidationError

from evaldrop import storage
from evaldrop.errors import InputError, StorageError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.nearest import did_you_mean
from evaldrop.report.review.answers import Score, SheetAnswer, decoded, read_answers, read_mean
from evaldrop.report.review.exporting import key_uri
from evaldrop.report.review.preferences import (
    ImportedPreferences,
    holds_preferences,
    import_preferences,
    read_preferences,
)
from evaldrop.report.review.votes import holds_votes, read_votes
from evaldrop.run.definition import RunDefinition
from evaldrop.run.tables import read_rows
from evaldrop.scorecard.calibration.label import SKIPPED, Label, ReviewKey
from evaldrop.scorecard.calibration.labels import response_digest, write_labels
from evaldrop.scorecard.calibration.preferences import write_preferences

UNNAMED = "unnamed"
_MOST_PROBLEMS = 50
_MOST_KNOWN = 2_000


class Imported(NamedTuple):
    """What was stored: where, whose, and how many answers there are, were passed on, and are missing."""

    labels: str
    raters: tuple[str, ...]
    answered: int
    skipped: int
    unanswered: int
    is_random: bool


class ImportedVotes(NamedTuple):
    """What was stored of a report's votes: where (null where there were none), whose, and how many."""

    labels: str | None
    preferences: str | None
    raters: tuple[str, ...]
    scored: int
    preferred: int
    is_random: bool


class _Origin(NamedTuple):
    """What every label of an import shares."""

    run: RunDefinition
    rater: str
    imported_at: str


def import_file(
    uri: str, folder: str, *, rater: str | None, imported_at: str, drawn_at_random: bool = False
) -> Imported | ImportedPreferences | ImportedVotes:
    """
    Store what people said: scores as `import_review` does, preferences as `import_preferences`, or votes.

    `drawn_at_random` says that preferences are of records that were drawn at random from the run.
    """
    text = decoded(storage.read_bytes(uri))
    if holds_votes(text):
        if drawn_at_random:
            raise InputError(f"{uri}: a reader of the report picked these records by hand; none was drawn.")
        return import_votes(uri, text, RunDefinition.load(folder), rater=rater, imported_at=imported_at)
    if not holds_preferences(text):
        return import_review(uri, folder, rater=rater, imported_at=imported_at)
    return import_preferences(
        uri,
        text,
        RunDefinition.load(folder),
        rater=rater or UNNAMED,
        imported_at=imported_at,
        drawn_at_random=drawn_at_random,
    )


def import_votes(
    uri: str, text: str, run: RunDefinition, *, rater: str | None, imported_at: str
) -> ImportedVotes:
    """
    Store what a reader said in the report's voting mode, scores and preferences; all of it or nothing.

    It is told apart as picked by hand, so that calibration never takes it for a random sample.

    Raises:
        InputError: Something in the file is wrong; the message tells every problem with its place.
        StorageError: A file cannot be read or written.
    """
    votes = read_votes(text, run.run_id)
    problems = list(votes.problems)
    who = (rater or votes.rater or UNNAMED).strip() or UNNAMED
    preferences = read_preferences(
        votes.preferences, problems, run, rater=who, imported_at=imported_at, by_hand=True
    )
    _refuse(problems, uri)
    labels = [
        label.model_copy(update={"by_hand": True})
        for label in _own_labels(votes.scores, _Origin(run, who, imported_at), uri, who)
    ]
    if not labels and not preferences:
        raise InputError(f"{uri}: no vote in it.")
    return ImportedVotes(
        write_labels(run.folder, labels) if labels else None,
        write_preferences(run.folder, preferences) if preferences else None,
        (who,),
        len(labels),
        len(preferences),
        is_random=False,
    )


def import_review(uri: str, folder: str, *, rater: str | None, imported_at: str) -> Imported:
    """
    Store the labels of a filled page or sheet with the evaluation of a run; all of them or none.

    The file is JSON as the page saves it, the exported CSV with scores, or a CSV of one's own labels with the
    columns record_id, candidate, criterion, score and perhaps rater. `rater` is by default whom the file
    names; `imported_at`, an ISO time with its zone, orders imports.

    Raises:
        InputError: Something in the file is wrong; the message tells every problem with its line.
        StorageError: A file cannot be read or written.
    """
    run = RunDefinition.load(folder)
    read = read_answers(storage.read_bytes(uri))
    if not read.problems and not read.answers:
        read.problems.append("line 1: no answers in it")
    _refuse(read.problems, uri)
    origin = _Origin(run, (rater or read.rater or UNNAMED).strip() or UNNAMED, imported_at)
    if read.answers[0].item is None:
        labels = _own_labels(read.answers, origin, uri, rater)
    else:
        labels = _review_labels(read.answers, origin, uri)
    reasons = [label.reason for label in labels]
    if all(label.score is None for label in labels):
        raise InputError(f"{uri}: no row has a score. Fill in the column score, or answer on the page.")
    return Imported(
        write_labels(folder, labels),
        tuple(dict.fromkeys(label.rater for label in labels)),
        sum(label.score is not None for label in labels),
        sum(reason in SKIPPED for reason in reasons),
        reasons.count("unanswered"),
        labels[0].sampling is not None,
    )


def _review_labels(answers: list[SheetAnswer], origin: _Origin, uri: str) -> list[Label]:
    key = _key(answers, origin.run, uri)
    given, problems = _given(answers, key, origin.run.criteria)
    _refuse(problems, uri)
    nothing = Score(None, "unanswered")
    return [
        Label(
            run_id=key.run_id,
            simulated=key.simulated,
            review_id=key.review_id,
            sampling=key.sampling,
            **item.model_dump(exclude={"criteria"}),
            criterion=name,
            question=key.questions[name],
            rater=origin.rater,
            **given.get((item.position, name), nothing)._asdict(),
            imported_at=origin.imported_at,
        )
        for item in key.items
        for name in item.criteria
    ]


def _key(answers: list[SheetAnswer], run: RunDefinition, uri: str) -> ReviewKey:
    reviews = sorted({str(answer.review_id) for answer in answers})
    if len(reviews) > 1:
        raise InputError(
            f"{uri}: rows of several reviews ({', '.join(reviews)}). Import one file per review."
        )
    place = key_uri(run.folder, reviews[0])
    # A review's id is part of a path here: only what export writes is looked for.
    if not (reviews[0].isalnum() and storage.exists(place)):
        raise InputError(
            f"{uri}: review {reviews[0]!r} was not exported from {run.folder}. Name the run it came from."
        )
    try:
        return ReviewKey.model_validate_json(storage.read_bytes(place))
    except ValidationError as error:
        raise StorageError(f"{place}: not a review's key of this version ({error})") from error


def _given(
    answers: list[SheetAnswer], key: ReviewKey, criteria: Mapping[str, Criterion]
) -> tuple[dict[tuple[int, str], Score], list[str]]:
    asked = {str(item.position): item for item in key.items}
    given: dict[tuple[int, str], Score] = {}
    problems: list[str] = []
    for answer in answers:
        item = asked.get(str(answer.item))
        if item is None:
            problems.append(f"{answer.where}: no item {answer.item} in this review (1 to {len(asked)})")
        elif answer.criterion not in item.criteria:
            problems.append(
                f'{answer.where}: item {answer.item} was not asked for "{answer.criterion}", '
                f"but for {', '.join(item.criteria)}"
            )
        elif (score := read_mean(answer.said, criteria[answer.criterion])) is None:
            problems.append(f"{answer.where}: {_no_answer(answer, criteria[answer.criterion])}")
        # The same answer twice does no harm.
        elif given.setdefault((item.position, answer.criterion), score) != score:
            problems.append(
                f"{answer.where}: item {answer.item}, {answer.criterion} has two different scores"
            )
    return given, problems


def _own_labels(answers: list[SheetAnswer], origin: _Origin, uri: str, rater: str | None) -> list[Label]:
    wanted = {(answer.record_id or "", answer.candidate or "") for answer in answers}
    rows = read_rows(origin.run.file("responses.parquet"), ("record_id", "candidate", "response"))
    digests = {
        (row[0], row[1]): response_digest(row[2])
        for row in rows
        if (row[0], row[1]) in wanted and row[2] is not None
    }
    labels: dict[tuple[str, ...], Label] = {}
    problems: list[str] = []
    for answer in answers:
        label = _own_label(answer, origin, digests, rater or answer.rater or origin.rater)
        if isinstance(label, str):
            problems.append(f"{answer.where}: {label}")
            continue
        name = (label.record_id, label.candidate, label.criterion, label.rater)
        if labels.setdefault(name, label) != label:
            problems.append(f"{answer.where}: {' / '.join(name[:3])} has two different scores")
    _refuse(problems, uri)
    return list(labels.values())


def _own_label(
    answer: SheetAnswer, origin: _Origin, digests: Mapping[tuple[str, str], str], rater: str
) -> Label | str:
    """Return a label, or what is wrong with the answer."""
    response = (answer.record_id or "", answer.candidate or "")
    if response not in digests:
        # At most as many as a person looks at: a run may have a million records.
        known = {name for each in islice(digests, _MOST_KNOWN) for name in each}
        guess = "".join(did_you_mean(name, known) for name in response if name not in known)
        return f'the run has no response of candidate "{response[1]}" to record "{response[0]}".{guess}'
    criterion = origin.run.criteria.get(answer.criterion)
    if criterion is None:
        guess = did_you_mean(answer.criterion, origin.run.criteria)
        return (
            f'no criterion "{answer.criterion}" in this run; it has {", ".join(origin.run.criteria)}.{guess}'
        )
    score = read_mean(answer.said, criterion)
    if score is None:
        return _no_answer(answer, criterion)
    return Label(
        run_id=origin.run.run_id,
        simulated=origin.run.simulated,
        review_id=None,
        position=None,
        sampling=None,
        record_id=response[0],
        candidate=response[1],
        criterion=criterion.name,
        question=criterion.question,
        response_sha256=digests[response],
        rater=rater,
        **score._asdict(),
        imported_at=origin.imported_at,
    )


def _no_answer(answer: SheetAnswer, criterion: Criterion) -> str:
    scale = criterion.scale
    if scale.kind == "range":
        allowed = f"a number from {scale.low:g} to {scale.high:g}"
    elif scale.kind == "points":
        allowed = ", ".join(f"{value:g}" for value in scale.values())
    else:
        allowed = ", ".join(point.label for point in scale.points)
    return f"{str(answer.said)[:60]!r} is no score on {criterion.name}; use {allowed}, or ? to pass"


def _refuse(problems: list[str], uri: str) -> None:
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        told = [f"{uri} {problem}" for problem in problems[:_MOST_PROBLEMS]]
        raise InputError("\n".join([*told, f"and {more} more problems."] if more > 0 else told))
