"""A month's usage as a table."""

from collections.abc import Mapping

from rich.console import Console

from evaldrop.cli.tables.terminal import print_table
from evaldrop.report.columns import Cell, Column, Words, words
from evaldrop.scorecard.figures import count, usd
from evaldrop.store.model import Usage


def print_usage(console: Console, used: Mapping[str, Usage], *, by: str, names: Mapping[str, str]) -> None:
    """Print a row per customer, key or user, and their sum; `names` are what keys are called."""
    rows = list(used.values())
    if len(rows) > 1:
        rows.append(_sum(rows))
    heads: list[Cell] = [_head(name, names) for name in used]
    heads += [(Words("all", "strong"),)] * (len(rows) - len(heads))
    columns = [
        words(by, heads, wrap="anywhere"),
        Column("runs", [count(row.runs) for row in rows]),
        Column("records", [count(row.records) for row in rows]),
        Column("tokens in", [count(row.input_tokens) for row in rows]),
        Column("tokens out", [count(row.output_tokens) for row in rows]),
        Column("USD", [usd(row.usd) for row in rows]),
        Column("estimated", [usd(row.estimated_usd) for row in rows]),
        Column("reserved", [usd(row.reserved_usd) for row in rows]),
    ]
    print_table(console, columns)


def _head(name: str, names: Mapping[str, str]) -> Cell:
    if not name:
        return (Words("nobody named", "muted"),)
    return f"{name} ({names[name]})" if name in names else name


def _sum(rows: list[Usage]) -> Usage:
    return Usage(**{name: sum(getattr(row, name) for row in rows) for name in Usage.model_fields})
