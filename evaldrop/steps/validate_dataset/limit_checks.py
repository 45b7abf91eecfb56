"""
What a candidate or judge asks of its model that the model refuses.

What an evaluation states and the model refuses is a problem. What is done in another way than usual, or may
be refused, is a warning. Where nothing was stated, the request is as the model takes it, and nothing is said.
"""

from collections.abc import Iterator

from evaldrop.bedrock.families.registry import layout_named
from evaldrop.evaluation import Called, Evaluation, Judge
from evaldrop.evaluation.definition import each_called, layout
from evaldrop.evaluation.model_ids import HERE, model_name
from evaldrop.evaluation.model_limits import (
    Thinking,
    hides_model,
    limits_of,
    profile_ids,
    thinking_of,
    tool_use,
)
from evaldrop.nearest import did_you_mean

MIN_THINKING_BUDGET = 1024
"""The least that Anthropic's `budget_tokens` may be."""

MIN_TOP_P_THINKING = 0.95

_SAMPLING = ("temperature", "top_p", "top_k")


def limit_problems(evaluation: Evaluation) -> Iterator[str]:
    """Yield what an evaluation states and a model refuses, with the way out."""
    for who, called in each_called(evaluation):
        thinking = thinking_of(called.model, called.family, called.extra)
        for problem in (
            *_sampling_problems(called, thinking),
            *_thinking_problems(called, thinking),
            *_other_problems(called),
        ):
            yield f"{who}: {called.model} {problem}"


def _sampling_problems(called: Called, thinking: Thinking) -> Iterator[str]:
    stated = _stated_sampling(called)
    named = " and ".join(stated)
    sampling = limits_of(called.model, called.family).sampling
    if sampling == "none":
        # Its own temperature, which is left out.
        if refused := [name for name in stated if name != "temperature" or stated[name] != 1]:
            yield f"takes no sampling parameters. Leave {' and '.join(refused)} out."
    elif thinking.takes_no_inference:
        limit = {"max_tokens": called.inference.max_tokens} if called.inference.max_tokens else {}
        if refused := [*stated, *limit]:
            yield (
                f"takes no {' and no '.join(refused)} beside its highest effort. Leave that out, or lower "
                "maxReasoningEffort."
            )
    elif thinking.is_on and _bends_thinking(stated):
        yield (
            f"takes no {named} as stated while it thinks, only temperature: 1 and a top_p of "
            f"{MIN_TOP_P_THINKING} or more. Leave it out, or thinking."
        )
    elif sampling == "one" and {"temperature", "top_p"} <= stated.keys():
        yield "takes temperature or top_p, not both. Leave one out."


def _stated_sampling(called: Called) -> dict[str, object]:
    """Return the sampling parameters that will be sent, those of `extra` included."""
    inference = called.inference.model_dump(include={"temperature", "top_p"}, exclude_none=True)
    return {**inference, **{name: called.extra[name] for name in _SAMPLING if name in called.extra}}


def _bends_thinking(stated: dict[str, object]) -> bool:
    top_p = stated.get("top_p", 1)
    return (
        stated.get("temperature", 1) != 1
        or "top_k" in stated
        or not (isinstance(top_p, int | float) and top_p >= MIN_TOP_P_THINKING)
    )


def _thinking_problems(called: Called, thinking: Thinking) -> Iterator[str]:
    known = limits_of(called.model, called.family)
    if "reasoningConfig" in called.extra and known.reasoning is False:
        yield "takes no reasoningConfig. Leave it out of extra."
    if thinking.type is None:
        return
    if known.thinking == ():
        if thinking.is_on:
            yield "cannot think. Leave thinking out of extra."
    elif known.thinking is not None and thinking.type not in known.thinking:
        yield f"takes no thinking of type {thinking.type}. Say type: {' or '.join(known.thinking)}."
    elif thinking.type == "enabled":
        yield from _budget_problems(called, thinking)


def _budget_problems(called: Called, thinking: Thinking) -> Iterator[str]:
    limit = called.inference.max_tokens
    if thinking.budget is None or thinking.budget < MIN_THINKING_BUDGET:
        yield f"thinks within budget_tokens of {MIN_THINKING_BUDGET:,} or more. Give them beside the type."
    elif limit is not None and limit <= thinking.budget:
        yield (
            f"is to think within {thinking.budget:,} tokens, and max_tokens: {limit:,} has to hold thoughts "
            "and answer. Give more, or leave it out."
        )


def _other_problems(called: Called) -> Iterator[str]:
    known = limits_of(called.model, called.family)
    if called.inference.stop and known.stop is False and called.api == "converse":
        yield "takes no stop texts. Leave stop out."
    if isinstance(called, Judge) and called.verdict == "tool" and known.tools == "none":
        yield "takes no tools. Say verdict: text, or leave verdict out."


def limit_warnings(evaluation: Evaluation, *, is_bedrock: bool) -> Iterator[str]:
    """
    Yield what is done in another way for a model, and what may fail.

    `is_bedrock` is False where an OpenAI-compatible server answers: it knows no inference profiles.
    """
    for who, called in each_called(evaluation):
        if is_bedrock and (profiles := profile_ids(called.model)):
            name = model_name(called.model)[1]
            there = ", ".join(each.partition(".")[0] for each in profiles)
            yield (
                f"{who}: in most Regions, {called.model} is called only through an inference profile (of "
                f"{there}). Say model: {HERE}.{name}, the one of the Region at hand."
            )
        if limits_of(called.model, called.family).system is False:
            yield f"{who}: {called.model} takes no system text; the prompt's begins its first message."
        if unsent := _unsent(called):
            yield f"{who}: {layout(called)} bodies have no {' and no '.join(unsent)}; it is not sent."
        if isinstance(called, Judge):
            yield from _tool_warnings(who, called)
    models = [called.model for _, called in each_called(evaluation)]
    for model in evaluation.limits:
        if model not in models:
            yield (
                f'limits: no candidate and no judge calls "{model}", so this limits nothing.'
                f"{did_you_mean(model, models)}"
            )


def _unsent(called: Called) -> list[str]:
    """Return the parameters that are stated and that the request's layout has no name for."""
    known = layout_named(layout(called)).parameters
    given = called.inference.model_dump(exclude_defaults=True)
    return [
        name
        for name, value in given.items()
        if name not in known and value != called.default_inference.get(name)
    ]


def _tool_warnings(who: str, judge: Judge) -> Iterator[str]:
    is_hidden = hides_model(judge.model)
    if judge.verdict == "text" and tool_use(judge.model, judge.family, judge.extra) == "none":
        yield f"{who}: {judge.model} takes no tools; its verdicts are read from its text."
    elif is_hidden and not judge.family and judge.verdict == "tool" and judge.api == "converse":
        yield (
            f"{who}: its ARN does not tell its model, which is therefore not made to call the tool, only "
            "asked to. Say its family, such as family: anthropic."
        )
    if is_hidden and judge.family == "anthropic" and judge.inference.temperature is not None:
        yield (
            f"{who}: its ARN does not tell its version of Claude, and Opus 4.7 and all later ones take no "
            "temperature. For one of those, say inference: {temperature: null}."
        )
