"""
`evaldrop view`: serves a folder of runs, on disk or in S3, to a browser on this machine only.

Responses of models lie in these folders. So it listens on the loopback address, answers only requests that
name it as their host (a page elsewhere whose name is made to point here gets nothing), sends only files of
known kinds, and forbids every page to load anything.
"""

import hmac
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.report.escape import visible
from evaldrop.report.guard import GUARDED, refusal

LOOPBACK = "127.0.0.1"
LIVE = "/live"
"""Where a run that goes on is shown, by a route; where it has no report yet, it is the first page."""
KINDS = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "md": "text/plain; charset=utf-8",
    "xml": "application/xml",
    "sql": "text/plain; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A report's own policy is stricter; this one holds for everything else in the folder.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


ASKING_POLICY = f"{HEADERS['Content-Security-Policy']}; connect-src 'self'"
"""Of a page whose script asks this server on: no other may."""


class HttpAnswer(NamedTuple):
    """
    What a request gets.

    `stream` is a body whose end is not known, in pieces, instead of `body`. `policy` replaces that of
    `HEADERS`.
    """

    status: HTTPStatus
    kind: str = "text/plain; charset=utf-8"
    body: bytes = b""
    location: str | None = None
    stream: Iterator[bytes] | None = None
    policy: str | None = None


Query = Mapping[str, str]
Route = Callable[["Folder", Query], HttpAnswer]
"""Answers what no file of the folder does, such as a comparison of two of its runs."""

RunRoute = Callable[[str, Query], HttpAnswer]
"""Answers what no file of a run does, such as a page of its records; given the URI of the run's folder."""

Taker = Callable[["Folder", Query, bytes], HttpAnswer]
"""Takes what a page sends: the bytes of a JSON document, `MOST_SENT_BYTES` at most."""

MOST_SENT_BYTES = 4 << 20

SENDERS_HEADER = "X-Evaldrop-Token"
"""What a page sends carries `Folder.token` in it."""

# No file's name is longer, and no key in S3: asked for one a file system answers with an error.
_MOST_NAME_BYTES, _MOST_PATH_BYTES = 255, 1024
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_NOT_THE_PAGES = (
    b"Not kept: only a page that this start of evaldrop view has shown may send. Load it again; of a report "
    b"of an earlier version evaldrop report RUN makes a new one.\n"
)

NOT_FOUND = HttpAnswer(HTTPStatus.NOT_FOUND, body=b"There is no such file.\n")


class Folder:
    """
    A folder of runs, or a run's own.

    `make_index` makes the page of all runs where there is none. `routes` are looked for by a target's path,
    before the files, and may be added to later; `run_routes` by a name in a run's folder. `takers` take what
    a report sends, by path; without any no page may send anything. `token` is random, and in the reports that
    are shown: who sends must know it.
    """

    def __init__(
        self,
        uri: str,
        make_index: Callable[[], str],
        routes: Mapping[str, Route] | None = None,
        takers: Mapping[str, Taker] | None = None,
        run_routes: Mapping[str, RunRoute] | None = None,
    ) -> None:
        self._routes = {} if routes is None else routes
        self._run_routes = {} if run_routes is None else run_routes
        self._takers = {} if takers is None else takers
        self._uri = uri.rstrip("/") if storage.is_s3(uri) else str(storage.local_path(uri).resolve())
        self._make_index = make_index
        self.token = secrets.token_urlsafe(32)

    def answer(self, target: str) -> HttpAnswer:
        """Return what is at a request's target, such as `/support/run-1/report.html?x`."""
        # First of all: an encoded dot or slash must be judged as what it is.
        parts = urlsplit(target)
        path = unquote(parts.path)
        if route := self._routes.get(path):
            return route(self, dict(parse_qsl(parts.query)))
        names = [name for name in path.split("/") if name]
        if not _are_plain(names):
            return NOT_FOUND
        if names and names[-1] in self._run_routes and (run := self.run_at("/".join(names[:-1]))):
            return self._run_routes[names[-1]](run, dict(parse_qsl(parts.query)))
        if not names and self._holds("run.json"):
            is_live = LIVE in self._routes and not self._holds("report.html")
            return HttpAnswer(HTTPStatus.FOUND, location=LIVE if is_live else "/report.html")
        if not names or names == ["index.html"]:
            return self._index()
        # Reports lead to it, also where there is none: in an evaluation's folder, a run's, or one above all.
        if names[-1] == "index.html" and not self._holds(*names):
            return HttpAnswer(HTTPStatus.FOUND, location="/index.html")
        if "." in names[-1] and not path.endswith("/"):
            return self._file(names)
        if not self._holds(*names, "report.html"):
            return NOT_FOUND
        return HttpAnswer(HTTPStatus.FOUND, location=f"/{quote('/'.join(names))}/report.html")

    def takes(self, target: str) -> bool:
        """Return whether something may be sent to a target."""
        return unquote(urlsplit(target).path) in self._takers

    def take(self, target: str, body: bytes) -> HttpAnswer:
        """Give what was sent to the one that takes it."""
        parts = urlsplit(target)
        return self._takers[unquote(parts.path)](self, dict(parse_qsl(parts.query)), body)

    def run_at(self, path: str) -> str | None:
        """
        Return the URI of a run's folder in this one, such as `support/run-1`; None where there is none.

        Of a folder that is a run's own the path is empty.
        """
        names = [name for name in path.split("/") if name]
        if not _are_plain(names) or not self._holds(*names, "run.json"):
            return None
        return storage.join(self._uri, *names)

    def _index(self) -> HttpAnswer:
        found = self._file(["index.html"]) if self._holds("index.html") else None
        page = found.body if found and found.status == HTTPStatus.OK else self._make_index().encode()
        # By this the page knows that what stands in `routes` can be had.
        return HttpAnswer(HTTPStatus.OK, KINDS["html"], page.replace(b"<html ", b"<html data-viewed ", 1))

    def _file(self, names: list[str]) -> HttpAnswer:
        kind = KINDS.get(names[-1].rpartition(".")[2])
        if kind is None or not self._holds(*names):
            return NOT_FOUND
        try:
            found = storage.read_bytes(storage.join(self._uri, *names))
        except StorageError:
            return NOT_FOUND
        if names[-1] == "report.html" and self._takers:
            return HttpAnswer(HTTPStatus.OK, kind, _sending(found, self.token), policy=ASKING_POLICY)
        return HttpAnswer(HTTPStatus.OK, kind, found)

    def _holds(self, *names: str) -> bool:
        uri = storage.join(self._uri, *names)
        # A link in the folder must not lead out of it.
        inside = storage.is_s3(uri) or storage.local_path(uri).resolve().is_relative_to(self._uri)
        return inside and storage.exists(uri)


def _sending(report: bytes, token: str) -> bytes:
    """Return a report that may send to this server, and knows it; the file itself asks for nothing."""
    page = report.replace(b"<html ", b'<html data-viewed="%b" ' % token.encode(), 1)
    return page.replace(
        b"default-src &#39;none&#39;;", b"default-src &#39;none&#39;; connect-src &#39;self&#39;;", 1
    )


def _are_plain(names: Sequence[str]) -> bool:
    # The dot is of `..` and of hidden files.
    return len("/".join(names).encode()) <= _MOST_PATH_BYTES and not any(
        name.startswith(".") or _NOT_IN_NAMES.search(name) or len(name.encode()) > _MOST_NAME_BYTES
        for name in names
    )


def open_server(folder: Folder, port: int = 0) -> ThreadingHTTPServer:
    """
    Return a server on the loopback address; port 0 is any free one.

    Raises:
        StorageError: The port is taken.
    """

    class Handler(_Handler):
        served = folder

    try:
        return ThreadingHTTPServer((LOOPBACK, port), Handler)
    except OSError as error:
        raise StorageError(f"{LOOPBACK}:{port}: {error.strerror}. Choose another --port.") from error


class _Handler(BaseHTTPRequestHandler):
    served: Folder
    server_version = "evaldrop"
    sys_version = ""

    def do_GET(self) -> None:
        self._send(self._answer())

    def _answer(self) -> HttpAnswer:
        port = cast("ThreadingHTTPServer", self.server).server_port
        headers = {name: ",".join(self.headers.get_all(name, ())) for name in GUARDED if name in self.headers}
        # A link of another site may lead to a page, and a form of it may send nothing.
        refused = refusal(headers, bound_to=LOOPBACK, port=port, may_be_linked_to=self.command != "POST")
        if refused is not None:
            return HttpAnswer(HTTPStatus.MISDIRECTED_REQUEST, body=f"{refused}\n".encode())
        if not self.path.startswith("/"):
            # What a proxy is asked: the address in it would count, and not the Host that was looked at.
            return HttpAnswer(HTTPStatus.MISDIRECTED_REQUEST, body=b"This is no proxy.\n")
        if self.command == "POST" and self.served.takes(self.path):
            return self._taken()
        if self.command not in {"GET", "HEAD"}:
            return HttpAnswer(HTTPStatus.METHOD_NOT_ALLOWED, body=b"Pages are only read here.\n")
        try:
            return self.served.answer(self.path)
        except StorageError as error:
            # Such as a bucket that refuses: the browser gets the reason, and not a closed connection.
            return HttpAnswer(HTTPStatus.BAD_GATEWAY, body=f"{visible(str(error))}\n".encode())

    def _taken(self) -> HttpAnswer:
        # What a form of another site can send has another type; to send this one a page must ask first.
        if self.headers.get_content_type() != "application/json":
            return HttpAnswer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, body=b"Only application/json is taken.\n")
        token = self.headers.get(SENDERS_HEADER, "")
        if not hmac.compare_digest(token.encode(), self.served.token.encode()):
            return HttpAnswer(HTTPStatus.FORBIDDEN, body=_NOT_THE_PAGES)
        told = self.headers.get("Content-Length", "")
        if not (told.isascii() and told.isdigit()):
            return HttpAnswer(HTTPStatus.LENGTH_REQUIRED, body=b"Content-Length is missing.\n")
        if int(told) > MOST_SENT_BYTES:
            return HttpAnswer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, body=b"More than 4 MiB are not taken.\n")
        return self.served.take(self.path, self.rfile.read(int(told)))

    def _send(self, answer: HttpAnswer) -> None:
        self.send_response(answer.status)
        policy = {} if answer.policy is None else {"Content-Security-Policy": answer.policy}
        for name, value in (HEADERS | policy).items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        if answer.stream is None:
            self.send_header("Content-Length", str(len(answer.body)))
        if answer.location is not None:
            self.send_header("Location", answer.location)
        self.end_headers()
        if self.command == "HEAD":
            return
        if answer.stream is None:
            self.wfile.write(answer.body)
            return
        # The browser goes when the page is closed, which ends the stream and is no fault.
        with suppress(ConnectionError):
            for piece in answer.stream:
                self.wfile.write(piece)

    # http.server's names. Other methods too: none may find a way around the guard.
    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing: requests are the browser's business."""
