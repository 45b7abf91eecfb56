"""
The table of a run's budget on one machine: in memory, with a ledger in the run's folder.

A run that goes on hands out the replies it had, and does not pay for them again: it begins with what the
ledger says was spent, and a record that was settled then reserves nothing now.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from evaldrop.json_text import loads
from evaldrop.running.memory_tables import MemoryTables

JSON = dict[str, Any]

LEDGER = "budget.jsonl"


class BudgetTable:
    """
    The table, as far as one run uses it.

    Args:
        folder: The run's. Nothing is written there before a record is settled.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LEDGER
        self._tables = MemoryTables()
        self._settled = _settled(self._path)
        self._begins_with = sum(self._settled.values())
        self._ledger: BinaryIO | None = None

    async def update_item(self, request: JSON) -> JSON:
        """
        Update an item by the expressions of the workflow's states that reserve and settle.

        Raises:
            ServiceError: ConditionalCheckFailedException, where the condition does not hold.
        """
        if self._begins_with:
            spent, self._begins_with = self._begins_with, 0
            await self._tables.update_item(_beginning(request, spent))
        values = request["ExpressionAttributeValues"]
        record = values.get(":record", {}).get("S")
        known = self._settled.get(record) if record is not None else None
        if ":difference" not in values:
            # What was settled before is counted already, and its replies are paid for: they are not held up.
            return {} if known is not None else await self._tables.update_item(request)
        cost = int(values[":cost"]["N"])
        if known is not None:
            # Nothing was reserved for it this time: only what it cost more counts, as of calls made again.
            more = {"N": str(cost - known)}
            request = {**request, "ExpressionAttributeValues": {**values, ":difference": more, ":cost": more}}
        answer = await self._tables.update_item(request)
        if cost != known:
            self._note(record, cost)
        return answer

    def close(self) -> None:
        """Close the ledger."""
        if self._ledger:
            self._ledger.close()
            self._ledger = None

    def _note(self, record: str | None, micros: int) -> None:
        if self._ledger is None:
            # Without a buffer: what a process had settled that is killed is there.
            self._ledger = self._path.open("ab", buffering=0)
        self._ledger.write(orjson.dumps({"record_id": record, "micros": micros}) + b"\n")


def _beginning(request: Mapping[str, Any], spent: int) -> JSON:
    """Return the update that gives an item what was spent before."""
    return {
        "TableName": request["TableName"],
        "Key": request["Key"],
        "UpdateExpression": "ADD reserved_micros :spent, spent_micros :spent",
        "ExpressionAttributeValues": {":spent": {"N": str(spent)}},
    }


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
