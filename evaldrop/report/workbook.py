"""`scorecard.xlsx`: what to ship and why, the scorecard, its pairs, and every response and verdict."""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.report.overview import overview_rows
from evaldrop.report.spreadsheet import COLUMNS, scorecard_rows
from evaldrop.scorecard.answers import silences
from evaldrop.scorecard.improved_prompts import improvement_in_words
from evaldrop.scorecard.model.pairwise import pairs_of
from evaldrop.scorecard.model.scorecard import Scorecard

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

# What a sheet and a cell of a workbook can hold.
MOST_ROWS = 1_048_575  # 1,048,576 with the header
MOST_CHARACTERS = 32_767

PAIR_COLUMNS = (
    "criterion", "a", "b", "n", "difference", "low", "high", "p_value", "p_adjusted", "minimum_detectable",
    "decisive", "better", "reason",
)  # fmt: skip
PREFERENCE_COLUMNS = (
    "candidate", "opponent", "n", "n_lost", "win_rate", "low", "high", "p_value", "p_adjusted", "decisive",
    "wins", "losses", "ties", "flip_rate", "first_shown_rate",
)  # fmt: skip
FAILURE_COLUMNS = (
    "criterion", "kind", "why", "n", "of", "records", "candidates", "terms", "record_ids",
)  # fmt: skip
# What is shown on the test part first; dev scores are what a prompt was chosen by, and no proof.
PROMPT_COLUMNS = (
    "candidate", "original", "decision", "n", "difference", "low", "high", "tokens_more",
    "usd_more_per_1000_records", "search_cost_usd", "dev_original_no_proof", "dev_chosen_no_proof", "by",
    "claim",
)  # fmt: skip
_TABLES = {
    "responses": None,
    # The raw replies are JSON for programs: the Parquet tables have them.
    "verdicts": (
        "record_id", "candidate", "criterion", "judge", "score", "passed", "unscored_reason", "rationale",
        "cost_usd", "repeat",
    ),
}  # fmt: skip

# Characters: a column is as wide as what it holds, within these.
_NARROWEST, _WIDEST = 8, 60
# A column of the overview serves several parts.
_WIDEST_IN_PARTS = 26
# Columns whose texts are read whole, line below line; a response may be pages long.
_WRAPPED = frozenset(("rationale", "why", "reason", "claim"))
# By the end of a column's name, the first that fits; a fraction stays one, as everywhere but in the report.
_NUMBERS = (
    (re.compile(r"cost_usd|USD"), "0.0000##"),
    (re.compile(r"latency_ms|p90 ms|_ms$"), "#,##0"),
    (re.compile(r"elo"), "0"),
    (re.compile(r"p_value|p_adjusted"), "0.0000"),
)
_WHOLE, _DECIMAL = "#,##0", "0.000"


def xlsx_report(scorecard: Scorecard, folder: str) -> bytes:
    """
    Return a workbook of a run; `folder` is where its tables lie.

    Raises:
        InputError: XlsxWriter is not installed.
        StorageError: A table cannot be read.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        # It comes with evaldrop; an installation without its dependencies lacks it.
        raise InputError(
            "a workbook needs XlsxWriter: pip install xlsxwriter. --format csv needs nothing."
        ) from error
    stream = io.BytesIO()
    # Text stays text: nothing in it becomes a formula, a link or a number. Rows are written as they come.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(stream, options) as book:
        sheets = _Sheets(book)
        sheets.write_overview(scorecard)
        sheets.write("scorecard", COLUMNS, scorecard_rows(scorecard))
        sheets.write("pairs", PAIR_COLUMNS, _pairs(scorecard))
        if preferences := list(_preferences(scorecard)):
            sheets.write("preferences", PREFERENCE_COLUMNS, preferences)
        if prompts := list(_prompts(scorecard)):
            sheets.write("prompts", PROMPT_COLUMNS, prompts)
        if failures := list(_failures(scorecard)):
            sheets.write("failures", FAILURE_COLUMNS, failures)
        for name, columns in _TABLES.items():
            sheets.write(name, *_table(name, columns, folder))
    return stream.getvalue()


def _pairs(scorecard: Scorecard) -> Iterator[Sequence[Any]]:
    for pair in scorecard.comparisons:
        low, high = pair.interval or (None, None)
        known = dict(pair) | {"low": low, "high": high}
        yield [known[column] for column in PAIR_COLUMNS]


def _preferences(scorecard: Scorecard) -> Iterator[Sequence[Any]]:
    found = pairs_of({name: card.pairwise for name, card in scorecard.candidates.items()})
    for (candidate, opponent), pair in found.items():
        low, high = pair.interval or (None, None)
        known = dict(pair) | {"low": low, "high": high, "candidate": candidate, "opponent": opponent}
        yield [known[column] for column in PREFERENCE_COLUMNS]


def _prompts(scorecard: Scorecard) -> Iterator[Sequence[Any]]:
    if silences(scorecard):
        return
    for name, made in scorecard.prompts.items():
        test, dev = made.test, made.dev
        low, high = test.interval or (None, None)
        yield (
            name, made.original, test.decision, test.n, test.difference, low, high, made.tokens_more,
            made.usd_more_per_1000_records, made.cost_usd.total, dev and dev.original, dev and dev.chosen,
            made.by, improvement_in_words(name, made),
        )  # fmt: skip


def _failures(scorecard: Scorecard) -> Iterator[Sequence[Any]]:
    for criterion, found in scorecard.failure_groups.items():
        for group in found.groups:
            candidates = ", ".join(f"{name}: {n}" for name, n in group.candidates.items())
            ids = ", ".join(group.record_ids) + (" …" if len(group.record_ids) < group.records else "")
            numbers = (group.n, found.read, group.records)
            terms = ", ".join(group.terms)
            yield (criterion, group.kind.replace("_", " "), group.label, *numbers, candidates, terms, ids)


def _table(
    name: str, columns: Sequence[str] | None, folder: str
) -> tuple[Sequence[str], Iterable[Sequence[Any]]]:
    from evaldrop.run.tables import ROWS_PER_GROUP, read_table

    table = read_table(storage.join(folder, f"{name}.parquet"))
    chosen = list(columns or table.column_names)
    batches = table.select(chosen).to_batches(max_chunksize=ROWS_PER_GROUP)
    return chosen, (tuple(row.values()) for batch in batches for row in batch.to_pylist())


class _Sheets:
    """Writes the sheets of a workbook, row by row."""

    def __init__(self, book: "Workbook") -> None:
        self._book = book
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def write(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write a sheet with a header that stays in sight and can be filtered by."""
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        bold = self._format(bold=True)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column, bold)
        # With room for the button that filters.
        widths = [len(column) + 3 for column in columns]
        number = 0
        for number, row in enumerate(rows, start=1):
            if number == MOST_ROWS:
                sheet.write_string(number, 0, "A sheet holds no more rows; the Parquet tables have them all.")
                break
            for place, value in enumerate(row):
                widths[place] = max(
                    widths[place], self._write_cell(sheet, number, place, value, columns[place])
                )
        sheet.autofilter(0, 0, max(1, number), len(columns) - 1)
        self._set_widths(sheet, widths)

    def write_overview(self, scorecard: Scorecard) -> None:
        """Write the sheet that is opened first."""
        sheet = self._book.add_worksheet("overview")
        widths: dict[int, int] = {}
        columns: Sequence[str] = ()
        for number, row in enumerate(overview_rows(scorecard)):
            columns = row.columns or columns
            style = self._format(bold=True, font_size=14 if row.kind == "title" else 11)
            for place, value in enumerate(row.cells):
                if row.kind == "cells":
                    width = self._write_cell(sheet, number, place, value, columns[place])
                    widths[place] = max(widths.get(place, 0), width)
                else:
                    # A sentence runs over the cells beside it.
                    sheet.write_string(number, place, str(value)[:MOST_CHARACTERS], style)
                    if row.kind == "header":
                        widths[place] = max(widths.get(place, 0), len(str(value)))
        sheet.freeze_panes(1, 0)
        # Sentences are last in their rows, and run over the cells beside them.
        found = [min(_WIDEST_IN_PARTS, widths.get(place, 0)) for place in range(max(widths, default=0) + 1)]
        self._set_widths(sheet, found)

    def _set_widths(self, sheet: "Worksheet", widths: Sequence[int]) -> None:
        for place, width in enumerate(widths):
            sheet.set_column(place, place, min(_WIDEST, max(_NARROWEST, width + 1)))

    def _write_cell(self, sheet: "Worksheet", row: int, place: int, value: Any, column: str) -> int:
        """Write a value; return how many characters wide it is."""
        # Before numbers: in Python true is 1.
        if isinstance(value, bool):
            sheet.write_boolean(row, place, value, self._format(valign="top"))
            return 5
        if isinstance(value, (int, float)):
            sheet.write_number(
                row, place, value, self._format(valign="top", num_format=_shown_as(column, value))
            )
            return len(f"{value:,.6g}")
        if value is None:
            return 0
        text = str(value)
        cut = text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
        wraps = column in _WRAPPED
        sheet.write_string(row, place, cut, self._format(valign="top", text_wrap=wraps))
        return max(map(len, cut.splitlines()), default=0)

    def _format(self, **properties: Any) -> "Format":
        # A workbook holds some thousands of formats: each is made once.
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]


def _shown_as(column: str, value: float) -> str:
    for pattern, shown in _NUMBERS:
        if pattern.search(column):
            return shown
    return _WHOLE if float(value).is_integer() else _DECIMAL
