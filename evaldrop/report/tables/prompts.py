"""What became of prompts that a run made: the test part's difference first, and what they were chosen by."""

from evaldrop.report.columns import MARKDOWN, PAGE, TERMINAL, Cell, Column, Table, Tone, Words, words
from evaldrop.scorecard import figures
from evaldrop.scorecard.answers import silences
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.prompts import DevScores, PromptImprovement
from evaldrop.scorecard.model.scorecard import Scorecard

DEV = "dev (0 to 1): chosen by, no proof"
"""What a score on records that choose is called wherever it stands."""

_TONES: dict[str, Tone] = {"better": "good", "worse": "bad"}


def improved_prompts(scorecard: Scorecard) -> Table:
    """Return what became of each prompt that the run made; none where it failed, or made none."""
    shown = {} if silences(scorecard) else scorecard.prompts
    found = list(shown.values())
    tests = [each.test for each in found]
    return Table(
        title="Improved prompts",
        caption="Improved minus original, on test records that nobody tuned on",
        columns=[
            words("candidate", list(shown)),
            words("against", [each.original for each in found], rank=1),
            words("on the test part", list(map(_decision, found))),
            Column("difference", [figures.signed(each.difference) for each in tests]),
            Column("interval", [figures.interval(each.interval) for each in tests]),
            Column("records", [count(each.n) for each in tests]),
            Column("tokens", [figures.signed(each.tokens_more, 0) for each in found], rank=3),
            Column("USD/1,000", list(map(_dearer, found)), rank=3),
            Column(DEV, [_dev(each.dev) for each in found], TERMINAL | MARKDOWN, rank=4),
            Column(DEV, [dev_in_parts(each.dev) for each in found], PAGE),
            Column("search", [figures.usd(each.cost_usd.total) for each in found], rank=2),
        ],
    )


def tuned_on(scorecard: Scorecard) -> int:
    """Return how many records are in no number of a scorecard, for prompts were tuned on them."""
    return scorecard.parts.train + scorecard.parts.dev if scorecard.parts else 0


def _decision(found: PromptImprovement) -> Cell:
    decision = found.test.decision
    said = {"same": "nothing better found", "too few": "too few to claim"}.get(decision, decision)
    return (Words(said, _TONES.get(decision, "muted")),)


def _dearer(found: PromptImprovement) -> str:
    dearer = found.usd_more_per_1000_records
    if dearer is None:
        return figures.ABSENT
    return f"{'+' if dearer > 0 else '−' if dearer < 0 else ''}{figures.usd(abs(dearer))}"


def _dev(dev: DevScores | None) -> str:
    if dev is None:
        return figures.ABSENT
    return f"{figures.number(dev.original)} to {figures.number(dev.chosen)}"


def dev_in_parts(dev: DevScores | None) -> Cell:
    """Return dev scores of the original and the chosen prompt, and of how many records they are."""
    if dev is None:
        return figures.ABSENT
    return (Words(_dev(dev), "muted"), Words(f"{count(dev.n)} records", "small"))
