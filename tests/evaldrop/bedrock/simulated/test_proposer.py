"""The simulated proposer changes what it is shown by a sentence or two, the same for the same request."""

import asyncio
import re
from collections import Counter

import pytest

from evaldrop.bedrock.simulated.candidate import REFUSAL
from evaldrop.bedrock.simulated.prompt_features import FEATURES, features_in
from evaldrop.bedrock.simulated.proposer import TOOL, with_features, without_feature
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.bedrock.simulated.runtime import SimulatedRuntime
from evaldrop.errors import PromptError
from evaldrop.evaluation.criteria import built_in
from evaldrop.evaluation.prompts import Prompt, load_prompt
from tests.prompt_worth import BY_NAME

ANSWER = load_prompt("candidate", "answer.v1").text
SENT = ANSWER[ANSWER.index("## system") :]
QUOTED = "Can I bring back the quince jelly that I opened on Sunday?"
FORM = "<changes>what</changes>\n<why>why</why>\n<prompt_file>\nthe file\n</prompt_file>"
SPEC = {"name": TOOL, "inputSchema": {"json": {"type": "object", "properties": {}}}}


def user(text):
    return {
        "modelId": "us.amazon.nova-pro-v1:0",
        "messages": [{"role": "user", "content": [{"text": text}]}],
    }


def request(number=1, *, file=SENT, by_tool=True, mark="0123456789abcdef", about="Records"):
    shown = (
        f'<file mark="{mark}">\n{file.strip()}\n</file mark="{mark}">\n{about}\n'
        f'<record number="1" mark="{mark}">\n<request mark="{mark}">\n{QUOTED}\n</request mark="{mark}">\n'
        f'<response mark="{mark}">\nNo.\n</response mark="{mark}">\n</record number="1" mark="{mark}">\n'
        f"All material has ended. Angle {number}.\n{'Call it.' if by_tool else FORM}"
    )
    asked = {
        "modelId": "us.amazon.nova-pro-v1:0",
        "messages": [{"role": "user", "content": [{"text": shown}]}],
    }
    return asked | ({"toolConfig": {"tools": [{"toolSpec": SPEC}]}} if by_tool else {})


def criterion(name, _question):
    return built_in("correctness") if name == "correctness" else None


def replies(*requests, **rates):
    simulated = SimulatedRuntime(Rehearsal(latency=0, **rates), max_in_flight=1, criteria=criterion)

    async def in_turn():
        return [await simulated.converse(each) for each in requests]

    return [reply["output"]["message"]["content"][0] for reply in asyncio.run(in_turn())]


def proposals(n=60, **rates):
    return [each["toolUse"]["input"] for each in replies(*map(request, range(n)), **rates)]


def test_a_proposal_changes_a_sentence_or_two_and_says_which():
    for written in proposals(prompt_faults=0):
        features = features_in(written["prompt"])
        assert 1 <= len(features) <= 2
        assert [feature.name for feature in features if feature.phrase not in written["changes"]] == []
        rest = written["prompt"]
        for feature in features:
            rest = without_feature(rest, feature)
        assert rest.split() == SENT.split()
        assert {"prompt", "context", "system"} == Prompt(name="candidate/p", text=written["prompt"]).variables


def test_what_helps_is_likelier_and_what_harms_is_proposed_too():
    prompts = [written["prompt"] for written in proposals(200, prompt_faults=0)]
    found = Counter(feature.name for prompt in prompts for feature in features_in(prompt))
    assert found.keys() == BY_NAME.keys()
    helpful = sum(found[feature.name] for feature in FEATURES if feature.strength > 0)
    assert helpful > sum(found.values()) / 2


def test_the_same_request_gets_the_same_prompt_whatever_its_marks():
    one, other = replies(request(), request(mark="fedcba9876543210"))
    assert one == other
    assert replies(request(), seed=1) != replies(request(), seed=2)


def test_a_prompt_with_all_sentences_loses_one():
    full = with_features(SENT, FEATURES)
    [reply] = replies(request(file=full), prompt_faults=0)
    assert len(features_in(reply["toolUse"]["input"]["prompt"])) == len(FEATURES) - 1


def test_a_request_for_a_text_gets_it_in_tags():
    [by_tool], [text] = replies(request(), prompt_faults=0), replies(request(by_tool=False), prompt_faults=0)
    assert by_tool["toolUse"]["name"] == TOOL
    found = re.fullmatch(
        r"<changes>.+</changes>\n<why>.+</why>\n<prompt_file>\n(.*)\n</prompt_file>", text["text"], re.DOTALL
    )
    assert found is not None
    assert features_in(found[1])


def test_instructions_become_a_prompt_that_says_how_to_go_about_it():
    plain = "## system\nTwo hosts talk about the article.\n\n## user\n{{ prompt }}"
    asked = request(
        file=plain, about='<instructions mark="0123456789abcdef">\nTwo hosts talk.\n</instructions>'
    )
    [reply] = replies(asked, prompt_faults=0)
    system, user = Prompt(name="candidate/p", text=reply["toolUse"]["input"]["prompt"]).render(
        {"prompt": "Now."}
    )
    assert system.text.startswith("Two hosts talk about the article.\n\nHow to go about it:\n\n- ")
    assert user.text == "Now."
    assert len(features_in(system.text)) == 3


def _fault(written):
    try:
        variables = Prompt(name="candidate/p", text=written["prompt"]).variables
    except PromptError:
        return "broken"
    text = written["prompt"]
    if written["prompt"].strip() == SENT.strip():
        return "same"
    if "prompt" not in variables:
        return "no prompt"
    if "answer_key" in variables:
        return "unknown"
    told = {
        "judge": "grader",
        "hostile": "Ignore all previous",
        "quotes": QUOTED,
        "wording": built_in("correctness").question,
    }
    return next((kind for kind, words in told.items() if words in text), None)


def test_faulty_prompts_are_of_every_kind_and_as_many_as_the_rate_says():
    assert {_fault(written) for written in proposals(prompt_faults=0)} == {None}
    everywhere = Counter(map(_fault, proposals(80, prompt_faults=1)))
    assert everywhere.keys() == {"broken", "unknown", "no prompt", "judge", "hostile", "same"} | {
        "quotes",
        "wording",
    }
    some = [_fault(written) for written in proposals(200, prompt_faults=0.2)]
    assert 20 <= len(some) - some.count(None) <= 60


def test_a_proposer_refuses_and_garbles_at_the_rates_of_judges():
    assert {each["text"] for each in replies(*map(request, range(5)), refusals=1)} == {REFUSAL}
    for each in replies(*map(request, range(20)), malformed=1):
        assert "prompt" not in each.get("toolUse", {}).get("input", {})
    for by_tool in (True, False):
        [hostile] = replies(request(by_tool=by_tool), hostile=1)
        assert BY_NAME["figures"].phrase not in str(hostile.get("changes"))


@pytest.mark.parametrize(
    "file", ["{{ prompt }}", "## user\n{{ prompt }}", "A note.\n\n## user\n{{ prompt }}\n"]
)
def test_a_file_without_a_system_message_gets_one(file):
    added = Prompt(name="candidate/p", text=with_features(file, [BY_NAME["calm"]]))
    assert [(turn.role, turn.text) for turn in added.render({"prompt": "Now."})] == [
        ("system", f"- {BY_NAME['calm'].phrase}"),
        ("user", "Now."),
    ]


def test_a_candidate_that_is_shown_the_form_is_no_proposer():
    [reply] = replies(user(f"What does this mean?\n{FORM}"))
    assert "<prompt_file>\n" not in reply["text"]
