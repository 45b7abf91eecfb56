"""The API's keys as a table."""

from collections.abc import Sequence

from rich.console import Console

from evaldrop.cli.tables.terminal import print_fitting, print_hidden
from evaldrop.report.columns import Column, Words, words
from evaldrop.scorecard.figures import ABSENT, count, usd
from evaldrop.store.model import Key


def print_keys(console: Console, keys: Sequence[Key]) -> None:
    """Print a row per key; a dash is no limit. Where there is no room, limits go first."""
    columns = [
        words("key", [key.key_id for key in keys], wrap="never"),  # whole, to be copied
        words("name", [key.name for key in keys], wrap="anywhere"),
        words("customer", [key.owner.customer or ABSENT for key in keys], wrap="anywhere"),
        words("user", [key.owner.user or ABSENT for key in keys], wrap="anywhere"),
        words("role", [key.role for key in keys], wrap="never"),
        Column("requests/s", [f"{key.limits.requests_per_second:g}" for key in keys], rank=4),
        Column("a day", [count(key.limits.requests_per_day) for key in keys], rank=4),
        Column("runs a month", [count(key.limits.runs_per_month) for key in keys], rank=2),
        Column("USD a day", [_most(key.limits.usd_per_day) for key in keys], rank=3),
        Column("USD a month", [_most(key.limits.usd_per_month) for key in keys], rank=3),
        words("made", [key.created_at[:10] for key in keys], wrap="never", rank=5),
        words("state", [_state(key) for key in keys], wrap="never"),
    ]
    kept = print_fitting(console, columns)
    print_hidden(console, [str(column.heading) for column in columns if column not in kept])


def _most(dollars: float | None) -> str:
    return ABSENT if dollars is None else usd(dollars)


def _state(key: Key) -> tuple[Words, ...]:
    if key.revoked_at is None:
        return (Words("active", "good"),)
    return (Words(f"revoked {key.revoked_at[:10]}", "muted"),)
