"""The page of a run that goes on, and the events that fill it, as a plain client gets them."""

import http.client
import json
import threading
from dataclasses import replace
from itertools import chain, repeat

import pytest

from evaldrop.report.live import Look, events_of, live_page, live_routes
from evaldrop.report.serving import LOOPBACK, Folder, open_server

RUNNING = Look(state="running", name="support", run_id="run-1", records=3, total=9)
ENDED = replace(RUNNING, state="ended", records=9)
RESUME = "evaldrop run --resume runs/support/run-1"


@pytest.fixture
def ask(tmp_path):
    """Return a function that asks a running server of a run that ends at the third look."""
    looks = chain([RUNNING, RUNNING], repeat(ENDED))
    (tmp_path / "run.json").write_text("{}")
    routes = live_routes(lambda: next(looks), resume=RESUME, report="runs/support/run-1/report.html")
    with open_server(Folder(str(tmp_path), str, routes)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def request(path, **headers):
            connection = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=10)
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            body = response.read().decode()
            connection.close()
            return response, body

        yield request
        server.shutdown()
        thread.join()


def test_events_come_when_something_has_changed_and_end_with_the_run(ask):
    response, body = ask("/live/events")
    assert response.getheader("Content-Type") == "text/event-stream"
    assert response.getheader("Cache-Control") == "no-store"
    told = [json.loads(event.removeprefix("data: ")) for event in body.split("\n\n") if event]
    assert [(each["state"], each["records"]) for each in told] == [("running", 3), ("ended", 9)]


def test_a_run_without_a_report_opens_with_its_live_page_which_alone_may_ask_its_server(ask):
    assert ask("/")[0].getheader("Location") == "/live"
    response, body = ask("/live")
    assert response.getheader("Content-Security-Policy").endswith("; connect-src 'self'")
    assert "; connect-src &#39;self&#39;; base-uri" in body
    assert "connect-src" not in ask("/run.json")[0].getheader("Content-Security-Policy")


def test_pages_of_other_sites_get_no_events(ask):
    assert ask("/live/events", Origin="http://evil.invalid")[0].status == 421


def test_a_page_is_told_at_most_twice_a_second_and_hears_that_the_server_lives():
    slept = []
    looks = chain(repeat(RUNNING, 65), [ENDED])
    pieces = list(events_of(lambda: next(looks), slept.append))
    assert set(slept) == {0.5}
    assert pieces[1:-1] == [b":\n\n", b":\n\n"]


def test_names_are_text_on_the_page():
    page = live_page(replace(RUNNING, name="<img src=x>"), "evaldrop run --resume '<b>'", "<i>/report.html")
    assert "<img" not in page
    assert "<b>" not in page
    assert "<i>" not in page
