"""
The events of Amazon Bedrock AgentCore's code-based evaluators (schema 1.0): read, and written.

A response is there as one span, `invoke_agent`, whose prompt and response are in the span's own events, as
the Strands SDK has them: one of the forms that AgentCore reads, and its evaluators get.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from evaldrop.scorers.views import Record, Response

JSON = dict[str, Any]

SCHEMA: Final = "1.0"
_PROMPT_EVENT, _RESPONSE_EVENT = "gen_ai.user.message", "gen_ai.choice"


def event_of(name: str, record: Record, response: Response) -> JSON:
    """Return the event by which AgentCore would ask an evaluator of a response."""
    # An OpenTelemetry ID is 16 or 8 bytes; by these the same response has the same one.
    digest = hashlib.sha256(f"{record.id}\0{response.candidate}".encode()).hexdigest()
    trace, span, session = digest[:32], digest[32:48], f"evaldrop-{digest[48:]}"
    reference: JSON = {"context": {"spanContext": {"sessionId": session, "traceId": trace}}}
    return {
        "schemaVersion": SCHEMA,
        "evaluatorId": name,
        "evaluatorName": name,
        "evaluationLevel": "TRACE",
        "evaluationInput": {"sessionSpans": [_span(record, response, trace, span, session)]},
        "evaluationReferenceInputs": [
            {**reference, "expectedResponse": {"text": text}} for text in record.references
        ],
        "evaluationTarget": {"traceIds": [trace], "spanIds": [span]},
    }


def _span(record: Record, response: Response, trace: str, span: str, session: str) -> JSON:
    told = {
        "evaldrop.record_id": record.id,
        "evaldrop.context": record.context,
        "gen_ai.usage.input_tokens": response.input_tokens,
        "gen_ai.usage.output_tokens": response.output_tokens,
    }
    return {
        "traceId": trace,
        "spanId": span,
        "name": f"invoke_agent {response.candidate}".rstrip(),
        "scope": {"name": "strands.telemetry.tracer"},
        "attributes": {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": response.candidate,
            "session.id": session,
            **{key: value for key, value in told.items() if value is not None},
        },
        "events": [
            {"name": _PROMPT_EVENT, "attributes": {"content": json.dumps([{"text": record.prompt}])}},
            {"name": _RESPONSE_EVENT, "attributes": {"message": response.text}},
        ],
    }


def read_event(event: Mapping[str, Any]) -> tuple[Record, Response]:
    """
    Return what an event asks a scorer of: the last prompt and the last response of the target's spans.

    Raises:
        ValueError: No span of the target has a response.
    """
    target: Mapping[str, Any] = event.get("evaluationTarget") or {}
    spans = [each for each in event["evaluationInput"]["sessionSpans"] if _is_of(each, target)]
    prompts: list[str] = []
    responses: list[str] = []
    attributes: JSON = {}
    for span in spans:
        attributes |= span.get("attributes") or {}
        asked, said = _texts(span)
        prompts += asked
        responses += said
    if not responses:
        raise ValueError("no span of the evaluation's target has a response")
    references = [
        text
        for each in event.get("evaluationReferenceInputs") or ()
        if (text := (each.get("expectedResponse") or {}).get("text"))
    ]
    known_as = attributes.get("evaldrop.record_id") or next(iter(target.get("traceIds") or ()), "")
    record = Record(
        id=known_as,
        prompt=prompts[-1] if prompts else "",
        references=tuple(references),
        context=attributes.get("evaldrop.context"),
    )
    response = Response(
        text=responses[-1],
        candidate=str(attributes.get("gen_ai.agent.name") or ""),
        input_tokens=attributes.get("gen_ai.usage.input_tokens"),
        output_tokens=attributes.get("gen_ai.usage.output_tokens"),
    )
    return record, response


def _is_of(span: Mapping[str, Any], target: Mapping[str, Any]) -> bool:
    traces = target.get("traceIds")
    return not traces or span.get("traceId") in traces


def _texts(span: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the prompts and the responses of a span, or of the event record that a span's content is in."""
    events = span.get("events") or ()
    asked = [_text(each.get("content")) for each in _attributes(events, _PROMPT_EVENT)]
    said = [_text(each.get("message")) for each in _attributes(events, _RESPONSE_EVENT)]
    body = span.get("body") or {}
    asked += _messages((body.get("input") or {}).get("messages") or (), "user")
    said += _messages((body.get("output") or {}).get("messages") or (), "assistant")
    return asked, said


def _attributes(events: Iterable[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    return [each.get("attributes") or {} for each in events if each.get("name") == name]


def _messages(messages: Iterable[Mapping[str, Any]], role: str) -> list[str]:
    return [_text(each.get("content")) for each in messages if each.get("role") == role]


def _text(content: Any) -> str:
    """Return the text of a message's content, which may be JSON in a text, blocks, or the text itself."""
    if isinstance(content, Mapping):
        inner = next((content[key] for key in ("text", "content", "message") if key in content), "")
        return _text(inner)
    if isinstance(content, list):
        return "\n".join(_text(each) for each in content if isinstance(each, str) or "text" in each)
    text = "" if content is None else str(content)
    # Strands writes blocks as JSON. What is no list of them, is what was said.
    if text.startswith('[{"text"'):
        try:
            return _text(json.loads(text))
        except (ValueError, RecursionError):
            return text
    return text
