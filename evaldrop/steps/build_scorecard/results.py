"""What came of each line of a run's `records.jsonl`, in the file's order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from evaldrop import storage
from evaldrop.evaluation.definition import EVALUATION_JOB
from evaldrop.run.definition import REPLIES, RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.results import Found, collect, parse_row
from evaldrop.run.scores import Scores
from evaldrop.scorecard.results import RecordResults, Repeat
from evaldrop.steps.build_scorecard.reading import ResultReader, is_skipped_by_budget


def read_results(
    run: RunDefinition, manifests: Sequence[str]
) -> Iterator[tuple[PreparedRecord, RecordResults]]:
    """
    Yield every record of a run, its anchors and perturbed copies included, with its results.

    Args:
        run: The run.
        manifests: URIs of its Map runs' manifests, the newest first.

    Raises:
        StorageError: A file cannot be read, or is not what it should be.
    """
    yield from read_collected(run, collect(run.folder, manifests), scores=Scores(run.folder))


def read_collected(
    run: RunDefinition, collected: Iterable[Found], *, first: int = 0, scores: Scores | None = None
) -> Iterator[tuple[PreparedRecord, RecordResults]]:
    """Yield records with their results; `first` is the place of the first among the run's."""
    reader = ResultReader(run)
    original: tuple[str, RecordResults] | None = None
    for ordinal, found in enumerate(collected, start=first):
        if run.parent and run.parent.how == "rescored":
            for output in (found.output, *found.repeats):
                _mark_reused(output)
        take_unread_replies(found, run.folder)
        if scores is not None:
            scores.add_to(found.output, found.record.record_id)
        record, results = found.record, read_found(ordinal, found, reader)
        if record.perturbed is not None:
            # A copy is behind its record, so only one record is held for those to come.
            has_original = original is not None and original[0] == record.perturbed.of
            results = results._replace(original=original[1] if original and has_original else None)
        elif record.anchor is None:
            original = (record.record_id, results)
        yield record, results


def read_found(ordinal: int, found: Found, reader: ResultReader) -> RecordResults:
    """Return what came of a line; of a perturbed copy without what came of its record."""
    # What batch jobs had answered of a record that was skipped is paid for, and in no other number.
    paid = (found.output or {}).get("paid")
    extra = (*found.repeats, *([paid] if paid else ()))
    repeats = [_repeat(found._replace(output=output), reader) for output in extra]
    if found.record.anchor is not None:
        read = None if is_skipped_by_budget(found.output) else reader.read_anchor(found)
        return RecordResults(ordinal, (), repeats=repeats, anchor=read, is_skipped=read is None)
    is_skipped = is_skipped_by_budget(found.output)
    compared = () if found.record.perturbed else reader.read_comparisons(found)
    failure = None if found.output is not None else found.failure
    return RecordResults(ordinal, reader.read(found), compared, failure, repeats, is_skipped=is_skipped)


def _repeat(found: Found, reader: ResultReader) -> Repeat:
    if found.record.anchor is not None:
        return Repeat((), reader.read_anchor(found).judge_calls)
    compared = [call for _, call, _ in reader.read_comparisons(found) if call is not None]
    return Repeat(reader.read(found), compared)


def _mark_reused(output: dict[str, Any] | None) -> None:
    """Mark every reply in a child's output as one that this run did not pay for."""
    for response in (output or {}).get("responses") or ():
        response["reused"] = True
        for judgement in response.get("judgements") or ():
            # What an evaluation job cost stays unknown, however often it is read.
            judgement["kept"] = judgement.get("api") != EVALUATION_JOB
    for comparison in (output or {}).get("comparisons") or ():
        comparison["kept"] = True


def take_unread_replies(found: Found, folder: str) -> None:
    """
    Put into a child's output the replies that its workflow could not read.

    They were paid for and are responses as others, but that no judge has seen them. One that is not there
    any more, or is no JSON object, stays an error.
    """
    for output in (found.output, *found.repeats):
        for response in (output or {}).get("responses") or ():
            if response.get("unread") and (body := _reply(response["candidate"], found.record.calls, folder)):
                response["reply"] = {"Body": body}
                del response["error"]


def _reply(candidate: str, calls: Mapping[str, Any], folder: str) -> Any:
    written: str = calls["long"][candidate]["arguments"]["Output"]["S3Uri"]
    # Beside the results first: a run that was copied to another place stays readable.
    for uri in (storage.join(folder, REPLIES, *written.split("/")[-2:]), written):
        if storage.exists(uri):
            try:
                return parse_row(storage.read_bytes(uri))
            except (ValueError, TypeError):  # a model's own body, whatever it is
                return None
    return None
