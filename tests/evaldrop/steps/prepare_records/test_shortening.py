"""How long texts are cut: both ends stay, the middle is counted, and it is said."""

from itertools import pairwise

import pytest

from evaldrop.steps.prepare_records.shortening import LIMITS, shorten, shorten_values

TEXT = "".join(f"<{n}>" for n in range(1_000))


@pytest.mark.parametrize("limit", [10, 11, len(TEXT) - 1])
def test_both_ends_stay_and_what_is_missing_is_counted(limit):
    head, _, rest = shorten(TEXT, limit).partition("\n\n[… ")
    left_out, _, tail = rest.partition(" …]\n\n")
    assert TEXT.startswith(head)
    assert TEXT.endswith(tail)
    assert len(head) + len(tail) == limit
    assert left_out.startswith(f"{len(TEXT) - limit:,} characters are left out here")
    assert "a response may rest on what is left out" in left_out


@pytest.mark.parametrize("limit", [len(TEXT), len(TEXT) + 1])
def test_a_text_within_the_limit_stays_as_it_is(limit):
    assert shorten(TEXT, limit) == TEXT


def test_texts_in_lists_and_objects_are_cut_too_and_the_loss_is_told_by_name():
    values = {"prompt": "short", "reference": [TEXT, "b"], "extra": {"deep": [TEXT], "n": 3}, "none": None}
    shown, left_out = shorten_values(values, 100)
    assert shown["prompt"] == "short"
    assert shown["reference"] == [shorten(TEXT, 100), "b"]
    assert shown["extra"] == {"deep": [shorten(TEXT, 100)], "n": 3}
    assert shown["none"] is None
    assert left_out == {"reference": len(TEXT) - 100, "extra": len(TEXT) - 100}


def test_the_limits_fall_in_small_steps():
    assert all(0.5 <= smaller / larger < 1 for larger, smaller in pairwise(LIMITS))
