"""The texts around a response, and the fences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.errors import PromptError
from evaldrop.evaluation.criteria import Criterion, Scale
from evaldrop.evaluation.criteria.scales import Point
from evaldrop.evaluation.prompts import Prompt
from evaldrop.steps.prepare_records.judge_texts import Fences, around, criteria_for_prompt

HOLE = "5f2d9c0b1a7e4836"


def prompt(text):
    return Prompt(name="judge/own.v1", text=text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ prompt }}",
        "{{ response }} {{ response }}",
        "{{ response | upper }}",
        "{{ response | truncate(5) }}",
        "A{% if response == 'x' %}{{ response }}{% endif %}",
        "{% for letter in response %}{{ letter }}-{% endfor %}",
    ],
)
def test_a_prompt_that_does_not_show_the_response_exactly_once_as_it_is_is_refused(text):
    with pytest.raises(PromptError, match=r"judge/own\.v1: show \{\{ response \}\} exactly once"):
        around(prompt(text), {"prompt": "Why?"}, {"response": HOLE})


def test_a_prompt_may_ask_whether_there_is_a_response():
    text = "A{% if response %}{{ response }}{% endif %}B"
    assert around(prompt(text), {}, {"response": HOLE}) == ["A", "B"]


def test_two_responses_must_stand_in_their_order():
    holes = {"first_response": HOLE, "second_response": HOLE[::-1]}
    assert around(prompt("a{{ first_response }}b{{ second_response }}c"), {}, holes) == ["a", "b", "c"]
    with pytest.raises(PromptError, match="second_response"):
        around(prompt("{{ second_response }}{{ first_response }}"), {}, holes)


def test_a_judge_prompt_has_one_message_of_the_user():
    with pytest.raises(PromptError, match="has one ## user message; this has 2"):
        around(prompt("## user\n{{ response }}\n## assistant\nYes"), {}, {"response": HOLE})


def test_a_response_that_looks_like_a_template_was_never_rendered():
    shown = around(prompt("{{ prompt }}|{{ response }}"), {"prompt": "{{ response }}"}, {"response": HOLE})
    assert shown == ["{{ response }}|", ""]


@given(names=st.lists(st.text(max_size=8), min_size=1, max_size=4), nonce=st.binary(min_size=16, max_size=16))
def test_a_fence_is_made_again_from_its_nonce_and_from_no_other(names, nonce):
    fences = Fences(nonce=nonce.hex())
    fence = fences.fence(*names)
    mark = fences.mark("response", *names)
    assert len(mark) == 16
    assert fence == {"open": f'<response mark="{mark}">\n', "close": f'\n</response mark="{mark}">'}
    assert fence == Fences(nonce=nonce.hex()).fence(*names)
    assert fence != Fences(nonce=(nonce[1:] + bytes([nonce[0] ^ 1])).hex()).fence(*names)
    assert fence != fences.fence(*names, 1)


def shown(**more):
    (criterion,) = criteria_for_prompt([Criterion(name="c", question="Q?", **more)])
    return criterion


def test_a_point_is_shown_with_its_label_and_its_definition():
    points = (Point(value=1, label="rude", definition="insults"), Point(value=2, label="flat"))
    assert shown(scale=Scale.of_points(*points))["points"] == [
        {"answer": "1", "definition": "rude - insults"},
        {"answer": "2", "definition": "flat"},
    ]


def test_a_binary_scale_shows_its_words_and_a_range_its_ends():
    answers = [point["answer"] for point in shown(scale=Scale.binary())["points"]]
    assert sorted(answers) == ["no", "yes"]
    spread = shown(scale=Scale.between(0, 0.5))
    assert spread["range"] == ["0", "0.5"]
    assert spread["points"] == []
    assert shown()["range"] is None
