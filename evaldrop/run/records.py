"""
`records.jsonl`: what a record asks and which verdicts it should get, as a type, and its texts held once.

Where a record's requests have no room, what several of them hold is kept once in its child's input: fifty
requests with the same context share the room of one. A request's `lead` is its text as far as the last shared
one, in pieces: strings, and places in the record's `texts`; `before` is the rest of the text before the
response. `tail` is the like of what follows `after`. The workflow joins them when it calls the judge.
`constants` are those of judges' calls that the state had no room for, by `request_key`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.errors import StorageError

JSON = dict[str, Any]

FIRST_FILE = "first.jsonl"
RECORDS_FILE = "records.jsonl"
RECORDS_FOLDER = "records"
"""The folder with the parts of a large run's records, in the place of `records.jsonl`."""
REJECTED_FILE = "rejected.jsonl"

SHORTEST = 24
"""Characters from which on a text is looked for: shorter ones save little, and there may be thousands."""

_SHARING = ("judgements", "comparisons")
_ENDS = ("before", "after")
# What a place takes in a request: its number, and the quotes and commas around what it parts.
_PLACE_BYTES = 10


class ExpectedCall(NamedTuple):
    """A judge call that every response to a record should get."""

    judge: str
    repeat: int
    criteria: tuple[str, ...]


class KnownAnchor(NamedTuple):
    """What is known of an anchor: whether it passes these criteria."""

    id: str
    passes: bool
    criteria: tuple[str, ...]


class Perturbed(NamedTuple):
    """What a perturbed copy is a copy of, and what was done to it."""

    of: str
    perturbation: str


class PreparedRecord(NamedTuple):
    """
    A record as PrepareRecords wrote it.

    `not_applicable`: criteria never asked of it, and why. `asked_of_jobs`: what of `asked` is asked of
    evaluation jobs. `calls`: the requests made of it. `anchor` is there when it is none of the dataset's
    records but an anchor.
    `perturbed` is there when it is a copy, which comes after its record. `criteria` are those that the record
    brought, `checks` its own checks, in the form of `evaluation.yaml`. `messages`: of a conversation, whose
    text the prompt is, who spoke and how many characters.
    `is_cut`: some of its texts were too long to be kept whole.
    """

    record_id: str
    prompt: str
    system: str | None
    context: str | None
    reference: tuple[str, ...]
    category: str | None
    group: str | None
    not_applicable: Mapping[str, str]
    asked: tuple[ExpectedCall, ...]
    calls: Mapping[str, Any]
    anchor: KnownAnchor | None = None
    perturbed: Perturbed | None = None
    expected_blocked: bool | None = None
    metadata: Mapping[str, Any] = MappingProxyType({})
    criteria: Mapping[str, str | None] = MappingProxyType({})
    messages: tuple[tuple[str, int], ...] = ()
    is_cut: bool = False
    asked_of_jobs: tuple[ExpectedCall, ...] = ()
    checks: tuple[str | JSON, ...] = ()

    @property
    def left_out(self) -> int:
        """How many characters of its texts judges were not shown, because it is too long; 0 for most."""
        return int(self.calls.get("shortened", {}).get("characters", 0))


def prepared_records(folder: str) -> Iterator[PreparedRecord]:
    """
    Yield the prepared records of a run's folder, in the dataset's order.

    Raises:
        StorageError: The file cannot be read, or a line of it is no prepared record.
    """
    for uri in record_files(folder):
        yield from prepared_in(uri)


def record_files(folder: str) -> list[str]:
    """
    Return the files with a run's prepared records, in the dataset's order: one, or those of its parts.

    Raises:
        StorageError: S3 would not say.
    """
    whole = storage.join(folder, RECORDS_FILE)
    return [whole] if storage.exists(whole) else list(part_files(folder)) or [whole]


def has_records(folder: str) -> bool:
    """Tell whether a run's records have been prepared, all of them."""
    if storage.exists(storage.join(folder, RECORDS_FILE)):
        return True
    # Written when all parts are there.
    return any(True for _ in part_files(folder)) and storage.exists(storage.join(folder, REJECTED_FILE))


def part_files(folder: str) -> Iterator[str]:
    """
    Yield the parts of a large run's records, in the dataset's order.

    Raises:
        StorageError: S3 would not say.
    """
    return storage.list_files(storage.join(folder, RECORDS_FOLDER))


def part_of_records(folder: str, number: int) -> str:
    """Return where a part of a run's records lies; by name, parts are in the dataset's order."""
    return storage.join(folder, RECORDS_FOLDER, f"part-{number:05d}.jsonl")


def prepared_in(uri: str) -> Iterator[PreparedRecord]:
    """
    Yield the prepared records of one file.

    Raises:
        StorageError: The file cannot be read, or a line of it is no prepared record.
    """
    with storage.open_read(uri) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    record = read_prepared(line)
                # AttributeError: of what is JSON and no object.
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise StorageError(f"{uri} line {number}: no prepared record ({error!r})") from error
                yield record


def read_prepared(line: bytes) -> PreparedRecord:
    """
    Read a line of `records.jsonl`.

    Raises:
        ValueError: The line is not JSON.
        KeyError, TypeError, AttributeError: It is no prepared record.
    """
    content: dict[str, Any] = orjson.loads(line)
    anchor, copied = content.get("anchor"), content.get("perturbed")
    asked_of_jobs = _expected(content.get("asked_of_jobs") or ())
    return PreparedRecord(
        content["record_id"],
        content["prompt"],
        content.get("system"),
        content.get("context"),
        tuple(content.get("reference") or ()),
        content.get("category"),
        content.get("group"),
        content.get("not_applicable") or {},
        (*_expected(content["calls"]["judgements"]), *asked_of_jobs),
        with_texts_restored(content["calls"]),
        None if anchor is None else KnownAnchor(anchor["id"], anchor["passes"], tuple(anchor["criteria"])),
        Perturbed(**copied) if copied else None,
        content.get("expected_blocked"),
        content.get("metadata") or {},
        content.get("criteria") or {},
        tuple((turn["role"], turn["characters"]) for turn in content.get("messages") or ()),
        bool(content.get("is_cut")),
        asked_of_jobs,
        tuple(content.get("checks") or ()),
    )


def _expected(judgements: Iterable[Mapping[str, Any]]) -> tuple[ExpectedCall, ...]:
    return tuple(
        ExpectedCall(judgement["judge"], judgement.get("repeat", 0), tuple(judgement["criteria"]))
        for judgement in judgements
    )


def share_texts(calls: JSON, values: Mapping[str, Any]) -> JSON:
    """
    Return a record's calls with what several of its requests hold kept once, wherever that takes less room.

    These are the texts of the record (`values`), then what else is the same around them: a judge's prompt, a
    criterion that several judges are asked about; and the constants that requests bring.
    """
    asked = [request for name in _SHARING for request in calls[name]]
    sharing = _Sharing(Counter(request[end] for request in asked for end in _ENDS if end in request))
    # The longest first: a text that is part of another one would cut it to pieces. Then by the text itself,
    # for a set has another order in each process, and a run prepared again must ask the same.
    for text in sorted(sharing.held(texts_in(values)), key=lambda text: (-len(text), text)):
        sharing.take_out(text)
    sharing.take_out_repeated()
    constants = _repeated_constants(asked)
    requests = {name: [_with_pieces(each, sharing, constants) for each in calls[name]] for name in _SHARING}
    own = {"constants": constants} if constants else {}
    return {**calls, **requests, "texts": sharing.texts, **own}


def with_texts_restored(calls: JSON) -> JSON:
    """Return a record's calls as they were before their texts were shared."""
    texts = calls.get("texts")
    if texts is None:
        return calls
    constants = calls.get("constants", {})
    requests = {name: [_whole(each, texts, constants) for each in calls.get(name, ())] for name in _SHARING}
    return {key: value for key, value in (calls | requests).items() if key not in ("texts", "constants")}


class _Sharing:
    """
    Texts cut into pieces, those that are kept once among them.

    Args:
        whole: The texts, and how many requests hold each: repeats ask in the same words.
    """

    def __init__(self, whole: Mapping[str, int]) -> None:
        self._n = whole
        self.pieces: dict[str, list[str | int]] = {text: [text] for text in whole}
        self.texts: list[str] = []

    def held(self, texts: Iterable[str]) -> set[str]:
        """Return those texts that are long enough and stand anywhere: metadata may hold thousands."""
        everything = "\0".join(self._n)
        return {text for text in texts if len(text) >= SHORTEST and text in everything}

    def take_out(self, text: str) -> None:
        """Keep a text once, if that saves room."""
        found = sum(
            n * sum(piece.count(text) for piece in self.pieces[whole] if isinstance(piece, str))
            for whole, n in self._n.items()
        )
        if _saved(text, found) > 0:
            place = len(self.texts)
            self.texts.append(text)
            for whole, pieces in self.pieces.items():
                self.pieces[whole] = [part for piece in pieces for part in _split(piece, text, place)]

    def take_out_repeated(self) -> None:
        """Keep once what is left as a piece of several texts."""
        found: Counter[str] = Counter()
        for whole, n in self._n.items():
            for piece in self.pieces[whole]:
                if isinstance(piece, str):
                    found[piece] += n
        places: dict[str | int, int] = {}
        for piece, n in found.items():
            if len(piece) >= SHORTEST and _saved(piece, n) > 0:
                places[piece] = len(self.texts)
                self.texts.append(piece)
        for whole, pieces in self.pieces.items():
            self.pieces[whole] = [places.get(piece, piece) for piece in pieces]


def _saved(text: str, n: int) -> int:
    """Return the bytes that a text of `n` requests takes less when it is kept once."""
    return (n - 1) * len(orjson.dumps(text)) - n * _PLACE_BYTES


def _split(piece: str | int, text: str, place: int) -> Iterator[str | int]:
    if isinstance(piece, int):
        yield piece
        return
    first, *others = piece.split(text)
    yield first
    for other in others:
        yield from (place, other)


def _repeated_constants(requests: Iterable[JSON]) -> JSON:
    """Return the constants that several requests bring, by their key."""
    brought = [request for request in requests if "call" in request]
    found = Counter(request["request_key"] for request in brought)
    return {each["request_key"]: each["call"] for each in brought if found[each["request_key"]] > 1}


def _with_pieces(request: JSON, sharing: _Sharing, constants: JSON) -> JSON:
    made = {
        key: each for key, each in request.items() if key != "call" or request["request_key"] not in constants
    }
    *lead, last = sharing.pieces[request["before"]]
    # The text before a response ends in a string, the text after it begins with one.
    made["before"] = last if isinstance(last, str) else ""
    lead += [last] if isinstance(last, int) else []
    first, *tail = sharing.pieces[request["after"]]
    made["after"] = first if isinstance(first, str) else ""
    tail = [first, *tail] if isinstance(first, int) else tail
    # Two at least: JSONata takes a list of one for its member. And a lead wherever there is a tail, for it is
    # what the workflow looks for.
    if lead or tail:
        made["lead"] = ["", *lead] if len(lead) == 1 else lead or ["", ""]
    if tail:
        made["tail"] = [*tail, ""] if len(tail) == 1 else tail
    return made


def _whole(request: JSON, texts: list[str], constants: JSON) -> JSON:
    def joined(pieces: Iterable[str | int]) -> str:
        return "".join(texts[piece] if isinstance(piece, int) else piece for piece in pieces)

    own = {"call": constants[request["request_key"]]} if request.get("request_key") in constants else {}
    made = {key: each for key, each in request.items() if key not in ("lead", "tail")} | own
    if "lead" in request:
        made["before"] = joined(request["lead"]) + request["before"]
        made["after"] = request["after"] + joined(request.get("tail", ()))
    return made


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in a value, those in its lists and objects too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)
