"""
What was sent for a record and what judges replied, word for word, in few bytes.

Replies repeat the rationales and requests the prompt that the record's row holds already. Such a passage is
left out and a mark stands for it, control characters around a number, which no JSON text holds as they are.
The page's script puts the passage back.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from evaldrop.run.records import PreparedRecord
from evaldrop.scorecard.results import CandidateResult

MARK = "\x01"
# Passages shorter than this are not worth a mark.
_SHORTEST = 12


def sent_and_received(record: PreparedRecord, results: Sequence[CandidateResult]) -> Sequence[Any]:
    """
    Return `[requests, judgements, replies]` of a record.

    `requests`: request key to JSON text, the prompt marked; of a long record `long/<candidate>` to what the
    model was invoked with, which says where the whole text is. `judgements`: `[judge, repeat, before, after,
    {candidate: [open, close]}]`, before and after a response, the prompt marked. `replies`: per candidate the
    different raw replies of its verdicts, JSON text with the rationale of verdict n marked as n; a verdict's
    place in them stands beside.
    """
    calls = record.calls
    prompt = [record.prompt]
    requests = {**(calls.get("requests") or {})}
    requests |= {f"long/{name}": long["arguments"] for name, long in calls.get("long", {}).items()}
    return [
        {key: _marked(_json(request), prompt) for key, request in requests.items()},
        [_judgement(judgement, prompt) for judgement in calls.get("judgements") or ()],
        [_replies(result) for result in results],
    ]


def _judgement(judgement: Mapping[str, Any], prompt: Sequence[str]) -> Sequence[Any]:
    fences = judgement.get("fences") or {}
    return [
        judgement["judge"],
        judgement.get("repeat") or 0,
        _marked(_json(judgement.get("before") or ""), prompt),
        _marked(_json(judgement.get("after") or ""), prompt),
        {name: [fence["open"], fence["close"]] for name, fence in fences.items()},
    ]


def _replies(result: CandidateResult) -> Sequence[Any]:
    """Return the different replies and, per verdict, which are its own: `[replies, [[last, first]]]`."""
    places: dict[str, int] = {}
    whose = [
        [
            None if raw is None else places.setdefault(raw, len(places))
            for raw in (verdict.raw_reply, verdict.first_reply)
        ]
        for verdict in result.verdicts
    ]
    rationales = [verdict.rationale or "" for verdict in result.verdicts]
    return [[_marked(raw, rationales) for raw in places], whose]


def _marked(text: str, passages: Sequence[str]) -> str:
    for number, passage in enumerate(passages):
        if len(passage) >= _SHORTEST:
            text = text.replace(_json(passage)[1:-1], f"{MARK}{number}{MARK}")
    return text


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
