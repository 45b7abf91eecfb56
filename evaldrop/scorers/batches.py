"""A batch of responses for one scorer, as a Lambda function gets it, and its answer."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from evaldrop.scorers.agentcore import SCHEMA
from evaldrop.scorers.scoring import NO_SCORE, Result, failure
from evaldrop.scorers.views import Record, Response

JSON = dict[str, Any]

RESPONSES: Final = "responses"
"""The key that tells a batch from AgentCore's own event."""


def batch_event(name: str, responses: Iterable[JSON], *, limit_s: float) -> JSON:
    """Return the event for responses, each `response_json`'s."""
    return {
        "schemaVersion": SCHEMA,
        "evaluatorId": name,
        "evaluatorName": name,
        "timeoutSeconds": limit_s,
        RESPONSES: list(responses),
    }


def response_json(record: Record, response: Response) -> JSON:
    """Return a response as a batch has it."""
    return {"record": record.to_json(), "response": response.to_json()}


def read_response(content: Mapping[str, Any]) -> tuple[Record, Response]:
    """Return what a batch has of a response."""
    return Record.from_json(content["record"]), Response.from_json(content["response"])


def results_of(reply: Any, n: int) -> list[Result]:
    """Return a result for each of `n` responses, from whatever a function answered."""
    said = reply.get("results") if isinstance(reply, Mapping) else None
    if said is None and n == 1 and isinstance(reply, Mapping):
        said = [reply]
    if not isinstance(said, list) or len(said) != n:
        lack = failure(NO_SCORE, f"the function answered no list of {n} results")
        return [lack] * n
    return [each if isinstance(each, dict) else failure(NO_SCORE, "no result") for each in said]
