"""Says what became of an improved prompt: what its untouched records show, and never more."""

from collections.abc import Iterator

from evaldrop.scorecard.answers import silences
from evaldrop.scorecard.figures import count, interval, number, one_line, size, usd
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.prompts import PromptImprovement
from evaldrop.scorecard.model.scorecard import (
    Scorecard,
)

_LONGEST_REASON = 200


def improvements_in_words(scorecard: Scorecard) -> str:
    """Return a sentence for each improved prompt; nothing for a run that improves none, or that failed."""
    if silences(scorecard):
        return ""
    return "".join(f" {improvement_in_words(name, one)}" for name, one in scorecard.prompts.items())


def improvement_in_words(name: str, improvement: PromptImprovement) -> str:
    """Return what may be claimed of an improved prompt, with what it costs more."""
    test = improvement.test
    records = f"{count(test.n)} record{'' if test.n == 1 else 's'} it never saw"
    if test.decision == "same" and improvement.dev is None:
        # It may quote what models wrote.
        why = f" ({one_line(improvement.ended, _LONGEST_REASON)})" if improvement.ended else ""
        return f"No prompt was made for {name}{why}: it was called with the prompt of {improvement.original}."
    if test.decision == "same" and 0 < improvement.proposed == improvement.refused:
        why = f" ({one_line(improvement.ended, _LONGEST_REASON)})" if improvement.ended else ""
        return (
            f"No prompt that was asked for {name} could be tried{why}: it was called with the prompt of "
            f"{improvement.original}."
        )
    if test.decision == "same":
        return (
            f"Of the prompts written for {name} none did better on the records that choose: it was called "
            f"with the prompt of {improvement.original}."
        )
    if test.decision == "too few":
        return (
            f"Nothing is claimed of {name} over {improvement.original}: {records}"
            f"{_independent(improvement)} are too few to show a sensible gain, whatever they say."
        )
    if test.decision == "not shown" or test.interval is None:
        return (
            f"No gain of {name} over {improvement.original} is shown on {records}{_left_open(improvement)}."
        )
    low, high = sorted(abs(end) for end in test.interval)
    about = "" if test.criterion == OVERALL else f" on {test.criterion}"
    by = f"by {size(low)} to {size(high)}{about}"
    return f"{name} is {test.decision} than {improvement.original} {by} on {records}{_price(improvement)}."


def _independent(improvement: PromptImprovement) -> str:
    units = improvement.test.units
    return f", {count(units)} of them independent," if units < improvement.test.n else ""


def _left_open(improvement: PromptImprovement) -> str:
    test = improvement.test
    if test.difference is None or test.interval is None:
        return ""
    said = f"the difference is {interval(test.interval)}"
    if test.detectable is not None:
        said += f"; a gain of {size(test.detectable)} would have been shown in 8 of 10 runs"
    return f" ({said})"


def _price(improvement: PromptImprovement) -> str:
    parts = list(_price_parts(improvement))
    return f"; {', '.join(parts)}" if parts else ""


def _price_parts(improvement: PromptImprovement) -> Iterator[str]:
    tokens, dearer = improvement.tokens_more, improvement.usd_more_per_1000_records
    if tokens is not None and abs(tokens) >= 0.5:
        yield f"{number(abs(tokens), 0)} tokens {'longer' if tokens > 0 else 'shorter'}"
    if dearer:
        yield f"{usd(abs(dearer))} {'more' if dearer > 0 else 'less'} per 1,000"
