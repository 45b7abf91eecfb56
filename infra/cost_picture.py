"""The picture of docs/costs.md: what a run costs against its records, as an SVG."""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 84, 150, 40, 52
COLOURS = ("#1f4e79", "#b3541e", "#4d7c3a", "#7a4fa3")
NEAREST = 16
"""Between two lines' names, in pixels."""


def cost_picture(records: Sequence[int], costs: Mapping[str, Sequence[float]]) -> str:
    """
    Return lines of US dollars against records, both axes by powers of ten.

    Args:
        records: Ascending, from 1.
        costs: Of each kind, in USD above 0, one for each number of records.
    """
    every = [amount for amounts in costs.values() for amount in amounts]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    first, last = math.log10(records[0]), math.log10(records[-1])

    def x(number: float) -> float:
        return LEFT + (math.log10(number) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(amount: float) -> float:
        return HEIGHT - BOTTOM - (math.log10(amount) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    drawn = [_text(LEFT, TOP - 18, "US dollars, likely", "start")]
    for power in range(low, high + 1):
        drawn.append(_rule(LEFT, y(10**power), WIDTH - RIGHT, y(10**power)))
        drawn.append(_text(LEFT - 8, y(10**power) + 4, f"{10.0**power:,.{max(-power, 0)}f}", "end"))
    for number in records:
        drawn.append(_rule(x(number), TOP, x(number), HEIGHT - BOTTOM))
        drawn.append(_text(x(number), HEIGHT - BOTTOM + 18, f"{number:,}", "middle"))
    drawn.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "records", "middle"))
    below = -math.inf
    for (name, amounts), colour in sorted(
        zip(costs.items(), COLOURS, strict=False), key=lambda one: -one[0][1][-1]
    ):
        points = " ".join(f"{x(n):.1f},{y(amount):.1f}" for n, amount in zip(records, amounts, strict=True))
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        below = max(y(amounts[-1]) + 4, below + NEAREST)
        drawn.append(_text(x(records[-1]) + 8, below, name, "start", colour))
    described = "What a run costs against its number of records, by whom it is paid to"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{described}" font-family="sans-serif" font-size="13">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#333333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _rule(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="#e2e2e2"/>'
