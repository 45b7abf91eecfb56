"""JSON is read as judges write it, and a cut reply is never completed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.verdicts.loose_json import TWICE, json_value, json_values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ("{'a': 'b'}", {"a": "b"}),
        ("{a: 1, b_c: 2}", {"a": 1, "b_c": 2}),
        ("{1: 2}", {"1": 2}),
        ('{"a": 1,}', {"a": 1}),
        ("[1, 2,]", [1, 2]),
        ('{"a": 1, // one\n"b": 2 # two\n}', {"a": 1, "b": 2}),
        ('{/* first */ "a": /* 1 */ 2}', {"a": 2}),
        ("{'a': True, 'b': None, 'c': False}", {"a": True, "b": None, "c": False}),
        ('{"a": true, "b": null, "c": false}', {"a": True, "b": None, "c": False}),
        ('{"a": "x\ny"}', {"a": "x\ny"}),
        ('{"a": "x\\ny\\t\\"z\\" \\u00e9 \\/"}', {"a": 'x\ny\t"z" é /'}),
        ("{“a”: “b”}", {"a": "b"}),
        ('{"a": -1.5e1, "b": .5, "c": +2}', {"a": -15.0, "b": 0.5, "c": 2}),
        ('{"a": "\\ud83d\\ude00\\ud83d"}', {"a": "😀\ufffd"}),
        ("{}", {}),
        ("[]", []),
        ('{"a": {"b": [1, {"c": 2}]}}', {"a": {"b": [1, {"c": 2}]}}),
        ('{"a": 1, "a": 1}', {"a": 1}),
    ],
)
def test_loose_json_is_read(text, value):
    assert json_value(text) == value


def test_a_key_given_twice_differently_has_no_value():
    assert json_value('{"a": 1, "a": 2}') == {"a": TWICE}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1',
        '{"a": "b',
        '{"a"',
        "{",
        "[1, 2",
        '{"a": }',
        '{"a" 1}',
        '{"a": 1 "b": 2}',
        '{"a": word}',
        '{"a": 1x}',
        "{: 1}",
        '{"a": "\\u12"}',
        "1",
        "text",
        '{"a": 1} and more',
        "",
    ],
)
def test_what_is_not_closed_or_not_json_is_nothing(text):
    assert json_value(text) is None


def test_values_are_found_in_prose_with_their_places():
    text = 'First {"a": 1}, then [2] and {broken'
    assert json_values(text) == [({"a": 1}, 6, 14), ([2], 21, 24)]


def test_deeper_than_any_verdict_is_not_followed():
    assert json_value("[" * 30 + "]" * 30) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ).filter(lambda value: isinstance(value, dict | list))
)
@settings(max_examples=150, deadline=None)
def test_strict_json_is_read_as_the_standard_library_reads_it(value):
    assert json_value(json.dumps(value)) == value
    assert json_value(json.dumps(value, indent=2, ensure_ascii=False)) == value
