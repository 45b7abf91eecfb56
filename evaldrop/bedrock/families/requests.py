"""
The requests the workflow sends, in ready parts: a constant part per candidate and judge, and a record's part.

`infra/workflow` merges the two. Casing is Step Functions': PascalCase for Converse, the model's own
for a body of `invoke_model`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from evaldrop.bedrock.families.converse import CONVERSE
from evaldrop.bedrock.families.family import JSON, Layout
from evaldrop.bedrock.families.registry import layout_named
from evaldrop.bedrock.families.savings import service_tier, with_cache_point
from evaldrop.errors import PromptError
from evaldrop.evaluation import Called, Candidate, Judge, body_family
from evaldrop.evaluation.definition import GIVEN, Inference, layout
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.model_limits import limits_of, tool_use
from evaldrop.evaluation.prompts import Turn


def candidate_call(candidate: Candidate, *, request_key: str, delivery: Delivery = "on_demand") -> JSON:
    """Return a candidate's constant part: an item of the workflow's `candidates`."""
    call: JSON = {"name": candidate.name, "request_key": request_key, "timeout_s": candidate.timeout_s}
    if candidate.model == GIVEN:
        return {**call, "api": GIVEN}
    constants = _called_constants(candidate)
    if candidate.api == "converse":
        constants |= _offered(CONVERSE, candidate)
        if guardrail := guardrail_of(candidate):
            constants["GuardrailConfig"] = guardrail
        return {**call, "api": "converse", "request": constants | service_tier(delivery)}
    request = {"ModelId": candidate.model, "ContentType": "application/json", "Accept": "application/json"}
    request |= native_guardrail(candidate)
    constants |= _offered(layout_named(layout(candidate)), candidate)
    return {**call, "api": "invoke_model", "request": request, "body": constants}


def _offered(form: Layout, candidate: Candidate) -> JSON:
    """Return the part of a request that offers tools; `tool_problems` refuses what has no place for them."""
    if not candidate.tools or form.tools is None:
        return {}
    return form.tools([tool.spec() for tool in candidate.tools])


def tool_problems(candidates: Iterable[Candidate]) -> Iterator[str]:
    """Yield why a candidate cannot be offered its tools, with the way out."""
    for candidate in candidates:
        if not candidate.tools:
            continue
        who, form = f"candidate {candidate.name}", layout(candidate)
        if candidate.model == GIVEN:
            yield f"{who}: its responses come with the dataset, and nobody is called. Leave its tools out."
        elif limits_of(candidate.model, candidate.family).tools == "none":
            yield f"{who}: {candidate.model} takes no tools. Leave them out of it with tools: []."
        elif layout_named(form).tools is None:
            yield (
                f"{who}: bodies of {form} are given no tools here. Say api: converse, or leave them out "
                "of it with tools: []."
            )


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
        turns: As `turns_for` returns them.
    """
    family = str(body_family(candidate))
    form = layout_named(family)
    constants = _constants(form, _taken(candidate)) | _offered(form, candidate)
    return _merged(constants, candidate.extra) | conversation(turns, family)


def _merged(body: JSON, extra: Mapping[str, Any]) -> JSON:
    merged = dict(body)
    for key, value in extra.items():
        inner = merged.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def takes_system(called: Called) -> bool:
    """Tell whether a model takes a system text, and its requests have a place for it."""
    form = layout_named(layout(called))
    return form.system is not None and limits_of(called.model, called.family).system is not False


def turns_for(candidate: Candidate, turns: Iterable[Turn]) -> list[Turn]:
    """
    Return a conversation as a candidate's model takes it, under either API.

    Converse refuses two messages of one role in a row, and bodies that are one text would be taken as they
    are: messages in a row become one, a blank line between. A system text that the model does not take begins
    the first message.

    Raises:
        PromptError: It does not begin with the user's message, or has none.
    """
    given = list(turns)
    system = [turn for turn in given if turn.role == "system"]
    messages = [
        Turn(role, "\n\n".join(turn.text for turn in of_role))
        for role, of_role in groupby((turn for turn in given if turn.role != "system"), attrgetter("role"))
    ]
    if not messages:
        raise PromptError("the conversation has no message of the user's. Give it one to answer.")
    if messages[0].role == "assistant":
        raise PromptError(
            "the conversation begins with a message of the assistant's, and models take none that does not "
            "begin with the user's. Leave that message out, or make it part of the system text."
        )
    if system and limits_of(candidate.model, candidate.family).system is False:
        messages[0] = Turn("user", "\n\n".join(turn.text for turn in (*system, messages[0])))
        system = []
    return [*system, *messages]


def refuse_prefill(candidate: Candidate, turns: Sequence[Turn]) -> None:
    """
    Refuse a conversation that a candidate's model would have to go on with in the middle of its own message.

    Raises:
        PromptError: It ends with the assistant's message, and the model takes none that does.
    """
    if turns[-1].role == "assistant" and limits_of(candidate.model, candidate.family).prefill is False:
        raise PromptError(
            f"the conversation ends with a message of the assistant's, and {candidate.model} (candidate "
            f"{candidate.name}) takes only one that ends with the user's. Leave that message out."
        )


def conversation(turns: Sequence[Turn], called_layout: str) -> JSON:
    """
    Return a record's part of a candidate's request.

    Args:
        turns: System texts and messages, in order, as `turns_for` returns them.
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


def judge_call(
    judge: Judge,
    *,
    system: str,
    tool: Mapping[str, Any],
    reminder: str,
    delivery: Delivery = "on_demand",
) -> JSON:
    """
    Return a judge's constant part: a value of the workflow's `judges`.

    Args:
        judge: Who is asked.
        system: The judge prompt's system text, blank for none. Where there is no place for it apart from the
            messages (`takes_system`) it is not here: PrepareRecords puts it before the judge's text.
        tool: `name`, `description` and JSON Schema (`input_schema`) of the verdict tool; empty for a text
            verdict.
        reminder: What is added when the tool was not called.
        delivery: How its calls are delivered.
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
    if system and form.system and takes_system(judge):
        constants |= form.system(system)
    if tool and form.tool:
        constants |= form.tool(tool, _tool_choice(judge))
    if judge.api == "converse":
        return {**call, "request": with_cache_point(constants, judge, delivery) | service_tier(delivery)}
    return {**call, "body": constants, "block": form.block}


def _tool_choice(judge: Judge) -> str | None:
    """Return how a judge's model is made to call the tool; None leaves it to the model."""
    use = tool_use(judge.model, judge.family, judge.extra)
    if judge.api == "invoke_model":
        # Own bodies take the tool's name, where the model can be made to call it at all.
        return None if use in ("auto", "none") else "tool"
    # Converse refuses a choice that the model does not take, and not each model that it has is known.
    return use if use in ("tool", "any") else None


def _called_constants(called: Candidate | Judge) -> JSON:
    constants = _constants(layout_named(layout(called)), _taken(called))
    if called.api == "invoke_model":
        return constants | called.extra
    request: JSON = {"ModelId": called.model, **constants}
    return {**request, "AdditionalModelRequestFields": called.extra} if called.extra else request


def _taken(called: Called) -> Inference:
    """Return the parameters to send. A model that refuses sampling parameters samples at 1 in any case."""
    inference = called.inference
    if inference.temperature == 1 and limits_of(called.model, called.family).sampling == "none":
        return inference.model_copy(update={"temperature": None})
    return inference


def _constants(form: Layout, inference: Inference) -> JSON:
    # What nobody set is not sent: a model has defaults of its own, and may refuse a parameter.
    stated = inference.model_dump(mode="json", exclude_defaults=True)
    values = {name: stated[key] for key, name in form.parameters.items() if key in stated}
    return {**form.constants, **({form.parameters_in: values} if form.parameters_in else values)}
