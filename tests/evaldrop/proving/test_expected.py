"""Which faults a criterion should notice, before anything came of them."""

import pytest

from evaldrop.checks import check_from_config
from evaldrop.evaluation.criteria import Criterion, built_in, checked_criterion
from evaldrop.proving.edits import FAULT_KINDS
from evaldrop.proving.expected import PADDING, expected_kinds


def test_a_built_in_criterion_is_held_to_what_it_asks():
    assert "rudeness" not in expected_kinds(built_in("correctness", path="x"), FAULT_KINDS)
    assert "wrong_number" in expected_kinds(built_in("correctness", path="x"), FAULT_KINDS)


def test_a_criterion_of_ones_own_is_held_to_all_but_padding():
    own = Criterion(name="mine", question="Is it mine?")
    assert set(expected_kinds(own, FAULT_KINDS)) == {*FAULT_KINDS} - {PADDING}


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ({"max_words": 90}, {PADDING}),
        ({"language": "en"}, {"wrong_language"}),
        ({"not_contains": "as an AI"}, set()),
        ({"max_latency_ms": 900}, set()),
        ({"regex": "x"}, {*FAULT_KINDS} - {PADDING}),
    ],
)
def test_a_check_is_held_to_what_its_kind_can_notice(check, expected):
    criterion = checked_criterion(check_from_config(check, path="checks[0]"))
    assert set(expected_kinds(criterion, FAULT_KINDS)) == expected
