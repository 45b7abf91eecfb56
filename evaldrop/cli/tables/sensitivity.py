"""What a run could show, in words."""

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.scorecard.figures import count, percent, score, size
from evaldrop.steps.validate_dataset.plan import Range
from evaldrop.steps.validate_dataset.sensitivity import POWER, USUAL_RATE, Sensitivity


def print_sensitivity(console: Console, found: Sensitivity) -> None:
    """Print the smallest difference a run could show, and the records that a stated one takes."""
    if found.detectable is None or found.detectable_adjusted is None or found.pass_rate_margin is None:
        console.print("\nno record: nothing can be shown")
        return
    # Records of one group answer alike: counted singly they would promise too much.
    has_groups = found.clusters < found.records
    unit = "independent records" if has_groups else "records"
    once = " (groups count once)" if has_groups else ""
    detectable = found.detectable
    why = "by how often they disagree; --like RUN knows better"
    if found.like is not None:
        why = f"by the pairs of {shown(found.like.rstrip('/').rpartition('/')[2])}"
    console.print(
        f"\nwith {count(found.clusters)} {unit}{once} a difference of {size(detectable.likely)} between two "
        f"candidates is seen in {POWER * 100:.0f} of 100 runs "
        f"({size(detectable.low)} to {size(detectable.high)}, {why})"
    )
    if found.comparisons > 1:
        console.print(
            f"{count(found.comparisons)} comparisons are decided together (Holm): the first of them takes "
            f"{size(found.detectable_adjusted.likely)}"
        )
    console.print(
        f"a pass rate of {percent(USUAL_RATE)} will be known to ±{found.pass_rate_margin * 100:.0f} points"
    )
    if needed := found.needed:
        several = found.comparisons > 1
        together = f"; {_range(needed.records_adjusted)} as the first of all" if several else ""
        console.print(
            f"a difference of {score(needed.difference)} takes {_range(needed.records)} {unit}{together}"
        )
    console.print(
        "differences are shares of the scale: 0.05 is five points of a pass rate, 0.2 of a scale 1-5"
    )


def _range(needed: Range) -> str:
    return f"{needed.likely:,.0f} ({needed.low:,.0f} to {needed.high:,.0f})"
