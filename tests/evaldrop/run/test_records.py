"""Texts kept once: what is told whole again is what was there, whatever the texts are."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.errors import StorageError
from evaldrop.run.records import RECORDS_FILE, prepared_records, share_texts, with_texts_restored

LONG, OTHER = "l" * 2_000, "o" * 2_000 + "é"


def size(content):
    return len(json.dumps(content))


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


def test_a_request_without_a_shared_text_stays_as_it_is():
    assert share_texts(calls("short"), {"context": LONG})["judgements"] == calls("short")["judgements"]


@pytest.mark.parametrize("length", [100, 1_500, 1_999, 2_000, 3_000])
def test_what_is_kept_once_is_decided_by_what_it_saves(length):
    """Sixty requests about 1,500 characters took more room than sixty about 3,000."""
    text = "t" * length
    shared = share_texts(
        calls(*(f"Read this:\n{text}\nIs it so, {n}?" for n in range(60))), {"context": text}
    )
    assert size(shared) < length + 60 * 100
    assert shared["texts"][0] == text


def test_a_text_that_one_request_holds_is_not_moved():
    assert share_texts({**calls(), "judgements": calls(LONG)["judgements"]}, {"context": LONG})["texts"] == []


def test_what_a_judges_prompt_says_around_a_records_texts_is_kept_once_too():
    prompt = "You are exact and impartial. " * 40
    whole = calls(*(f"{prompt}{LONG}. Now: is it so, {n}?" for n in range(9)))
    shared = share_texts(whole, {"context": LONG})
    assert set(shared["texts"]) == {LONG, prompt}
    assert with_texts_restored(shared) == whole


def test_repeats_and_what_stands_behind_the_response_are_kept_once():
    """A prompt may show its criteria and the record after the response."""
    ask = {
        "judge": "j",
        "before": "Here it is:\n",
        "after": f"\nIt was asked: {LONG}\nIs it right? " + "Think. " * 9,
    }
    whole = {"record_id": "r", "judgements": [{**ask, "repeat": n} for n in range(5)], "comparisons": []}
    shared = share_texts(whole, {"prompt": LONG})
    assert size(shared) < len(LONG) + 1_000
    assert all(len(each["lead"]) > 1 and len(each["tail"]) > 1 for each in shared["judgements"])
    assert with_texts_restored(shared) == whole


def test_constants_that_repeats_bring_are_kept_once():
    ask = {"judge": "j", "request_key": "j/1", "call": {"tool": "x" * 999}, "before": "a", "after": "b"}
    other = {**ask, "request_key": "j/2"}
    whole = {"record_id": "r", "judgements": [ask, other, ask], "comparisons": []}
    shared = share_texts(whole, {})
    assert shared["constants"] == {"j/1": ask["call"]}
    assert [("call" in each) for each in shared["judgements"]] == [False, True, False]
    assert with_texts_restored(shared) == whole


def test_ten_thousand_texts_of_a_record_are_looked_for_in_no_time():
    values = {f"c{n}": f"value {n} of a column that no prompt shows" for n in range(10_000)}
    whole = calls(*(f"{LONG} {n}" for n in range(50)))
    assert with_texts_restored(share_texts(whole, {**values, "context": LONG})) == whole


def test_calls_that_share_nothing_are_told_as_they_are():
    whole = calls("short")
    assert with_texts_restored(whole) is whole


PIECES = st.lists(st.sampled_from([LONG, OTHER, LONG[:-1], "x", "", "o"]), max_size=6).map("".join)


@given(asked=st.lists(st.tuples(PIECES, PIECES), min_size=1, max_size=4))
def test_nothing_changes_by_being_shared(asked):
    requests = [{"judge": "j", "before": before, "after": after} for before, after in asked]
    whole = {"record_id": "r", "judgements": requests * 2, "comparisons": requests[:1]}
    shared = share_texts(whole, {"a": LONG, "b": {"c": [OTHER]}, "n": 1, "again": LONG})
    assert with_texts_restored(shared) == whole
    assert size(shared) <= size(whole) + 20


@pytest.mark.parametrize(
    "line",
    ["[" * 5_000, "[1]", "null", "5", "{}", "9" * 5_000, '{"record_id": "a", "prompt": "b", "calls": []}'],
)
def test_a_line_that_is_no_prepared_record_is_told_with_its_place(tmp_path, line):
    (tmp_path / RECORDS_FILE).write_text("\n" + line + "\n")
    with pytest.raises(StorageError, match=r"records\.jsonl line 2: no prepared record"):
        list(prepared_records(str(tmp_path)))
