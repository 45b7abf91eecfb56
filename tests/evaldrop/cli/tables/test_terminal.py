"""Tables on narrow terminals: names stay whole as long as they can, numbers always."""

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.layout import cut_apart, fitting, folded, rooms, taken, width_of
from evaldrop.cli.tables.scorecard import print_scorecard
from evaldrop.cli.tables.terminal import draw_interval, print_table
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


def test_a_name_goes_on_several_lines_where_nothing_else_can_go_and_a_number_never():
    console = Console(file=io.StringIO(), width=24)
    print_table(console, [NAME, NUMBER])
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert lines[1:3] == ["a-name-of-     1,000,000", "twenty-two-c"]
    assert max(map(len, lines)) == 24


def test_what_has_no_room_at_all_is_not_cut():
    console = Console(file=io.StringIO(), width=10)
    print_table(console, [NAME, NUMBER])
    assert "1,000,000" in console.file.getvalue()


def test_the_widest_gives_way_first_and_a_column_that_never_breaks_does_not():
    run, sentence = words("run", ["r" * 30], wrap="never"), words("why", ["so " * 20])
    assert rooms([run, sentence, NUMBER], 60) == [30, 17, 9]
    assert rooms([sentence, words("category", ["billing and payments"]), NUMBER], 44) == [15, 16, 9]


@pytest.mark.parametrize(("text", "lines"), [
    ("claude-haiku-4-5", ["claude-", "haiku-4-5"]),
    ("answer 12,345.67", ["answer", "12,345.67"]),
    ("version-v1.25.30", ["version-", "v1.25.30"]),
    ("\u4f60\u597d\u4e16\u754c\u4f60\u597d", ["\u4f60\u597d\u4e16\u754c\u4f60", "\u597d"]),
])  # fmt: skip
def test_a_text_in_a_column_breaks_between_words_and_else_behind_a_separator(text, lines):
    assert folded(text, 11) == lines


def test_names_are_cut_where_they_are_alike():
    names = ["a-long-beginning-one-with-the-same-end", "a-long-beginning-two-with-the-same-end"]
    cut = cut_apart(names, 24)
    assert len(set(cut)) == 2
    assert all(len(name) <= 24 and "\u2026" in name for name in cut)
    assert cut_apart(["a" * 20 + middle + "b" * 20 for middle in "xy"], 12) is None
    assert cut_apart(["short", "\u77ed\u3044"], 12) is None, "characters are no cells"


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


def crowded(scorecard, candidates):
    """Return the scorecard with so many candidates and five criteria, all of long names without a digit."""
    models = list(scorecard.candidates.values())
    criteria = {
        f"a-criterion-with-a-long-name-{'abcde'[n]}": next(iter(scorecard.criteria.values()))
        for n in range(5)
    }
    cards = {}
    for n in range(candidates):
        card = models[n % len(models)]
        estimate = next(iter(card.criteria.values()))
        name = f"nova-premier-with-a-rather-long-name-{'abcdefghijkl'[n]}"
        cards[name] = card.model_copy(update={"criteria": dict.fromkeys(criteria, estimate)})
    return scorecard.model_copy(
        update={"candidates": cards, "criteria": criteria, "comparisons": (), "recommendation": None}
    )


def drawn(scorecard, width):
    console = Console(file=io.StringIO(), width=width)
    print_scorecard(console, scorecard)
    return console.file.getvalue()


def numbers(text):
    return set(re.findall(r"(?<![\w.,])\d[\d.,/]*\d|\d", text))


@pytest.mark.parametrize("candidates", [6, 12])
@pytest.mark.parametrize("width", [80, 120, 200])
def test_no_number_is_broken_however_many_and_long_the_names(scorecard, candidates, width):
    crowd = crowded(scorecard, candidates)
    text, wide = drawn(crowd, width), drawn(crowd, 400)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert numbers(text) <= numbers(wide), "a piece of a number is none of them"
    # What is not there is said: which columns had no room.
    hidden = " ".join(text.split()).partition("no room here for: ")[2].partition(". A wider")[0]
    gone = numbers(wide) - numbers(text)
    assert bool(hidden) >= bool(gone)
    for name in crowd.candidates:
        rows = [line for line in text.splitlines() if line.startswith(name) and "●" in line]
        assert len(rows) == 5, "whole, once for each criterion"
        estimate = next(iter(crowd.candidates[name].criteria.values()))
        assert all(f"{estimate.mean:.2f}" in row and f"{estimate.n_scored}/" in row for row in rows)


def test_a_sentence_breaks_between_words_and_its_further_lines_are_indented():
    console = Console(file=io.StringIO(), width=24)
    print_prose(console, "better by 0.06 to 0.22; undecided", indent=2)
    assert console.file.getvalue() == "  better by 0.06 to\n  0.22; undecided\n"
    log = Console(file=io.StringIO(), width=24, soft_wrap=True)
    print_prose(log, "better by 0.06 to 0.22; undecided", indent=2)
    assert log.file.getvalue() == "  better by 0.06 to 0.22; undecided\n"
