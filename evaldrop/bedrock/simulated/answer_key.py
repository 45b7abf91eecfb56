"""What a rehearsal knows: the references of the records that candidates are asked about, and the criteria."""

import hashlib
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, BinaryIO

import orjson

from evaldrop import storage
from evaldrop.errors import EvaluationError, StorageError
from evaldrop.evaluation.criteria import Criterion, criterion_from_config

RECORDS = "records.jsonl"
PARTS = "records"
"""The folder of a large run with its records in parts."""
PROMPTS = "prompts"
"""The folder of a run in which each turn of its search for prompts has a folder, with its own records."""


class AnswerKey:
    """
    Looks up the reference of a prompt in a run's `records.jsonl`, and a criterion in the `run.json` beside
    it; each is read when first asked.

    Args:
        records: URI of `records.jsonl`; it need not exist yet.
        open_read: Opens both, and the requests of long records that are named there, by URI.
        run: URI of the run's folder; the one that the records are in when absent.
    """

    def __init__(
        self,
        records: str,
        open_read: Callable[[str], BinaryIO] = storage.open_read,
        *,
        run: str | None = None,
    ) -> None:
        self._records = records
        self._open_read = open_read
        self._run = run or storage.parent(records) or "."

    def __call__(self, prompt: str) -> str | None:
        """Return a reference for a prompt, or None when there is none."""
        return self._references.get(_digest(prompt))

    def criterion(self, name: str, question: str) -> Criterion | None:
        """Return the criterion of a name as requests write it, or of a question; None when there is none."""
        named = self._criteria.get(_plain(name))
        if named is not None or not question:
            return named
        return next((each for each in self._criteria.values() if each.question == question), None)

    @cached_property
    def _criteria(self) -> dict[str, Criterion]:
        try:
            with self._open_read(storage.join(self._run, "run.json")) as stream:
                configs = orjson.loads(stream.read())["criteria"]
            criteria = [criterion_from_config(config, path="criteria") for config in configs]
        except (StorageError, EvaluationError, KeyError):
            # A file of records alone: then questions are read as they are.
            return {}
        return {_plain(criterion.name): criterion for criterion in criteria}

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


class RunAnswerKey:
    """
    Looks up a prompt in all records of a run on this machine: its own, and those that its search for a
    prompt goes by, each from when it is there.

    Args:
        folder: The run's; it need not exist yet.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._own = AnswerKey(storage.join(folder, RECORDS))
        self._keys: dict[str, AnswerKey] = {}

    def __call__(self, prompt: str) -> str | None:
        """Return a reference for a prompt, or None when there is none."""
        found = self._known(prompt)
        # Once the run's own records are there, a search has ended, and no others come.
        if found is None and self._folder not in self._keys:
            self._look()
            found = self._known(prompt)
        return found

    def criterion(self, name: str, question: str) -> Criterion | None:
        """Return a criterion of the run, as `AnswerKey` does."""
        return self._own.criterion(name, question)

    def _known(self, prompt: str) -> str | None:
        return next((answer for key in self._keys.values() if (answer := key(prompt)) is not None), None)

    def _look(self) -> None:
        prompts = storage.join(self._folder, PROMPTS)
        for name in storage.list_folders(prompts):
            records = storage.join(prompts, name, RECORDS)
            if name not in self._keys and storage.exists(records):
                self._keys[name] = AnswerKey(records)
        if storage.exists(storage.join(self._folder, RECORDS)):
            self._keys[self._folder] = self._own
        for part in storage.list_files(storage.join(self._folder, PARTS)):
            if part not in self._keys:
                self._keys[part] = AnswerKey(part, run=self._folder)


def _plain(name: str) -> str:
    # As the judge's tool has it, which holds letters, digits, _ and - alone.
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:60]


def _text(message: dict[str, Any]) -> str:
    content = message.get("Content") or message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(block.get("Text") or block.get("text") or "" for block in content or ())


def _digest(text: str) -> bytes:
    # Spacing aside, since prompts trim what they fill in; digests, since a large dataset's texts fill memory.
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=8).digest()
