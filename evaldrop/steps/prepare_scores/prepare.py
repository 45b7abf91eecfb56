"""
PrepareScores: a run's responses written in batches for its scorers.

A response that has its score is in no batch: a run that goes on, or is scored again, asks for those alone
that are not there, were errors, or were given by other code.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import IO, Any, Final

import orjson

from evaldrop import storage
from evaldrop.checks import Check
from evaldrop.checks.scorers import HERE, MAX_BATCH_BYTES, ScorerSettings
from evaldrop.evaluation.criteria import scorers_of
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.results import collect
from evaldrop.run.scores import SCORES, ScoreKey, is_score, read_scores
from evaldrop.run.tables import ResponseRow
from evaldrop.scorers import Record, Response
from evaldrop.scorers.agentcore import event_of
from evaldrop.scorers.batches import batch_event, response_json
from evaldrop.shipped import resource
from evaldrop.steps.build_scorecard.reading import ResultReader, is_to_be_judged
from evaldrop.steps.build_scorecard.results import take_unread_replies
from evaldrop.steps.prepare_scores.folders import code_digest, import_folders

JSON = dict[str, Any]

FUNCTIONS_FILE: Final = "scorer-functions.json"
"""Which functions a stack made of scorers' code, by what evaluations name these by."""


def prepare_scores(state: Mapping[str, Any], *, on_aws: bool) -> JSON:
    """
    Return what the workflow goes on with: where the batches are, or none where all is scored.

    Args:
        state: As EvaluateRecords, or evaluation jobs, left it.
        on_aws: Whether scorers are functions; else they are processes of this machine.

    Raises:
        StorageError: A file cannot be read or written.
    """
    run = RunDefinition.load(state["run"]["folder"])
    places = [state["results"], *state.get("earlier", ())]
    manifests = [storage.uri_of(place["Bucket"], place["Key"]) for place in places]
    kept = {key: value for key, value in state.items() if key != "scorers"}
    batches = write_batches(run, manifests, on_aws=on_aws)
    if batches is None:
        return kept
    reader = storage.place(batches, root=run.out)
    writer = storage.place(storage.join(run.folder, SCORES), root=run.out)
    return {
        **kept,
        "scores": {"reader": reader._asdict(), "writer": {"bucket": writer.bucket, "prefix": writer.key}},
    }


def write_batches(run: RunDefinition, manifests: Sequence[str], *, on_aws: bool) -> str | None:
    """Write what is still to be scored, and return the file's URI; None where there is nothing."""
    known = {key for key, result in read_scores(run.folder).items() if is_score(result)}
    folder = storage.join(run.folder, SCORES)
    number = sum(uri.endswith(".jsonl") and "/batches-" in uri for uri in storage.list_files(folder))
    uri, n = storage.join(folder, f"batches-{number + 1}.jsonl"), 0
    with ExitStack() as stack:
        out: IO[bytes] | None = None
        for batch in _batches(run, manifests, known, on_aws=on_aws):
            if out is None:
                out = stack.enter_context(storage.open_write(uri))
            out.write(orjson.dumps(batch) + b"\n")
            n += 1
    return uri if n else None


class Batch:
    """Responses that one scorer is asked of at a time."""

    def __init__(self, check: Check, *, function: str, code: str) -> None:
        scorer: ScorerSettings = check.parameters
        self._scorer, self._name = scorer, check.name
        self._function, self._code = function, code
        # A function that was made of python: is our own, and gets our event.
        self._is_agentcore = scorer.batch == 1 and function == scorer.function
        self._most = scorer.most_in_batch
        self._asked: list[tuple[ScoreKey, Record, Response, int]] = []

    def add(self, key: ScoreKey, record: Record, response: Response) -> Iterator[JSON]:
        """Add a response; yield a batch that has become full by it."""
        size = len(orjson.dumps(response_json(record, response)))
        if size > MAX_BATCH_BYTES:
            # What a response relies on is the longest of it, and the first that a scorer can do without.
            record = Record(id=record.id, references=record.references, category=record.category)
            size = len(orjson.dumps(response_json(record, response)))
        if size > MAX_BATCH_BYTES:
            # No call takes it: it stays without a score.
            return
        has_room = sum(each[3] for each in self._asked) + size <= MAX_BATCH_BYTES
        if self._asked and not has_room:
            yield self.taken()
        self._asked.append((key, record, response, size))
        if len(self._asked) >= self._most:
            yield self.taken()

    def taken(self) -> JSON:
        """Return the batch as the workflow has it, and begin another one."""
        asked, self._asked = self._asked, []
        if self._is_agentcore:
            _, record, response, _ = asked[0]
            payload = event_of(self._name, record, response)
        else:
            responses = (response_json(record, response) for _, record, response, _ in asked)
            payload = batch_event(self._name, responses, limit_s=self._scorer.timeout_s)
        keys = [(key.record_id, key.candidate, key.digest) for key, *_ in asked]
        return {"check": self._name, "function": self._function, "keys": keys, "payload": payload}

    def digest_of(self, record: Record, response: Response) -> str:
        """Return what stands for the scorer with what it is shown: another text, or code, asks anew."""
        shown = [self._function, self._code, record.to_json(), response.text]
        return hashlib.sha256(orjson.dumps(shown)).hexdigest()[:16]

    @property
    def is_empty(self) -> bool:
        """Whether it holds no response."""
        return not self._asked


def _batches(
    run: RunDefinition, manifests: Sequence[str], known: set[ScoreKey], *, on_aws: bool
) -> Iterator[JSON]:
    folders = () if on_aws else import_folders(run.evaluation_uri)
    made = _functions_made() if on_aws else {}
    batches: dict[str, Batch] = {}
    for name, check in scorers_of(run.criteria).items():
        settings: ScorerSettings = check.parameters
        if on_aws and (function := settings.function or made.get(settings.python or "")) is not None:
            batches[name] = Batch(check, function=function, code="")
        elif not on_aws and (where := settings.python) is not None:
            batches[name] = Batch(check, function=f"{HERE}{where}", code=code_digest(where, folders))
    for record, row in _responses(run, manifests):
        asked, answered = _record(record), _response(row)
        for name, batch in batches.items():
            key = ScoreKey(name, asked.id, answered.candidate, batch.digest_of(asked, answered))
            if key not in known:
                yield from batch.add(key, asked, answered)
    yield from (batch.taken() for batch in batches.values() if not batch.is_empty)


def _functions_made() -> dict[str, str]:
    file = resource(FUNCTIONS_FILE)
    made: dict[str, str] = orjson.loads(file.read_bytes()) if file.is_file() else {}
    return made


def _responses(run: RunDefinition, manifests: Sequence[str]) -> Iterator[tuple[PreparedRecord, ResponseRow]]:
    """Yield every response that there is; anchors are for judges."""
    reader = ResultReader(run)
    for found in collect(run.folder, manifests):
        if found.record.anchor is None and found.output is not None:
            take_unread_replies(found, run.folder)
            for result in reader.read(found):
                if is_to_be_judged(result.response):
                    yield found.record, result.response


def _record(record: PreparedRecord) -> Record:
    return Record(
        id=record.record_id,
        prompt=record.prompt,
        references=record.reference,
        context=record.context,
        system=record.system,
        category=record.category,
        metadata=dict(record.metadata),
    )


def _response(row: ResponseRow) -> Response:
    return Response(
        text=row.response or "",
        candidate=row.candidate,
        latency_ms=row.latency_ms,
        cost_usd=row.cost_usd,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        stop_reason=row.stop_reason,
    )
