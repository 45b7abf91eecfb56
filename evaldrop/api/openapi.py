"""The OpenAPI 3.1 document, made from the operations and their types: it says what the code does."""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, cast

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from evaldrop.api.exchange import JSON, ApiReply
from evaldrop.api.operations import Ask, Operation
from evaldrop.api.problems import PROBLEM_JSON, ProblemDocument
from evaldrop.shipped import VERSION

_PARAMETER = re.compile(r"\{(\w+)\}")
_PATHS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "run_id": ("The run's ID.", {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,80}$"}),
    "record_id": (
        "The record's ID, percent-encoded.",
        {"type": "string", "minLength": 1, "maxLength": 200},
    ),
}
_WORDS: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.BAD_REQUEST: "A parameter, or the body, cannot be read.",
    HTTPStatus.UNAUTHORIZED: "No API key, or one that nobody has.",
    HTTPStatus.FORBIDDEN: "The key was revoked, or its role does not allow this.",
    HTTPStatus.NOT_FOUND: "There is none, or it is another's.",
    HTTPStatus.CONFLICT: "It is not in a state for this.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 4 MiB.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body's type is not application/json.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The body is not what is needed; `errors` names each field.",
    HTTPStatus.TOO_MANY_REQUESTS: "Requests, runs or dollars are used up until `Retry-After`.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Something that the API needs does not answer.",
}
_ALWAYS = (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)
_WITH_KEY = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)


def document_of(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the document of some operations."""
    schemas, components = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "evaldrop",
            "version": VERSION,
            "description": "Evaluate language models: one request starts a run of a dataset through several "
            "models and judges; its scorecard, report and records can be read when it has ended.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "signIn": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }


def describing(operations: Sequence[Operation]) -> Operation:
    """Return the operation that answers the document of the others, and of itself."""

    def show(_: Ask) -> ApiReply:
        return ApiReply(content=document)

    own = Operation(
        name="showDescription",
        method="GET",
        path="/openapi.json",
        summary="Read this description",
        action=None,
        does=show,
        answers={HTTPStatus.OK: None},
    )
    document = document_of((*operations, own))
    return own


def _schemas(
    operations: Iterable[Operation],
) -> tuple[Mapping[type[BaseModel], Mapping[str, Any]], Mapping[str, Any]]:
    sent = {each.content for each in operations if each.content}
    answered = {kind for each in operations for kind in each.answers.values() if kind} | {ProblemDocument}
    wanted = [(kind, "validation") for kind in sent] + [(kind, "serialization") for kind in answered]
    wanted.sort(key=lambda pair: pair[0].__name__)
    # The names are unique among evaldrop's classes.
    found, definitions = models_json_schema(
        wanted,  # type: ignore[arg-type]
        ref_template="#/components/schemas/{model}",
    )
    by_type = {cast("type[BaseModel]", kind): schema for (kind, _), schema in found.items()}
    return by_type, definitions["$defs"]


def _operation(operation: Operation, schemas: Mapping[type[BaseModel], Mapping[str, Any]]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [] if operation.action is None else [{"key": []}, {"signIn": []}],
        "responses": {str(status.value): _answer(operation, status, schemas) for status in operation.answers}
        | {str(status.value): _refusal(status, schemas) for status in refusals_of(operation)},
    }
    if operation.description:
        described["description"] = operation.description
    if parameters := [*_in_path(operation), *_in_query(operation), *_in_headers(operation)]:
        described["parameters"] = parameters
    if operation.content is not None:
        content = {JSON: {"schema": schemas[operation.content]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def refusals_of(operation: Operation) -> tuple[HTTPStatus, ...]:
    """Return the statuses by which an operation may be refused."""
    with_key = _WITH_KEY if operation.action is not None else ()
    return tuple(sorted({*_ALWAYS, *with_key, *operation.refusals}))


def _answer(
    operation: Operation, status: HTTPStatus, schemas: Mapping[type[BaseModel], Mapping[str, Any]]
) -> dict[str, Any]:
    kind = operation.answers[status]
    described: dict[str, Any] = {"description": status.phrase}
    if status == HTTPStatus.SEE_OTHER:
        described["headers"] = {"Location": {"schema": {"type": "string"}, "description": "Where it is."}}
        return described
    schema = {"type": "string" if operation.kind != JSON else "object"} if kind is None else schemas[kind]
    described["content"] = {operation.kind: {"schema": schema}}
    return described


def _refusal(status: HTTPStatus, schemas: Mapping[type[BaseModel], Mapping[str, Any]]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": _WORDS[status],
        "content": {PROBLEM_JSON: {"schema": schemas[ProblemDocument]}},
    }
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds to wait."}
        described["headers"] = {"Retry-After": seconds}
    return described


def _in_path(operation: Operation) -> Iterable[dict[str, Any]]:
    for name in _PARAMETER.findall(operation.path):
        description, schema = _PATHS[name]
        yield {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _in_query(operation: Operation) -> Iterable[dict[str, Any]]:
    found = operation.parameters.model_json_schema()
    for name, schema in found.get("properties", {}).items():
        plain = {key: value for key, value in schema.items() if key not in {"description", "title"}}
        # A parameter that is not sent is not null: of a type that may be, the other branch is it.
        for branch in plain.pop("anyOf", ()):
            if branch.get("type") != "null":
                plain |= branch
        if plain.get("default", "") is None:
            del plain["default"]
        yield {
            "name": name,
            "in": "query",
            "required": name in found.get("required", ()),
            "schema": plain,
            **({"description": schema["description"]} if "description" in schema else {}),
        }


def _in_headers(operation: Operation) -> Iterable[dict[str, Any]]:
    for name, description in operation.headers.items():
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        yield {"name": name, "in": "header", "required": False, "description": description, "schema": schema}
