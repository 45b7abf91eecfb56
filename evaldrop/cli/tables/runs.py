"""A stack's runs as a table."""

from collections.abc import Sequence

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.terminal import print_fitting, print_hidden
from evaldrop.report.columns import Cell, Column, Tone, Words, words
from evaldrop.running.deployed.listing import RunRow
from evaldrop.scorecard.figures import ABSENT, count, usd

_TONES: dict[str, Tone] = {
    "pass": "good", "fail": "bad", "inconclusive": "doubtful",
    "FAILED": "bad", "TIMED_OUT": "bad", "ABORTED": "doubtful", "RUNNING": "busy",
}  # fmt: skip


def print_runs(console: Console, rows: Sequence[RunRow]) -> None:
    """Print a row per run; below the table what each says to ship, its report, and why runs failed."""
    evaluations = [(row.evaluation or ABSENT) + (" SIMULATED" if row.simulated else "") for row in rows]
    costs = [usd(row.cost_usd) if row.records is not None else ABSENT for row in rows]
    started = [row.started_at[:16].replace("T", " ") for row in rows]
    columns = [
        words("run", [row.run_id for row in rows], wrap="never"),  # whole, to be copied
        words("evaluation", evaluations, wrap="anywhere"),
        words("dataset", [_key(row.dataset) or ABSENT for row in rows], rank=4, wrap="anywhere"),
        words("started (UTC)", started, rank=1, wrap="never"),
        words("status", [_toned(row.status) for row in rows], wrap="never"),
        words("gate", [_toned(row.decision) if row.decision else ABSENT for row in rows], wrap="never"),
        Column("records", [count(row.records) for row in rows], rank=2),
        Column("USD", costs, rank=3),
    ]
    kept = print_fitting(console, columns)
    print_hidden(console, [column.heading for column in columns if column not in kept])
    for title, said in (
        ("what to ship", {row.run_id: row.recommendation for row in rows if row.recommendation}),
        ("reports", {row.run_id: row.report for row in rows if row.report}),
        ("regressed", {row.run_id: ", ".join(row.regressed) for row in rows if row.regressed}),
        ("labels", {row.run_id: ", ".join(row.labels) for row in rows if row.labels}),
        ("failed", {row.run_id: row.why for row in rows if row.why}),
    ):
        if said:
            console.print(f"\n[dim]{title}[/dim]")
        for run_id, text in said.items():
            print_prose(console, f"{shown(run_id)}  {shown(text)}")


def _toned(word: str) -> Cell:
    return (Words(word.lower(), _TONES.get(word, "plain")),)


def _key(uri: str | None) -> str | None:
    """Return a dataset's key: all of a stack's lie in one bucket."""
    return uri.removeprefix("s3://").partition("/")[2] if uri and uri.startswith("s3://") else uri
