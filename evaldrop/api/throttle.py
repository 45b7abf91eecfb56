"""How many requests a second: a bucket of tokens per key, as API Gateway's usage plans count them."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from evaldrop.errors import LimitReached
from evaldrop.store.model import Limits


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Throttle:
    """
    A bucket per key, which fills by `requests_per_second` up to `burst`. In memory: a restart fills them.

    Args:
        clock: Seconds, from any start.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, key: str, limits: Limits) -> None:
        """
        Take a token of a key.

        Raises:
            LimitReached: There is none left.
        """
        with self._lock:
            now = self._clock()
            bucket = self._buckets.setdefault(key, _Bucket(limits.burst, now))
            filled = bucket.tokens + (now - bucket.filled_at) * limits.requests_per_second
            bucket.tokens, bucket.filled_at = min(filled, limits.burst), now
            if bucket.tokens < 1:
                wait = math.ceil((1 - bucket.tokens) / limits.requests_per_second)
                raise LimitReached(
                    f"More than {limits.requests_per_second:g} requests a second. Wait a moment.",
                    retry_after_s=wait,
                )
            bucket.tokens -= 1
