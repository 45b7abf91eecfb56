"""What the workflow shows a judge, in JSONata, is what Python reads: reply by reply, in every layout."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.bedrock.families.replies import read_answer, read_reply
from evaldrop.bedrock.families.thinking import split_thinking
from evaldrop.engine.queries import compile_expression
from tests.evaldrop.bedrock.families.recorded_replies import (
    BODIES,
    CONVERSE,
    TEXTS,
    Case,
    messages,
    nova,
    said,
)

ROOT = Path(__file__).parent.parent
RECORD_STATES = json.loads((ROOT / "infra" / "workflow.asl.json").read_bytes())["States"]["EvaluateRecords"][
    "ItemProcessor"
]["States"]
CANDIDATE_STATES = RECORD_STATES["AskCandidates"]["ItemProcessor"]["States"]
EMPTY = "(The response is empty.)"
NODE_JSONATA = ROOT / ".venv" / "node" / "node_modules" / "jsonata"


def expression(state):
    return CANDIDATE_STATES[state]["Assign"]["response"]["shown"].removeprefix("{%").removesuffix("%}")


def shown(state, result):
    return compile_expression(expression(state)).evaluate({"states": {"input": {}, "result": result}})


def expected(case: Case):
    if case.error:
        return None
    api = "invoke_model" if "Body" in case.raw else "converse"
    text = read_answer(api, case.raw).text
    assert text.startswith(case.text)
    return text if text.strip() else EMPTY


@pytest.mark.parametrize("case", CONVERSE.values(), ids=CONVERSE)
def test_converses_response_is_shown_to_judges_as_it_is_read(case):
    assert shown("ConverseWithCandidate", case.raw) == expected(case)
    check_reading("converse", case)


@pytest.mark.parametrize("case", BODIES.values(), ids=BODIES)
def test_a_body_is_shown_to_judges_as_it_is_read(case):
    assert shown("InvokeCandidate", case.raw) == expected(case)
    check_reading("invoke_model", case)


def converse_blocks(text):
    message = {"Role": "assistant", "Content": [{"Text": text}, {"ToolUse": USE}]}
    return {"Output": {"Message": message}, "StopReason": "tool_use"}


USE = {"ToolUseId": "t", "Name": "get_order", "Input": {"order": 'a "b" ü', "express": True, "n": [1, 2.5]}}
ASKED = '{"tool":"get_order","arguments":{"order":"a \\"b\\" ü","express":true,"n":[1,2.5]}}'
NATIVE = {"name": "get_order", "input": USE["Input"]}


@pytest.mark.parametrize(
    ("state", "api", "raw"),
    [
        ("ConverseWithCandidate", "converse", converse_blocks),
        ("InvokeCandidate", "invoke_model", lambda text: messages(
            {"type": "text", "text": text}, {"type": "tool_use", **NATIVE})),
        ("InvokeCandidate", "invoke_model", lambda text: nova({"text": text}, {"toolUse": NATIVE})),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("said_too", "want"),
    [
        ("<thinking>An order.</thinking>", ASKED),
        ("I look it up.", f"I look it up.\n{ASKED}"),
        ("<thinking>An order.</thinking> I look it up.", f"I look it up.\n{ASKED}"),
    ],
)
def test_what_is_asked_of_tools_is_part_of_an_answer_in_every_place(state, api, raw, said_too, want):
    """Nova thinks in tags before it calls a tool, and says nothing else."""
    assert shown(state, raw(said_too)) == read_answer(api, raw(said_too)).text == want


@pytest.mark.parametrize("case", [case for name, case in BODIES.items() if name != "no JSON"])
def test_a_long_records_reply_is_shown_as_any_other(case):
    for body in (case.raw["Body"], json.dumps(case.raw["Body"])):
        assert shown("ReadLongReply", {"Body": body}) == expected(case)


def check_reading(api, case):
    reply = read_reply(api, case.raw)
    assert (reply.text, reply.thinking is not None, reply.stop_reason) == (case.text, case.thinks, case.stop)
    assert (reply.error or {}).get("Error") == case.error


@pytest.mark.parametrize(("text", "answer"), TEXTS.values(), ids=TEXTS)
def test_a_text_is_split_the_same_in_every_place(text, answer):
    assert split_thinking(text).text == answer
    check_every_place(text)


def check_every_place(text):
    answer = split_thinking(text).text
    to_judge = answer if answer.strip(" \t\r\n") else EMPTY
    converse = {"Output": {"Message": {"Content": [{"Text": text}]}}, "StopReason": "end_turn"}
    assert shown("ConverseWithCandidate", converse) == to_judge
    assert shown("InvokeCandidate", said(text)) == to_judge
    dataset = {"record": {"given": {"a": {"text": text}}}, "states": {"input": {"name": "a"}}}
    assert compile_expression(expression("TakeGivenResponse")).evaluate(dataset) == to_judge
    responses = [
        {"candidate": "c", "reply": converse}, {"candidate": "i", "reply": said(text)},
        {"candidate": "g", "text": text}, {"candidate": "kept", "text": text, "reply": {"Usage": {}}},
    ]  # fmt: skip
    assert texts_of(responses) == {
        "c": to_judge, "i": to_judge, "g": to_judge,
        # An earlier run's text is an answer already.
        "kept": text if text.strip(" \t\r\n") else EMPTY,
    }  # fmt: skip


def texts_of(responses):
    collect = RECORD_STATES["CollectTexts"]["Assign"]["texts"].removeprefix("{%").removesuffix("%}")
    return compile_expression(collect).evaluate({"states": {"input": {"responses": responses}}})


def test_what_is_no_answer_is_not_compared():
    replies = {**CONVERSE, **BODIES}
    responses = [{"candidate": name, "reply": case.raw} for name, case in replies.items()]
    assert texts_of(responses) == {
        name: expected(case) for name, case in replies.items() if expected(case) is not None
    }


CALL = {"function": {"name": "submit_verdicts", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("raw", "is_asked_again"),
    [
        (said(None, tool_calls=[CALL]), False),
        (said(None, function_call=CALL["function"]), False),
        (said("correctness: 1", tool_calls=[]), True),
        (said("correctness: 1", tool_calls=None), True),
        (said("correctness: 1"), True),
        (messages({"type": "tool_use", "id": "t", "name": "n", "input": {}}), False),
        (messages({"type": "text", "text": "correctness: 1"}), True),
        (nova({"toolUse": {"input": {}}}), False),
        (nova({"text": "correctness: 1"}), True),
    ],
)
def test_a_judge_is_asked_again_where_its_body_has_no_call_of_the_tool(raw, is_asked_again):
    states = CANDIDATE_STATES["JudgeResponse"]["ItemProcessor"]["States"]
    condition = states["HasVerdictInBody"]["Choices"][0]["Condition"].removeprefix("{%").removesuffix("%}")
    frame = {"asked": {"call": {"must_call_tool": True}}, "states": {"input": {"reply": raw}}}
    assert compile_expression(condition).evaluate(frame) is is_asked_again
    assert (read_reply("invoke_model", raw).tool_input is None) is is_asked_again


PIECES = st.sampled_from(
    ["<think>", "</think>", "<reasoning>", "</reasoning>", "[THINK]", "[/THINK]", "<|channel|>analysis",
     "<|channel|>final", "<|message|>", "<|end|>", "<|start|>assistant", "<|return|>", "assistantfinal",
     "analysis", "```", "`", "\n", " ", "a", "42", "<", "[", "\r\n", "<|end_of_thought|>",
     "◁think▷", "◁/think▷"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
def test_any_text_is_split_the_same_in_every_place(text):
    check_every_place(text)


@pytest.mark.parametrize("piece", [
    "<think>", "\n<think>", "</think>", "<", "`", "`\n", "[", "<|end|>  ", "\n" + " " * 50, "<|channel|>",
    "<|channel|>final", "<a:", "<think ", "<aaaaaaaaaaaa_", "analysis", "[THINK]\n", "</think>`", "◁", "```",
    "<|start|>assistant", "\n[THINK]",
])  # fmt: skip
def test_no_text_takes_long_to_split(piece):
    """The workflow has a second for an expression, and a model may write what it likes."""
    long = piece * (200_000 // len(piece))
    for text in (long, "<think>" + long, long + "</think>42", "x " * 100_000 + piece):
        split_thinking(text)


@pytest.mark.skipif(
    not (NODE_JSONATA.is_dir() and shutil.which("node")),
    reason="JSONata for JavaScript comes with `make test`",
)
def test_the_javascript_that_aws_runs_gives_the_same(tmp_path):
    cases = [["ConverseWithCandidate", case.raw, expected(case)] for case in CONVERSE.values()]
    cases += [["InvokeCandidate", case.raw, expected(case)] for case in BODIES.values()]
    cases += [["InvokeCandidate", said(text), answer or EMPTY] for text, answer in TEXTS.values()]
    given = {state: expression(state) for state in ("ConverseWithCandidate", "InvokeCandidate")}
    (tmp_path / "cases.json").write_text(json.dumps({"cases": cases, "expressions": given}))
    (tmp_path / "run.js").write_text(
        f"const jsonata = require({json.dumps(str(NODE_JSONATA))});\n"
        "const {cases, expressions} = require('./cases.json');\n"
        "(async () => { for (const [state, result, want] of cases) {\n"
        "  const got = await jsonata(expressions[state]).evaluate(null, {states: {input: {}, result}});\n"
        "  if (got !== want) console.log(JSON.stringify({state, result, got, want}));\n"
        "} })();\n"
    )
    ran = subprocess.run(["node", "run.js"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("", "")
