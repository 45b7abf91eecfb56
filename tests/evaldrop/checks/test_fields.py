"""JSON against JSON: what counts as matched, missing, extra and wrong, and how lists are paired."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.checks import Subject, check_from_config
from evaldrop.checks.fields import FieldResult, compare_fields, overall, read_fields


def counts(reference, response, **options):
    results = compare_fields(reference, response, read_fields(options or None))
    return {result.path: tuple(result[1:]) for result in results}


def test_each_field_is_matched_missing_extra_or_wrong():
    reference = {"id": "A-1", "total": 12.5, "to": {"name": "Ann", "city": "Bonn"}}
    response = {"id": "a-1", "total": 12.4, "to": {"name": "Ann", "zip": "53111"}}

    assert counts(reference, response) == {
        "id": (1, 0, 0, 0),
        "to.city": (0, 1, 0, 0),
        "to.name": (1, 0, 0, 0),
        "to.zip": (0, 0, 1, 0),
        "total": (0, 0, 0, 1),
    }


def test_precision_recall_and_f1_are_those_of_the_counts():
    result = overall([FieldResult("a", 3, missing=1, extra=0, wrong=1), FieldResult("b", 1, extra=2)])

    assert (result.precision, result.recall) == (4 / 7, 4 / 6)
    assert result.f1 == pytest.approx(2 * (4 / 7) * (4 / 6) / (4 / 7 + 4 / 6))
    assert (FieldResult("a").precision, FieldResult("a").recall, FieldResult("a").f1) == (None, None, 1.0)


LINES = [{"sku": "x", "n": 1}, {"sku": "y", "n": 2}, {"sku": "z", "n": 3}]


def test_the_members_of_a_list_are_paired_whatever_their_order():
    paired = counts({"lines": LINES}, {"lines": LINES[::-1]})

    assert paired == {"lines[].n": (3, 0, 0, 0), "lines[].sku": (3, 0, 0, 0)}


def test_a_member_that_went_wrong_in_part_is_paired_with_what_it_should_be():
    response = [{"sku": "z", "n": 3}, {"sku": "y", "n": 9}]

    assert counts(LINES, response) == {"[].n": (1, 1, 0, 1), "[].sku": (2, 1, 0, 0)}


def test_members_of_which_nothing_agrees_are_missing_and_extra():
    assert counts(["a", "b"], ["B.", "c"]) == {"[]": (1, 1, 1, 0)}
    assert counts([{"a": 1}], [{"a": 2}]) == {"[].a": (0, 1, 1, 0)}


def test_pairs_are_the_best_ones_and_not_the_first():
    """The first of the reference is like both; only if it yields does each find its like."""
    reference = [{"a": 1, "b": 1, "c": 9}, {"a": 1, "b": 2, "c": 3}]
    response = [{"a": 1, "b": 2, "c": 9}, {"a": 1, "b": 1, "c": 8}]

    assert sum(matched for matched, *_ in counts(reference, response).values()) == 4


@pytest.mark.parametrize(
    ("reference", "response", "matched"),
    [
        (None, {}, 0),
        ({"a": None}, {}, 0),
        (1, 1.0, 1),
        (1, True, 0),
        ("1", 1, 0),
        (0.1 + 0.2, 0.3, 1),
        ("Straße ", "STRASSE.", 1),
        (True, True, 1),
    ],
)
def test_values_agree_as_json_has_them_but_for_case_and_blanks_of_texts(reference, response, matched):
    assert overall(compare_fields(reference, response)).matched == matched


def test_null_is_as_good_as_nothing():
    assert counts({"a": None, "b": 1}, {"b": 1, "c": None}) == {"b": (1, 0, 0, 0)}


def test_options_leave_out_paths_and_widen_or_sharpen_the_comparison():
    reference = {"id": 1, "t": 100, "l": [{"n": "A", "x": 1}]}
    response = {"id": 2, "t": 100.9, "l": [{"n": "a", "x": 2}]}
    without = counts(reference, response, exclude=["id", "l[].x"], tolerance="1%")

    assert without == {"l[].n": (1, 0, 0, 0), "t": (1, 0, 0, 0)}
    assert counts(reference, response, exclude=["id", "l"], tolerance=0.5) == {"t": (0, 0, 0, 1)}
    assert counts({"n": "A"}, {"n": "a"}, exact=True) == {"n": (0, 0, 0, 1)}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b", "A "]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(one=JSON, other=JSON)
def test_a_value_equals_itself_and_the_other_way_round_missing_is_extra(one, other):
    assert overall(compare_fields(one, one)).f1 == 1.0
    forth, back = overall(compare_fields(one, other)), overall(compare_fields(other, one))
    assert forth.f1 == pytest.approx(back.f1)
    assert (forth.matched + forth.missing + forth.wrong) == (back.matched + back.extra + back.wrong)


def test_the_check_takes_json_out_of_a_fence_and_the_best_reference_and_notes_the_faults():
    check = check_from_config("fields", path="checks")
    references = ("no", '{"a": 1, "b": 2, "c": 4}')
    said = check.run(Subject(response='```json\n{"a": 1, "b": 3}\n```', references=references))

    assert said.score == pytest.approx(0.4)
    assert said.note == "1 of 3 fields right; wrong: b; missing: c."
    assert check.run(Subject(response="{}", references=("no",))).unscored_reason == "no_json_in_reference"
    assert check.run(Subject(response="no", references=("{}",))).score == 0.0


def grid(size, value):
    return [[{"a": value(n), "b": m} for n in range(size)] for m in range(size)]


def wide(sign):
    return [{f"k{n}": n + sign * m for n in range(100)} for m in range(100)]


@pytest.mark.parametrize(
    ("reference", "response"),
    [
        (grid(30, int), grid(30, lambda n: -n)),
        (wide(1), wide(-1)),
        (list(range(30_000)), list(range(29_000, 60_000))),
    ],
    ids=["lists in lists", "wide", "long"],
)  # fmt: skip
def test_lists_of_very_many_take_no_longer_than_a_second(reference, response):
    began = time.process_time()
    check = check_from_config("fields", path="checks")
    check.run(Subject(response=json.dumps(response), references=(json.dumps(reference),)))

    assert time.process_time() - began < 1.0
