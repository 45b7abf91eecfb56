"""
Numbers as people read them. Rounding never turns a share into 0 % or 100 %, and what is unknown reads
"unknown".
"""

from datetime import datetime
from math import floor, log10

UNKNOWN = "unknown"
ABSENT = "–"


def percent(fraction: float | None, places: int = 0) -> str:
    """Return a fraction in percent; 0 % and 100 % only when it is exactly that."""
    if fraction is None:
        return ABSENT
    if fraction in (0, 1):
        return f"{fraction:.0%}".replace("%", " %")
    step = 10.0**-places
    # 99.97 % must not read as 100 %: one failure in three thousand is still one.
    shown = min(max(round(fraction * 100, places), step), 100 - step)
    exact = step <= fraction * 100 <= 100 - step
    sign = "" if exact else "<" if fraction < 0.5 else ">"
    return f"{sign}{shown:.{places}f} %"


def percent_interval(interval: tuple[float, float] | None, places: int = 0) -> str:
    """Return an interval of fractions in percent."""
    if interval is None:
        return ABSENT
    low, high = (percent(bound, places).removesuffix(" %") for bound in interval)
    # A dash before a bound's own sign would read as an arrow.
    return f"{low} to {high} %" if high.startswith((">", "<")) else f"{low}–{high} %"


def number(value: float | None, places: int = 2) -> str:
    """Return a number with a fixed number of places and a real minus sign."""
    if value is None:
        return ABSENT
    text = f"{value:.{places}f}"
    # A small negative number rounds to "-0.00", which reads as a loss.
    return ("0" + text[2:] if text.startswith("-0") and not float(text) else text).replace("-", "−")


def score(value: float) -> str:
    """Return a score or an end of a scale, with no more places than it has."""
    return f"{value:g}"


def signed(value: float | None, places: int = 2) -> str:
    """Return a difference with its sign."""
    text = number(value, places)
    return f"+{text}" if value is not None and value > 0 else text


def interval(bounds: tuple[float, float] | None, places: int = 2) -> str:
    """Return an interval's bounds."""
    return ABSENT if bounds is None else f"{number(bounds[0], places)} to {number(bounds[1], places)}"


def measure(value: float | None) -> str:
    """Return a metric: three figures that count, at least one and at most three places for small ones."""
    if value is None:
        return ABSENT
    if value == 0:
        return "0"
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 else number(value, 1 if size >= 10 else 2 if size >= 1 else 3)


def measure_interval(bounds: tuple[float, float] | None) -> str:
    """Return a metric's interval."""
    return ABSENT if bounds is None else f"{measure(bounds[0])} to {measure(bounds[1])}"


def usd(value: float | None) -> str:
    """Return dollars to at least two figures that count; None is unknown, never $0."""
    if value is None:
        return UNKNOWN
    if value == 0:
        return "$0"
    if value < 0:
        return f"−{usd(-value)}"
    # Two places would turn a call of $0.0004 into $0.00.
    places = max(2, 1 - floor(log10(abs(value))))
    return "<$0.000001" if 0 < value < 0.000001 else f"${value:,.{min(places, 6)}f}"


def budget_in_words(budget_usd: float | None, skipped: int, prepared: int) -> str:
    """Say that a budget was spent before all records were begun; nothing where it was not."""
    if not skipped:
        return ""
    of = "" if budget_usd is None else f" of {usd(budget_usd)}"
    were = "record was" if skipped == 1 else "records were"
    return f"The budget{of} was spent: {count(skipped)} of {count(prepared)} {were} not begun."


def count(value: int | None) -> str:
    """Return a count with its thousands apart."""
    return ABSENT if value is None else f"{value:,}"


def milliseconds(value: float | None) -> str:
    """Return a latency in ms, from 10 s on in s."""
    if value is None:
        return ABSENT
    return f"{value / 1000:,.1f} s" if value >= 10_000 else f"{value:,.0f} ms"


def milliseconds_interval(bounds: tuple[float | None, float | None] | None) -> str:
    """Return a latency's interval; an end that is not known is left open."""
    if bounds is None or bounds == (None, None):
        return ABSENT
    if bounds[1] is None:
        return f"from {milliseconds(bounds[0])}"
    if bounds[0] is None:
        return f"up to {milliseconds(bounds[1])}"
    low, high = map(milliseconds, bounds)
    figure, unit = low.split()
    return f"{figure}–{high}" if high.endswith(f" {unit}") else f"{low} to {high}"


def usd_interval(bounds: tuple[float, float] | None) -> str:
    """Return an interval of dollars."""
    return ABSENT if bounds is None else "–".join(map(usd, bounds))


def duration(seconds: float | None) -> str:
    """Return how long something took."""
    if seconds is None:
        return UNKNOWN
    if seconds < 60:
        return f"{seconds:.1f} s"
    # Rounded before it is split: 119.7 s would else be "1 min 60 s".
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def rough_duration(seconds: float) -> str:
    """Return how long something may take."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def time_left(done: int, total: int | None, elapsed_s: float) -> str | None:
    """Return how long the rest of a run may take at the pace so far; None where that cannot be told."""
    if not total or not 0 < done < total or elapsed_s <= 0:
        return None
    return rough_duration(elapsed_s / done * (total - done))


def rough_count(value: float) -> str:
    """Return a count that is an estimate, in thousands, millions or billions."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:,.{0 if value >= 10 * size else 1}f}{unit}"
    return f"{value:,.0f}"


def rough_usd(value: float) -> str:
    """Return dollars that are an estimate: cents, and of less than a dollar a hundredth of them."""
    # From 0.995 on, two places already say $1.00.
    return f"${value:,.2f}" if value >= 0.995 else f"${value:.4f}"


def moment(started_at: str) -> str:
    """Return an ISO time to the minute, with its zone."""
    time = datetime.fromisoformat(started_at)
    return f"{time:%Y-%m-%d %H:%M} {time.tzname() or ''}".rstrip()


def size(value: float) -> str:
    """Return how large a difference is: two places, or the first figure that counts."""
    return f"{value:.2f}" if value == 0 or value >= 0.01 else f"{value:.1g}"


def by_whom(rests_on: str, n_labelled: int) -> str:
    """Return on whose verdicts a number rests, and how many records people labelled."""
    who = {"people": "by people", "both": "by people and judge"}.get(rests_on)
    if who is None:
        return "by the judge alone"
    return f"{who}, {n_labelled:,} labelled record{'' if n_labelled == 1 else 's'}"


def verdicts_by(rests_on: str, n_labelled: int, left_out: str | None) -> str:
    """Return on whose verdicts a claim rests, to be put behind it; nothing where people labelled nothing."""
    if rests_on == "judge":
        return f", by the judge alone: {left_out.rstrip('.')}" if left_out else ""
    return f", {by_whom(rests_on, n_labelled)}"


def p_value(value: float | None) -> str:
    """Return a p value; very small ones as a bound."""
    if value is None:
        return ABSENT
    # 0.000 would say that chance is ruled out.
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def label(name: str, most: int = 20) -> str:
    """Return a name for a chart, where a long one would cover what it names."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def one_line(text: str, most: int | None = None) -> str:
    """Return a text without line breaks and control characters, at most `most` characters of it."""
    # Not only line breaks: a terminal obeys escape sequences in what a model wrote.
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if most is None or len(line) <= most else f"{line[: most - 2]} …"
