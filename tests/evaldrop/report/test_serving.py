"""The server behind `evaldrop view`: this machine only, known files only."""

import http.client
import socket
import threading
from http import HTTPStatus

import pytest

from evaldrop.errors import StorageError
from evaldrop.report.serving import LOOPBACK, SENDERS_HEADER, Folder, HttpAnswer, open_server


@pytest.fixture
def runs(tmp_path):
    run = tmp_path / "runs" / "my support" / "run-1"
    run.mkdir(parents=True)
    (run / "report.html").write_text("<p>the report")
    (run / "records.jsonl").write_text("{}")
    (run / "secret.pem").write_text("key")
    (run / ".hidden.html").write_text("hidden")
    (tmp_path / "runs" / "index.html").write_text("<p>all runs")
    (tmp_path / "outside.html").write_text("outside")
    (run / "link.html").symlink_to(tmp_path / "outside.html")
    return tmp_path / "runs"


@pytest.fixture
def ask(runs):
    """Return a function that asks a running server for something."""
    with open_server(Folder(str(runs), lambda: "<p>made")) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def request(path, *, host=None, method="GET"):
            connection = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=5)
            connection.request(method, path, headers={"Host": host or f"{LOOPBACK}:{server.server_port}"})
            response = connection.getresponse()
            body = response.read().decode()
            connection.close()
            return response, body

        request.port = server.server_port
        yield request
        server.shutdown()
        thread.join()


def test_the_index_a_report_and_a_runs_folder_are_found(ask):
    assert ask("/")[1] == "<p>all runs"
    response, body = ask("/my%20support/run-1/report.html?x#y")
    assert (response.status, body) == (200, "<p>the report")
    assert response.getheader("Content-Type") == "text/html; charset=utf-8"
    response, _ = ask("/my%20support/run-1")
    assert (response.status, response.getheader("Location")) == (302, "/my%20support/run-1/report.html")


@pytest.mark.parametrize("path", [
    "/../outside.html", "/%2e%2e/outside.html", "/none.html",
    "/my%20support/run-1/..%2f..%2f..%2foutside.html",
    "/my%20support/run-1/secret.pem", "/my%20support/run-1/.hidden.html", "/my%20support/run-1/link.html",
    "/my%20support", "/my%20support/", "/x%00.html", "//etc/passwd", "/..%5coutside.html",
    f"/{'x' * 300}.html", f"/{'x/' * 3000}y.html", "/x%1b.html",
])  # fmt: skip
def test_nothing_else_is_found(ask, path):
    response, body = ask(path)
    assert response.status == 404
    assert body == "There is no such file.\n"


def test_a_page_elsewhere_whose_name_points_here_gets_nothing(ask):
    for host in ("evil.invalid", f"evil.invalid:{ask.port}", LOOPBACK, f"{LOOPBACK}:1", ""):
        response, body = ask("/", host=host or " ")
        assert (response.status, body) == (421, "Not the name of this server.\n")
    assert ask("/", host=f"localhost:{ask.port}")[0].status == 200


def test_a_head_has_no_body_and_nothing_can_be_written(ask):
    response, body = ask("/", method="HEAD")
    assert (response.status, body, response.getheader("Content-Length")) == (200, "", "11")
    assert ask("/", method="TRACE")[0].status == HTTPStatus.NOT_IMPLEMENTED


def test_no_page_may_load_anything_or_be_framed(ask):
    policy = ask("/")[0].getheader("Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_folder_without_an_index_has_one_made(tmp_path):
    assert Folder(str(tmp_path), lambda: "<p>made").answer("/").body == b"<p>made"


def test_the_page_of_all_runs_knows_that_it_is_viewed(tmp_path):
    (tmp_path / "index.html").write_text('<!doctype html>\n<html lang="en">')
    body = Folder(str(tmp_path), lambda: "").answer("/").body
    assert body == b'<!doctype html>\n<html data-viewed lang="en">'


def test_what_no_file_answers_has_a_route_with_its_query(tmp_path):
    said = []

    def route(folder, query):
        said.append((folder, query))
        return HttpAnswer(HTTPStatus.OK, body=b"compared")

    folder = Folder(str(tmp_path), lambda: "", {"/compare": route})
    assert folder.answer("/compare?a=x%2Fy&b=").body == b"compared"
    assert said == [(folder, {"a": "x/y"})]
    assert folder.answer("/compared").status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("path", [
    "", "..", "../runs/support/run-1", "support", ".hidden/run", "link/run-1", "support/run-1\x1b",
    "support/../support/run-1", "support\\run-1", "support%2frun-1", "support/run-1\x00",
    "support/\u202erun-1",
    "support/" + "x" * 300, "support/" + "x/" * 3000,
])  # fmt: skip
def test_only_runs_in_the_folder_are_found_to_be_compared(tmp_path, path):
    run = tmp_path / "runs" / "support" / "run-1"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    (tmp_path / "runs" / "link").symlink_to(tmp_path)
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "run.json").write_text("{}")
    folder = Folder(str(tmp_path / "runs"), lambda: "")
    assert folder.run_at(path) is None
    assert folder.run_at("support/run-1") == str(run)


def test_a_runs_own_folder_leads_to_its_report(tmp_path):
    (tmp_path / "run.json").write_text("{}")
    assert Folder(str(tmp_path), lambda: "").answer("/").location == "/report.html"


def test_the_index_that_reports_lead_to_is_made_where_there_is_none(tmp_path):
    """Also of a run's own folder, and of an evaluation's."""
    folder = Folder(str(tmp_path), lambda: "<html lang=en>made")
    assert folder.answer("/index.html").body == b"<html data-viewed lang=en>made"
    (tmp_path / "run.json").write_text("{}")
    assert folder.answer("/index.html").body == b"<html data-viewed lang=en>made"


def test_a_bucket_that_refuses_says_so_in_the_browser(tmp_path):
    def refused():
        raise StorageError("s3://bucket/runs: Access\x1b Denied")

    with open_server(Folder(str(tmp_path), refused)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        connection = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=5)
        connection.request("GET", "/")
        response = connection.getresponse()
        assert (response.status, response.read()) == (502, b"s3://bucket/runs: Access\\x1b Denied\n")
        connection.close()
        server.shutdown()
        thread.join()


def test_it_listens_on_the_loopback_address_only(tmp_path):
    with open_server(Folder(str(tmp_path), lambda: "")) as server:
        assert server.server_address[0] == "127.0.0.1"
        with pytest.raises(StorageError, match="Choose another --port"):
            open_server(Folder(str(tmp_path), lambda: ""), server.server_port)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_pages_are_only_read_and_the_guard_stands_before_every_method(ask, method):
    assert ask("/", method=method)[0].status == HTTPStatus.METHOD_NOT_ALLOWED
    assert ask("/", method=method, host="evil.example")[0].status == HTTPStatus.MISDIRECTED_REQUEST


def test_a_host_that_comes_twice_and_a_proxys_request_are_refused(ask):
    own = f"{LOOPBACK}:{ask.port}"
    for lines in (
        f"GET / HTTP/1.1\r\nHost: {own}\r\nHost: evil.example\r\n",
        f"GET http://evil.example/ HTTP/1.1\r\nHost: {own}\r\n",
        f"GET / HTTP/1.1\r\nHost: {own}\r\nSec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n",
        f"GET / HTTP/1.1\r\nHost: {own}\r\nOrigin: http://{own}\r\nOrigin: null\r\n",
        "GET / HTTP/1.1\r\n",
    ):
        with socket.create_connection((LOOPBACK, ask.port), timeout=5) as connection:
            connection.sendall(f"{lines}\r\n".encode())
            assert connection.makefile("rb").readline().split()[1] == b"421"


@pytest.fixture
def sent(runs):
    """Return a function that sends something to a server with one taker, and what it took."""
    took = []

    def take(_folder, query, body):
        took.append((query, body))
        return HttpAnswer(HTTPStatus.OK, body=b"kept")

    folder = Folder(str(runs), lambda: "", takers={"/votes": take})
    with open_server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def send(path="/votes?run=a%2Fb", body=b"{}", method="POST", **headers):
            connection = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=5)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            known = {"Content-Type": "application/json", SENDERS_HEADER: folder.token}
            connection.request(method, path, body, known | named)
            response = connection.getresponse()
            connection.close()
            return response

        send.took = took
        yield send
        server.shutdown()
        thread.join()


def test_what_a_report_sends_is_taken_where_there_is_a_taker(sent):
    assert sent().status == 200
    assert sent.took == [({"run": "a/b"}, b"{}")]
    assert sent("/other").status == 405
    assert sent(method="PUT").status == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.invalid"}, 421),
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}, 421),
        ({"Host": "evil.invalid"}, 421),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Length": "999999999"}, 413),
        ({"Content_Length": "-1"}, 411),
        ({"X_Evaldrop_Token": ""}, 403),
        ({"X_Evaldrop_Token": "é" * 43}, 403),
    ],
)
def test_nothing_is_taken_from_another_site_of_another_kind_or_without_end(sent, headers, status):
    assert sent(**headers).status == status
    assert sent.took == []


def test_only_a_report_whose_votes_are_taken_may_ask_the_server(runs):
    page = "<html lang=en><meta content=\"default-src &#39;none&#39;; style-src 'x'\">"
    (runs / "my support" / "run-1" / "report.html").write_text(page)
    kept = Folder(str(runs), lambda: "").answer("/my%20support/run-1/report.html")
    assert (kept.body.decode(), kept.policy) == (page, None)
    taken = {"/votes": lambda *_: HttpAnswer(HTTPStatus.OK)}
    viewed = Folder(str(runs), lambda: "", takers=taken).answer("/my%20support/run-1/report.html")
    assert b'<html data-viewed="' in viewed.body
    assert b"connect-src &#39;self&#39;;" in viewed.body
    assert "connect-src 'self'" in viewed.policy


def test_a_program_that_was_not_shown_a_page_sends_nothing_and_each_start_has_another_word(runs, sent):
    page = "<html lang=en><meta content=\"default-src &#39;none&#39;; style-src 'x'\">"
    (runs / "my support" / "run-1" / "report.html").write_text(page)
    response = sent(X_Evaldrop_Token=Folder(str(runs), lambda: "").token)
    assert response.status == 403
    assert sent.took == []
    taken = {"/votes": lambda *_: HttpAnswer(HTTPStatus.OK)}
    starts = [Folder(str(runs), lambda: "", takers=taken) for _ in range(2)]
    shown = [each.answer("/my%20support/run-1/report.html").body.decode() for each in starts]
    assert all(f'data-viewed="{each.token}"' in body for each, body in zip(starts, shown, strict=True))
    assert shown[0] != shown[1]
    assert len(starts[0].token) >= 43
