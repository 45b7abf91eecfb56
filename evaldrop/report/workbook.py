"""`scorecard.xlsx`: the scorecard, its pairs, and every response and verdict, for a spreadsheet program."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.report.spreadsheet import COLUMNS, scorecard_rows
from evaldrop.scorecard.model.pairwise import pairs_of
from evaldrop.scorecard.model.scorecard import Scorecard

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook, Worksheet

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
_TABLES = {
    "responses": None,
    # The raw replies are JSON for programs: the Parquet tables have them.
    "verdicts": (
        "record_id", "candidate", "criterion", "judge", "score", "passed", "unscored_reason", "rationale",
        "cost_usd", "repeat",
    ),
}  # fmt: skip


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
        raise InputError(
            "a workbook needs XlsxWriter: pip install 'evaldrop[xlsx]'. --format csv needs nothing."
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
        _write(book, "scorecard", COLUMNS, scorecard_rows(scorecard))
        _write(book, "pairs", PAIR_COLUMNS, _pairs(scorecard))
        if preferences := list(_preferences(scorecard)):
            _write(book, "preferences", PREFERENCE_COLUMNS, preferences)
        for name, columns in _TABLES.items():
            _write_table(book, name, columns, folder)
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


def _write_table(book: "Workbook", name: str, columns: Sequence[str] | None, folder: str) -> None:
    from evaldrop.run.tables import ROWS_PER_GROUP, read_whole

    table = read_whole(storage.read_bytes(storage.join(folder, f"{name}.parquet")))
    chosen = list(columns or table.column_names)
    batches = table.select(chosen).to_batches(max_chunksize=ROWS_PER_GROUP)
    rows = (tuple(row.values()) for batch in batches for row in batch.to_pylist())
    _write(book, name, chosen, rows)


def _write(book: "Workbook", name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column, bold)
    number = 0
    for number, row in enumerate(rows, start=1):
        if number == MOST_ROWS:
            sheet.write_string(number, 0, "A sheet holds no more rows; the Parquet tables have them all.")
            break
        for place, value in enumerate(row):
            _write_cell(sheet, number, place, value)
    sheet.autofilter(0, 0, max(1, number), len(columns) - 1)


def _write_cell(sheet: "Worksheet", row: int, column: int, value: Any) -> None:
    # Before numbers: in Python true is 1.
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, (int, float)):
        sheet.write_number(row, column, value)
    elif value is not None:
        text = str(value)
        cut = text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
        sheet.write_string(row, column, cut)
