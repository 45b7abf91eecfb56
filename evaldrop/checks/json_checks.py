"""Checks of JSON in a response: that it is some, holds to a schema, has a value at a path."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from evaldrop.checks.json_values import FoundJson, find_json, read_json, same_json
from evaldrop.checks.numbers import EXACT, Margin, read_tolerance
from evaldrop.checks.schema_limits import TIMEOUT_S, Schema, SchemaTooSlowError, SchemaUnusableError
from evaldrop.checks.subject import Outcome, Subject
from evaldrop.checks.values import WrongValueError, read_options, shortened

_MOST_PATH_CHARACTERS: Final = 500
_MOST_DESCENTS: Final = 2
_MOST_MATCHES: Final = 10_000
# A descent visits every value of a response.
_MOST_DESCENDED: Final = 200_000

NO_JSON = Outcome(0.0, "Holds no JSON.")


def read_form(value: Any) -> Schema | None:
    """
    Read what JSON has to be: a schema, or None for any.

    Raises:
        ValueError: It is neither true nor a schema.
    """
    if value is None or value is True:
        return None
    if isinstance(value, str):
        raise WrongValueError("names a file, and only an evaluation's own file may; write the schema itself")
    if not isinstance(value, Mapping):
        raise WrongValueError("is neither true nor a JSON Schema")
    # Imported here: most evaluations have no schema.
    from evaldrop.checks.json_schema import read_schema

    return read_schema(value)


def _only_json(text: str) -> FoundJson | None:
    try:
        return FoundJson(read_json(text))
    except ValueError:
        return None


def _holding(find: Callable[[str], FoundJson | None]) -> Callable[[Schema | None, Subject], Outcome]:
    def run(schema: Schema | None, subject: Subject) -> Outcome:
        found = find(subject.response)
        if found is None:
            around = find is _only_json and find_json(subject.response) is not None
            return Outcome(0.0, "Holds JSON, but other text too.") if around else NO_JSON
        return Outcome(1.0, found.note) if schema is None else _held(schema, found)

    return run


def _held(schema: Schema, found: FoundJson) -> Outcome:
    from evaldrop.checks.json_schema import fault_of

    try:
        fault = fault_of(schema, found.value)
    except SchemaTooSlowError:
        told = f"The schema took longer than {TIMEOUT_S:g} s on this response."
        return Outcome(None, told, unscored_reason="timeout")
    except SchemaUnusableError as error:
        return Outcome(None, f"The schema cannot be used: {error}.", unscored_reason="schema")
    return Outcome(1.0, found.note) if fault is None else Outcome(0.0, fault)


is_json = _holding(_only_json)
contains_json = _holding(find_json)


class _Path(NamedTuple):
    """A JSONPath: what finds the values at it, and whether it looks for them at every depth."""

    find: Callable[[Any], list[Any]]
    descends: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPlace:
    """A place in JSON and what has to be there: a value, or only that there is one (`exists`), or is none."""

    path: _Path
    exists: bool
    equals: Any = None
    has_value: bool = False
    within: Margin = EXACT


def read_place(value: Any) -> JsonPlace:
    """
    Read a path and what has to be there.

    Raises:
        ValueError: An option is wrong, or the path is none or takes too long.
    """
    value = {"path": value} if isinstance(value, str) else value
    options = read_options(
        value,
        {
            "path": "JSONPath, such as $.total",
            "equals": "the value there",
            "within": "how far a number may be off",
            "exists": "true or false",
        },
    )
    exists = options.get("exists", True)
    if not isinstance(exists, bool):
        raise WrongValueError(f"exists is {exists!r}, and has to be true or false")
    if "within" in options and not _is_number(options.get("equals")):
        raise WrongValueError("within needs equals with a number")
    if not exists and "equals" in options:
        raise WrongValueError("exists: false and equals exclude each other")
    return JsonPlace(
        path=_path(options.get("path")),
        exists=exists,
        equals=options.get("equals"),
        has_value="equals" in options,
        within=read_tolerance(options.get("within")),
    )


def _path(value: Any) -> _Path:
    if not isinstance(value, str) or not value or len(value) > _MOST_PATH_CHARACTERS:
        raise WrongValueError(
            f"path is no JSONPath of at most {_MOST_PATH_CHARACTERS} characters, such as $.total"
        )
    # Filters can hold patterns, and descents within descents visit a value again and again.
    if "?" in value or value.count("..") > _MOST_DESCENTS:
        raise WrongValueError(f"path {value!r} has a filter, or more than {_MOST_DESCENTS} descents (..)")
    # It takes a fifth of a second, which a run without paths should not wait for.
    from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError

    try:
        path = JSONPathEnvironment().compile(value)
    except (JSONPathError, ValueError, RecursionError) as error:
        raise WrongValueError(f"path {value!r} is no JSONPath ({shortened(str(error))})") from error
    if not isinstance(path, JSONPath):
        raise WrongValueError(f"path {value!r} is several; write one check for each")

    def find(content: Any) -> list[Any]:
        try:
            return [match.obj for match in itertools.islice(path.finditer(content), _MOST_MATCHES)]
        except JSONPathError:
            return []  # such as an index of what is no list

    return _Path(find, descends=".." in str(path))


def at_path(place: JsonPlace, subject: Subject) -> Outcome:
    """Tell whether a value is at a place in a response's JSON."""
    found = find_json(subject.response)
    if found is None:
        return NO_JSON
    if place.path.descends and len(subject.response) > _MOST_DESCENDED:
        told = f"More than {_MOST_DESCENDED:,} characters, which a path with .. does not search."
        return Outcome(None, told, unscored_reason="too_large")
    values = place.path.find(found.value)
    if not place.has_value:
        return Outcome(float(bool(values) == place.exists), f"{len(values):,} values there.")
    if not values:
        return Outcome(0.0, "Nothing is there.")
    if any(_agree(place, value) for value in values):
        return Outcome(1.0, found.note)
    return Outcome(0.0, f"There is {shortened(repr(values[0]))}.")


def _agree(place: JsonPlace, value: Any) -> bool:
    if _is_number(value) and _is_number(place.equals):
        return place.within.holds(place.equals, value)
    return same_json(value, place.equals)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
