"""
What a model is called by from a Region.

Most models are called through the inference profile of a geography, and another Region has another one.
`geo.` before a model's ID is evaldrop's own name for the one of the Region at hand, so that one evaluation
runs in all of them. It is resolved before a run begins: `run.json` has the ID that was called.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from evaldrop.errors import EvaluationError
from evaldrop.evaluation.definition import Called, Evaluation, Price, each_called, proposers
from evaldrop.evaluation.improvement import BY_BEDROCK, ImprovedPrompt
from evaldrop.evaluation.model_ids import ANYWHERE, GEOGRAPHIES, HERE, model_name
from evaldrop.evaluation.model_limits import limits_of

Fact = TypeVar("Fact")

REHEARSED_REGION = "us-east-1"
"""Where a rehearsal takes place: the prices are of this Region."""


def resolved_model(model: str, region: str) -> str:
    """
    Return what a model is called by from a Region: its ID as it is, but for one with `geo.`.

    Where no geography of the Region has a profile of the model, that is its own ID if it may be called by it.
    It is never the `global.` profile: that one lets texts leave the geography, which somebody has to choose.

    Raises:
        EvaluationError: No profile of it is called from there.
    """
    geography, name = model_name(model)
    if geography != HERE:
        return model
    limits = limits_of(name)
    known = limits.profiles or limits.geographies
    for profile in _geographies_of(region):
        if known is None or profile in known:
            return f"{profile}.{name}"
    if limits.profiles is None:
        return name
    there = ", ".join(limits.profiles)
    instead = f", or {ANYWHERE}.{name}, which any Region may answer" if ANYWHERE in limits.profiles else ""
    raise EvaluationError(
        f"no inference profile of {name} is known to be called from {region}; it has {there}. "
        f"Name another model{instead}."
    )


def region_problem(model: str, region: str) -> str | None:
    """
    Say why a model cannot be called from a Region, or None.

    Nothing is said of Regions that belong to no geography: profiles are opened to them one by one.
    """
    if model.startswith("arn:"):
        home = model.split(":")[3]
        return None if home in ("", region) else f"{model} is called from {home}, not from {region}."
    try:
        resolved = resolved_model(model, region)
    except EvaluationError as error:
        return str(error)
    geography, name = model_name(resolved)
    own = _geographies_of(region)
    if geography is None or geography == ANYWHERE or not own or geography in own:
        return None
    return (
        f"{model} is called from Regions of {geography}, not from {region}. "
        f"Say model: {HERE}.{name}, the profile of the Region at hand."
    )


def called_in(model: str, region: str) -> str:
    """Return what a model is called by from a Region, its name as it is where no profile is known there."""
    try:
        return resolved_model(model, region)
    except EvaluationError:
        return model


def in_region(evaluation: Evaluation, region: str) -> Evaluation:
    """Return an evaluation whose models are what they are called by from a Region, where that is known."""
    return _renamed(evaluation, lambda model: called_in(model, region))


def prices_in_region(prices: Mapping[str, Price], region: str) -> dict[str, Price]:
    """Return prices by what their models are called by from a Region, where that is known."""
    return _by_called_name(prices, lambda model: called_in(model, region))


def region_problems(evaluation: Evaluation, region: str) -> Iterator[str]:
    """Yield which candidates and judges cannot be called from a Region, and why."""
    for who, called in each_called(evaluation):
        if problem := region_problem(called.model, region):
            yield f"{who}: {problem}"
    known = {called.model for _, called in each_called(evaluation)}
    for model in proposers(evaluation):
        if model not in known and (problem := region_problem(model, region)):
            yield f"whoever writes prompts: {problem}"


def as_called(evaluation: Evaluation, before: Evaluation) -> Evaluation:
    """
    Return an evaluation in which a candidate or judge with `geo.` has the ID that it had in an earlier run.

    Its replies are to be taken over, wherever they came from.
    """
    known = {model_name(each.model)[1]: each.model for _, each in each_called(before)}
    return _renamed(
        evaluation,
        lambda model: known.get(model_name(model)[1], model) if model_name(model)[0] == HERE else model,
    )


def without_geographies(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation as it would be in any Region: `us.amazon.nova-lite-v1:0` without its `us.`."""
    return _renamed(evaluation, lambda model: model_name(model)[1])


def _geographies_of(region: str) -> list[str]:
    return [name for name, regions in GEOGRAPHIES.items() if re.fullmatch(regions, region)]


def _renamed(evaluation: Evaluation, name: Callable[[str], str]) -> Evaluation:
    """Return an evaluation whose models have other IDs; prices and limits that it states go with them."""
    known = {"", *BY_BEDROCK, *(one.name for one in (*evaluation.candidates, *evaluation.judges))}

    def each(called: Iterable[Called]) -> tuple[Called, ...]:
        return tuple(one.model_copy(update={"model": name(one.model), **prompt(one)}) for one in called)

    def prompt(one: Called) -> dict[str, ImprovedPrompt]:
        improved = getattr(one, "prompt", None)
        if not isinstance(improved, ImprovedPrompt) or (improved.by or "") in known:
            return {}
        return {"prompt": improved.model_copy(update={"by": name(str(improved.by))})}

    return evaluation.model_copy(
        update={
            "candidates": each(evaluation.candidates),
            "judges": each(evaluation.judges),
            "prices": _by_called_name(evaluation.prices, name),
            "limits": _by_called_name(evaluation.limits, name),
        }
    )


def _by_called_name(facts: Mapping[str, Fact], name: Callable[[str], str]) -> dict[str, Fact]:
    # What is said of the very profile wins over what is said of whichever the Region has.
    as_they_are = {model: fact for model, fact in facts.items() if name(model) == model}
    return {name(model): fact for model, fact in facts.items()} | as_they_are
