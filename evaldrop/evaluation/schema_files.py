"""JSON Schemas that an evaluation's checks name as files beside it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from evaldrop import storage
from evaldrop.checks import NOT
from evaldrop.checks.schema_limits import MOST_BYTES
from evaldrop.errors import EvaluationError
from evaldrop.json_text import loads

_KINDS: Final = ("json", "contains_json")


def schema_files(checks: Any) -> Iterator[str]:
    """Yield the files that checks name, right or wrong as they may be, each as it is written."""
    for config in checks if isinstance(checks, list | tuple) else ():
        yield from (config[key] for key in _naming(config))


def with_schemas(checks: tuple[Any, ...], evaluation_uri: str) -> tuple[Any, ...]:
    """
    Return checks with the schemas in the place of the files that they name.

    Args:
        checks: As the evaluation writes them.
        evaluation_uri: The evaluation's; a file's path begins in its folder.

    Raises:
        EvaluationError: A file is missing, too large, or holds no JSON object.
    """
    return tuple(
        {**config, **{key: _read(config[key], evaluation_uri, f"checks[{n}].{key}") for key in keys}}
        if (keys := _naming(config))
        else config
        for n, config in enumerate(checks)
    )


def _naming(config: Any) -> list[str]:
    """Return the keys of a check behind which a file's name stands."""
    if not isinstance(config, Mapping):
        return []
    return [
        key
        for key, value in config.items()
        if isinstance(key, str) and key.removeprefix(NOT) in _KINDS and isinstance(value, str)
    ]


def _read(name: str, evaluation_uri: str, place: str) -> Any:
    uri = storage.join(storage.parent(evaluation_uri) or ".", name)
    if not storage.exists(uri):
        raise EvaluationError(f"{place}: there is no {name} beside the evaluation.")
    content = storage.read_bytes(uri, most=MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise EvaluationError(f"{place}: {name} has more than {MOST_BYTES:,} bytes.")
    try:
        schema = loads(content.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise EvaluationError(f"{place}: {name} is no JSON ({error}).") from error
    if not isinstance(schema, dict):
        raise EvaluationError(f"{place}: {name} holds no JSON Schema, which is an object.")
    return schema
