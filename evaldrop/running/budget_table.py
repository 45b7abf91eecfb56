"""
The table of a run's budget on one machine: in memory, with a ledger in the run's folder.

A run that goes on hands out the replies it had, and does not pay for them again: it begins with what the
ledger says was spent, and a record that was settled then reserves nothing now. Nor does a batch job that had
reserved then: it is the same job now, whether its stage was settled or not.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from evaldrop.json_text import loads
from evaldrop.running.memory_tables import MemoryTables

JSON = dict[str, Any]

LEDGER = "budget.jsonl"

SETTLED = "#settled"
"""What the workflow's SettleJobs calls the attribute that says that a stage is settled."""
_SETTLED_STAGE = "settled_"


class BudgetTable:
    """
    The table, as far as one run uses it.

    Args:
        folder: The run's. Nothing is written there before a record is settled.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LEDGER
        self._tables = MemoryTables()
        self._settled, self._stages, self._jobs = _read(self._path)
        self._begins_with = sum(self._settled.values()) + sum(self._stages.values())
        self._has_begun = False
        self._ledger: BinaryIO | None = None

    async def update_item(self, request: JSON) -> JSON:
        """
        Update an item by the expressions of the workflow's states that reserve and settle.

        Raises:
            ServiceError: ConditionalCheckFailedException, where the condition does not hold.
        """
        held = sum(micros for place, micros in self._jobs.items() if _stage_of(place) not in self._stages)
        if not self._has_begun and (self._begins_with or held):
            await self._tables.update_item(_beginning(request, self._begins_with, held))
        self._has_begun = True
        values = request["ExpressionAttributeValues"]
        if ":job" in values:
            return await self._reserve_for_job(request)
        if SETTLED in request.get("ExpressionAttributeNames", {}):
            return await self._settle_jobs(request)
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
            self._note({"record_id": record, "micros": cost})
        return answer

    async def _reserve_for_job(self, request: JSON) -> JSON:
        values = request["ExpressionAttributeValues"]
        place, micros = values[":job"]["S"], int(values[":cost"]["N"])
        if place in self._jobs:
            return {}
        answer = await self._tables.update_item(request)
        # Before the job is created: it is not to be paid for unreserved, whatever ends the process.
        self._note({"job": place, "micros": micros})
        return answer

    async def _settle_jobs(self, request: JSON) -> JSON:
        values, names = request["ExpressionAttributeValues"], request["ExpressionAttributeNames"]
        stage, cost = names[SETTLED].removeprefix(_SETTLED_STAGE), int(values[":cost"]["N"])
        known = self._stages.get(stage)
        if known is not None:
            # Its jobs have reserved nothing this time: as with a record.
            more = {"N": str(cost - known)}
            request = {**request, "ExpressionAttributeValues": {":difference": more, ":cost": more}}
        answer = await self._tables.update_item(request)
        if cost != known:
            self._note({"stage": stage, "micros": cost})
        return answer

    def close(self) -> None:
        """Close the ledger."""
        if self._ledger:
            self._ledger.close()
            self._ledger = None

    def _note(self, line: JSON) -> None:
        if self._ledger is None:
            # Without a buffer: what a process had settled that is killed is there.
            self._ledger = self._path.open("ab", buffering=0)
        self._ledger.write(orjson.dumps(line) + b"\n")


def _stage_of(place: str) -> str:
    return place.partition("/")[0]


def _beginning(request: Mapping[str, Any], spent: int, held: int) -> JSON:
    """Return the update that gives an item what was spent before, and what jobs under way had reserved."""
    return {
        "TableName": request["TableName"],
        "Key": request["Key"],
        "UpdateExpression": "ADD reserved_micros :reserved, spent_micros :spent",
        "ExpressionAttributeValues": {":reserved": {"N": str(spent + held)}, ":spent": {"N": str(spent)}},
    }


def _read(path: Path) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """
    Return what records and stages of jobs have cost so far, and what jobs had reserved, by name.

    A line that a power cut spoilt is left out.
    """
    found: dict[str, dict[str, int]] = {"record_id": {}, "stage": {}, "job": {}}
    if path.exists():
        with path.open("rb") as lines:
            for line in lines:
                try:
                    noted = loads(line)
                    what = next(name for name in found if name in noted)
                    found[what][noted[what]] = int(noted["micros"])
                except (ValueError, TypeError, KeyError, StopIteration):
                    continue
    return found["record_id"], found["stage"], found["job"]
