"""What a prompt is worth to a simulated candidate is known, and nothing but the table's sentences counts."""

import asyncio
from functools import cache
from pathlib import Path

import pytest

from evaldrop.bedrock.simulated.likeness import is_evasive
from evaldrop.bedrock.simulated.prompt_features import FEATURES, features_in
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.bedrock.simulated.runtime import SimulatedRuntime
from evaldrop.verdicts.injection import InjectionFinder
from tests.prompt_worth import BY_NAME, right_rate

REFERENCE = "Cherry plums ripen quickly near southern walls. Gather fallen fruit every evening."
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
ROOT = Path(__file__).parents[4]
N = 1200


def request(names=(), question="What of plums?"):
    said = " ".join(["Answer the question.", *(BY_NAME[name].phrase for name in names)])
    return {
        "modelId": HAIKU,
        "system": [{"text": said}],
        "messages": [{"role": "user", "content": [{"text": question}]}],
    }


def asked(*requests, **rates):
    simulated = SimulatedRuntime(
        Rehearsal(latency=0, **rates), max_in_flight=1, answer_key=lambda _: REFERENCE
    )

    async def in_turn():
        return [await simulated.converse(each) for each in requests]

    return asyncio.run(in_turn())


def texts(replies):
    return [reply["output"]["message"]["content"][0]["text"] for reply in replies]


@cache
def measured(*names, **rates):
    """Of answers to questions of the same reference, those that have all of it."""
    replies = texts(asked(*(request(names, f"Plum {number}?") for number in range(N)), **rates))
    # All of the reference's words: a partial answer leaves out the second sentence, a wrong one turns it.
    return sum(REFERENCE in text for text in replies) / N


@pytest.mark.parametrize(
    "names",
    [(), ("figures",), ("calm", "slowly"), ("curt",), ("figures", "elsewhere"), ("conditions", "silent")],
)
@pytest.mark.parametrize("ceiling", [0.0, 0.9])
def test_answers_are_right_as_often_as_right_rate_says(names, ceiling):
    rate = right_rate(HAIKU, [BY_NAME[name] for name in names], prompt_gain=0.6, ceiling=ceiling)
    assert measured(*names, prompt_gain=0.6, ceiling=ceiling) == pytest.approx(rate, abs=0.045)


def test_without_a_gain_no_prompt_is_better():
    rates = {right_rate(HAIKU, [feature], prompt_gain=0) for feature in FEATURES}
    assert rates == {right_rate(HAIKU, [], prompt_gain=0)}
    assert measured("figures", prompt_gain=0) == pytest.approx(measured("curt", prompt_gain=0), abs=0.05)


def test_two_prompts_with_a_feature_fare_alike_on_a_record():
    """Of the record it is whom a sentence helps: the gain of one prompt over another is not all noise."""
    both = [
        [is_evasive(text) for text in texts(asked(*(request(names, f"Plum {n}?") for n in range(200))))]
        for names in (("curt",), ("curt", "calm"))
    ]
    agreed = sum(one == other for one, other in zip(*both, strict=True))
    # By chance alone, two in five being spoilt, it would be about half of them.
    assert agreed > 180


def test_a_longer_prompt_is_billed():
    plain, long = (reply["usage"]["inputTokens"] for reply in asked(request(), request(("slowly",))))
    assert long - plain > len(BY_NAME["slowly"].phrase) // 5


def test_a_sentence_counts_in_any_message_and_case_and_no_part_of_it_does():
    phrase = BY_NAME["figures"].phrase
    assert features_in(f"So: {phrase.upper()}") == (BY_NAME["figures"],)
    assert features_in(phrase[:-20]) == ()


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_no_shipped_text_has_a_feature(feature):
    """A rehearsal of what there was before says what it said, to the byte."""
    shipped = [
        path
        for folder in ("prompts", "datasets", "docs", "evaldrop/cli/examples", "tests/data")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.stat().st_size < 5_000_000
    ]
    assert len(shipped) > 20
    held = [path for path in shipped if feature.phrase.lower().encode() in path.read_bytes().lower()]
    assert held == []


def test_no_feature_speaks_to_a_judge():
    """A proposal that has none but these may be tried."""
    find = InjectionFinder().find
    assert [feature.name for feature in FEATURES if find(feature.phrase)] == []
