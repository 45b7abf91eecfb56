"""Answers to requests, and refusals in the form in which each kind of service gives them."""

import json
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from evaldrop.running.local_aws.requests import Environ

StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class ErrorAnswer(NamedTuple):
    """AWS's answer to a request that may not be made."""

    status: int
    body: bytes
    content_type: str


class Codes(NamedTuple):
    """What the three kinds of services call one and the same reason."""

    s3: str
    query: str
    json: str


DENIED = Codes("AccessDenied", "AuthorizationError", "AccessDeniedException")


def refusal_of(
    environ: Environ, service: str, codes: Codes, message: str, *, json_status: int = 403
) -> ErrorAnswer:
    """
    Return a refusal as a service words it.

    `service` is as in the signature's scope; empty where there is none, and the request itself tells.
    `json_status` is the HTTP status of services that speak JSON; of the others it is 403.
    """
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        fault = f"<Type>Sender</Type><Code>{codes.query}</Code><Message>{escape(message)}</Message>"
        body = f"<ErrorResponse><Error>{fault}</Error></ErrorResponse>"
        return ErrorAnswer(403, body.encode(), "text/xml")
    speaks_json = "HTTP_X_AMZ_TARGET" in environ or environ.get("PATH_INFO", "").startswith("/2015-03-31/")
    if service == "s3" or not (service or speaks_json):
        body = f"<Error><Code>{codes.s3}</Code><Message>{escape(message)}</Message></Error>"
        return ErrorAnswer(403, body.encode(), "application/xml")
    document = json.dumps({"__type": codes.json, "message": message})
    return ErrorAnswer(json_status, document.encode(), "application/x-amz-json-1.0")


def refuse(environ: Environ, start_response: StartResponse, refusal: ErrorAnswer) -> Iterable[bytes]:
    """Send a refusal; what the request brought is thrown away."""
    discard_body(environ)
    # An answer to HEAD has no body: it would be read as the begin of the next answer.
    body = b"" if environ["REQUEST_METHOD"] == "HEAD" else refusal.body
    return send(start_response, refusal.status, body, refusal.content_type)


def discard_body(environ: Environ) -> None:
    """Read a body away, for the connection's sake; no more of it is held than a piece."""
    stream = environ["wsgi.input"]
    left = float("inf") if environ.get("wsgi.input_terminated") else _length(environ)
    while left > 0 and (piece := stream.read(int(min(left, 65536)))):
        left -= len(piece)


def _length(environ: Environ) -> int:
    given = environ.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isdecimal() else 0


def send(
    start_response: StartResponse,
    status: int,
    body: bytes,
    content_type: str,
    headers: Iterable[tuple[str, str]] = (),
) -> Iterable[bytes]:
    """Send an answer, and return its body."""
    start_response(
        f"{status} {HTTPStatus(status).phrase}",
        [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("x-amzn-RequestId", str(uuid.uuid4())),
            *headers,
        ],
    )
    return [body]
