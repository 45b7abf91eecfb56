"""What a rehearsal's candidates "know": the references of the records they are asked about."""

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, BinaryIO

import orjson

from evaldrop import storage


class AnswerKey:
    """
    Looks up the reference of a prompt in a run's `records.jsonl`, which is read when first asked.

    Args:
        records: URI of `records.jsonl`; it need not exist yet.
        open_read: Opens it, and the requests of long records that it names, by URI.
    """

    def __init__(self, records: str, open_read: Callable[[str], BinaryIO] = storage.open_read) -> None:
        self._records = records
        self._open_read = open_read

    def __call__(self, prompt: str) -> str | None:
        """Return a reference for a prompt, or None when there is none."""
        return self._references.get(_digest(prompt))

    # Not when it is opened: the runtime is there before the run has prepared its records.
    @cached_property
    def _references(self) -> dict[bytes, str]:
        references: dict[bytes, str] = {}
        with self._open_read(self._records) as lines:
            for line in lines:
                record = orjson.loads(line)
                if record["reference"]:
                    references |= {_digest(text): record["reference"][0] for text in self._asked(record)}
        return references

    def _asked(self, record: dict[str, Any]) -> set[str]:
        """Return what a candidate may know a record by: its prompt, each request's last message."""
        texts = {record["prompt"]}
        for request in self._requests(record["calls"]):
            messages = request.get("Messages") or request.get("messages")
            texts.add(_text(messages[-1]) if messages else request.get("prompt", record["prompt"]))
        return texts

    def _requests(self, calls: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from calls["requests"].values()
        for long in calls.get("long", {}).values():
            with self._open_read(long["arguments"]["Input"]["S3Uri"]) as body:
                yield orjson.loads(body.read())


def _text(message: dict[str, Any]) -> str:
    content = message.get("Content") or message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(block.get("Text") or block.get("text") or "" for block in content or ())


def _digest(text: str) -> bytes:
    # Spacing aside, since prompts trim what they fill in; digests, since a large dataset's texts fill memory.
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=8).digest()
