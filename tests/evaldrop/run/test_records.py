"""Texts kept once: what is told whole again is what was there, whatever the texts are."""

from hypothesis import given
from hypothesis import strategies as st

from evaldrop.run.records import SHORTEST, share_texts, with_texts_restored

LONG, OTHER = "l" * SHORTEST, "o" * SHORTEST + "é"


def calls(*before):
    asked = [{"judge": "j", "before": text, "after": "."} for text in before]
    return {"record_id": "r", "judgements": asked, "comparisons": asked[:1]}


def test_a_long_text_stands_once_and_requests_point_at_it():
    shared = share_texts(calls(f"a{LONG}b{OTHER}c", f"{LONG}"), {"context": LONG, "reference": [OTHER, "s"]})
    assert shared["texts"] == [OTHER, LONG]
    assert shared["judgements"] == [
        {"judge": "j", "lead": ["a", 1, "b", 0], "before": "c", "after": "."},
        {"judge": "j", "lead": ["", 1], "before": "", "after": "."},
    ]
    assert shared["comparisons"] == shared["judgements"][:1]


def test_a_request_without_a_long_text_stays_as_it_is():
    assert share_texts(calls("short"), {"context": LONG})["judgements"] == calls("short")["judgements"]


def test_calls_that_share_nothing_are_told_as_they_are():
    whole = calls("short")
    assert with_texts_restored(whole) is whole


PIECES = st.lists(st.sampled_from([LONG, OTHER, LONG[:-1], "x", "", "o"]), max_size=6).map("".join)


@given(before=st.lists(PIECES, min_size=1, max_size=3))
def test_nothing_changes_by_being_shared(before):
    shared = share_texts(calls(*before), {"a": LONG, "b": {"c": [OTHER]}, "n": 1, "again": LONG})
    assert with_texts_restored(shared) == calls(*before)
