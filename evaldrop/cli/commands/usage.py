"""`evaldrop usage`: what was used in a month, by customer, key or user."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, cast

import typer

from evaldrop.cli.options import AsJson
from evaldrop.cli.output import print_json, stderr, stdout
from evaldrop.cli.stores import OutOrStack, StackInstead, chosen_store
from evaldrop.errors import InputError

if TYPE_CHECKING:
    from evaldrop.store.charges import By

UsageBy = StrEnum("UsageBy", ["CUSTOMER", "KEY", "USER"])

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def usage(
    by: Annotated[UsageBy, typer.Option("--by", help="Whose is added up.")] = UsageBy.CUSTOMER,
    month: Annotated[
        str | None,
        typer.Option("--month", "-m", metavar="MONTH", help="Such as 2026-11; by default this one, in UTC."),
    ] = None,
    out: OutOrStack = None,
    stack: StackInstead = None,
    as_json: AsJson = False,
) -> None:
    """
    Add up the runs, records, tokens and dollars of a month, by customer, key or user.

    A run counts in the month in which it was admitted or, without a key, began. Its estimate is reserved
    until it ends; of unknown cost, the estimate is charged.

    Examples:

        evaldrop usage --by customer --month 2026-11

        evaldrop usage --by key --stack evaldrop --json
    """
    from evaldrop.cli.tables.usage import print_usage

    wanted = month or f"{datetime.now(UTC):%Y-%m}"
    if not _MONTH.fullmatch(wanted):
        raise InputError(f"--month {wanted}: give a year and a month, such as 2026-11.")
    store = chosen_store(out, stack)
    used = store.usage(wanted, by=cast("By", by.value))
    if as_json:
        rows = [{by.value: name or None, **each.model_dump()} for name, each in used.items()]
        print_json({"month": wanted, "by": by.value, "usage": rows})
    elif used:
        keys = store.keys() if by is UsageBy.KEY else ()
        print_usage(stdout(), used, by=by.value, names={key.key_id: key.name for key in keys})
    else:
        stderr().print(f"nothing was used in {wanted}.")
