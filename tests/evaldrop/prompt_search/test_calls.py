"""What a search may take, in calls."""

import pytest

from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.prompt_search.calls import Calls, ExpectedCalls, expected_calls
from evaldrop.prompt_search.parts import PartsOf

PARTS = PartsOf(tuple(f"t{n}" for n in range(30)), tuple(f"d{n}" for n in range(40)))


def test_calls_are_the_first_prompts_the_races_and_the_parents():
    """64 for the first; 3 rounds of 4 on 40 records; two later rounds with one new parent, or with three."""
    settings = ImprovedPrompt(improve="answer.v1", rounds=3, proposals=4)

    assert expected_calls(settings, PARTS) == ExpectedCalls(
        likely=Calls(12, 64 + 360 + 48), most=Calls(12, 64 + 480 + 144)
    )


def test_one_round_has_no_later_parents_and_a_small_train_is_tried_whole():
    settings = ImprovedPrompt(improve="answer.v1", rounds=1, proposals=1)
    found = expected_calls(settings, PartsOf(PARTS.train[:5], PARTS.dev))

    assert found.most == Calls(1, 5 + 40 + 40)


@pytest.mark.parametrize(
    "settings",
    [ImprovedPrompt(instructions="Short."), ImprovedPrompt(improve="answer.v1", by="bedrock")],
    ids=["instructions", "bedrock"],
)
def test_without_a_choice_one_call_writes_a_prompt(settings):
    assert expected_calls(settings, PARTS) == ExpectedCalls(Calls(1, 0), Calls(1, 0))


def test_without_dev_records_nothing_is_called():
    assert expected_calls(ImprovedPrompt(improve="answer.v1"), PartsOf((), ())).most == Calls(0, 0)
