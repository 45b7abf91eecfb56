"""A table is described once; each medium draws the columns that are its own."""

from rich.console import Console

from evaldrop.cli.tables.terminal import print_table
from evaldrop.report.charts import Dot
from evaldrop.report.columns import MARKDOWN, PAGE, TERMINAL, Column, Table, Words, text_of, words
from evaldrop.report.page import template
from evaldrop.report.tables.operations import operations
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard

TABLE = Table(
    title="Changes",
    columns=[
        words("candidate", ["<lite>", "haiku"]),
        Column("share", [Dot(at=50, low=None, high=None, tone="open"), None], PAGE, "plot"),
        Column("p", ["<0.001", "–"]),
        words("decision", [(Words("haiku", "strong"), Words("is better")), "open"], PAGE | TERMINAL),
    ],
)


def test_a_medium_shows_its_columns_in_the_tables_order():
    shown = {
        medium: [column.heading for column in TABLE.columns_in(medium)] for medium in (TERMINAL, MARKDOWN)
    }
    assert shown == {TERMINAL: ["candidate", "p", "decision"], MARKDOWN: ["candidate", "p"]}
    assert len(TABLE) == 2


def test_a_page_escapes_what_it_shows_and_marks_what_is_strong():
    page = template("report/parts.html.j2").module.table(TABLE)
    assert '<th scope="row">&lt;lite&gt;</th>' in page
    assert '<td class="words"><b>haiku</b> is better</td>' in page
    assert page.count("<circle") == 1


def test_a_terminal_shows_the_text_of_every_part():
    console = Console(width=80)
    with console.capture() as caught:
        print_table(console, TABLE.columns_in(TERMINAL))
    assert caught.get().splitlines()[1].split() == ["<lite>", "<0.001", "haiku", "is", "better"]
    assert text_of(None) == ""


def test_no_two_columns_of_a_medium_have_one_heading():
    table = operations(scorecard({"lite": card((0.5, 0.7))}))
    for medium in (TERMINAL, MARKDOWN, PAGE):
        headings = [column.heading for column in table.columns_in(medium)]
        assert len(set(headings)) == len(headings)
