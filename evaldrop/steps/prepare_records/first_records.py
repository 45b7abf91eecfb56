"""Which records are evaluated before all others, so that every candidate and judge is called first."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

JSON = dict[str, Any]
Called = tuple[str, str]
"""A candidate or judge that is called: its kind and its name."""

FIRST_CALLS = 2
"""
Records that each candidate and judge is asked about before the run fans out.

One would not do: Bedrock refuses too long a record as it refuses a model that does not exist.
"""


class FirstRecords:
    """
    Gathers the first records that call each candidate and judge, in the dataset's order.

    Mostly these are the first two; where some records come with responses or have criteria of their own, it
    takes others to reach everyone.
    """

    def __init__(self, *, candidates: Iterable[str], judges: Iterable[str]) -> None:
        self._candidates = frozenset(candidates)
        self._missing: Counter[Called] = Counter()
        for name in self._candidates:
            self._missing["candidate", name] = FIRST_CALLS
        for name in judges:
            self._missing["judge", name] = FIRST_CALLS
        self.lines: list[JSON] = []

    def offer(self, line: JSON) -> None:
        """Take a line of `records.jsonl` that calls somebody who was not called often enough."""
        if not self._missing:
            return
        # What a guardrail is to stop is not judged: a judge may not be called by it.
        is_judged = not line.get("expected_blocked")
        called = {each for each in self._called(line["calls"]) if is_judged or each[0] == "candidate"}
        if called.isdisjoint(self._missing):
            return
        self.lines.append(line)
        # Without those that reached their number.
        self._missing = +(self._missing - Counter(called))

    def _called(self, calls: Mapping[str, Any]) -> Iterable[Called]:
        given = calls["given"].keys()
        # An anchor brings the only candidate there is for it, with its response.
        asked = frozenset() if "candidates" in calls else self._candidates - given
        for name in asked:
            yield "candidate", name
        answering = asked | given
        for judgement in calls["judgements"]:
            if answering - judgement.get("kept_replies", {}).keys():
                yield "judge", judgement["judge"]
        if len(answering) > 1:
            for comparison in calls["comparisons"]:
                if "kept" not in comparison:
                    yield "judge", comparison["judge"]
