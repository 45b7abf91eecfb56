"""
The door of the local AWS: one WSGI application before moto's.

Executions and functions are answered here, everything else by moto; what S3 has written becomes an event.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from evaldrop.report.guard import GUARDED, refusal
from evaldrop.running.local_aws.events import Created
from evaldrop.running.local_aws.executions import ApiError, Executions
from evaldrop.running.local_aws.functions import Functions, NoSuchFunctionError
from evaldrop.running.local_aws.permissions import AccessDenied, Permissions, forbidden, unseen
from evaldrop.running.local_aws.requests import Environ, Signer, body_of, path_of, signer_of, written_by

EXECUTION_ACTIONS = frozenset(
    {
        "DescribeExecution", "DescribeMapRun", "DescribeStateMachineForExecution", "GetExecutionHistory",
        "ListExecutions", "ListMapRuns", "RedriveExecution", "StartExecution", "StartSyncExecution",
        "StopExecution", "UpdateMapRun",
    }
)  # fmt: skip

_STEP_FUNCTIONS = "AWSStepFunctions."
_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")

StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """
    The gate before the door: no page of another site gets in, and no page at all is told that it may.

    Who gets in can run code: a function's code and environment are the local AWS's to change.
    """

    application: Application
    bound_to: str
    port: int

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, or refuse it."""
        keys = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in GUARDED}
        headers = {name: environ[key] for name, key in keys.items() if key in environ}
        refused = refusal(headers, bound_to=self.bound_to, port=self.port)
        # moto's own pages and resets are for its tests; the stack's state is nobody's to empty.
        if refused is None and path_of(environ).startswith("/moto-api"):
            refused = "There is no such page."
        if refused is not None:
            body_of(environ)  # read, for the connection's sake
            return _send(start_response, 403, f"{refused}\n".encode(), "text/plain")

        def without_leave(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            kept = [each for each in headers if not each[0].lower().startswith("access-control-")]
            return start_response(status, kept, *more)

        return self.application(environ, without_leave)


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """
    The application. A function's requests are held to its role.

    Each of `on_written` is called with each object that was written, before the answer goes out.
    """

    moto: Application
    executions: Executions
    functions: Functions
    permissions: Permissions
    on_written: Sequence[Callable[[Created], None]]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        signer = signer_of(environ)
        if refusal := forbidden(environ, signer, self.permissions):
            body_of(environ)  # read, for the connection's sake
            return _refuse(environ, start_response, refusal)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        action = target.removeprefix(_STEP_FUNCTIONS)
        if action != target and action in EXECUTION_ACTIONS:
            return self._execution(action, environ, start_response)
        invoked = signer.service == "lambda" and _INVOKE.fullmatch(path_of(environ))
        if invoked and environ["REQUEST_METHOD"] == "POST":
            return self._invocation(unquote(invoked[1]), environ, start_response)
        # Unsigned too: a form's upload has its signature in its fields.
        if signer.service in {"s3", ""}:
            return self._storage(environ, start_response, signer)
        return self._passed_on(environ, start_response)

    def _passed_on(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return self.moto(environ, start_response)
        except NotImplementedError as error:
            message = f"evaldrop local: {error}. moto answers for this service, and does not know it."
            body = json.dumps({"__type": "NotImplementedException", "message": message}).encode()
            return _send(start_response, 501, body, "application/x-amz-json-1.0")

    def _execution(self, action: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            status, answer = 200, self.executions.answer(action, json.loads(body_of(environ) or b"{}"))
        except ApiError as error:
            status, answer = error.status, {"__type": error.code, "message": error.message}
        return _send(start_response, status, json.dumps(answer).encode(), "application/x-amz-json-1.0")

    def _invocation(self, name: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        how = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        try:
            event = json.loads(body_of(environ) or b"{}")
        except ValueError as error:
            message = f"Could not parse request body: {error}"
            return _lambda_error(start_response, 400, "InvalidRequestContentException", message)
        try:
            if how == "Event":
                self.functions.invoke_async(name, event)
                return _send(start_response, 202, b"", "application/json")
            if how == "DryRun":
                return _send(start_response, 204, b"", "application/json")
            answer = self.functions.invoke(name, event)
        except NoSuchFunctionError as error:
            return _lambda_error(start_response, 404, "ResourceNotFoundException", str(error))
        headers = [("X-Amz-Executed-Version", "$LATEST")]
        if answer.failed:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
        return _send(start_response, 200, json.dumps(answer.payload).encode(), "application/json", headers)

    def _storage(self, environ: Environ, start_response: StartResponse, signer: Signer) -> Iterable[bytes]:
        answered: list[Any] = []

        def note(*answer: Any) -> Any:
            answered[:] = answer
            return lambda _data: None

        # The status is held back: it may become a refusal, and events are to be on their way before it goes
        # out.
        body = self._passed_on(environ, note)
        status, headers = int(answered[0].partition(" ")[0]), answered[1]
        # S3 answers 403 for a missing object to a role without s3:ListBucket; code that waits for a 404
        # breaks on AWS alone.
        if status == 404 and (refusal := unseen(environ, signer, self.permissions)):
            return _refuse(environ, start_response, refusal)
        # The server sends nothing before this returns: by then everybody knows of the object.
        if created := written_by(environ, status, {name.lower(): value for name, value in headers}):
            for listener in self.on_written:
                listener(created)
        start_response(*answered)
        return body


def _refuse(environ: Environ, start_response: StartResponse, refusal: AccessDenied) -> Iterable[bytes]:
    # An answer to HEAD has no body: it would be read as the begin of the next answer.
    body = b"" if environ["REQUEST_METHOD"] == "HEAD" else refusal.body
    return _send(start_response, refusal.status, body, refusal.content_type)


def _lambda_error(start_response: StartResponse, status: int, kind: str, message: str) -> Iterable[bytes]:
    body = json.dumps({"Type": "User", "Message": message}).encode()
    return _send(start_response, status, body, "application/json", [("x-amzn-ErrorType", kind)])


def _send(
    start_response: StartResponse,
    status: int,
    body: bytes,
    content_type: str,
    headers: Iterable[tuple[str, str]] = (),
) -> Iterable[bytes]:
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
