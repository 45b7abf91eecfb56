"""
JSON Schemas that anybody may have written, on JSON that a model wrote, in bounded time.

A schema can refer to itself without end, fetch what it refers to, or hold patterns that take for ever. Here
every keyword looks at the clock before it begins, patterns have the time limit of `patterns`, and a schema
refers only to itself.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final

import orjson
from jsonschema import exceptions, validators
from jsonschema.validators import Draft202012Validator
from jsonschema_specifications import REGISTRY
from referencing.exceptions import Unresolvable

from evaldrop.checks.patterns import compile_pattern, found
from evaldrop.checks.schema_limits import (
    MOST_BYTES,
    TIMEOUT_S,
    Schema,
    SchemaTooSlowError,
    SchemaUnusableError,
)
from evaldrop.checks.values import WrongValueError, shortened
from evaldrop.json_text import is_too_deep

_Keyword = Callable[[Any, Any, Any, Any], Any]
_until: ContextVar[float] = ContextVar("until")
_compiled = lru_cache(maxsize=1024)(compile_pattern)

_DRAFTS: Final[Mapping[str, Any]] = {
    draft.META_SCHEMA["$id"].rstrip("#"): draft
    for draft in (
        validators.Draft6Validator,
        validators.Draft7Validator,
        validators.Draft201909Validator,
        Draft202012Validator,
    )
}


def _left() -> float:
    left = _until.get() - time.thread_time()
    if left <= 0:
        raise SchemaTooSlowError
    return left


def _timed(keyword: _Keyword) -> _Keyword:
    def run(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        _left()
        for error in keyword(validator, value, instance, schema) or ():
            _left()
            yield error

    return run


def _matches(pattern: str, text: str) -> bool:
    try:
        return found(_compiled(pattern), text, timeout_s=_left()) is not None
    except TimeoutError as error:
        raise SchemaTooSlowError from error


def _pattern(validator: Any, value: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    if validator.is_type(instance, "string") and not _matches(value, instance):
        yield exceptions.ValidationError(f"{shortened(instance)!r} does not match {value!r}")


def _pattern_properties(validator: Any, value: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, subschema in value.items():
        for key, member in instance.items():
            if _matches(pattern, key):
                yield from validator.descend(member, subschema, path=key, schema_path=pattern)


def _additional_properties(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, member in instance.items():
        if key not in known and not any(_matches(pattern, key) for pattern in patterns):
            if value is False:
                yield exceptions.ValidationError(f"{shortened(key)!r} is not among the properties")
            else:
                yield from validator.descend(member, value, path=key)


def _unique_items(validator: Any, value: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    # By their text: member against member would take time with the square of the list's length.
    if value and validator.is_type(instance, "array"):
        texts = {orjson.dumps(_without_halves(member), option=orjson.OPT_SORT_KEYS) for member in instance}
        if len(texts) < len(instance):
            yield exceptions.ValidationError("a list holds a value twice")


def _without_halves(value: Any) -> Any:
    # 1 and 1.0 are one number in JSON Schema.
    if isinstance(value, list):
        return [_without_halves(member) for member in value]
    if isinstance(value, dict):
        return {key: _without_halves(member) for key, member in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


_OWN: Final[Mapping[str, _Keyword]] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}


@lru_cache(maxsize=8)
def _bounded(draft: Any) -> Any:
    keywords = {name: _timed(_OWN.get(name, keyword)) for name, keyword in draft.VALIDATORS.items()}
    return validators.extend(draft, keywords)


def read_schema(value: Mapping[str, Any]) -> Schema:
    """
    Read a JSON Schema.

    Raises:
        ValueError: It is none, is too large, or refers to what is outside it.
    """
    try:
        if is_too_deep(value):
            raise WrongValueError("is a schema that nests too deeply")
        content = orjson.dumps(value)
    except TypeError as error:
        raise WrongValueError(f"is no JSON ({error})") from error
    if len(content) > MOST_BYTES:
        raise WrongValueError(f"is a schema of {len(content):,} bytes, more than {MOST_BYTES:,}")
    return _schema_of(content)


# A dataset's records often bring the same schema each.
@lru_cache(maxsize=64)
def _schema_of(content: bytes) -> Schema:
    schema = orjson.loads(content)
    named = schema.pop("$schema", None)
    draft = Draft202012Validator if named is None else _DRAFTS.get(str(named).rstrip("#"))
    if draft is None:
        raise WrongValueError(f"names the dialect {shortened(str(named))!r}; known are {', '.join(_DRAFTS)}")
    for part in _parts(schema):
        _refuse_what_is_outside(part)
    _check_itself(draft, schema)
    return _bounded(draft)(schema, registry=REGISTRY)


def _check_itself(draft: Any, schema: Any) -> None:
    meta = _bounded(draft)(
        {key: part for key, part in draft.META_SCHEMA.items() if key != "$schema"}, registry=REGISTRY
    )
    token = _until.set(time.thread_time() + 2 * TIMEOUT_S)
    try:
        error = next(meta.iter_errors(schema), None)
    except SchemaTooSlowError as slow:
        raise WrongValueError("is a schema too large to be read in half a second") from slow
    finally:
        _until.reset(token)
    if error is not None:
        place = "/".join(map(str, error.absolute_path)) or "its root"
        raise WrongValueError(f"is no JSON Schema: at {place}: {shortened(error.message, 200)}")


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _refuse_what_is_outside(part: Mapping[str, Any]) -> None:
    for key in ("$ref", "$dynamicRef", "$recursiveRef"):
        ref = part.get(key)
        if isinstance(ref, str) and not ref.startswith("#"):
            raise WrongValueError(
                f"refers to {shortened(ref)!r}: nothing is fetched or opened. Write it into the schema's "
                '$defs and refer to it as "#/$defs/name"'
            )
    # A part that names its own dialect or address would be read by another's rules.
    if isinstance(part.get("$schema"), str):
        raise WrongValueError("names a dialect within; only the whole schema may")
    if isinstance(pattern := part.get("pattern"), str):
        _compiled(pattern)
    patterns = part.get("patternProperties")
    if isinstance(patterns, dict):
        for each in patterns:
            _compiled(each)
        if "unevaluatedProperties" in part:
            raise WrongValueError(
                "has unevaluatedProperties beside patternProperties; use additionalProperties"
            )


def fault_of(schema: Schema, value: Any) -> str | None:
    """
    Return the first thing in which a JSON value does not hold to a schema, or None.

    Raises:
        SchemaTooSlowError: It takes longer than `TIMEOUT_S` seconds of processor time.
        SchemaUnusableError: The schema refers to what it does not hold, or to itself without end.
    """
    token = _until.set(time.thread_time() + TIMEOUT_S)
    try:
        error = next(schema.iter_errors(value), None)
    except RecursionError as unending:
        raise SchemaUnusableError("it refers to itself without end") from unending
    except Unresolvable as unresolved:
        raise SchemaUnusableError(f"it does not hold {shortened(str(unresolved))}") from unresolved
    finally:
        _until.reset(token)
    if error is None:
        return None
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    return f"${shortened(place)}: {shortened(error.message, 200)}"
