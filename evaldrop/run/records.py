"""
`records.jsonl`: what a record asks and which verdicts it should get, as a type, and its long texts held once.

Texts that several judge requests of a record hold are kept once in its child's input: ten requests with the
same long context would share the room of one. A request's `lead` is its text as far as the last shared one,
in pieces: strings, and places in the record's `texts`; the workflow joins them when it calls the judge.
`before` is the rest of the text before the response.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

JSON = dict[str, Any]

RECORDS_FILE = "records.jsonl"

SHORTEST = 2_000
"""Characters from which on a text is worth a place of its own."""


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
    return PreparedRecord(
        content["record_id"],
        content["prompt"],
        content.get("system"),
        content.get("context"),
        tuple(content.get("reference") or ()),
        content.get("category"),
        content.get("group"),
        content.get("not_applicable") or {},
        tuple(_asked(judgement) for judgement in content["calls"]["judgements"]),
        with_texts_restored(content["calls"]),
        _anchor(content.get("anchor")),
        perturbed=Perturbed(**copied) if (copied := content.get("perturbed")) else None,
        expected_blocked=content.get("expected_blocked"),
    )


def _anchor(content: Mapping[str, Any] | None) -> KnownAnchor | None:
    if content is None:
        return None
    return KnownAnchor(content["id"], content["passes"], tuple(content["criteria"]))


def _asked(judgement: Mapping[str, Any]) -> ExpectedCall:
    return ExpectedCall(judgement["judge"], judgement.get("repeat", 0), tuple(judgement["criteria"]))


def share_texts(calls: JSON, values: Mapping[str, Any]) -> JSON:
    """Return a record's calls with the long texts among its values held once."""
    texts = sorted(set(_long_texts(values.values())), key=lambda text: (-len(text), text))
    parts = ("judgements", "comparisons")
    asked = {name: [_with_lead(each, texts) for each in calls[name]] for name in parts}
    return {**calls, **asked, "texts": texts}


def with_texts_restored(calls: JSON) -> JSON:
    """Return a record's calls as they were before their texts were shared."""
    texts = calls.get("texts")
    if texts is None:
        return calls
    parts = ("judgements", "comparisons")
    asked = {name: [_without_lead(each, texts) for each in calls.get(name, ())] for name in parts}
    return {key: value for key, value in (calls | asked).items() if key != "texts"}


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


def _long_texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            if len(value) >= SHORTEST:
                yield value
        elif isinstance(value, dict):
            yield from _long_texts(value.values())
        elif isinstance(value, list | tuple):
            yield from _long_texts(value)
