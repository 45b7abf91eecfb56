"""Where the right answer is JSON, a rehearsal answers JSON that is right, partly right, wrong or broken."""

import json
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from evaldrop.bedrock.simulated.candidate import EVASIONS, character_of, respond
from evaldrop.bedrock.simulated.structured import FEW, MANY, is_structured, with_errors

REFERENCE = json.dumps(
    {
        "no": "R-1",
        "date": "2026-05-16",
        "paid": False,
        "due": None,
        "items": [{"name": "oak shelf", "price": 489.5}, {"name": "oil", "price": 18.9}],
        "total": 508.4,
    }
)
N_LEAVES = 9


def answers(quality, n=200, **settings):
    """Return what a model of a quality answers, n times."""
    character = replace(character_of("nova-lite"), quality=quality)
    return [
        respond("Extract.", REFERENCE, character=character, difficulty=0.5, draw=Random(seed), **settings)
        for seed in range(n)
    ]


def grade(answer):
    """Tell what an answer is: right, astray, fenced text aside; cut off; or no JSON."""
    if answer in EVASIONS:
        return "evasive"
    inner = answer.partition("```json\n")[2].removesuffix("\n```") or answer
    try:
        return "right" if json.loads(inner) == json.loads(REFERENCE) else "astray"
    except json.JSONDecodeError:
        return "broken"


def test_better_models_are_right_more_often_and_weaker_ones_fail_in_every_way():
    strong, weak = Counter(map(grade, answers(0.92))), Counter(map(grade, answers(0.5)))
    assert strong["right"] > 150 > weak["right"]
    assert min(weak[kind] for kind in ("astray", "broken", "evasive")) > 10


def test_some_answers_stand_in_a_fence():
    assert 10 < sum("```json" in answer for answer in answers(0.92)) < 80


@pytest.mark.parametrize("settings", [{"effect": "helped"}, {"ceiling": 0.999}])
def test_an_answer_at_its_best_is_right(settings):
    assert set(map(grade, answers(0.5, n=20, **settings))) == {"right"}


@pytest.mark.parametrize(("share", "astray"), [(FEW, 1), (MANY, 4), (0.0, 1)])
def test_a_share_of_fields_is_astray_and_one_at_least(share, astray):
    given = with_errors(REFERENCE, Random(3), share=share)
    value = json.loads(given.partition("```json\n")[2].removesuffix("\n```") or given)
    right = json.loads(REFERENCE)
    pairs = [(value[key], right[key]) for key in right if key != "items"]
    pairs += [
        (value["items"][place][key], item[key]) for place, item in enumerate(right["items"]) for key in item
    ]
    assert len(pairs) == N_LEAVES
    assert sum(made != meant for made, meant in pairs) == astray


@pytest.mark.parametrize(
    ("reference", "is_json"),
    [('{"a": 1}', True), (" [1, 2]", True), ("{braces}", False), ("42", False), ("", False), (None, False)],
)
def test_only_an_object_or_an_array_is_answered_so(reference, is_json):
    assert is_structured(reference) is is_json


def test_an_empty_object_is_answered_as_it_is():
    assert "{}" in with_errors("{}", Random(1), share=1.0)
