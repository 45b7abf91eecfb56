"""
What a record's calls may cost at most, and a job's rows: what is reserved of the budget before they are sent.

In whole micro-dollars. Every reply at its `max_tokens`, every judge that is to call a tool asked twice, and
requests at two bytes a token: English has over four, Chinese three, figures and code two to three. A model
whose price is unknown reserves nothing, and no budget can hold it.
"""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson

from evaldrop.evaluation import Called
from evaldrop.evaluation.called_checks import CHECK_GUARDRAIL, TEXT_UNIT, CalledCheck
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.prices import ModelPrice
from evaldrop.evaluation.reply_limits import reply_tokens
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import with_texts_restored
from evaldrop.store.table import BUDGET_ITEM

JSON = dict[str, Any]

BYTES_PER_TOKEN = 2
TOOL_TOKENS = 600
"""What a model is told of its tools beside their description, the most of all families."""
READ_AGAIN = 1.3
"""Tokens that one model counts in what another wrote, to a token: no two divide a text alike."""
CACHE_WRITE = 1.25
"""Of the price of input: what a token costs at least that a call may put into a cache."""

IN_FLIGHT_SHARE = 4
"""A quarter of the budget is the most that records under way reserve: the rest of it is spent for certain."""

KEPT_DAYS = 120
"""How long the table keeps what a run has spent: a run may be resumed for as long."""

LOCAL_TABLE = "budgets"
"""The table's name on one machine, where it is a dictionary."""


def budget_of(definition: RunDefinition) -> JSON | None:
    """
    Return what children need to know of the budget, for the workflow's state; None without one.

    `limit` in micro-dollars; `prices` in micro-dollars a token, which are dollars a million, with the factor
    of `flex`, and that of a reply which does not tell by which tier it was served (`untold`).
    """
    if definition.budget_usd is None:
        return None
    expires = datetime.fromisoformat(definition.started_at).astimezone(UTC) + timedelta(days=KEPT_DAYS)
    return {
        "table": os.environ.get("EVALDROP_BUDGET_TABLE", LOCAL_TABLE),
        "key": f"{BUDGET_ITEM}{definition.run_id}",
        "expires": str(int(expires.timestamp())),
        "limit": math.floor(definition.budget_usd * 1_000_000 + 0.5),
        "prices": {
            f"{kind}s": {
                each.name: _state_price(price, definition.delivery_of(kind, each.name))
                for each in called
                if (price := definition.prices.get(each.model)) is not None
            }
            for kind, called in _called(definition)
        },
    }


def _called(
    definition: RunDefinition,
) -> Iterable[tuple[Literal["candidate", "judge"], Sequence[Called | CalledCheck]]]:
    return ("candidate", definition.candidates), ("judge", tuple(definition.answering.values()))


def _state_price(price: ModelPrice, asked: Delivery) -> JSON:
    return {
        "input": price.input,
        "output": price.output,
        "read": price.input * price.cache_read,
        "write": price.input * price.cache_write,
        "flex": price.flex,
        # As the scorecard has it: a reply that does not tell its tier was served as it was asked for.
        "untold": price.flex if asked == "flex" else 1,
    }


def in_flight(limit: int, reserved: float, wanted: int) -> int:
    """
    Return how many records may be under way at a time, so that they reserve a part of the budget only.

    Args:
        limit: The budget, in micro-dollars.
        reserved: What a record reserves on average.
        wanted: How many there are to be at most.
    """
    return max(1, min(wanted, int(limit / (IN_FLIGHT_SHARE * reserved)))) if reserved else wanted


class Reserve:
    """
    Works out what records reserve.

    Attributes:
        n, sum: How many records were looked at, and what they reserve together.
        least: What the cheapest of them reserves.

    Args:
        definition: The run.
        candidates: The constant parts of candidates' requests.
        constants: Those of judges' requests, by key; it may grow.
    """

    def __init__(
        self, definition: RunDefinition, candidates: Iterable[JSON], constants: Mapping[str, JSON]
    ) -> None:
        self.n = self.sum = 0
        self.least: int | None = None
        self._prices = definition.prices
        self._constants = constants
        self._calls = {call["name"]: call for call in candidates}
        self._candidates = {each.name: each for each in definition.candidates}
        self._judges = definition.answering
        self._longest = {name: reply_tokens(each) for name, each in self._candidates.items()}
        self._verdict = {
            name: 0 if isinstance(each, CalledCheck) else reply_tokens(each)
            for name, each in self._judges.items()
        }

    def state(self) -> list[int | None]:
        """Return what is known of the records as plain data."""
        return [self.n, self.sum, self.least]

    def follow(self, state: Sequence[int | None]) -> None:
        """Take up what `state` gave of other records."""
        n, total, least = state
        self.n += n or 0
        self.sum += total or 0
        self._see(least)

    def _see(self, total: int | None) -> None:
        if total is not None:
            self.least = total if self.least is None else min(self.least, total)

    def of(self, calls: JSON) -> JSON:
        """
        Return what a record reserves: for calls whose replies a job has not brought.

        Returns:
            `total`, and what a single call takes at most: of each candidate, of each judge about a response
            (`judges`) and about a pair (`pairs`).
        """
        calls = with_texts_restored(calls)
        answered = calls.get("jobs", {}).get("responses", {})
        given = {name: most_tokens(each.get("text") or "") for name, each in calls["given"].items()}
        # A reply that a job brought is at most as long a text as its JSON.
        given |= {name: most_tokens(each["reply"]) for name, each in answered.items() if "reply" in each}
        # Of a response that a job did not bring, nobody is asked.
        failed = answered.keys() - given.keys()
        candidates = self._of_candidates(calls)
        judges, pairs = dict[str, int](), dict[str, int]()
        total = sum(candidates.values())
        asked: list[tuple[str, int]] = []
        for each in calls["judgements"]:
            known = {*(each.get("kept_replies") or ()), *(each.get("job_replies") or ()), *failed}
            read = [self._read(name, given) for name in each["fences"] if name not in known]
            if read:
                asked.append((each["judge"], len(read) * self._askings(each)))
                self._raise(judges, each, max(read))
        total += sum(n * judges[name] for name, n in asked)
        asked = []
        for each in calls["comparisons"]:
            if not ({"kept", "job_reply"} & each.keys() or {each["first"], each["second"]} & failed):
                asked.append((each["judge"], self._askings(each)))
                self._raise(pairs, each, self._read(each["first"], given) + self._read(each["second"], given))
        total += sum(n * pairs[name] for name, n in asked)
        self.n += 1
        self.sum += total
        self._see(total)
        return {"total": total, "candidates": candidates, "judges": judges, "pairs": pairs}

    def of_row(self, who: str, *, kind: Literal["candidate", "judge"], body: JSON) -> float:
        """Return what a row of a batch job costs at most, in micro-dollars; jobs have no cache."""
        called = self._candidates[who] if kind == "candidate" else self._judges[who]
        price = self._prices.get(called.model)
        if price is None:
            return 0.0
        written = self._longest[who] if kind == "candidate" else self._verdict[who]
        sent = most_tokens(body) + (TOOL_TOKENS if "tools" in body else 0)
        return (sent * price.input + written * price.output) * price.factor("batch")

    def in_flight(self, limit: int, wanted: int) -> int:
        """Return how many records may be under way at a time; see `in_flight`."""
        return in_flight(limit, self.sum / max(self.n, 1), wanted)

    def _of_candidates(self, calls: JSON) -> dict[str, int]:
        found = {}
        for name, call in self._calls.items():
            long = calls.get("long", {}).get(name)
            request = calls["requests"].get(call.get("request_key"))
            is_there = name in calls["given"] or name in calls.get("jobs", {}).get("responses", ())
            if is_there or (long is None and request is None):
                continue
            sent = long["bytes"] / BYTES_PER_TOKEN if long else most_tokens([call, request])
            sent += TOOL_TOKENS if self._candidates[name].tools else 0
            found[name] = self._usd(self._candidates[name].model, sent, self._longest[name])
        return found

    def _raise(self, most: dict[str, int], request: JSON, read: float) -> None:
        constants = self._constants_of(request)
        sent = (
            most_tokens([request["before"], request.get("between", ""), request["after"], constants]) + read
        )
        sent += TOOL_TOKENS if constants.get("must_call_tool") else 0
        name = request["judge"]
        if request.get("api") == CHECK_GUARDRAIL:
            # By text units of so many characters, of which a token has eight at most.
            sent = math.ceil(read * 8 / TEXT_UNIT)
        usd = self._usd(self._judges[name].model, sent, self._verdict[name])
        most[name] = max(most.get(name, 0), usd)

    def _askings(self, request: JSON) -> int:
        # A judge that does not call its tool is asked once more.
        return 2 if self._constants_of(request).get("must_call_tool") else 1

    def _constants_of(self, request: JSON) -> JSON:
        # Beyond the room that the state has for constants, a request carries its own.
        return request.get("call") or self._constants[request["request_key"]]

    def _read(self, candidate: str, given: Mapping[str, float]) -> float:
        return given[candidate] if candidate in given else self._longest.get(candidate, 0) * READ_AGAIN

    def _usd(self, model: str, sent: float, written: float) -> int:
        price = self._prices.get(model)
        if price is None:
            return 0
        # On demand also for flex: what was asked for there may be served, and billed, at the whole price.
        cached = max(CACHE_WRITE, price.cache_write)
        return math.ceil(sent * price.input * cached + written * price.output)


def most_tokens(content: Any) -> float:
    """Return the most tokens that a text or a request's JSON is likely to have."""
    size = len(content.encode(errors="replace") if isinstance(content, str) else orjson.dumps(content))
    return size / BYTES_PER_TOKEN
