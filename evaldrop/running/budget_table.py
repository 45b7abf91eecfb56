"""
The table of a run's budget on one machine: in memory, with a ledger in the run's folder.

A run that goes on hands out the replies it had, and does not pay for them again: it begins with what the
ledger says was spent, and with all that may have been spent besides at its high. A record that was settled
reserves nothing now, nor does a batch job that had reserved: it is the same job. A record that had reserved
when its process ended with every call answered goes on with its own reservation.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from evaldrop.run.ledger import LEDGER, as_line, ending, read_ledger
from evaldrop.running.memory_tables import MemoryTables

JSON = dict[str, Any]

SETTLED = "#settled"
"""What the workflow's SettleJobs calls the attribute that says that a stage is settled."""
_SETTLED_STAGE = "settled_"


class BudgetTable:
    """
    The table, as far as one run uses it.

    Args:
        folder: The run's. Nothing is written there before a record or a job reserves.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LEDGER
        self._tables = MemoryTables()
        self._ledger = read_ledger(self._path)
        self._has_begun = False
        self._file: BinaryIO | None = None

    async def update_item(self, request: JSON) -> JSON:
        """
        Update an item by the expressions of the workflow's states that reserve and settle.

        Raises:
            ServiceError: ConditionalCheckFailedException, where the condition does not hold.
        """
        if not self._has_begun:
            await self._begin(request)
        values = request["ExpressionAttributeValues"]
        if ":job" in values:
            return await self._reserve_for_job(request)
        if SETTLED in request.get("ExpressionAttributeNames", {}):
            return await self._settle_jobs(request)
        if ":record" not in values:
            return await self._tables.update_item(request)
        return await (self._settle(request) if ":difference" in values else self._reserve(request))

    async def _begin(self, request: JSON) -> None:
        self._has_begun = True
        if self._ledger.open:
            # The process before was killed: its calls may be billed, and no reply of them was kept.
            self._note(ending(self._ledger, quietly=False))
        spent, unknown = self._ledger.spent, self._ledger.unknown
        if spent or unknown:
            await self._tables.update_item(_beginning(request, spent, unknown))

    async def _reserve(self, request: JSON) -> JSON:
        values, ledger = request["ExpressionAttributeValues"], self._ledger
        record = values[":record"]["S"]
        # What was settled is counted, and its replies are paid for: they are not held up. What is open has
        # reserved a moment ago, and the answer was lost.
        if record in ledger.settled or record in ledger.open:
            return {}
        answer: JSON = {}
        if record not in ledger.held:
            answer = await self._tables.update_item(request)
        # Before its first call: whatever ends the process, it is known that it may have been called.
        self._note({"reserves": record, "micros": ledger.held.get(record, int(values[":cost"]["N"]))})
        return answer

    async def _settle(self, request: JSON) -> JSON:
        values, ledger = request["ExpressionAttributeValues"], self._ledger
        record, cost = values[":record"]["S"], int(values[":cost"]["N"])
        reserved, known = ledger.open.get(record, 0), ledger.settled.get(record, 0)
        # Only what it cost more than before counts, as of calls made again.
        answer = await self._tables.update_item(_settling(request, cost - known - reserved, cost - known))
        if record in ledger.open or cost != ledger.settled.get(record):
            self._note({"record_id": record, "micros": cost})
        return answer

    async def _reserve_for_job(self, request: JSON) -> JSON:
        values = request["ExpressionAttributeValues"]
        place = values[":job"]["S"]
        if place in self._ledger.created:
            return {}
        answer = await self._tables.update_item(request)
        # Before the job is created: it is not to be paid for unreserved, whatever ends the process.
        self._note({"job": place, "micros": int(values[":cost"]["N"])})
        return answer

    async def _settle_jobs(self, request: JSON) -> JSON:
        values, names = request["ExpressionAttributeValues"], request["ExpressionAttributeNames"]
        # A stage that had further jobs is settled as a whole.
        stage = names[SETTLED].removeprefix(_SETTLED_STAGE).partition("-")[0]
        cost, known = int(values[":cost"]["N"]), self._ledger.stages.get(stage, 0)
        reserved = self._ledger.reserved_by(stage)
        answer = await self._tables.update_item(_settling(request, cost - known - reserved, cost - known))
        if reserved or cost != self._ledger.stages.get(stage):
            self._note({"stage": stage, "micros": cost})
        return answer

    def close(self, *, quietly: bool = False) -> None:
        """Close the ledger; `quietly`: every call that was sent has been answered, and its reply is kept."""
        if quietly and self._ledger.open:
            self._note(ending(self._ledger, quietly=True))
        if self._file:
            self._file.close()
            self._file = None

    def _note(self, line: JSON) -> None:
        if self._file is None:
            # Without a buffer: what a process had settled that is killed is there.
            self._file = self._path.open("ab", buffering=0)
        self._file.write(as_line(line))
        self._ledger.take(line)


def _settling(request: JSON, difference: int, cost: int) -> JSON:
    values = request["ExpressionAttributeValues"]
    counted = {":difference": {"N": str(difference)}, ":cost": {"N": str(cost)}}
    return {**request, "ExpressionAttributeValues": {**values, **counted}}


def _beginning(request: Mapping[str, Any], spent: int, unknown: int) -> JSON:
    """Return the update that gives an item what was spent before, and what may have been."""
    return {
        "TableName": request["TableName"],
        "Key": request["Key"],
        "UpdateExpression": "ADD reserved_micros :reserved, spent_micros :spent",
        "ExpressionAttributeValues": {
            ":reserved": {"N": str(spent + unknown)},
            ":spent": {"N": str(spent)},
        },
    }
