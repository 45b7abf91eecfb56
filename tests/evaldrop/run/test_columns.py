"""Columns of tables as numpy's arrays: sliced, in chunks, with and without nulls, and without pandas."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.run.columns import are_among, codes, hold, is_known, is_true, numbers


def chunked(values, cuts, kind):
    """Values as a column in chunks that are slices of longer ones."""
    ends = sorted({0, len(values), *(cut for cut in cuts if cut < len(values))})
    chunks = [
        pa.array([None, *values[start:end], None], kind).slice(1, end - start)
        for start, end in pairwise(ends)
    ]
    return pa.chunked_array(chunks, kind)


CUTS = st.lists(st.integers(0, 20), max_size=3)


@given(st.lists(st.floats(allow_nan=False) | st.none(), max_size=20), CUTS)
def test_floats_come_with_nan_for_null(values, cuts):
    found = numbers(chunked(values, cuts, pa.float64()))
    np.testing.assert_array_equal(found, [np.nan if value is None else value for value in values])


@given(st.lists(st.integers(-5, 5), max_size=20), CUTS)
def test_integers_come_as_they_are(values, cuts):
    assert numbers(chunked(values, cuts, pa.int64())).tolist() == values


@given(st.lists(st.booleans() | st.none(), max_size=20), CUTS)
def test_truths_and_what_is_known(values, cuts):
    column = chunked(values, cuts, pa.bool_())
    assert is_true(column).tolist() == [value is True for value in values]
    assert is_known(column).tolist() == [value is not None for value in values]


@given(st.lists(st.sampled_from(["Äb", "b", "", "äB c"]) | st.none(), max_size=20), CUTS)
def test_texts_are_found_whole_and_in_part(values, cuts):
    column = chunked(values, cuts, pa.string())
    assert are_among(column, ["b", ""]).tolist() == [value in ("b", "") for value in values]
    assert hold(column, "äb").tolist() == ["äb" in (value or "").lower() for value in values]


@given(st.lists(st.sampled_from(["lite", "haiku", "x"]), max_size=20), CUTS)
def test_texts_are_numbered(values, cuts):
    names, places = codes(chunked(values, cuts, pa.string()))
    assert [names[place] for place in places] == values


def test_an_int32_column_is_read():
    assert numbers(pa.chunked_array([[1, 2]], pa.int32())).tolist() == [1, 2]
    with pytest.raises(KeyError):
        numbers(pa.chunked_array([["a"]], pa.string()))


def test_a_page_of_records_imports_no_pandas():
    """It would take longer than the page."""
    code = """
import sys
from itertools import pairwise
from evaldrop.report import browsing, record_filter, records_page
import numpy as np, pyarrow as pa
from evaldrop.run.columns import are_among, codes, hold, is_known, is_true, numbers
text = pa.lib.StringBuilder()
text.append_values(["a", "b"])
column = pa.chunked_array([text.finish()])
are_among(column, ["a"]), codes(column), hold(column, "a"), is_known(column)
places = np.array([1, 0])
rows = pa.table({"x": column}).take(pa.Array.from_buffers(pa.int64(), 2, [None, pa.py_buffer(places)]))
rows.to_pylist()
numbers(pa.chunked_array([pa.Array.from_buffers(pa.int64(), 2, [None, pa.py_buffer(places)])]))
sys.exit("pandas" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
