"""Tables on narrow terminals: names stay whole as long as they can, numbers always."""

import io

import pytest
from rich.console import Console

from evaldrop.cli.tables.scorecard import print_scorecard
from evaldrop.cli.tables.terminal import draw_interval, fitted_table, fitting, taken, width_of
from evaldrop.report.columns import Column, Words, words
from evaldrop.scorecard.read import read_run
from tests.browser.pages import write_varied

NAME = words("candidate", ["a-name-of-twenty-two-c", "b"])
NUMBER = Column("n", ["1,000,000", "2"])
LESS = Column("p90", ["100 ms", "200 ms"], rank=1)
LEAST = words("model", ["us.amazon.nova-lite-v1:0", "m"], rank=2)


@pytest.mark.parametrize(("width", "titles"), [
    (67, ["candidate", "n", "p90", "model"]),
    (66, ["candidate", "n", "p90"]),
    (41, ["candidate", "n", "p90"]),
    (40, ["candidate", "n"]),
    (10, ["candidate", "n"]),
])  # fmt: skip
def test_the_least_telling_columns_go_first(width, titles):
    kept = fitting([NAME, NUMBER, LESS, LEAST], width)
    assert [column.heading for column in kept] == titles
    assert taken(kept) <= max(width, 33)


def test_a_name_is_cut_where_nothing_else_can_go_and_a_number_never():
    console = Console(file=io.StringIO(), width=24)
    console.print(fitted_table([NAME, NUMBER], 24))
    lines = console.file.getvalue().splitlines()
    assert lines[1] == "a-name-o…wo-c  1,000,000"
    assert max(map(len, lines)) == 24


def test_a_tone_takes_no_room():
    column = words("decision", [(Words("regressed", "bad"),), (Words("undecided", "muted"),)])
    assert width_of(column) == len("regressed")


@pytest.fixture(scope="module")
def scorecard(tmp_path_factory):
    return read_run(write_varied(tmp_path_factory.mktemp("runs") / "support" / "run-1")).scorecard


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_a_scorecard_keeps_names_bars_and_rates_at_any_width(scorecard, width):
    console = Console(file=io.StringIO(), width=width)
    print_scorecard(console, scorecard)
    text = console.file.getvalue()
    lines = [line for line in text.splitlines() if line.startswith(("lite ", "haiku "))]
    rows = [line for line in lines if "●" in line]
    assert len(rows) == 4, "one per criterion and candidate"
    assert all("%" in row and len(row) <= width for row in rows)
    assert "…" not in "".join(lines)
    for model in ("us.amazon.nova-lite-v1:0", "us.anthropic.claude-haiku-4-5-20251001-v1:0"):
        assert model in text


@pytest.mark.parametrize("width", [14, 30])
@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_a_bar_is_as_wide_as_its_room(rate, width):
    drawn = draw_interval(rate, (max(0.0, rate - 0.1), min(1.0, rate + 0.1)), width)
    assert len(drawn) == width
    assert drawn.index("●") == round(rate * (width - 1))
