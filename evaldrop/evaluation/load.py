"""Reads the file of an evaluation, and words its mistakes."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from evaldrop import storage
from evaldrop.datasets.texts import visible
from evaldrop.errors import EvaldropError, EvaluationError
from evaldrop.evaluation.definition import Evaluation
from evaldrop.evaluation.improvement import MADE, NAMED
from evaldrop.evaluation.schema_files import with_schemas
from evaldrop.evaluation.yaml_faults import comma_advice, in_quotes, missing_space
from evaldrop.evaluation.yaml_text import MAX_BYTES, read_yaml
from evaldrop.nearest import did_you_mean, nearest

_MOST_PROBLEMS = 100
_QUOTED = re.compile(r"'([^']*)'")


def read_evaluation(uri: str) -> Evaluation:
    """
    Return the evaluation of a file, with the anchors and the checks' JSON Schemas beside it.

    Raises:
        EvaluationError: As `parse_evaluation`, or the file of anchors or of a schema is missing or wrong.
        StorageError: It cannot be read.
    """
    source = uri.rpartition("/")[2]
    evaluation = parse_evaluation(storage.read_bytes(uri, most=MAX_BYTES + 1), source=source)
    try:
        return evaluation.model_copy(
            update={
                "anchors": evaluation.anchors and evaluation.anchors.loaded(uri),
                "checks": with_schemas(evaluation.checks, uri),
            }
        )
    except EvaluationError as error:
        raise EvaluationError(f"{source}: {error}") from error


def read_loosely(uri: str) -> Mapping[str, Any]:
    """Return what an evaluation's file says, right or wrong; nothing when it is no YAML or holds no keys."""
    try:
        content = read_yaml(storage.read_bytes(uri, most=MAX_BYTES + 1))
    except EvaldropError:
        return {}
    return content if isinstance(content, Mapping) else {}


def parse_evaluation(text: str | bytes, *, source: str) -> Evaluation:
    """
    Return the evaluation a YAML (or JSON) text defines.

    Raises:
        EvaluationError: The text is not YAML, or not an evaluation. The message lists every problem, each
            with the place in the file and what to do.
    """
    try:
        content = read_yaml(text)
    except EvaluationError as error:
        raise EvaluationError(f"{source}: {error}") from error
    if not isinstance(content, Mapping):
        need = 'Give at least "name", "candidates" and "judges" or "metrics".'
        raise EvaluationError(f"{source}: holds no keys.{missing_space(content)} {need}")
    try:
        return Evaluation.model_validate(content)
    except ValidationError as error:
        problems = error.errors()
        lines = [f"{source}: {_one_line(_explain(problem))}" for problem in problems[:_MOST_PROBLEMS]]
        if more := len(problems) - len(lines):
            lines.append(f"{source}: {more:,} more problems.")
        raise EvaluationError("\n".join(lines)) from error


def _one_line(problem: str) -> str:
    # Keys and values are the file's own: a line break in one would tear the problem apart, a line a problem.
    return visible(problem).replace("\n", "<U+000A>")


def _explain(problem: Any) -> str:
    place = tuple(part for part in problem["loc"] if part not in {NAMED, MADE})
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    where = "".join(parts).removeprefix(".")
    match problem["type"]:
        case "extra_forbidden":
            told = comma_advice(place[-1], problem["input"])
            return (
                f"{where}: unknown key.{told or _did_you_mean(str(place[-1]), sorted(_keys_at(place[:-1])))}"
            )
        case "missing":
            need = "Every evaluation needs it." if len(place) == 1 else "Give it a value."
            return f"{where}: missing. {need}"
        case "value_error":
            # Without pydantic's "Value error, " before it.
            return f"{where + ': ' if where else ''}{problem['ctx']['error']}."
        case _:
            given = repr(problem["input"])
            given = given if len(given) < 80 else given[:77] + "..."
            advice = f" {in_quotes(problem['input'])}" if problem["type"] == "string_type" else ""
            # Of a closed set, whose members pydantic lists in quotes.
            choices = _QUOTED.findall(str(problem.get("ctx", {}).get("expected", "")))
            advice += did_you_mean(str(problem["input"]), choices)
            return f"{where}: {problem['msg']}; it is {given}.{advice}".rstrip()


def _keys_at(location: tuple[str | int, ...]) -> list[str]:
    """Return the keys the model has at a place, to suggest one for a typing error."""
    model: Any = Evaluation
    for part in location:
        if isinstance(part, int) or not isinstance(model, type) or not issubclass(model, BaseModel):
            continue
        field = model.model_fields.get(str(part))
        # a part that is no field is a key of a mapping whose values are of this model
        model = _model_in(field.annotation) if field else model
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    arguments = getattr(annotation, "__args__", ())
    return next((found for found in map(_model_in, arguments) if found), None)


def _did_you_mean(word: str, known: list[str]) -> str:
    if close := nearest(word, known):
        return f' Did you mean "{close[0]}"?'
    return f" Known keys: {', '.join(known)}." if known else ""
