"""Preferences in tables: on narrow terminals, in Markdown, CSV, a workbook and the history."""

import csv
import io

import pytest
from rich.console import Console

from evaldrop.cli.tables.scorecard import print_scorecard
from evaldrop.evaluation import Pairwise
from evaldrop.report.columns import MARKDOWN, PAGE, TERMINAL, text_of
from evaldrop.report.markdown import markdown_report
from evaldrop.report.preferences import preference_pairs, preferences
from evaldrop.report.spreadsheet import COLUMNS, csv_report
from evaldrop.scorecard.figures import percent_interval
from evaldrop.steps.build_scorecard.preferences.strengths import strengths
from tests.evaldrop.steps.build_scorecard.preferences.test_estimates import column
from tests.evaldrop.steps.build_scorecard.preferences.test_words import run


def with_strengths(pairs):
    known = run(pairs)
    columns = {pair: {"j": column(said)} for pair, said in pairs.items()}
    found = strengths(columns, list(known.candidates), Pairwise(all_pairs=True), None, 0.95)
    return known.model_copy(update={"strengths": found})


THREE = {("a", "b"): "w" * 40 + "l" * 10, ("a", "c"): "w" * 26 + "l" * 24, ("b", "c"): "l" * 40 + "w" * 10}
MANY = {
    (f"candidate-{one:02}", f"candidate-{other:02}"): "wwt" * 10 + "l" * (one + other)
    for one in range(12)
    for other in range(one + 1, 12)
}


def printed(scorecard, width):
    console = Console(file=io.StringIO(), width=width)
    print_scorecard(console, scorecard)
    return console.file.getvalue().splitlines()


def cells(table, medium):
    columns = table.columns_in(medium)
    return [[text_of(cell) for cell in row] for row in zip(*(one.cells for one in columns), strict=True)]


def test_a_row_for_each_candidate_and_one_for_each_pair():
    known = with_strengths(THREE)
    rows = cells(preferences(known), TERMINAL)
    assert [row[:2] for row in rows] == [["a", "66 %"], ["b", "20 %"], ["c", "64 %"]]
    assert rows[0][2] == "54–77 %"
    assert [row[4] for row in rows] == ["66 / 34 / 0", "20 / 80 / 0", "64 / 36 / 0"]
    assert rows[0][-1].startswith("1084 (1017 to ")
    pairs = cells(preference_pairs(known), PAGE)
    assert [(row[0], row[1], row[-1]) for row in pairs] == [
        ("a, b", "80 %", "a is preferred"),
        ("a, c", "52 %", "not\u00a0decided"),
        ("b, c", "20 %", "c is preferred"),
    ]


def test_a_decision_stands_beside_the_interval_that_decides_it():
    pairs = preference_pairs(known := with_strengths(THREE))
    one = known.candidates["a"].pairwise.by_baseline["b"]
    assert one.family_interval[0] < one.interval[0]
    assert cells(pairs, PAGE)[0][2] == percent_interval(one.family_interval)


def test_over_a_single_opponent_there_is_one_table_with_the_decision():
    known = run({("haiku", "lite"): "w" * 66 + "l" * 40 + "t" * 14})
    assert [row[-1] for row in cells(preferences(known), PAGE)] == ["haiku is preferred"] * 2
    assert len(preference_pairs(known)) == 0
    assert "Preferences by pair" not in markdown_report(known)


@pytest.mark.parametrize("medium", [TERMINAL, MARKDOWN, PAGE])
def test_no_two_columns_have_one_heading(medium):
    for table in (preferences(with_strengths(THREE)), preference_pairs(run(THREE))):
        headings = [one.heading for one in table.columns_in(medium)]
        assert len(set(headings)) == len(headings)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_twelve_candidates_fit_a_terminal_and_their_66_pairs_are_elsewhere(width):
    lines = printed(with_strengths(MANY), width)
    rows = [line for line in lines if line.startswith("candidate-") and " to " in line]
    assert len(rows) in (0, 12)
    assert width < 80 or len(rows) == 12, "win rate and Elo of each"
    assert any(line.startswith("66 pairs: all pairs are in summary.md") for line in lines)
    assert all(len(line) <= width for line in lines if line.startswith("candidate-"))


def test_few_pairs_are_printed():
    assert sum(line.startswith(("a, b", "a, c", "b, c")) for line in printed(with_strengths(THREE), 80)) == 3


def test_unread_pairs_have_a_column_where_there_are_any():
    unread = run({("a", "b"): "w" * 30 + "?" * 4})
    assert "not read" in [one.heading for one in preferences(unread).columns_in(TERMINAL)]
    assert "not read" not in [one.heading for one in preferences(run(THREE)).columns_in(TERMINAL)]


def test_a_summary_has_them_and_cuts_a_long_list_of_pairs():
    text = markdown_report(with_strengths(MANY))
    assert "**Preferences**" in text
    assert "Elo" in text
    assert "… and 26 more; scorecard.json has them all." in text


def test_a_csv_has_a_row_for_each_win_rate():
    rows = list(csv.DictReader(io.StringIO(csv_report(with_strengths(THREE)).lstrip("\ufeff"))))
    assert set(rows[0]) == set(COLUMNS)
    rates = {
        (row["candidate"], row["criterion"]): row for row in rows if row["criterion"].startswith("win_rate")
    }
    assert len(rates) == 3 + 6
    over = rates["a", "win_rate over b"]
    assert [over[key] for key in ("mean", "n_scored", "wins", "losses", "ties", "decided")] == [
        "0.8", "50", "40", "10", "0", "True",
    ]  # fmt: skip
    assert float(over["low"]) < 0.8 < float(over["high"])
    assert float(rates["a", "win_rate"]["elo_low"]) < float(rates["a", "win_rate"]["elo"])
    assert over["elo"] == ""
