"""
What the local AWS answers itself, and what it hands on: one WSGI application before moto's.

Executions and functions are answered here, everything else by moto; what S3 has written becomes an event.
"""

import json
import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from evaldrop.running.local_aws.control_plane import ControlPlane
from evaldrop.running.local_aws.events import Created
from evaldrop.running.local_aws.executions import ApiError, Executions
from evaldrop.running.local_aws.functions import Functions, NoSuchFunctionError
from evaldrop.running.local_aws.gate import SIGNER
from evaldrop.running.local_aws.permissions import Permissions, forbidden, unseen
from evaldrop.running.local_aws.requests import (
    Environ,
    Signer,
    body_of,
    object_of,
    path_of,
    written_by,
)
from evaldrop.running.local_aws.responses import DENIED, Application, StartResponse, refusal_of, refuse, send

EXECUTION_ACTIONS = frozenset(
    {
        "DescribeExecution", "DescribeMapRun", "DescribeStateMachineForExecution", "GetExecutionHistory",
        "ListExecutions", "ListMapRuns", "RedriveExecution", "StartExecution", "StartSyncExecution",
        "StopExecution", "UpdateMapRun",
    }
)  # fmt: skip

_STEP_FUNCTIONS = "AWSStepFunctions."
_FROM_THE_TEMPLATE = (
    "evaldrop local: functions and their stack are what the template says, from the start to the end. "
    "Change the stack (infra/) and start again."
)
_MODELS_ANSWER_RUNS = "models answer the stack's runs here, and no call of a person's."
_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """
    The application. A function's requests are held to its role.

    Each of `on_written` is called with each object that was written, before the answer goes out.
    `tells_eventbridge` says of a bucket whether its writes become events, which moto keeps and does not say.
    """

    moto: Application
    executions: Executions
    control_plane: ControlPlane
    functions: Functions
    permissions: Permissions
    on_written: Sequence[Callable[[Created], None]]
    tells_eventbridge: Callable[[str], bool]
    _tables: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        signer: Signer = environ[SIGNER]
        if refusal := forbidden(environ, signer, self.permissions):
            return refuse(environ, start_response, refusal)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        action = target.removeprefix(_STEP_FUNCTIONS)
        if signer.service == "states" and action in EXECUTION_ACTIONS:
            return self._execution(action, environ, start_response)
        invoked = signer.service == "lambda" and _INVOKE.fullmatch(path_of(environ))
        if invoked and environ["REQUEST_METHOD"] == "POST":
            return self._invocation(unquote(invoked[1]), environ, start_response)
        if _changes_the_stack(environ, signer.service):
            return refuse(
                environ, start_response, refusal_of(environ, signer.service, DENIED, _FROM_THE_TEMPLATE)
            )
        if signer.service == "bedrock" and (told := self.control_plane.answer(environ, signer.role)):
            return send(start_response, told.status, told.body, "application/json", told.headers)
        if signer.service == "bedrock" and path_of(environ).startswith("/model/"):
            # Not a 404, which would be a model that is not there.
            return _not_answered(start_response, _MODELS_ANSWER_RUNS)
        if signer.service == "s3":
            return self._storage(environ, start_response, signer)
        # moto reads an item, changes it and writes it: of two additions to a number at once, one is lost.
        with self._tables if signer.service == "dynamodb" else nullcontext():
            return self._passed_on(environ, start_response)

    def _passed_on(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return self.moto(environ, start_response)
        except NotImplementedError as error:
            return _not_answered(
                start_response, f"{error}. moto answers for this service, and does not know it."
            )

    def _execution(self, action: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            status, answer = 200, self.executions.answer(action, json.loads(body_of(environ) or b"{}"))
        except ApiError as error:
            status, answer = error.status, {"__type": error.code, "message": error.message}
        return send(start_response, status, json.dumps(answer).encode(), "application/x-amz-json-1.0")

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
                return send(start_response, 202, b"", "application/json")
            if how == "DryRun":
                return send(start_response, 204, b"", "application/json")
            answer = self.functions.invoke(name, event)
        except NoSuchFunctionError as error:
            return _lambda_error(start_response, 404, "ResourceNotFoundException", str(error))
        headers = [("X-Amz-Executed-Version", "$LATEST")]
        if answer.failed:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
        return send(start_response, 200, json.dumps(answer.payload).encode(), "application/json", headers)

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
            return refuse(environ, start_response, refusal)
        # The server sends nothing before this returns: by then everybody knows of the object.
        if created := written_by(environ, status, {name.lower(): value for name, value in headers}):
            for listener in self.on_written:
                listener(created)
        if _asks_for_notifications(environ, status) and self.tells_eventbridge(object_of(environ)[0]):
            return send(start_response, 200, _with_eventbridge(b"".join(body)), "application/xml")
        start_response(*answered)
        return body


def _asks_for_notifications(environ: Environ, status: int) -> bool:
    asked = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    return status == 200 and environ["REQUEST_METHOD"] == "GET" and "notification" in asked


def _with_eventbridge(configuration: bytes) -> bytes:
    document = ET.fromstring(configuration)  # noqa: S314 - moto's own
    ET.SubElement(document, "EventBridgeConfiguration")
    return ET.tostring(document)


def _not_answered(start_response: StartResponse, why: str) -> Iterable[bytes]:
    name, message = "NotImplementedException", f"evaldrop local: {why}"
    body = json.dumps({"__type": name, "message": message}).encode()
    return send(start_response, 501, body, "application/x-amz-json-1.0", [("x-amzn-ErrorType", name)])


def _changes_the_stack(environ: Environ, service: str) -> bool:
    """Tell whether a request would change what code there is to run, or under which settings."""
    if service == "lambda":
        return environ["REQUEST_METHOD"] not in {"GET", "HEAD"}
    if service != "cloudformation":
        return False
    actions = [
        action
        for part in (environ.get("QUERY_STRING", ""), body_of(environ).decode(errors="replace"))
        for action in parse_qs(part).get("Action", ())
    ]
    return not actions or not all(action.startswith(("Describe", "Get", "List")) for action in actions)


def _lambda_error(start_response: StartResponse, status: int, kind: str, message: str) -> Iterable[bytes]:
    body = json.dumps({"Type": "User", "Message": message}).encode()
    return send(start_response, status, body, "application/json", [("x-amzn-ErrorType", kind)])
