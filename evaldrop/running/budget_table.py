"""
The table of a run's budget on one machine: a dictionary, which speaks DynamoDB's UpdateItem.

What each record cost is kept in `budget.jsonl` in the run's folder. A run that goes on hands out the replies
it had, and does not pay for them again: it begins with what was spent, and a record that was settled then
reserves nothing now.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from evaldrop.engine import ServiceError
from evaldrop.json_text import loads

JSON = dict[str, Any]

LEDGER = "budget.jsonl"

_CLAUSES = re.compile(r"\b(SET|ADD)\b")
_TEST = re.compile(r"attribute_not_exists\((\w+)\)|(\w+) (<=|>) (:\w+)")


class BudgetTable:
    """
    The items of one run, and its ledger.

    Args:
        folder: The run's. Nothing is written there before a record is settled.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LEDGER
        self._items: dict[bytes, JSON] = {}
        self._settled = _settled(self._path)
        self._spent = sum(self._settled.values())
        self._ledger: BinaryIO | None = None

    async def update_item(self, request: JSON) -> JSON:
        """
        Update an item as DynamoDB does, by the expressions that the workflow has.

        Raises:
            ServiceError: ConditionalCheckFailedException, where the condition does not hold.
        """
        values = {name: _value(value) for name, value in request.get("ExpressionAttributeValues", {}).items()}
        item = self._item(request["Key"])
        record = values.get(":record")
        known = self._settled.get(record) if isinstance(record, str) else None
        if condition := request.get("ConditionExpression"):
            if known is not None:
                # Its replies are there, and paid for: it is counted already.
                return {}
            if not _holds(condition, item, values):
                raise ServiceError("ConditionalCheckFailedException", "The conditional request failed")
        if known is not None:
            # Settled again: only what is more counts, and nothing was reserved for it.
            values[":cost"] -= known
            values[":difference"] = values[":cost"]
        _update(item, request["UpdateExpression"], values)
        if ":difference" in values:
            self._note(record, values[":cost"] + (known or 0))
        return {}

    def close(self) -> None:
        """Close the ledger."""
        if self._ledger:
            self._ledger.close()
            self._ledger = None

    def _item(self, key: JSON) -> JSON:
        first = {"reserved_micros": self._spent, "spent_micros": self._spent} if self._settled else {}
        return self._items.setdefault(orjson.dumps(key, option=orjson.OPT_SORT_KEYS), first)

    def _note(self, record: str, cost: int) -> None:
        if self._ledger is None:
            # Without a buffer: what a killed process had settled is there.
            self._ledger = self._path.open("ab", buffering=0)
        self._ledger.write(orjson.dumps({"record_id": record, "micros": cost}) + b"\n")


def _settled(path: Path) -> dict[str, int]:
    """Return what records have cost so far, by their IDs; a line that a power cut spoilt is left out."""
    found: dict[str, int] = {}
    if path.exists():
        with path.open("rb") as lines:
            for line in lines:
                try:
                    noted = loads(line)
                    found[noted["record_id"]] = int(noted["micros"])
                except (ValueError, TypeError, KeyError):
                    continue
    return found


def _value(value: Mapping[str, str]) -> Any:
    ((kind, content),) = value.items()
    return int(content) if kind == "N" else content


def _holds(condition: str, item: JSON, values: JSON) -> bool:
    return any(_is_true(part.strip(), item, values) for part in condition.split(" OR "))


def _is_true(test: str, item: JSON, values: JSON) -> bool:
    read = _TEST.fullmatch(test)
    if read is None:
        raise ServiceError("ValidationException", f"Invalid ConditionExpression: {test}")
    absent, name, sign, value = read.groups()
    if absent:
        return absent not in item
    # What is absent compares with nothing.
    if name not in item:
        return False
    return bool(item[name] <= values[value] if sign == "<=" else item[name] > values[value])


def _update(item: JSON, expression: str, values: JSON) -> None:
    _, *clauses = _CLAUSES.split(expression)
    for word, clause in zip(clauses[::2], clauses[1::2], strict=True):
        for action in clause.split(","):
            name, _, value = action.strip().partition(" ")
            if word == "SET":
                item[name] = values[value.removeprefix("= ")]
            else:
                item[name] = item.get(name, 0) + values[value]
