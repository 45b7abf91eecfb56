"""A line of `records.jsonl` as a type: what a record asks, and which verdicts it should get."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from evaldrop.run.shared_texts import with_texts_restored


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
    `perturbed` is there when it is a copy, which stands behind its record.
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
