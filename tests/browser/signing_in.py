"""A hosted sign-in and an API Gateway for the browser's tests, each as far as the page has to do with it."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

Handle = Callable[[dict[str, Any]], dict[str, Any]]
CLAIMS = {"sub": "user-1", "email": "ada@example.com", "cognito:groups": "runner"}


class SignInServer(ThreadingHTTPServer):
    """
    Signs everybody in, as Cognito does: a code for the page, tokens for the code and its proof.

    Attributes:
        page: Where it leads back to.
        told: What was asked of it, by path.
    """

    page: str
    lasts_s = 3600

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _SignIn)
        self.told: list[tuple[str, dict[str, str]]] = []
        self.challenges: dict[str, str] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Quiet(BaseHTTPRequestHandler):
    server: Any

    def log_message(self, *_: Any) -> None:
        pass

    def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _SignIn(_Quiet):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = dict(parse_qsl(parts.query))
        self.server.told.append((parts.path, asked))
        if parts.path == "/logout":
            self._send(302, Location=asked["logout_uri"])
            return
        assert asked["redirect_uri"] == self.server.page
        self.server.challenges["code-1"] = asked["code_challenge"]
        back = urlencode({"code": "code-1", "state": asked["state"]})
        self._send(302, Location=f"{self.server.page}?{back}")

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.server.told.append((self.path, form))
        given = {"id_token": _token(), "expires_in": self.server.lasts_s}
        if form["grant_type"] == "authorization_code":
            proof = hashlib.sha256(form["code_verifier"].encode()).digest()
            expected = base64.urlsafe_b64encode(proof).decode().rstrip("=")
            if self.server.challenges.pop(form["code"], None) != expected:
                self._send(400, b"{}", Access_Control_Allow_Origin="*")
                return
            given["refresh_token"] = "refresh-1"
        body = json.dumps(given).encode()
        self._send(200, body, Content_Type="application/json", Access_Control_Allow_Origin="*")


def _token() -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, CLAIMS)
    ]
    return ".".join([*parts, "signature"])


class GatewayServer(ThreadingHTTPServer):
    """API Gateway with a stage `v1` before a function: a token is checked here, and its claims handed on."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Gateway)
        self.handle: Handle | None = None

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/"


class _Gateway(_Quiet):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path.removeprefix("/v1") or "/"
        has_token = self.headers.get("Authorization") == f"Bearer {_token()}"
        if path == "/favicon.ico":
            self._send(204)
            return
        if path != "/" and not has_token:
            self._send(
                401,
                b'{"detail": "Sign in: the token is missing or too old."}',
                Content_Type="application/json",
            )
            return
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        answer = self.server.handle(
            {
                "path": path,
                "httpMethod": self.command,
                "headers": dict(self.headers),
                "queryStringParameters": query or None,
                "requestContext": {
                    "requestId": "1",
                    "stage": "v1",
                    "authorizer": {"claims": CLAIMS} if has_token else {},
                },
                "body": None,
            }
        )
        headers = {name.replace("-", "_"): values[0] for name, values in answer["multiValueHeaders"].items()}
        self._send(answer["statusCode"], answer["body"].encode(), **headers)


@contextmanager
def served(*servers: ThreadingHTTPServer) -> Iterator[None]:
    """Serve by a thread each while the block lasts."""
    threads = [threading.Thread(target=each.serve_forever, args=(0.05,), daemon=True) for each in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()
