"""
`records.jsonl`: what a record asks and which verdicts it should get, as a type, and its long texts held once.

Texts that several judge requests of a record hold are kept once in its child's input: ten requests with the
same long context would share the room of one. A request's `lead` is its text as far as the last shared one,
in pieces: strings, and places in the record's `texts`; the workflow joins them when it calls the judge.
`before` is the rest of the text before the response.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

JSON = dict[str, Any]

FIRST_FILE = "first.jsonl"
RECORDS_FILE = "records.jsonl"

SHORTEST = 2_000
"""Characters from which on a text is worth a place of its own."""

_SHARING = ("judgements", "comparisons")


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

    `not_applicable`: criteria never asked of it, and why. `calls`: the requests made of it. `anchor` is there
    when it is none of the dataset's records but an anchor.
    `perturbed` is there when it is a copy, which comes after its record.
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

    @property
    def left_out(self) -> int:
        """How many characters of its texts judges were not shown, because it is too long; 0 for most."""
        return int(self.calls.get("shortened", {}).get("characters", 0))


def read_prepared(line: bytes) -> PreparedRecord:
    """
    Read a line of `records.jsonl`.

    Raises:
        ValueError: The line is not JSON.
        KeyError: A key is missing.
    """
    content: dict[str, Any] = orjson.loads(line)
    anchor, copied = content.get("anchor"), content.get("perturbed")
    return PreparedRecord(
        content["record_id"],
        content["prompt"],
        content.get("system"),
        content.get("context"),
        tuple(content.get("reference") or ()),
        content.get("category"),
        content.get("group"),
        content.get("not_applicable") or {},
        tuple(
            ExpectedCall(judgement["judge"], judgement.get("repeat", 0), tuple(judgement["criteria"]))
            for judgement in content["calls"]["judgements"]
        ),
        with_texts_restored(content["calls"]),
        None if anchor is None else KnownAnchor(anchor["id"], anchor["passes"], tuple(anchor["criteria"])),
        Perturbed(**copied) if copied else None,
        content.get("expected_blocked"),
    )


def share_texts(calls: JSON, values: Mapping[str, Any]) -> JSON:
    """Return a record's calls with the long texts among its values held once."""
    long = {text for text in texts_in(values) if len(text) >= SHORTEST}
    # The longest first: a text that is part of another one would cut it to pieces. Then by the text itself,
    # for a set has another order in each process, and a run prepared again must ask the same.
    texts = sorted(long, key=lambda text: (-len(text), text))
    requests = {name: [_with_lead(each, texts) for each in calls[name]] for name in _SHARING}
    return {**calls, **requests, "texts": texts}


def with_texts_restored(calls: JSON) -> JSON:
    """Return a record's calls as they were before their texts were shared."""
    texts = calls.get("texts")
    if texts is None:
        return calls
    requests = {name: [_without_lead(each, texts) for each in calls.get(name, ())] for name in _SHARING}
    return {key: value for key, value in (calls | requests).items() if key != "texts"}


def _with_lead(request: JSON, texts: list[str]) -> JSON:
    pieces: list[str | int] = [request["before"]]
    for place, text in enumerate(texts):
        pieces = [piece for each in pieces for piece in _split(each, text, place)]
    if len(pieces) == 1:
        return request
    return {**request, "lead": pieces[:-1], "before": pieces[-1]}


def _split(piece: str | int, text: str, place: int) -> Iterator[str | int]:
    if isinstance(piece, int):
        yield piece
        return
    first, *others = piece.split(text)
    yield first
    for other in others:
        yield from (place, other)


def _without_lead(request: JSON, texts: list[str]) -> JSON:
    if "lead" not in request:
        return request
    pieces = (texts[piece] if isinstance(piece, int) else piece for piece in request["lead"])
    whole = {key: value for key, value in request.items() if key != "lead"}
    return {**whole, "before": "".join(pieces) + request["before"]}


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
