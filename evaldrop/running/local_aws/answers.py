"""What rehearsed candidates know: the references of every run that the local AWS has prepared."""

from collections import deque
from typing import BinaryIO

from evaldrop import storage
from evaldrop.bedrock.simulated.answer_key import AnswerKey
from evaldrop.running.local_aws.events import Created
from evaldrop.running.local_aws.objects import S3Store

KEPT_RUNS = 50
"""A run's references stay in memory; the oldest go first."""


class Answers:
    """
    An answer key over runs.

    Args:
        store: Where runs' `records.jsonl` lie.
    """

    def __init__(self, store: S3Store) -> None:
        self._store = store
        self._keys: deque[AnswerKey] = deque(maxlen=KEPT_RUNS)

    def written(self, created: Created) -> None:
        """Take note of an object that was written, if it holds a run's records."""
        if created.key.startswith("runs/") and created.key.endswith("/records.jsonl"):
            records = storage.uri_of(created.bucket, created.key)
            self._keys.appendleft(AnswerKey(records, self._open_read))

    def _open_read(self, uri: str) -> BinaryIO:
        return self._store.open_read(*storage.place(uri))

    def __call__(self, prompt: str) -> str | None:
        """Return a reference for a prompt, the newest run's first, or None when there is none."""
        return next((answer for key in list(self._keys) if (answer := key(prompt)) is not None), None)
