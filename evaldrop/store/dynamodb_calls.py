"""Calls to DynamoDB: what may pass is tried again, a condition that fails is data, the rest is an error."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaldrop.aws_errors import as_service_error, code_of, is_aws_fault
from evaldrop.errors import AwsError

# What a client of the API still waits for.
PATIENCE_S = 15.0
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 1.0

# Others write the same items at this moment, or more is written than the table takes.
_PASSING = {
    "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded",
    "TransactionConflictException", "TransactionInProgressException", "ThrottlingException",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "InternalServerError",
}  # fmt: skip
_FAILED = "ConditionalCheckFailed"


@dataclass(frozen=True, slots=True)
class Refused:
    """
    Nothing was written, for conditions did not hold.

    `items`: by the place of what was refused in the transaction, the item as it is; empty where none is.
    """

    items: Mapping[int, Mapping[str, Any]]


class Table:
    """A table by boto3's client of DynamoDB. Whatever cannot be done is an AwsError."""

    def __init__(self, client: Any, name: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._name = name
        self._pause = pause

    def get(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return an item as it is now."""
        with as_service_error(self._fault("read")):
            found = self._client.get_item(TableName=self._name, Key=key, ConsistentRead=True)
        item: Mapping[str, Any] | None = found.get("Item")
        return item

    def query(self, **asked: Any) -> Mapping[str, Any]:
        """Return a page of a query."""
        with as_service_error(self._fault("read")):
            page: Mapping[str, Any] = self._client.query(TableName=self._name, **asked)
        return page

    def write(self, actions: Sequence[tuple[str, Mapping[str, Any]]]) -> Refused | None:
        """Do all of it (`Put`, `Update`, `Delete`) in one transaction, or nothing."""
        items = [{kind: {"TableName": self._name, **action}} for kind, action in actions]
        return self._tried(lambda: self._client.transact_write_items(TransactItems=items))

    def update(self, update: Mapping[str, Any]) -> Refused | None:
        """Update one item."""
        return self._tried(lambda: self._client.update_item(TableName=self._name, **update))

    def _tried(self, call: Callable[[], object]) -> Refused | None:
        """Call until it is done or refused, with ever longer pauses of random length."""
        waited, longest = 0.0, _FIRST_PAUSE_S
        while True:
            try:
                call()
            except Exception as error:
                if not is_aws_fault(error):
                    raise
                codes, refused = _reasons(error)
                # Before what is refused: a run's twin may be about to take the place that is missing.
                if not codes & _PASSING:
                    if refused is not None:
                        return refused
                    with as_service_error(self._fault("written")):
                        raise
                if waited > PATIENCE_S:
                    raise AwsError(f"{self._fault('written')}: too many write at once") from error
            else:
                return None
            pause = random.uniform(0, longest)  # noqa: S311 - nobody gains by knowing it
            self._pause(pause)
            waited += pause
            longest = min(2 * longest, _LONGEST_PAUSE_S)

    def _fault(self, verb: str) -> str:
        return f"the history, table {self._name}, cannot be {verb}"


def _reasons(error: Exception) -> tuple[set[str], Refused | None]:
    """Return the codes of what went wrong, and what was refused where it is conditions alone."""
    code = code_of(error)
    if code == f"{_FAILED}Exception":
        return {code}, Refused({0: {}})
    response = getattr(error, "response", {})
    reasons = response.get("CancellationReasons") if code == "TransactionCanceledException" else None
    if not reasons:
        return {code}, None
    codes = {str(reason.get("Code", "None")) for reason in reasons} - {"None"}
    failed = {
        place: reason.get("Item") or {}
        for place, reason in enumerate(reasons)
        if reason.get("Code") == _FAILED
    }
    return codes, Refused(failed) if codes == {_FAILED} else None
