"""
Which response a row of a job's output is about: rows have no ID, and come back as they were sent.

Prompts and responses are told by digests of their texts. A text that two records share is scored twice, and
either score is one of the text.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from evaldrop import storage
from evaldrop.json_text import loads
from evaldrop.steps.prepare_evaluation_jobs.jobs import ROWS_FILE, round_folder


class ResponseKey(NamedTuple):
    """A response: of which record and candidate, and digests of its prompt and of itself."""

    record_id: str
    candidate: str
    prompt: str
    response: str


class KnownRow(NamedTuple):
    """A response that a round has taken: into which dataset, or why into none."""

    key: ResponseKey
    dataset: str | None
    left_out: str | None


def digest_of(text: str) -> str:
    """Return what tells a text, whatever space is around it."""
    return hashlib.blake2b(text.strip().encode("utf-8", "replace"), digest_size=12).hexdigest()


def known_rows(folder: str, round_name: str) -> Iterator[KnownRow]:
    """Yield the responses that a round has taken, in its order."""
    uri = storage.join(round_folder(folder, round_name), ROWS_FILE)
    with storage.open_read(uri) as lines:
        for line in lines:
            row = loads(line)
            key = ResponseKey(*(row[name] for name in ResponseKey._fields))
            yield KnownRow(key, row.get("dataset"), row.get("left_out"))
