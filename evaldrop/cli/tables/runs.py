"""A stack's runs as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from evaldrop.cli.output import shown
from evaldrop.running.deployed.listing import RunRow
from evaldrop.scorecard.figures import ABSENT, usd

_COLOURS = {
    "pass": "green", "fail": "red", "inconclusive": "yellow",
    "FAILED": "red", "TIMED_OUT": "red", "ABORTED": "yellow", "RUNNING": "cyan",
}  # fmt: skip


def print_runs(console: Console, rows: Sequence[RunRow]) -> None:
    """Print a row per run, and below the table where their reports are and why runs failed."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("run", style="bold", no_wrap=True)  # whole, to be copied
    for name in ("evaluation", "dataset"):
        table.add_column(name, overflow="fold")
    for name in ("started (UTC)", "status", "gate"):
        table.add_column(name, no_wrap=True)
    for name in ("records", "USD"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row))
    console.print(table)
    for title, said in (
        ("reports", {row.run_id: row.report for row in rows if row.report}),
        ("failed", {row.run_id: row.why for row in rows if row.why}),
    ):
        if said:
            console.print(f"\n[dim]{title}[/dim]")
        for run_id, text in said.items():
            console.print(f"{shown(run_id)}  {shown(text)}", soft_wrap=True)


def _cells(row: RunRow) -> list[str]:
    simulated = " SIMULATED" if row.simulated else ""
    return [
        shown(row.run_id),
        shown(row.evaluation or ABSENT) + simulated,
        shown(_key(row.dataset) or ABSENT),
        row.started_at[:16].replace("T", " "),
        _coloured(row.status),
        _coloured(row.decision) if row.decision else ABSENT,
        f"{row.records:,}" if row.records is not None else ABSENT,
        usd(row.cost_usd) if row.records is not None else ABSENT,
    ]


def _coloured(word: str) -> str:
    colour = _COLOURS.get(word)
    return f"[{colour}]{word.lower()}[/]" if colour else word.lower()


def _key(uri: str | None) -> str | None:
    """Return a dataset's key: all of a stack's lie in one bucket."""
    return uri.removeprefix("s3://").partition("/")[2] if uri and uri.startswith("s3://") else uri
