"""
A request and an answer as the API's resources see them, whatever carries them.

API Gateway's proxy event is the one form in which requests come in, on one machine too: so there is one way
to read them.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from pydantic import BaseModel

from evaldrop.api.problems import ApiProblem, FieldFault
from evaldrop.json_text import is_too_deep, loads

MOST_BYTES = 4 << 20
"""Of a request's body. Lambda takes 6 MB of event, in which a body may be a third longer."""

JSON = "application/json"
HTML = "text/html; charset=utf-8"

_ANY_PATH: Final = "/{proxy+}"
_BASE: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What is asked.

    Attributes:
        path: Within the API, percent-encoded as it was sent.
        base: What is before it in the address: a stage or a custom domain's base path, such as `/v1`, or "".
        headers: Their names in lower case.
        query: What comes twice is refused before.
        gateway_key: The ID of the API key that API Gateway has checked; None without one.
        claims: What the token says that API Gateway's authorizer has checked.
    """

    method: str
    path: str
    base: str = ""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    gateway_key: str | None = None
    claims: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """
        Return the body, a JSON object.

        Raises:
            ApiProblem: It is none, too long, or nests too deeply.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != JSON:
            raise ApiProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send it as Content-Type: {JSON}.")
        if len(self.body) > MOST_BYTES:
            detail = f"The body has more than {MOST_BYTES >> 20} MiB. Upload the dataset: POST /uploads."
            raise ApiProblem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        try:
            content = loads(self.body)
        except ValueError as error:
            raise ApiProblem(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}.") from error
        if is_too_deep(content):
            raise ApiProblem(HTTPStatus.BAD_REQUEST, "The body nests too deeply.")
        if not isinstance(content, dict):
            fault = FieldFault(pointer="", detail="an object is needed, such as {...}.")
            raise ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "The body is no JSON object.", (fault,))
        return content


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiReply:
    """
    What a request gets: `content` as JSON, or `body` as it is.

    `run_id`: which run it was about, for the access log.
    """

    status: HTTPStatus = HTTPStatus.OK
    content: BaseModel | Mapping[str, Any] | None = None
    body: bytes | None = None
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    run_id: str | None = None


class RequestPlace(NamedTuple):
    """Where a request goes: `path` and `base` of `Request`."""

    path: str
    base: str


def place_of(event: Mapping[str, Any]) -> RequestPlace:
    """
    Return where a request goes.

    An event's path has no stage, but a custom domain's base path; that of its context has both.
    """
    path = str(event.get("path") or "/")
    outside = str((event.get("requestContext") or {}).get("path") or path)
    resource, proxy = event.get("resource") or _ANY_PATH, (event.get("pathParameters") or {}).get("proxy")
    # The page and the description are resources of their own; on one machine nothing is before a path.
    without = path if resource == _ANY_PATH else str(resource)
    own = _end_of(path, f"/{proxy}") if proxy else without
    base = outside.rstrip("/") if own == "/" else outside.removesuffix(own)
    return RequestPlace(own, base if _BASE.fullmatch(base) else "")


def _end_of(path: str, end: str) -> str:
    # Whether API Gateway has decoded the one or the other its guide does not say.
    whole, last = unquote(path), unquote(end)
    return path.removeprefix(whole.removesuffix(last)) if whole.endswith(last) else path


def request_of(event: Mapping[str, Any]) -> Request:
    """
    Return the request of an event of a REST API's proxy integration.

    Raises:
        ApiProblem: A parameter comes twice, or the body is not what its encoding says.
    """
    context = event.get("requestContext") or {}
    authorizer = context.get("authorizer") or {}
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    place = place_of(event)
    return Request(
        method=str(event.get("httpMethod", "")).upper(),
        path=place.path,
        base=place.base,
        query=_query(event),
        headers=headers,
        body=_body(event),
        request_id=str(context.get("requestId", "")),
        gateway_key=(context.get("identity") or {}).get("apiKeyId"),
        claims={str(name): str(value) for name, value in (authorizer.get("claims") or {}).items()},
    )


def _query(event: Mapping[str, Any]) -> Mapping[str, str]:
    several = event.get("multiValueQueryStringParameters")
    if not several:
        return dict(event.get("queryStringParameters") or {})
    if twice := sorted(name for name, values in several.items() if len(values) > 1):
        faults = tuple(FieldFault(pointer=f"#{name}", detail="given more than once.") for name in twice)
        raise ApiProblem(HTTPStatus.BAD_REQUEST, f"{', '.join(twice)}: given more than once.", faults)
    return {name: values[0] for name, values in several.items()}


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        # Half a surrogate pair is no UTF-8, and no JSON either: what reads it says so.
        return str(text).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiProblem(HTTPStatus.BAD_REQUEST, "The body is not base64.") from error
