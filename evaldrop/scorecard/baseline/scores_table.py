"""`scores.parquet`: a run's scores by record, small enough to be read whole when a later run is compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.run.ordinals import ORDINAL
from evaldrop.run.tables import read_table
from evaldrop.scorecard.results import CandidateResult
from evaldrop.scorecard.scores import NOT_APPLICABLE

SCORES_FILE = "scores.parquet"
SKIPPED = "skipped"
"""The column that tells which records were not begun, for the budget was spent."""
# A column each; records may bring thousands of criteria of their own.
MOST_CRITERIA = 100

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]
Places = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]

_SCORE, _LOST = "score_", "lost_"
_FIXED = [
    ("record_id", pa.string()), ("category", pa.string()), ("group", pa.string()),
    ("candidate", pa.string()), ("answered", pa.bool_()), ("latency_ms", pa.float64()),
    ("cost_usd", pa.float64()),
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScores:
    """
    A run's scores. Matrices have shape (records, candidates), NaN where there is no number.

    Attributes:
        record_ids: Shape (records,).
        categories: Index into `category_names`, -1 for none; shape (records,).
        groups: Each record's cluster, None when no record has a group; shape (records,).
        scores: By criterion; unscored verdicts are NaN whatever the evaluation counts them as.
        lost: By criterion: where a score should be and is not, because there was no response, or no verdict
            that can be read. Elsewhere NaN means that the question does not apply. Without a criterion where
            the file, of an earlier version, does not tell.
    """

    record_ids: pa.Array
    candidates: Sequence[str]
    categories: Codes
    category_names: Sequence[str]
    groups: Codes | None
    answered: Flags
    latency_ms: Floats
    cost_usd: Floats
    scores: Mapping[str, Floats]
    lost: Mapping[str, Flags]


def score_schema(criteria: Sequence[str]) -> pa.Schema:
    """Return the columns of `scores.parquet` in a run with these criteria."""
    kept = kept_criteria(criteria)
    scores = [(f"{_SCORE}{name}", pa.float64()) for name in kept]
    lost = [(f"{_LOST}{name}", pa.bool_()) for name in kept]
    return pa.schema([*_FIXED, *scores, *lost, (ORDINAL, pa.int64()), (SKIPPED, pa.bool_())])


def kept_criteria(criteria: Sequence[str]) -> list[str]:
    """Return the criteria that have a column."""
    return list(criteria)[:MOST_CRITERIA]


def score_column(criterion: str) -> str:
    """Return the name of the column of a criterion's scores."""
    return f"{_SCORE}{criterion}"


def lost_column(criterion: str) -> str:
    """Return the name of the column that tells where a criterion's score should be and is not."""
    return f"{_LOST}{criterion}"


def score_row(
    result: CandidateResult, criteria: Sequence[str], *, ordinal: int, is_skipped: bool
) -> tuple[Any, ...]:
    """
    Return a row of `scores.parquet`.

    Args:
        result: What came of a record and a candidate.
        criteria: Those that have a column.
        ordinal: The record's.
        is_skipped: Whether the record was not begun, for the budget was spent.
    """
    row, scores = result.response, result.scores
    found = [scores.get(name) for name in criteria]
    return (
        row.record_id,
        row.category,
        row.group,
        row.candidate,
        row.response is not None,
        row.latency_ms,
        row.cost_usd,
        # Lost verdicts counted as the worst are left out: between two runs each would be a regression.
        *(None if score is None or score.reason is not None else score.score for score in found),
        *(score is not None and score.reason not in (None, NOT_APPLICABLE) for score in found),
        ordinal,
        is_skipped,
    )


def read_scores(folder: str) -> KeptScores:
    """
    Read the scores of a run.

    Raises:
        StorageError: The run has none, or they are not what a run writes.
    """
    uri = storage.join(folder, SCORES_FILE)
    try:
        # From memory: the folder may be in S3, which `storage` alone reads.
        table = read_table(uri)
    except pa.ArrowInvalid as error:
        raise StorageError(
            f"{uri}: not a table of scores ({error}). `evaldrop report --rebuild` makes it anew."
        ) from error
    candidates = _candidates(table, uri)
    shape = (-1, max(1, len(candidates)))
    places = np.arange(0, table.num_rows, shape[1], dtype=np.int64)
    # Not pa.array: it imports pandas.
    first = table.take(pa.Array.from_buffers(pa.int64(), places.size, [None, pa.py_buffer(places)]))
    categories, names = _codes(first, "category")
    groups, group_names = _codes(first, "group")
    return KeptScores(
        record_ids=first.column("record_id").combine_chunks(),
        candidates=candidates,
        categories=categories,
        category_names=names,
        # A record without a group is a cluster of its own.
        groups=np.where(groups < 0, -1 - np.arange(groups.size, dtype=np.int32), groups)
        if group_names
        else None,
        answered=_column(table, "answered").reshape(shape).astype(bool),
        latency_ms=_column(table, "latency_ms").reshape(shape),
        cost_usd=_column(table, "cost_usd").reshape(shape),
        scores={name: values.reshape(shape) for name, values in _columns(table, _SCORE).items()},
        lost={name: values.reshape(shape).astype(bool) for name, values in _columns(table, _LOST).items()},
    )


def places_of(records: KeptScores, among: KeptScores) -> Codes:
    """Return where each record is in another run, -1 where it is not; shape (records,)."""
    # Imported here: only a run with a baseline needs it.
    import pyarrow.compute as pc

    found = pc.index_in(records.record_ids, value_set=among.record_ids)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int32)


def _candidates(table: pa.Table, uri: str) -> list[str]:
    # Every record has a row per candidate, always in one order.
    # Kept in order: sorted names would put every column under another candidate.
    names = list(dict.fromkeys(table.column("candidate").unique().to_pylist()))
    # Reshaped all the same, every later record would be shifted by a candidate.
    if names and table.num_rows % len(names):
        raise StorageError(
            f"{uri}: {table.num_rows} rows are not the same number for each of {len(names)} candidates"
        )
    return names


def _codes(table: pa.Table, name: str) -> tuple[Codes, list[str]]:
    encoded = table.column(name).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.asarray(codes, dtype=np.int32), encoded.dictionary.to_pylist()


def _columns(table: pa.Table, prefix: str) -> dict[str, Floats]:
    """Return the columns of all criteria by the criterion's name."""
    return {
        name.removeprefix(prefix): _column(table, name)
        for name in table.column_names
        if name.startswith(prefix)
    }


def _column(table: pa.Table, name: str) -> Floats:
    return np.asarray(table.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)
