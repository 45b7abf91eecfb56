"""DynamoDB's UpdateItem over items in memory, as a run on one machine needs it: keys, conditions, numbers."""

from collections.abc import Mapping
from typing import Any

import orjson

from evaldrop.engine import ServiceError
from evaldrop.running.item_expressions import (
    Item,
    ItemExpressionError,
    Names,
    condition_of,
    holds,
    update_of,
    updated,
)

REFUSED = "The conditional request failed"


class MemoryTables:
    """Tables that are there once they are named. They are gone with the process."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, bytes], Item] = {}

    async def update_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Change an item, or make it; nothing comes between its condition and its change.

        Raises:
            ServiceError: ConditionalCheckFailedException, or ValidationException for an expression that is
                none or does more than this module knows.
        """
        place = (request["TableName"], orjson.dumps(request["Key"], option=orjson.OPT_SORT_KEYS))
        before = self._items.get(place)
        names = Names(
            attributes=request.get("ExpressionAttributeNames", {}),
            values=request.get("ExpressionAttributeValues", {}),
        )
        try:
            condition = condition_of(request.get("ConditionExpression", ""))
            if not holds(condition, before or {}, names):
                raise ServiceError("ConditionalCheckFailedException", REFUSED, status=400)
            changes = updated(update_of(request.get("UpdateExpression", "")), before or {}, names)
        except ItemExpressionError as error:
            raise ServiceError("ValidationException", str(error), status=400) from error
        after = {**request["Key"], **(before or {}), **changes}
        self._items[place] = after
        return _attributes(request.get("ReturnValues", "NONE"), before or {}, after, changes)


def _attributes(wanted: str, before: Item, after: Item, changes: Item) -> dict[str, Any]:
    match wanted:
        case "ALL_NEW":
            return {"Attributes": after}
        case "UPDATED_NEW":
            return {"Attributes": changes}
        case "ALL_OLD":
            return {"Attributes": before} if before else {}
        case "UPDATED_OLD":
            told = {name: value for name, value in before.items() if name in changes}
            return {"Attributes": told} if told else {}
    return {}
