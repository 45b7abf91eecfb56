"""
The requests the workflow sends, in ready parts: a constant part per candidate and judge, and a record's part.

`infra/workflow.asl.yaml` merges the two. Casing is Step Functions': PascalCase for Converse, the model's own
for a body of `invoke_model`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from evaldrop.evaluation import Candidate, Family, Judge, body_family
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.prompts import Turn

JSON = dict[str, Any]


def candidate_call(candidate: Candidate, *, request_key: str) -> JSON:
    """Return a candidate's constant part: an item of the workflow's `candidates`."""
    call: JSON = {"name": candidate.name, "request_key": request_key, "timeout_s": candidate.timeout_s}
    if candidate.model == GIVEN:
        return {**call, "api": GIVEN}
    if candidate.api == "converse":
        request = _converse_constants(candidate)
        if guardrail := guardrail_of(candidate):
            request["GuardrailConfig"] = guardrail
        return {**call, "api": "converse", "request": request}
    request = {"ModelId": candidate.model, "ContentType": "application/json", "Accept": "application/json"}
    request |= native_guardrail(candidate)
    return {**call, "api": "invoke_model", "request": request, "body": _body_constants(candidate)}


def guardrail_of(candidate: Candidate) -> JSON:
    """Return a candidate's guardrail in Converse's words; empty without one."""
    guardrail = candidate.guardrail
    if guardrail is None:
        return {}
    named = {"GuardrailIdentifier": guardrail.id, "GuardrailVersion": guardrail.version}
    return named if guardrail.trace == "disabled" else {**named, "Trace": guardrail.trace}


def native_guardrail(candidate: Candidate) -> JSON:
    """Return a candidate's guardrail in InvokeModel's words; empty without one."""
    guardrail = guardrail_of(candidate)
    return {**guardrail, "Trace": guardrail["Trace"].upper()} if "Trace" in guardrail else guardrail


def native_body(candidate: Candidate, turns: Sequence[Turn]) -> JSON:
    """
    Return a candidate's whole InvokeModel body, also of one whose `api` is `converse`.

    Converse puts its additional fields into the model's body at their own places: `extra` is merged in depth.

    Args:
        candidate: Of a known family.
        turns: As `conversation` takes them.
    """
    constants = _body_constants(candidate.model_copy(update={"extra": {}}))
    return _merged(constants, candidate.extra) | conversation(turns, str(body_family(candidate)))


def _merged(body: JSON, extra: Mapping[str, Any]) -> JSON:
    merged = dict(body)
    for key, value in extra.items():
        inner = merged.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def conversation(turns: Sequence[Turn], called_layout: str) -> JSON:
    """
    Return a record's part of a candidate's request.

    Args:
        turns: System texts and messages, in order; at least one message.
        called_layout: What `layout` returns for the candidate.
    """
    system = "\n\n".join(turn.text for turn in turns if turn.role == "system")
    messages = [turn for turn in turns if turn.role != "system"]
    return _CONVERSATIONS[called_layout](system, messages)


def _converse_conversation(system: str, messages: Sequence[Turn]) -> JSON:
    part: JSON = {"Messages": [{"Role": turn.role, "Content": [{"Text": turn.text}]} for turn in messages]}
    return {**part, "System": [{"Text": system}]} if system else part


def _anthropic_conversation(system: str, messages: Sequence[Turn]) -> JSON:
    part: JSON = {
        "messages": [
            {"role": turn.role, "content": [{"type": "text", "text": turn.text}]} for turn in messages
        ]
    }
    return {**part, "system": system} if system else part


def _nova_conversation(system: str, messages: Sequence[Turn]) -> JSON:
    part: JSON = {"messages": [{"role": turn.role, "content": [{"text": turn.text}]} for turn in messages]}
    return {**part, "system": [{"text": system}]} if system else part


def _chat_conversation(system: str, messages: Sequence[Turn]) -> JSON:
    turns = [*([Turn("system", system)] if system else []), *messages]
    return {"messages": [{"role": turn.role, "content": turn.text} for turn in turns]}


def _llama_conversation(system: str, messages: Sequence[Turn]) -> JSON:
    turns = [*([Turn("system", system)] if system else []), *messages]
    blocks = [
        f"<|start_header_id|>{turn.role}<|end_header_id|>\n\n{_plain(turn.text)}<|eot_id|>" for turn in turns
    ]
    return {
        "prompt": "<|begin_of_text|>" + "".join(blocks) + "<|start_header_id|>assistant<|end_header_id|>\n\n"
    }


def _mistral_conversation(system: str, messages: Sequence[Turn]) -> JSON:
    text, pending = "<s>", system
    for turn in messages:
        if turn.role == "assistant":
            text += f" {_plain(turn.text)}</s>"
            continue
        words = f"{pending}\n\n{turn.text}" if pending else turn.text
        text += f"[INST] {_plain(words)} [/INST]"
        pending = ""
    return {"prompt": text}


_CONVERSATIONS = {
    "converse": _converse_conversation,
    "anthropic": _anthropic_conversation,
    "nova": _nova_conversation,
    "chat": _chat_conversation,
    "llama": _llama_conversation,
    "mistral": _mistral_conversation,
}

_CONTROL = re.compile(r"<\|(?=[a-z_]+\|>)|\[(?=/?INST\])|<(?=/?s>)")


def _plain(text: str) -> str:
    """Return a text whose control tokens are broken up, so that a value cannot open a message of its own."""
    return _CONTROL.sub(lambda match: match.group()[0] + " " + match.group()[1:], text)


def judge_call(judge: Judge, *, system: str, tool: Mapping[str, Any], reminder: str) -> JSON:
    """
    Return a judge's constant part: a value of the workflow's `judges`.

    Args:
        judge: Who is asked.
        system: The judge prompt's system text, blank for none. A chat body has no place for it beside its
            messages: PrepareRecords puts it before the judge's text.
        tool: `name`, `description` and JSON Schema (`input_schema`) of the verdict tool; empty for a text
            verdict.
        reminder: What is added when the tool was not called.
    """
    call: JSON = {
        "model": judge.model,
        "timeout_s": judge.timeout_s,
        "must_call_tool": bool(tool),
        "reminder": reminder,
    }
    if judge.mask_identity:
        call["mask_identity"] = True
    if judge.api == "converse":
        request = _converse_constants(judge)
        if system:
            request["System"] = [{"Text": system}]
        if tool:
            request["ToolConfig"] = _converse_tool(judge.model, tool)
        return {**call, "request": request}
    family = body_family(judge)
    body = _body_constants(judge)
    if system and family != "chat":
        body["system"] = [{"text": system}] if family == "nova" else system
    if tool:
        body |= _body_tool(family, tool)
    return {**call, "body": body, "block": {} if family == "nova" else {"type": "text"}}


def _converse_constants(called: Candidate | Judge) -> JSON:
    inference = called.inference
    limits = {
        "MaxTokens": inference.max_tokens,
        "Temperature": inference.temperature,
        "TopP": inference.top_p,
        "StopSequences": list(inference.stop) or None,
    }
    request: JSON = {"ModelId": called.model, "InferenceConfig": _given(limits)}
    return {**request, "AdditionalModelRequestFields": called.extra} if called.extra else request


def _converse_tool(model: str, tool: Mapping[str, Any]) -> JSON:
    schema = {"Json": tool["input_schema"]}
    spec = {"Name": tool["name"], "Description": tool["description"], "InputSchema": schema}
    config: JSON = {"Tools": [{"ToolSpec": spec}]}
    choice = _tool_choice(model, str(tool["name"]))
    return {**config, "ToolChoice": choice} if choice else config


def _tool_choice(model: str, name: str) -> JSON | None:
    """Return how a model is made to call the tool; not every family takes a choice at all."""
    if "anthropic." in model or "amazon.nova" in model:
        return {"Tool": {"Name": name}}
    if "mistral." in model:
        return {"Any": {}}
    return None


def _body_constants(called: Candidate | Judge) -> JSON:
    inference = called.inference
    max_tokens, temperature, top_p, stop = (
        inference.max_tokens,
        inference.temperature,
        inference.top_p,
        list(inference.stop) or None,
    )
    match body_family(called):
        case "anthropic":
            body: JSON = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": max_tokens or 1024}
            body |= _given({"temperature": temperature, "top_p": top_p, "stop_sequences": stop})
        case "nova":
            limits = {
                "maxTokens": max_tokens,
                "temperature": temperature,
                "topP": top_p,
                "stopSequences": stop,
            }
            body = {"schemaVersion": "messages-v1", "inferenceConfig": _given(limits)}
        case "llama":
            body = _given({"max_gen_len": max_tokens, "temperature": temperature, "top_p": top_p})
        case _:
            body = _given(
                {"max_tokens": max_tokens, "temperature": temperature, "top_p": top_p, "stop": stop}
            )
    return body | called.extra


def _body_tool(family: Family | None, tool: Mapping[str, Any]) -> JSON:
    name, description, schema = tool["name"], tool["description"], tool["input_schema"]
    if family == "anthropic":
        spec: JSON = {"name": name, "description": description, "input_schema": schema}
        return {"tools": [spec], "tool_choice": {"type": "tool", "name": name}}
    if family == "nova":
        spec = {"toolSpec": {"name": name, "description": description, "inputSchema": {"json": schema}}}
        return {"toolConfig": {"tools": [spec], "toolChoice": {"tool": {"name": name}}}}
    function = {"name": name, "description": description, "parameters": schema}
    return {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": name}},
    }


def _given(values: Mapping[str, Any]) -> JSON:
    return {key: value for key, value in values.items() if value is not None}
