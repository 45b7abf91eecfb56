"""Rows of evaldrop's own keys and texts are read the same by the short way as by the general one."""

from dataclasses import asdict, replace
from itertools import chain, combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaldrop.datasets import fields
from evaldrop.datasets.checks import check
from evaldrop.datasets.fields import FieldMapping
from evaldrop.datasets.plain_rows import KEYS, plain_draft
from evaldrop.datasets.records import MAX_ID_CHARACTERS
from evaldrop.datasets.shapes.known import CANONICAL, recognise

SUBSETS = list(chain.from_iterable(combinations(KEYS, n) for n in range(1, len(KEYS) + 1)))
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["a <OR> b", "[1, 2]", '{"a": 1}', "A) ice B) fire", "a|b|c", "a\nb", "7", "\u00a0", "\x1f"]
    ),
    st.just("x" * (MAX_ID_CHARACTERS + 1)),
)
VALUES = st.one_of(TEXTS, TEXTS, TEXTS, st.none(), st.integers(), st.booleans(), st.lists(TEXTS, max_size=2))
_OTHERS = ("messages", "question", "A", "B", "choices", "metadata")
ROWS = st.one_of(
    st.dictionaries(st.sampled_from(KEYS), VALUES).map(lambda row: {"prompt": "Why?"} | row),
    st.dictionaries(st.sampled_from([*KEYS, *_OTHERS]), VALUES),
)


def generally(row):
    """Read a row by the general way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fields, "plain_draft", lambda _: None)
        return FieldMapping(None).read(row)


@given(ROWS)
@example({"prompt": "Why?", "reference": "a<OR>b"})
@example(
    {
        "id": "7",
        "prompt": "Why?",
        "system": "Be brief.",
        "context": "It is.",
        "reference": "So.",
        "group": "g",
    }
)
def test_a_row_is_the_same_record_or_has_the_same_faults_either_way(row):
    general, short = generally(dict(row)), FieldMapping(None).read(dict(row))
    assert (short.shape, short.found) == (general.shape, general.found)
    assert asdict(replace(short.draft, is_plain=False)) == asdict(general.draft)
    assert [*short.draft.told.items()] == [*general.draft.told.items()]
    (record, faults), (expected, expected_faults) = check(short.draft, line=3), check(general.draft, line=3)
    assert (record, faults) == (expected, expected_faults)
    if record is not None:
        assert record.model_fields_set == expected.model_fields_set


@pytest.mark.parametrize("keys", [keys for keys in SUBSETS if "prompt" in keys])
def test_texts_under_own_keys_alone_have_evaldrops_own_shape(keys):
    row = dict.fromkeys(keys, "a text")
    assert plain_draft(row) is not None
    assert recognise(row) is CANONICAL


@pytest.mark.parametrize("row", [
    {"id": "a"},
    {"prompt": "Why?", "question": "Why?"},
    {"prompt": "Why?", "reference": None},
    {"prompt": " "},
    {"prompt": ["Why?"]},
])  # fmt: skip
def test_other_rows_are_read_the_general_way(row):
    assert plain_draft(row) is None
