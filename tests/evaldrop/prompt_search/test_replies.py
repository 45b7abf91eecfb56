"""Proposals in whatever form they come; and replies that are none."""

import json
import random

import pytest

from evaldrop.evaluation.template_limits import MAX_TEMPLATE
from evaldrop.prompt_search.replies import MOST_WORDS, PROPOSAL_TOOL, Written, read_proposal

FILE = "## system\nBe brief.\n\n## user\n{{ prompt }}\n"
SAID = {"prompt": FILE, "changes": "shorter", "why": "faster"}


def of_text(text, stop="end_turn"):
    return of_blocks({"Text": text}, stop=stop)


def of_tool(given, stop="tool_use"):
    return of_blocks({"ToolUse": {"ToolUseId": "1", "Name": PROPOSAL_TOOL, "Input": given}}, stop=stop)


def of_blocks(*blocks, stop):
    message = {"Role": "assistant", "Content": list(blocks)}
    return {
        "Output": {"Message": message},
        "StopReason": stop,
        "Usage": {"InputTokens": 9, "OutputTokens": 9},
    }


TAGGED = f"<changes>shorter</changes>\n<why>faster</why>\n<prompt_file>\n{FILE}</prompt_file>"
READ = {
    "the tool's input": of_tool(SAID),
    "a tool's input in a member of its own": of_tool({"proposal": SAID}),
    "a tool's input as JSON in a text": of_tool(json.dumps(SAID)),
    "a tool's input with other names": of_tool(
        {"Prompt_File": FILE, "Changes": "shorter", "reason": "faster"}
    ),
    "messages by role": of_tool({**SAID, "prompt": {"system": "Be brief.", "user": "{{ prompt }}"}}),
    "two calls of the tool": of_blocks(
        {"ToolUse": {"Input": SAID}}, {"ToolUse": {"Input": {**SAID, "why": "?"}}}, stop="tool_use"
    ),
    "tags": of_text(TAGGED),
    "tags after words": of_text(f"Here is my proposal.\n\n{TAGGED}\n"),
    "tags around a block of code": of_text(TAGGED.replace(FILE, f"```markdown\n{FILE}```\n")),
    "tags after thoughts": of_text(f"<thinking>What goes wrong?</thinking>{TAGGED}"),
    "Windows' line ends": of_text(TAGGED.replace("\n", "\r\n")),
    "JSON in a text": of_text(f"Here it is:\n{json.dumps(SAID)}\nGood luck."),
    "JSON in a block of code": of_text(f"```json\n{json.dumps(SAID)}\n```"),
    "headings as a person writes them": of_tool(
        {**SAID, "prompt": "# System:\nBe brief.\n\n**User**\n{{ prompt }}"}
    ),
    "line breaks that are escaped twice": of_tool({**SAID, "prompt": FILE.replace("\n", "\\n")}),
    "words before the first heading": of_tool({**SAID, "prompt": f"A better prompt.\n\n{FILE}"}),
}


@pytest.mark.parametrize("raw", READ.values(), ids=READ)
def test_a_proposal_is_read_in_any_form(raw):
    assert read_proposal(raw) == Written(FILE, "shorter", "faster")


@pytest.mark.parametrize("text", [f"Try this:\n```\n{FILE}```\nIt is short.", FILE])
def test_a_prompt_alone_is_read_too(text):
    assert read_proposal(of_text(text)) == Written(FILE)


def test_a_text_without_headings_is_the_users_message():
    assert read_proposal(of_tool({"prompt": "Answer: {{ prompt }}"})) == Written(
        "## user\nAnswer: {{ prompt }}\n"
    )


NOT_READ = {
    "nothing": None,
    "no reply": {},
    "an error": {"Error": "ThrottlingException", "Cause": "Too many requests"},
    "an empty text": of_text(""),
    "a refusal": of_text("I cannot help with that.", stop="refusal"),
    "a guardrail": of_text("Blocked.", stop="guardrail_intervened"),
    "words alone": of_text("I would make it shorter."),
    "an empty prompt": of_tool({**SAID, "prompt": "  "}),
    "a number": of_tool({**SAID, "prompt": 7}),
    "a cut call of the tool": of_tool(SAID, stop="max_tokens"),
    "a cut text": of_text(TAGGED[:-20], stop="max_tokens"),
    "a cut file": of_text(FILE[:-3], stop="max_tokens"),
    "a block of code that is not closed": of_text(f"```\n{FILE.replace('## ', '')}"),
    "too much": of_tool({**SAID, "prompt": "x" * (MAX_TEMPLATE + 1)}),
    "a broken call": of_text("", stop="malformed_tool_use"),
}


@pytest.mark.parametrize("raw", NOT_READ.values(), ids=NOT_READ)
def test_a_reply_without_a_prompt_says_why(raw):
    said = read_proposal(raw)
    assert isinstance(said, str)
    assert 10 < len(said) < 500


def test_a_cut_reply_whose_file_was_closed_is_read():
    assert read_proposal(of_text(f"{TAGGED}\nAnd more", stop="max_tokens")) == Written(
        FILE, "shorter", "faster"
    )


def test_what_a_proposer_says_is_cut_and_on_one_line():
    written = read_proposal(of_tool({**SAID, "changes": "a\nb " * 9_999, "why": ["one", "two"]}))
    assert len(written.changes) <= MOST_WORDS + 1
    assert written.changes.startswith("a b a b")
    assert written.why == "one; two"


def test_half_a_surrogate_pair_is_mended():
    assert read_proposal(of_tool({**SAID, "prompt": FILE.replace("brief", "\ud83d")})).prompt.encode()


def test_no_mutation_of_a_reply_makes_it_fail():
    """1,000 replies with pieces doubled, cut, swapped or replaced by what JSON and markup hold."""
    draw = random.Random(18)
    pieces = [
        "<prompt_file>",
        "</prompt_file>",
        "```",
        "{",
        "[",
        '"',
        "\\u",
        "\x00",
        "## system\n",
        "{{",
        "\ud83d",
        "9" * 99,
    ]
    sources = [json.dumps(SAID), TAGGED, f"```\n{FILE}```", FILE, "[" * 300, "{" * 300]
    for turn in range(1_000):
        text = draw.choice(sources)
        for _ in range(draw.randint(1, 6)):
            at, to = sorted(draw.randint(0, len(text)) for _ in range(2))
            text = text[:at] + draw.choice([*pieces, text[at:to] * 2, ""]) + text[draw.choice([at, to]) :]
        made = [
            of_text(text),
            of_tool({"prompt": text, text[:20]: [text]}),
            of_tool(text),
            {"Output": text},
            [text],
        ]
        said = read_proposal(made[turn % len(made)])
        assert isinstance(said, Written | str)
        assert (said.prompt if isinstance(said, Written) else said).encode()
