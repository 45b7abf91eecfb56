"""
`evaldrop serve`: the API on this machine, by the router that a stack's function has.

It listens on the loopback address alone and answers only what is sent to it by its own name and from no page
of another site. Each request becomes the event that API Gateway would make of it.
"""

import base64
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, cast
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit
from uuid import uuid4

from evaldrop.api.exchange import MOST_BYTES
from evaldrop.api.local_reports import BELOW, LocalReports
from evaldrop.api.local_uploads import LocalUploads
from evaldrop.api.operations import PAGE_HEADERS
from evaldrop.api.problems import PROBLEM_JSON, ApiProblem
from evaldrop.errors import StorageError
from evaldrop.report.guard import GUARDED, refusal
from evaldrop.report.serving import LOOPBACK

Handle = Callable[[dict[str, Any]], dict[str, Any]]
_REQUEST_S: Final = 60.0
"""How long a request may take to come in, and how long its answer may take to be read, in seconds."""
_SLOWEST_UPLOAD: Final = 64 << 10
"""Bytes a second."""
MOST_CONNECTIONS: Final = 512
_MOST_QUERY: Final = 64
_MOST_DISCARDED: Final = 64 << 20


class ApiServer(ThreadingHTTPServer):
    """
    The server; each connection has a thread.

    Args:
        port: 0 is any free one.
        handle: Answers an event.
        uploads: Takes what is put at an address that it has signed.
        reports: Shows reports at addresses that it has signed.
    """

    daemon_threads = True
    # Hundreds may come at once: with five waiting, as is usual, the others would be refused.
    request_queue_size = 512

    def __init__(
        self,
        port: int,
        handle: Handle,
        uploads: LocalUploads | None,
        reports: LocalReports | None = None,
        *,
        most_connections: int = MOST_CONNECTIONS,
        request_s: float = _REQUEST_S,
    ) -> None:
        """`request_s`: how long a request may take to come in, and its answer to be read."""
        self.handle, self.uploads, self.reports, self.request_s = handle, uploads, reports, request_s
        self._connections = threading.BoundedSemaphore(most_connections)
        try:
            super().__init__((LOOPBACK, port), _ApiHandler)
        except OSError as error:
            raise StorageError(f"{LOOPBACK}:{port}: {error.strerror}. Choose another --port.") from error

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a connection a thread; one too many is closed, so that those who hold others cost no more."""
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._connections.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a connection's requests."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.server_port}"


@contextmanager
def served(server: ApiServer) -> Iterator[None]:
    """Serve by another thread while the block lasts."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _UntilReader(io.RawIOBase):
    """What comes in by a connection until a moment: a limit per read would begin anew with each byte."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.until = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _ApiHandler(BaseHTTPRequestHandler):
    server_version = "evaldrop"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    # Headers and body go out apart: with Nagle's algorithm the second waits 40 ms on a connection that stays.
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._reader = _UntilReader(self.connection)
        self.rfile = io.BufferedReader(self._reader)

    def handle_one_request(self) -> None:
        self._allow(0)
        # Who resets the connection as it is read from has gone, which is no fault.
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def _allow(self, more_s: float) -> None:
        self._reader.until = time.monotonic() + cast("ApiServer", self.server).request_s + more_s

    def do_GET(self) -> None:
        try:
            answer = self._answer()
        except ApiProblem as problem:
            # Its body may not have been read: what follows on this connection is not to be taken for one.
            self.close_connection = True
            answer = _told(problem)
        self._send(answer)

    def _answer(self) -> dict[str, Any]:
        server = cast("ApiServer", self.server)
        headers = {name: ",".join(self.headers.get_all(name, ())) for name in GUARDED if name in self.headers}
        refused = refusal(headers, bound_to=LOOPBACK, port=server.server_port)
        if refused is not None:
            raise ApiProblem(HTTPStatus.MISDIRECTED_REQUEST, refused)
        if not self.path.startswith("/"):
            raise ApiProblem(HTTPStatus.MISDIRECTED_REQUEST, "This is no proxy.")
        length = self._length()
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        if self.command == "PUT" and path.startswith("/uploads/") and server.uploads:
            self._allow(length / _SLOWEST_UPLOAD)
            server.uploads.receive(path, dict(parse_qsl(parts.query)), self.rfile, length)
            return {"statusCode": HTTPStatus.OK.value, "body": "", "multiValueHeaders": {}}
        if self.command in {"GET", "HEAD"} and path.startswith(BELOW) and server.reports:
            return _report(server.reports, path, dict(parse_qsl(parts.query)))
        if length > MOST_BYTES:
            self._discard(length)
            detail = f"The body has more than {MOST_BYTES >> 20} MiB. Upload the dataset: POST /uploads."
            raise ApiProblem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        body = self.rfile.read(length)
        if len(body) < length:
            raise ApiProblem(HTTPStatus.BAD_REQUEST, "The body ended before its Content-Length.")
        return server.handle(self._event(parts.path, parts.query, body))

    def _discard(self, length: int) -> None:
        # Who is still sending reads no answer, and would be told of a broken connection alone.
        left = min(length, _MOST_DISCARDED)
        while left > 0 and (chunk := self.rfile.read(min(left, 1 << 16))):
            left -= len(chunk)

    def _length(self) -> int:
        if "Transfer-Encoding" in self.headers:
            raise ApiProblem(HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length.")
        told = self.headers.get_all("Content-Length", ["0"])
        # Two lengths, or none that is a number: where the body ends would be a guess.
        if len(told) > 1 or not (told[0].isascii() and told[0].isdigit()) or len(told[0]) > len("9" * 12):
            raise ApiProblem(HTTPStatus.BAD_REQUEST, "Content-Length is no number.")
        return int(told[0])

    def _event(self, path: str, query: str, body: bytes) -> dict[str, Any]:
        """Return what a REST API's proxy integration would hand to a function."""
        try:
            parameters = parse_qs(query, keep_blank_values=True, max_num_fields=_MOST_QUERY)
        except ValueError as error:
            raise ApiProblem(HTTPStatus.BAD_REQUEST, "There are too many parameters.") from error
        several = {name.lower(): self.headers.get_all(name, []) for name in self.headers}
        return {
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": self.command,
            "headers": {name: values[-1] for name, values in several.items()},
            "multiValueHeaders": several,
            "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
            "multiValueQueryStringParameters": parameters or None,
            "pathParameters": None,
            "stageVariables": None,
            "requestContext": {"requestId": str(uuid4()), "identity": {}, "stage": "local"},
            "body": base64.b64encode(body).decode() if body else None,
            "isBase64Encoded": bool(body),
        }

    def _send(self, answer: dict[str, Any]) -> None:
        text = answer.get("body") or ""
        body = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
        # Of all that is sent, not of each part: who reads slowly holds a thread no longer.
        self.connection.settimeout(cast("ApiServer", self.server).request_s)
        # In one piece: with each, of many at once, a thread waits for its turn again.
        connected, self.wfile = self.wfile, io.BytesIO()
        self._write(answer, body)
        content, self.wfile = self.wfile.getvalue(), connected
        # Who asked may have gone meanwhile, which is no fault.
        with suppress(ConnectionError):
            self.wfile.write(content)

    def _write(self, answer: dict[str, Any], body: bytes) -> None:
        self.send_response(answer["statusCode"])
        for name, values in answer["multiValueHeaders"].items():
            for value in values:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    # http.server's names. Other methods too: none may find a way around the guard.
    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_GET  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Tell what the HTTP server itself refuses as all else is told."""
        self.close_connection = True
        # A method that it does not know is none of the API's.
        is_method = code == HTTPStatus.NOT_IMPLEMENTED
        status = HTTPStatus.METHOD_NOT_ALLOWED if is_method else HTTPStatus(code)
        self._send(_told(ApiProblem(status, explain or message or status.description)))

    def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the API has a log of its own."""


def _report(reports: LocalReports, path: str, query: dict[str, str]) -> dict[str, Any]:
    try:
        answer = reports.read(path, query)
    except StorageError as error:
        raise ApiProblem(HTTPStatus.NOT_FOUND, "This run's files are not there any more.") from error
    headers = {**PAGE_HEADERS, **answer.headers, "Content-Type": answer.kind}
    return {
        "statusCode": answer.status.value,
        "body": (answer.body or b"").decode(),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
    }


def _told(problem: ApiProblem) -> dict[str, Any]:
    headers = {**PAGE_HEADERS, **problem.headers, "Content-Type": PROBLEM_JSON}
    return {
        "statusCode": problem.status.value,
        "body": problem.document().model_dump_json(),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
    }
