"""
Converse's requests and responses, from Step Functions' casing to the API's own and back.

A job's rows are the API's bodies, which nobody converts: Step Functions does it by the service's model only
for the calls that it makes. Documents keep their inner casing.
"""

from typing import Any

JSON = dict[str, Any]

_DOCUMENTS = frozenset(
    {"AdditionalModelRequestFields", "additionalModelResponseFields", "Json", "json", "input", "Input"}
)


def as_sent(request: JSON) -> JSON:
    """Return a Converse request of the workflow's as the body that a job's row holds: without the model."""
    return {
        _lowered(key): value if key in _DOCUMENTS else _each(value, _lowered)
        for key, value in request.items()
        if key != "ModelId"
    }


def as_result(response: JSON) -> JSON:
    """Return a Converse response as the workflow gets it from a call."""
    result: JSON = _each(response, _raised)
    return result


def _lowered(key: str) -> str:
    return key[:1].lower() + key[1:]


def _raised(key: str) -> str:
    return key[:1].upper() + key[1:]


def _each(value: Any, named: Any) -> Any:
    if isinstance(value, list):
        return [_each(each, named) for each in value]
    if not isinstance(value, dict):
        return value
    return {named(key): each if key in _DOCUMENTS else _each(each, named) for key, each in value.items()}
