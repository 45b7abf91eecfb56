"""The server of one machine: whom it answers, and what it makes of a connection."""

import http.client
import socket
import time

import pytest

from evaldrop.api.server import ApiServer, served
from evaldrop.errors import StorageError
from evaldrop.report.serving import LOOPBACK
from tests.evaldrop.api.fakes import standing


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    here = standing(tmp_path_factory.mktemp("server"))
    with served(server := ApiServer(0, here.api.handle, None)):
        yield server.server_port


def _ask(port, method="GET", path="/runs", **headers):
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers={"x-api-key": "secret-own"} | named)
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, body


def _raw(port, sent: bytes) -> bytes:
    with socket.create_connection((LOOPBACK, port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while chunk := connection.recv(65536):
            found += chunk
    return found


def test_it_answers_to_its_own_names_alone(port):
    assert _ask(port)[0] == 200
    assert _ask(port, Host=f"localhost:{port}")[0] == 200
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1:1", ""):
        assert _ask(port, Host=host)[0] == 421


def test_a_page_of_another_site_gets_nothing_even_with_a_key(port):
    own = f"http://{LOOPBACK}:{port}"
    assert _ask(port, Origin=own)[0] == 200
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        status, body = _ask(port, **headers)
        assert status == 421
        assert "runs" not in body
    assert _ask(port, "OPTIONS", Origin="https://evil.example")[0] == 421


def test_it_is_no_proxy(port):
    found = _raw(port, b"GET http://evil.example/runs HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port)
    assert found.startswith(b"HTTP/1.1 421 ")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"Content-Length: 1\r\nContent-Length: 2", b"400"),
        (b"Content-Length: -1", b"400"),
        (b"Content-Length: 99999999999999", b"400"),
        (b"Transfer-Encoding: chunked", b"411"),
        (b"Content-Length: 10", b"400"),
    ],
)
def test_a_body_whose_end_is_not_plain_is_refused_and_the_connection_ends(port, headers, status):
    sent = b"POST /runs HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%b\r\n\r\n{}" % (port, headers)
    found = _raw(port, sent)
    assert found.startswith(b"HTTP/1.1 " + status)
    assert b"Connection: close" in found
    assert found.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW"])
def test_a_method_that_it_does_not_know_is_told_so(port, method):
    found = _raw(port, b"%b /runs HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (method.encode(), port))
    assert found.startswith(b"HTTP/1.1 405 ")
    assert b"application/problem+json" in found


def test_several_requests_share_a_connection(port):
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    for _ in range(3):
        connection.request("GET", "/models", headers={"x-api-key": "secret-own"})
        response = connection.getresponse()
        assert response.status == 200
        response.read()
    connection.close()


def test_a_port_that_is_taken_is_told(port, tmp_path):
    with pytest.raises(StorageError, match="Choose another --port"):
        ApiServer(port, standing(tmp_path).api.handle, None)


@pytest.fixture
def impatient(tmp_path):
    """The port of a server for two connections, whose requests have 0.3 s to come in."""
    here = standing(tmp_path)
    with served(server := ApiServer(0, here.api.handle, None, most_connections=2, request_s=0.3)):
        yield server.server_port


def _drip(port, parts) -> float:
    """Send parts a tenth of a second apart; return after how many seconds the server hung up."""
    began = time.monotonic()
    with socket.create_connection((LOOPBACK, port), timeout=5) as connection:
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(0.1)
            while connection.recv(65536):
                pass
        except ConnectionError:
            pass
        return time.monotonic() - began


@pytest.mark.parametrize(
    "start", [b"GET / HTTP/1.1\r\nX: ", b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n"]
)
def test_who_sends_a_byte_at_a_time_is_hung_up_on(impatient, start):
    assert _drip(impatient, [start, *[b"a"] * 40]) < 2


def test_connections_are_so_many_and_no_more(impatient):
    held = [socket.create_connection((LOOPBACK, impatient), timeout=5) for _ in range(2)]
    time.sleep(0.05)
    with socket.create_connection((LOOPBACK, impatient), timeout=5) as one_more:
        assert one_more.recv(1) == b""
    for each in held:
        assert each.recv(1) == b""
        each.close()
    # Those who held them were hung up on: others are let in again.
    time.sleep(0.05)
    assert _ask(impatient)[0] == 200


def test_what_is_sent_becomes_no_header_of_the_answer(port):
    for path in ("/runs/a%0d%0aX-Evil:%201", "/runs?after=%0d%0aX-Evil:1", "/%0d%0aX-Evil:1"):
        found = _raw(
            port,
            b"GET %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nx-api-key: secret-own\r\n\r\n" % (path.encode(), port),
        )
        head = found.partition(b"\r\n\r\n")[0]
        assert head.startswith(b"HTTP/1.1 4")
        assert b"Evil" not in head
