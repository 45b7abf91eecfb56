"""
The requests the workflow sends, in ready parts: a constant part per candidate and judge, and a record's part.

`infra/workflow.asl.yaml` merges the two. Casing is Step Functions': PascalCase for Converse, the model's own
for a body of `invoke_model`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evaldrop.bedrock.families.family import JSON, Layout
from evaldrop.bedrock.families.registry import layout_named
from evaldrop.evaluation import Candidate, Judge, body_family
from evaldrop.evaluation.definition import GIVEN, Inference, layout
from evaldrop.evaluation.model_ids import tool_choice
from evaldrop.evaluation.prompts import Turn


def candidate_call(candidate: Candidate, *, request_key: str) -> JSON:
    """Return a candidate's constant part: an item of the workflow's `candidates`."""
    call: JSON = {"name": candidate.name, "request_key": request_key, "timeout_s": candidate.timeout_s}
    if candidate.model == GIVEN:
        return {**call, "api": GIVEN}
    constants = _called_constants(candidate)
    if candidate.api == "converse":
        if guardrail := guardrail_of(candidate):
            constants["GuardrailConfig"] = guardrail
        return {**call, "api": "converse", "request": constants}
    request = {"ModelId": candidate.model, "ContentType": "application/json", "Accept": "application/json"}
    request |= native_guardrail(candidate)
    return {**call, "api": "invoke_model", "request": request, "body": constants}


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
    # Converse takes the trace in lower case, InvokeModel only in upper case.
    return {**guardrail, "Trace": guardrail["Trace"].upper()} if "Trace" in guardrail else guardrail


def native_body(candidate: Candidate, turns: Sequence[Turn]) -> JSON:
    """
    Return a candidate's whole InvokeModel body, also of one whose `api` is `converse`.

    Converse puts its additional fields into the model's body at their own places: `extra` is merged in depth.

    Args:
        candidate: Of a known family.
        turns: As `conversation` takes them.
    """
    family = str(body_family(candidate))
    constants = _constants(layout_named(family), candidate.inference)
    return _merged(constants, candidate.extra) | conversation(turns, family)


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
    form = layout_named(called_layout)
    if not system:
        return form.messages(messages)
    if form.system is None:
        # The layout puts it among its messages: leaving it out would change the question in silence.
        return form.messages([Turn("system", system), *messages])
    return form.messages(messages) | form.system(system)


def judge_call(judge: Judge, *, system: str, tool: Mapping[str, Any], reminder: str) -> JSON:
    """
    Return a judge's constant part: a value of the workflow's `judges`.

    Args:
        judge: Who is asked.
        system: The judge prompt's system text, blank for none. A layout without a place for it apart from
            its messages does not get it here: PrepareRecords puts it before the judge's text.
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
    form, constants = layout_named(layout(judge)), _called_constants(judge)
    if system and form.system:
        constants |= form.system(system)
    if tool and form.tool:
        # Converse refuses a choice that the model does not take; own bodies take the tool's name.
        constants |= form.tool(tool, tool_choice(judge.model) if judge.api == "converse" else "tool")
    if judge.api == "converse":
        return {**call, "request": constants}
    return {**call, "body": constants, "block": form.block}


def _called_constants(called: Candidate | Judge) -> JSON:
    constants = _constants(layout_named(layout(called)), called.inference)
    if called.api == "invoke_model":
        return constants | called.extra
    request: JSON = {"ModelId": called.model, **constants}
    return {**request, "AdditionalModelRequestFields": called.extra} if called.extra else request


def _constants(form: Layout, inference: Inference) -> JSON:
    # What nobody set is not sent: a model has defaults of its own, and may refuse a parameter.
    stated = inference.model_dump(mode="json", exclude_defaults=True)
    values = {name: stated[key] for key, name in form.parameters.items() if key in stated}
    return {**form.constants, **({form.parameters_in: values} if form.parameters_in else values)}
