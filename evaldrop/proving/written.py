"""
Faults that a model writes: what it is asked, and what it wrote.

Pure. Models err more smoothly than edits do, but a model may plant nothing, or write another answer: what it
wrote is held against the response, and refused where it is not that response with a fault.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from evaldrop.json_text import is_unicode
from evaldrop.proving.copies import AnsweredRecord
from evaldrop.proving.edits import FaultKind
from evaldrop.proving.json_form import json_form
from evaldrop.proving.material import Planted, shown
from evaldrop.proving.pieces import content_words

JSON = dict[str, Any]

FAULT_PROMPT: Final = "worsen.v1"
MOST_RESPONSE: Final = 20_000
"""Characters of a response that a model is asked to write again."""
_MOST_TEXT: Final = 8_000
_WORDS_TOKENS: Final = 2_000
_FEWEST_KEPT: Final = 0.5
"""Share of a response's words that have to stay, where the fault lets them."""

_FAULTS: Final[dict[FaultKind, str]] = {
    "wrong_number": "one number, amount or date that matters is wrong by a plausible amount.",
    "dropped_step": "one step, condition or fact that is needed is missing, and nothing shows the gap.",
    "contradiction": "one statement says the opposite of the right answer or of the material.",
    "truncation": "the response ends early, in the middle of a sentence, as if it had been cut off.",
    "rudeness": "the tone is condescending and rude to whoever asked; the content is the same.",
    "wrong_language": "the whole response is translated into a language that nobody asked for.",
    "padding": "the response is half as long again by filler that says nothing new; nothing is left out.",
}
_REWRITTEN: Final[frozenset[FaultKind]] = frozenset(("rudeness", "wrong_language"))


class FaultKey(NamedTuple):
    """Of which response and kind a fault is."""

    record_id: str
    kind: FaultKind


class WrittenFaults(NamedTuple):
    """What a model wrote: the faults, and why the rest is no use, with how often."""

    planted: Mapping[FaultKey, Planted]
    refused: Mapping[str, int]


def fault_rows(
    answered: Iterable[AnsweredRecord], kinds: Sequence[FaultKind], *, nonce: str
) -> Iterator[tuple[FaultKey, JSON]]:
    """
    Yield a row of a dataset for each fault that a model is asked to write; very long responses get none.

    Args:
        answered: Records and the responses to be worsened.
        kinds: Of the faults.
        nonce: The run's, hexadecimal: what stands around material is made of it, and cannot be guessed.
    """
    for number, (record, response) in enumerate(answered):
        if not response.strip() or len(response) > MOST_RESPONSE:
            continue
        for kind in kinds:
            mark = hashlib.blake2b(
                f"{kind}\0{record.record_id}\0{response}".encode("utf-8", "replace"),
                key=bytes.fromhex(nonce),
                digest_size=8,
            ).hexdigest()
            material = {
                "context": (record.context or "")[:_MOST_TEXT],
                "references": [reference[:_MOST_TEXT] for reference in record.reference[:3]],
                "response": response,
                "fault": _FAULTS[kind],
                "mark": mark,
            }
            row = {
                "id": f"{number}/{kind}",
                "prompt": record.prompt[:_MOST_TEXT],
                "group": str(number),
                "metadata": material,
            }
            yield FaultKey(record.record_id, kind), row


def most_tokens(answered: Iterable[AnsweredRecord]) -> int:
    """Return how many tokens the longest reply may take: a token of some scripts is one byte or two."""
    lengths = (len(each.response.encode("utf-8", "replace")) for each in answered)
    return _WORDS_TOKENS + max((n for n in lengths if n <= 4 * MOST_RESPONSE), default=0)


def read_faults(
    asked: Mapping[str, FaultKey],
    replies: Iterable[tuple[str, str | None, str | None]],
    responses: Mapping[str, str],
) -> WrittenFaults:
    """
    Return what a model wrote.

    Args:
        asked: The row's ID of each fault that was asked for.
        replies: Row IDs, the model's reply, and the error in its place.
        responses: What was to be worsened, by record.
    """
    planted: dict[FaultKey, Planted] = {}
    refused: dict[str, int] = {}
    for row, reply, error in replies:
        if (key := asked.get(row)) is None:
            continue
        found = read_fault(reply, key.kind, responses[key.record_id]) if error is None else _NOT_REACHED
        if isinstance(found, Planted):
            planted[key] = found
        else:
            refused[found] = refused.get(found, 0) + 1
    return WrittenFaults(planted, dict(sorted(refused.items(), key=lambda each: (-each[1], each[0]))))


_NOT_REACHED: Final = "the model did not answer"


def read_fault(reply: str | None, kind: FaultKind, response: str) -> Planted | str:
    """
    Return what a model planted, or why it is no use. Never raises.

    Args:
        reply: What it wrote.
        kind: What was asked for.
        response: What was to be worsened.
    """
    if not reply:
        return _NOT_REACHED
    text, what = _tagged(reply, "faulty_response"), _tagged(reply, "what")
    if text is None:
        return "the reply has no response in it"
    return _held_against(response, text, what or "", kind)


def _held_against(response: str, text: str, what: str, kind: FaultKind) -> Planted | str:
    if not text:
        return "the model found no hold for such a fault"
    if not is_unicode(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if text.split() == response.split():
        return "the model changed nothing"
    if not len(response) / 4 <= len(text) <= 4 * len(response) + 500:
        return "what the model wrote is of quite another length"
    if kind != "truncation" and json_form(response) is not None and json_form(text) is None:
        return "the response was JSON, and what the model wrote is not"
    words = content_words(response if kind != "truncation" else response[: len(text)])
    kept = len(words & content_words(text)) / max(1, len(words))
    # Of a short answer the fault may be all there is.
    if kind not in _REWRITTEN and len(words) > 5 and kept < _FEWEST_KEPT:
        return "what the model wrote is another response"
    return Planted(text, shown(what) or kind.replace("_", " "))


def _tagged(text: str, tag: str) -> str | None:
    start, end = text.find(f"<{tag}>"), text.rfind(f"</{tag}>")
    return None if start < 0 or end < start else text[start + len(tag) + 2 : end].strip()
