"""Two texts on a terminal, with the words that differ: in colours, or between marks where there are none."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from evaldrop.cli.output import plain
from evaldrop.report.word_differences import Stretch, word_differences
from evaldrop.scorecard.figures import count

# What both say is folded where it is long: a difference is looked for, and both ends tell where it is.
_FOLDED_FROM, _KEPT = 400, 120

_LOOKS = {"gone": "red strike", "new": "green underline"}
# For who sees no colours: a log, a file, a pipe.
_MARKS = {"gone": ("[-", "-]"), "new": ("{+", "+}")}


def has_colour(console: Console) -> bool:
    """Tell whether colours are seen."""
    return console.is_terminal and not console.no_color


def print_as_one(console: Console, first: str, second: str) -> None:
    """Print two texts as one: what of the first is gone in the second, and what there is new."""
    stretches = in_one(*word_differences(plain(first), plain(second)))
    console.print(styled(stretches, has_colour=has_colour(console)), soft_wrap=False)


def in_one(first: Sequence[Stretch], second: Sequence[Stretch]) -> Iterator[Stretch]:
    """Yield the stretches of two texts in one order: what both have once, what is gone before what is new."""
    rest = [each for each in second if each.text]
    for stretch in first:
        if stretch.kind != "same":
            yield stretch
            continue
        left = stretch.text
        while left and rest:
            ahead = rest.pop(0)
            if ahead.kind == "same":
                # Both have the same words here, cut at other places: each where the other one differs.
                size = min(len(left), len(ahead.text))
                yield Stretch("same", left[:size])
                left, kept = left[size:], ahead.text[size:]
                if kept:
                    rest.insert(0, Stretch("same", kept))
            else:
                yield ahead
    yield from rest


def folded(stretches: Iterable[Stretch], *, is_whole: bool) -> Iterable[Stretch]:
    """Yield stretches, of long ones that both texts have both ends; `is_whole`: all of them."""
    for stretch in stretches:
        if is_whole or stretch.kind != "same" or len(stretch.text) < _FOLDED_FROM:
            yield stretch
        else:
            left_out = len(stretch.text) - 2 * _KEPT
            yield stretch._replace(
                text=f"{stretch.text[:_KEPT]} […{count(left_out)} characters…] {stretch.text[-_KEPT:]}"
            )


def styled(stretches: Iterable[Stretch], *, has_colour: bool) -> Text:
    """Return stretches as a terminal shows them."""
    text = Text()
    for kind, part in stretches:
        before, after = ("", "") if has_colour else _MARKS.get(kind, ("", ""))
        text.append(f"{before}{part}{after}", _LOOKS.get(kind, ""))
    return text if text.plain.strip() else Text("(blank)", "dim")
