"""What a planned run takes of an account's quotas."""

from typing import TYPE_CHECKING

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.terminal import print_fitting
from evaldrop.report.columns import Column, words
from evaldrop.scorecard.figures import UNKNOWN, count, rough_count, rough_duration

if TYPE_CHECKING:
    from evaldrop.steps.validate_dataset.quotas import QuotaPlan


def print_quotas(console: Console, found: "QuotaPlan") -> None:
    """Print what a call takes of tokens by the minute, what holds a run back, and which limits would do."""
    if not found.lines:
        return
    print_prose(
        console,
        "\nof a quota of tokens by the minute a call takes its input and max_tokens when it begins; what it "
        f"has not used comes back when it ends (factors of {found.factors_date})",
    )
    columns = [
        words("who", [f"{line.role} {line.name}" for line in found.lines]),
        Column("max_tokens", [UNKNOWN if line.max_tokens is None else count(line.max_tokens)
                              for line in found.lines]),
        Column("begins with", [rough_count(line.begins_with) for line in found.lines]),
        Column("ends with", [rough_count(line.ends_with) for line in found.lines]),
        Column("a token of the answer counts", [f"{line.factor} x" for line in found.lines], rank=1),
    ]  # fmt: skip
    print_fitting(console, columns)
    for line in found.lines:
        if line.proposed is not None and line.longest is not None and found.lengths_of is not None:
            run = found.lengths_of.rstrip("/").rpartition("/")[2]
            print_prose(
                console,
                f"judge {shown(line.name)}: max_tokens: {line.proposed} would do, and leave quota to other "
                f"calls: in {shown(run)} 99 of 100 of its answers took {count(line.longest)} or fewer",
            )
    if slowest := found.slowest:
        print_prose(
            console,
            f"limits: at least {rough_duration(slowest.seconds)}, by {slowest.limit} "
            f"{count(slowest.quota)} of {shown(slowest.model)}",
        )
