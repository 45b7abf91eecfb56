"""
From a request to the operation that answers it, by Powertools' resolver: the only module that imports it.

Before an operation: who asks, whether they have requests left, and whether what they sent is of its types.
After it: a line in the access log.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import orjson
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from pydantic import BaseModel, ValidationError

from evaldrop.api import access
from evaldrop.api.access import Caller
from evaldrop.api.exchange import ApiReply, Request, place_of, request_of
from evaldrop.api.operations import PAGE_HEADERS, Ask, Operation, Service
from evaldrop.api.problems import PROBLEM_JSON, ApiProblem, FieldFault, faults_of
from evaldrop.api.routes import OPERATIONS
from evaldrop.errors import EvaldropError
from evaldrop.run.request import Owner
from evaldrop.store.model import Limits

LogLine = Mapping[str, Any]
_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """
    Who is let in, and how often.

    Attributes:
        caller: Says who asks.
        count: Counts a request of theirs, and refuses it when they have none left.
    """

    caller: Callable[[Request], Caller]
    count: Callable[[Caller], None] = field(default=lambda _: None)


class Api:
    """
    The whole API: an event of API Gateway in, its response out. May be called by several threads at once.

    Args:
        service: What operations work with.
        door: Who is let in.
        log: Gets what a line of the access log says, once for every request.
        fault: Gets an error that is the API's own, whose words leave the process nowhere else.
    """

    def __init__(
        self,
        service: Service,
        door: Door,
        *,
        log: Callable[[LogLine], None],
        fault: Callable[[Exception], None],
    ) -> None:
        self._service, self._door, self._log, self._fault = service, door, log, fault
        self._free: deque[_Resolver] = deque()

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the response to a request: of every request, whatever it holds."""
        with self._resolver() as resolver:
            return resolver.answer(event)

    @contextmanager
    def _resolver(self) -> Iterator["_Resolver"]:
        # A resolver keeps the request it is at in itself: each has one at a time.
        try:
            resolver = self._free.pop()
        except IndexError:
            resolver = _Resolver(self)
        try:
            yield resolver
        finally:
            self._free.append(resolver)

    def perform(
        self, operation: Operation | None, event: Mapping[str, Any], path: Mapping[str, str]
    ) -> ApiReply:
        """Return an operation's answer, or a problem; None is the operation of no route."""
        began, caller, answer = time.monotonic(), None, None
        try:
            request = request_of(event)
            if operation is None:
                raise _no_route(str(event.get("httpMethod", "")), str(event.get("path", "")))
            caller = self._let_in(operation, request)
            answer = _answer(operation, self._service, caller, request, path)
        except ApiProblem as problem:
            answer = _of_problem(problem)
        except EvaldropError as error:
            told = ApiProblem.of_error(error)
            if told.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                self._fault(error)
            answer = _of_problem(told)
        except Exception as error:  # noqa: BLE001 - the last stop: API Gateway would say 502, and nothing else
            self._fault(error)
            answer = _of_problem(
                ApiProblem(HTTPStatus.INTERNAL_SERVER_ERROR, "This is a fault of the API's own.")
            )
        self._log(log_line(operation, event, path, caller, answer, time.monotonic() - began))
        return answer

    def _let_in(self, operation: Operation, request: Request) -> Caller:
        if operation.action is None:
            return _NOBODY
        caller = self._door.caller(request)
        self._door.count(caller)
        access.refuse_unless(caller, operation.action)
        return caller


_NOBODY: Final = Caller(owner=Owner(), role="viewer", limits=Limits())


class _Resolver(APIGatewayRestResolver):
    """Powertools' resolver with the API's routes, for one request at a time."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api
        self._event: Any = None
        for operation in OPERATIONS:
            self.route(_rule(operation.path), method=operation.method)(self._route_of(operation))
        self.not_found(self._no_route)

    # The resolver keeps it at its class, which all threads share.
    @property
    def current_event(self) -> Any:  # type: ignore[override]
        """The request that is answered."""
        return self._event

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the response to an event."""
        routed = {**event, "path": place_of(event).path}
        self._event = self._to_proxy_event(routed)
        return self.resolve(routed, None)  # type: ignore[arg-type]

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = "^{}$") -> "re.Pattern[str]":
        # Its own names for parameters stand for a set of characters that leaves some of an ID's out.
        # The resolver takes the root's slash away.
        return re.compile(base_regex.format(rule or "/"))

    def _route_of(self, operation: Operation) -> Callable[..., Response[Any]]:
        def route(**path: str) -> Response[Any]:
            # Decoded only now: what stands for a slash in an ID is no end of it.
            given = {name: unquote(value) for name, value in path.items()}
            return _response(self._api.perform(operation, self._event.raw_event, given))

        return route

    def _no_route(self, _: NotFoundError) -> Response[Any]:
        return _response(self._api.perform(None, self._event.raw_event, {}))


def _rule(path: str) -> str:
    rule = path.replace(".", r"\.").replace("{record_id}", "(?P<record_id>.+)")
    return _PARAMETER.sub(r"(?P<\1>[^/]+)", rule)


def _no_route(method: str, path: str) -> ApiProblem:
    allowed = sorted({each.method for each in OPERATIONS if re.fullmatch(_rule(each.path), path)})
    if not allowed:
        return ApiProblem(HTTPStatus.NOT_FOUND, "There is no such route. GET /openapi.json lists them.")
    detail = f"{method} is not for this route. Use {' or '.join(allowed)}."
    return ApiProblem(HTTPStatus.METHOD_NOT_ALLOWED, detail, headers={"Allow": ", ".join(allowed)})


def _answer(
    operation: Operation, service: Service, caller: Caller, request: Request, path: Mapping[str, str]
) -> ApiReply:
    parameters = _parameters(operation.parameters, request.query)
    content = None if operation.content is None else _content(operation.content, request.json())
    return operation.does(
        Ask(
            service=service,
            caller=caller,
            request=request,
            path=path,
            parameters=parameters,
            content=content,
        )
    )


def _parameters(kind: type[BaseModel], given: Mapping[str, str]) -> BaseModel:
    try:
        return kind.model_validate(dict(given))
    except ValidationError as error:
        faults = tuple(
            FieldFault(pointer=f"#{fault.pointer.lstrip('/')}", detail=fault.detail)
            for fault in faults_of(error, kind)
        )
        detail = "; ".join(f"{fault.pointer[1:]}: {fault.detail.rstrip('.')}" for fault in faults[:3])
        raise ApiProblem(HTTPStatus.BAD_REQUEST, f"{detail}.", faults) from error


def _content(kind: type[BaseModel], given: Mapping[str, Any]) -> BaseModel:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise ApiProblem.of(faults_of(error, kind)) from error


def _of_problem(problem: ApiProblem) -> ApiReply:
    return ApiReply(
        status=problem.status, content=problem.document(), kind=PROBLEM_JSON, headers=problem.headers
    )


def _response(answer: ApiReply) -> Response[Any]:
    body: str | bytes
    if answer.body is not None:
        # As text where it is one: base64 would take a third more of what Lambda lets an answer have.
        body = answer.body.decode()
    elif isinstance(answer.content, BaseModel):
        body = answer.content.model_dump_json()
    else:
        body = orjson.dumps(answer.content).decode()
    headers: dict[str, str | list[str]] = {**PAGE_HEADERS, **answer.headers}
    return Response(
        status_code=answer.status.value,
        content_type=answer.kind,
        headers=headers,
        body=body,
    )


def log_line(
    operation: Operation | None,
    event: Mapping[str, Any],
    path: Mapping[str, str],
    caller: Caller | None,
    answer: ApiReply,
    took_s: float,
) -> LogLine:
    """Return what the access log says of a request."""
    # No text of a record, and no path as it was sent: an ID of a record may be a text.
    run_id = answer.run_id or path.get("run_id")
    context = event.get("requestContext") or {}
    return {
        "request_id": str(context.get("requestId", "")),
        # In a stack, where a caller may choose the other: API Gateway's line of this request has it too.
        **({"extended_request_id": str(extended)} if (extended := context.get("extendedRequestId")) else {}),
        "route": f"{operation.method} {operation.path}" if operation else None,
        "status": answer.status.value,
        "latency_ms": round(took_s * 1000, 1),
        "key_id": caller.owner.key_id if caller else None,
        "user": caller.owner.user if caller else None,
        "run_id": run_id if run_id and re.fullmatch(r"[0-9A-Za-z_-]{1,80}", run_id) else None,
    }
