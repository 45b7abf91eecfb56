"""Criteria as an evaluation or a dataset row writes them; wrong ones are refused by the name of the field."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaldrop.errors import EvaluationError
from evaldrop.evaluation.criteria.built_in import built_in
from evaldrop.evaluation.criteria.criterion import Criterion, Example
from evaldrop.evaluation.criteria.scales import Scale, scale_from_config
from evaldrop.evaluation.yaml_faults import comma_advice, in_quotes, missing_space

# A name becomes a property of the verdict tool and a word of a gate rule.
_NAME: Final = r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"


class _ExampleConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str
    response: str
    score: float | str
    rationale: str = ""


class _CriterionConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=_NAME)
    like: str | None = None
    question: str | None = Field(default=None, min_length=1)
    scale: Any = None
    pass_at: float | str | None = None
    higher_is_better: bool | None = None
    needs_reference: bool | None = None
    needs_context: bool | None = None
    weight: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    must_include: tuple[str, ...] | None = None
    must_not_include: tuple[str, ...] | None = None
    examples: tuple[_ExampleConfig, ...] = ()


def criterion_from_config(value: str | Mapping[str, Any], *, path: str) -> Criterion:
    """
    Read one criterion: a built-in name, or a mapping.

    A mapping with a `question` is a criterion of one's own (scale `binary` unless given). Without one it is
    the built-in criterion called `like`, or `name`, with the given fields changed.

    Raises:
        EvaluationError: Unknown name or field, no scale, or `pass_at` off the scale; begins with `path`.
    """
    if isinstance(value, str):
        return built_in(value, path=path)
    if not isinstance(value, Mapping):
        raise EvaluationError(
            f"{path}: {value!r} is no criterion. Write a built-in name, or a name and a question."
        )
    if value.get("question", "") is None:
        # Else a question that # made a comment would be that of the built-in criterion of this name.
        raise EvaluationError(f"{path}.question: {in_quotes(None)}")
    try:
        config = _CriterionConfig.model_validate(dict(value))
    except ValidationError as error:
        raise EvaluationError(_in_words(error, path=path)) from error
    return _changed(_starting_point(config, path=path), config, path=path)


def _starting_point(config: _CriterionConfig, *, path: str) -> Criterion:
    if config.question is not None:
        scale = (
            Scale.binary() if config.scale is None else scale_from_config(config.scale, path=f"{path}.scale")
        )
        return Criterion(name=config.name, question=config.question, scale=scale)
    # A built-in question names its answers: on another scale they would mean something else.
    if config.scale is not None:
        raise EvaluationError(f"{path}: a scale of its own needs a question of its own. Add `question`.")
    return replace(built_in(config.like or config.name, path=path), name=config.name)


def _changed(criterion: Criterion, config: _CriterionConfig, *, path: str) -> Criterion:
    own = {"name", "like", "question", "scale", "pass_at", "examples"}  # are not taken over as they are
    given = config.model_dump(exclude=own, exclude_none=True)
    # Left out, the default is worked out anew: a changed direction moves it to the other side of the middle.
    pass_at, scale = math.nan, criterion.scale
    if config.pass_at is not None:
        pass_at = _on_scale(config.pass_at, scale, path=f"{path}.pass_at", between=True)
    examples = tuple(
        Example(
            prompt=example.prompt,
            response=example.response,
            score=_on_scale(example.score, scale, path=f"{path}.examples[{number}].score"),
            rationale=example.rationale,
        )
        for number, example in enumerate(config.examples)
    )
    return replace(criterion, **given, pass_at=pass_at, examples=examples or criterion.examples)


def _on_scale(value: float | str, scale: Scale, *, path: str, between: bool = False) -> float:
    """Return what an answer of the judge is worth; a pass mark may also be `between` two of them."""
    score: float | None
    if isinstance(value, str):
        score = scale.value_of(value)
    elif between:
        score = value
    else:
        score = scale.nearest(value)
    if score is None or not scale.low <= score <= scale.high:
        answers = ", ".join(scale.labels()) or f"{scale.low:g} to {scale.high:g}"
        raise EvaluationError(f"{path}: {value!r} is not on the scale ({answers}).")
    return score


def _in_words(error: ValidationError, *, path: str) -> str:
    problems = error.errors()
    # Of "name:tone" the missing name is told first, and the missing space is what to mend.
    first = next((one for one in problems if missing_space(one["loc"][-1])), problems[0])
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = ", ".join(_CriterionConfig.model_fields)
        told = comma_advice(where, first["input"])
        return f"{path}: a criterion has no field {where!r}.{told} It has {known}."
    if first["type"] == "missing":
        return f"{path}: no {where!r}. Every criterion needs one."
    if where == "name" and first["type"] == "string_pattern_mismatch":
        return (
            f"{path}.name: {first['input']!r} must begin with a letter and hold only letters, digits, _ - ."
        )
    advice = f" {in_quotes(first['input'])}" if first["type"] == "string_type" else ""
    return f"{path}.{where}: {first['msg']} (got {first['input']!r}).{advice}".rstrip()
