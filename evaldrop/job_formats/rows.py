"""A row of an evaluation job's dataset: what is asked, and the responses that are there already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class LeftOut(NamedTuple):
    """A record that is in no job, and why; `is_fault` where the evaluation has to tolerate it."""

    record_id: str
    reason: str
    is_fault: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPrompt:
    """A record as a job is to see it: one text, one reference, the responses by candidate."""

    record_id: str
    text: str
    reference: str | None = None
    category: str | None = None
    group: str | None = None
    responses: Mapping[str, str] = field(default_factory=dict)


def json_row(row: AskedPrompt, responses_of: Sequence[str] = ()) -> dict[str, Any]:
    """Return a row as Bedrock reads it, with the responses of these candidates."""
    content: dict[str, Any] = {"prompt": row.text}
    if row.reference:
        content["referenceResponse"] = row.reference
    if row.category:
        content["category"] = row.category
    if responses_of:
        content["modelResponses"] = [
            {"response": row.responses[name], "modelIdentifier": name} for name in responses_of
        ]
    return content
