"""What a review gave out, and what came back."""

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.report.review.exporting import Exported
from evaldrop.report.review.importing import Imported


def print_export(console: Console, done: Exported, run: str) -> None:
    """Print what was drawn, where its page and sheet are, and what comes next."""
    sampling = done.sampling
    console.print(
        f"{sampling.sample.responses} of {sampling.population.responses:,} responses: "
        f"{sampling.sample.records} of {sampling.population.records:,} records, drawn at random "
        f"(seed {sampling.seed})"
    )
    console.print(f"page:  {shown(done.page)}")
    console.print(f"sheet: {shown(done.sheet)}")
    console.print(f"\nnext: evaldrop review import FILE {shown(run)}", soft_wrap=True)


def print_import(console: Console, done: Imported, run: str) -> None:
    """Print whose labels were stored, how many, and what comes next."""
    console.print(
        f"{done.answered:,} labels by {shown(', '.join(done.raters))}; {done.skipped:,} passed on, "
        f"{done.unanswered:,} not answered"
    )
    console.print(f"labels: {shown(done.labels)}")
    console.print(f"\nnext: evaldrop calibrate {shown(run)} --apply", soft_wrap=True)
