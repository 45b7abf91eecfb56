"""
Texts that several judge requests of a record hold, kept once in its child's input.

Ten requests with the same long context would share the room of one. A request's `lead` is its text as far as
the last shared one, in pieces: strings, and places in the record's `texts`; the workflow joins them when it
calls the judge. `before` is the rest of the text before the response.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

JSON = dict[str, Any]

SHORTEST = 2_000
"""Characters from which on a text is worth a place of its own."""


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
