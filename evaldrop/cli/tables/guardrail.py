"""What guardrails stopped, on a terminal."""

from rich.console import Console
from rich.table import Table

from evaldrop.cli.output import shown
from evaldrop.report.guardrails import GUARDRAIL_HEADER, guardrail_rows
from evaldrop.scorecard.model.scorecard import Scorecard


def print_guardrails(console: Console, scorecard: Scorecard) -> None:
    """Print a row per candidate; nothing where no record says what is expected."""
    rows = guardrail_rows(scorecard)
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(GUARDRAIL_HEADER[0], style="bold", min_width=12)
    table.add_column(GUARDRAIL_HEADER[1], overflow="fold")
    for name in GUARDRAIL_HEADER[2:]:
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(shown, row))
    console.print(table)
    console.print()
