"""All operations of the API."""

from typing import Final

from evaldrop.api import own, page, records, results, runs, starting
from evaldrop.api.openapi import describing
from evaldrop.api.operations import Operation

_DESCRIBED = (
    *page.OPERATIONS,
    *starting.OPERATIONS,
    *runs.OPERATIONS,
    *results.OPERATIONS,
    *records.OPERATIONS,
    *own.OPERATIONS,
)
OPERATIONS: Final[tuple[Operation, ...]] = (*_DESCRIBED, describing(_DESCRIBED))
