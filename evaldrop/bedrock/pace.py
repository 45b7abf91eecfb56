"""
How fast a model may be called: token buckets for what is known of it, and a rate that throttling lowers.

Nothing here waits or looks at a clock. Times are seconds of one clock that only goes on.
"""

from dataclasses import dataclass

BURST_S = 1.0
"""How much of a minute's quota may be taken at once, in seconds of it; always one call."""

SLOWEST = 0.1
"""Calls a second below which throttling does not bring a rate: others may have all of a quota for a while."""

STEP = 0.05
"""By what share of the rate that was throttled the rate grows in a second: after ten it is there again."""

_WINDOW_S = 1.0


@dataclass(slots=True)
class Bucket:
    """
    A token bucket.

    Attributes:
        rate: What comes in, in a second.
        capacity: What time fills it up to. It begins full.
        level: What is in it; less than nothing after something that is larger than the bucket.
    """

    rate: float
    capacity: float
    level: float
    filled_at: float

    @classmethod
    def of_a_minute(cls, quota: float, now: float, *, burst_s: float) -> "Bucket":
        """Return the bucket of a quota by the minute."""
        capacity = max(1.0, quota / 60 * burst_s)
        return cls(rate=quota / 60, capacity=capacity, level=capacity, filled_at=now)

    def wait_s(self, now: float, cost: float) -> float:
        """Return in how many seconds so much may be taken; what is larger than the bucket needs it full."""
        if self.level < self.capacity:
            self.level = min(self.capacity, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now
        missing = min(cost, self.capacity) - self.level
        # Of what sums of fractions leave nobody waits.
        return missing / self.rate if missing > 1e-9 else 0.0


class Pace:
    """
    When the next call of a model may leave.

    Args:
        now: The time.
        rpm, tpm: Requests and tokens of a minute; None where nothing is known.
        adapts: Whether throttling lowers the rate: halved, and then raised by the second. Throttles of calls
            that had left before it was lowered say nothing of the lower one.
        burst_s: How much of a minute's quota may be taken at once, in seconds of it.
    """

    def __init__(
        self,
        now: float,
        *,
        rpm: float | None = None,
        tpm: float | None = None,
        adapts: bool = True,
        burst_s: float = BURST_S,
    ) -> None:
        self._quotas, self._burst_s = (rpm, tpm), burst_s
        self._requests, self._tokens = self._shared(now, 1)
        self._adapts = adapts
        self._adapted: Bucket | None = None
        self._step = 0.0
        self._slowed_at = float("-inf")
        self._window_began = now
        self._in_window = 0
        self._window_rate = 0.0

    def share(self, now: float, sharers: int) -> None:
        """Take one part of so many of what may be called."""
        before = (self._requests, self._tokens)
        self._requests, self._tokens = self._shared(now, sharers)
        for bucket, old in zip((self._requests, self._tokens), before, strict=True):
            if bucket is not None and old is not None:
                # Nothing is had anew by it; what time has brought is kept.
                old.wait_s(now, 0)
                bucket.level = min(bucket.capacity, old.level)

    def _shared(self, now: float, sharers: int) -> tuple[Bucket | None, Bucket | None]:
        requests, tokens = (
            None if quota is None else Bucket.of_a_minute(quota / sharers, now, burst_s=self._burst_s)
            for quota in self._quotas
        )
        return requests, tokens

    @property
    def counts_tokens(self) -> bool:
        """Whether it has to be known how many tokens a call takes."""
        return self._tokens is not None

    @property
    def rate(self) -> float | None:
        """Calls a second that throttling has brought about; None before the first throttle."""
        return self._adapted.rate if self._adapted else None

    def wait_s(self, now: float, tokens: float) -> float:
        """Return in how many seconds a call may leave that reserves so many tokens."""
        wait_s = 0.0
        if self._requests is not None:
            wait_s = self._requests.wait_s(now, 1)
        if self._tokens is not None:
            wait_s = max(wait_s, self._tokens.wait_s(now, tokens))
        if self._adapted is not None:
            self._raise(self._adapted, now)
            wait_s = max(wait_s, self._adapted.wait_s(now, 1))
        return wait_s

    def enter(self, now: float, tokens: float) -> None:
        """Have a call leave."""
        if self._requests is not None:
            self._requests.level -= 1
        if self._tokens is not None:
            self._tokens.level -= tokens
        if self._adapts:
            self._count(now)
            if self._adapted is not None:
                self._adapted.level -= 1

    def give_back(self, tokens: float) -> None:
        """Give back what a call had reserved and did not take; less than nothing where it took more."""
        if self._tokens is not None:
            # Above the bucket's capacity, too: it was taken before, and would be lost.
            self._tokens.level += tokens

    def throttled(self, now: float, entered_at: float) -> None:
        """Hear that a call was throttled which had left at a time."""
        if not self._adapts or entered_at <= self._slowed_at:
            return
        rate = max(self._rate_before(now), SLOWEST)
        if self._adapted is not None:
            rate = min(rate, self._adapted.rate)
        self._step = rate * STEP
        slower = max(SLOWEST, rate / 2)
        # Empty: what was throttled would leave at once again.
        self._adapted = Bucket(rate=slower, capacity=max(1.0, slower / 10), level=0.0, filled_at=now)
        self._slowed_at = now

    def _raise(self, adapted: Bucket, now: float) -> None:
        adapted.rate += (now - adapted.filled_at) * self._step
        adapted.capacity = max(1.0, adapted.rate / 10)

    def _count(self, now: float) -> None:
        if now - self._window_began >= _WINDOW_S:
            self._window_rate = self._in_window / (now - self._window_began)
            self._window_began, self._in_window = now, 0
        self._in_window += 1

    def _rate_before(self, now: float) -> float:
        """Return about how many calls a second left of late, of the window at hand if there is no other."""
        return self._window_rate or self._in_window / max(_WINDOW_S, now - self._window_began)
