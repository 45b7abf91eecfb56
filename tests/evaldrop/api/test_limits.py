"""What a key may use up: exact under many requests at once, and a retry uses up nothing."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from evaldrop.api.server import ApiServer, served
from evaldrop.api.throttle import Throttle
from evaldrop.errors import LimitReached
from evaldrop.report.serving import LOOPBACK
from evaldrop.store.model import Limits
from tests.evaldrop.api.asking import ask
from tests.evaldrop.api.fakes import ARTICLE, FREE, key, standing

CLIENTS = 200


def _from_all(port, sent):
    """Send the same from all clients at once; return the statuses."""
    import http.client
    import json

    together = threading.Barrier(CLIENTS)

    def send(n):
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
        headers = {"Content-Type": "application/json", **sent(n)}
        together.wait()
        connection.request("POST", "/runs", body=json.dumps(ARTICLE), headers=headers)
        response = connection.getresponse()
        found = (response.status, json.loads(response.read()))
        connection.close()
        return found

    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(send, range(CLIENTS)))


@pytest.fixture
def port(here):
    with served(server := ApiServer(0, here.api.handle, None)):
        yield server.server_port


def test_200_clients_at_once_start_as_many_runs_as_are_left_and_as_many_as_dollars(here, port, monkeypatch):
    monkeypatch.setattr("evaldrop.api.starting.checked", _checked_once())
    here.store.add_key(key("month", limits=FREE.model_copy(update={"runs_per_month": 7})))
    here.store.add_key(key("day", limits=FREE.model_copy(update={"usd_per_day": 0.05})))

    found = _from_all(port, lambda n: {"x-api-key": "secret-month" if n % 2 else "secret-day"})

    # A run is likely to cost a cent.
    assert Counter(status for status, _ in found) == {202: 7 + 5, 429: CLIENTS - 12}
    assert here.store.used("month", "2026-11").runs == 7
    assert here.store.used("day", "2026-11-30").reserved_usd == pytest.approx(0.05)
    assert len(here.place.puts) == 12


def test_200_clients_with_one_idempotency_key_start_one_run(here, port, monkeypatch):
    monkeypatch.setattr("evaldrop.api.starting.checked", _checked_once())
    here.store.add_key(key("ada", limits=FREE.model_copy(update={"runs_per_month": 3})))

    found = _from_all(port, lambda _: {"x-api-key": "secret-ada", "Idempotency-Key": "once"})

    assert {status for status, _ in found} == {202}
    assert len({answer["run_id"] for _, answer in found}) == 1
    assert here.store.used("ada", "2026-11").runs == 1
    # Put again is the same place: a place starts none twice (test_here, test_aws).
    assert len({start.run_id for start in here.place.puts}) == 1


def _checked_once():
    """The check, made once and priced at a cent: 200 of them would take longer than all else."""
    from types import SimpleNamespace

    checked = SimpleNamespace(
        dataset="records.jsonl",
        content=b"{}\n",
        uploaded=None,
        files={},
        evaluation=None,
        evaluation_name="api",
        estimate_usd=0.01,
    )
    return lambda *_, **__: checked


def test_requests_a_day_are_counted_and_refused_until_midnight(here):
    here.store.add_key(key("few", limits=FREE.model_copy(update={"requests_per_day": 2})))
    statuses = [ask(here.api, "GET", "/runs", secret="secret-few").status for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = ask(here.api, "GET", "/runs", secret="secret-few")
    assert int(refused.headers["retry-after"]) == 12 * 3600


def test_a_bucket_lets_a_burst_through_and_fills_by_the_second():
    now = [0.0]
    throttle, limits = Throttle(lambda: now[0]), Limits(requests_per_second=2, burst=3)
    for _ in range(3):
        throttle.take("a", limits)
    with pytest.raises(LimitReached) as refused:
        throttle.take("a", limits)
    assert refused.value.retry_after_s == 1
    throttle.take("b", limits)
    now[0] = 0.5
    throttle.take("a", limits)
    with pytest.raises(LimitReached):
        throttle.take("a", limits)


def test_a_request_too_many_in_a_second_is_told_when_to_come_again(tmp_path):
    here = standing(tmp_path, throttle=Throttle(lambda: 0.0))
    here.store.add_key(key("slow", limits=FREE.model_copy(update={"requests_per_second": 0.5, "burst": 1})))
    assert ask(here.api, "GET", "/runs", secret="secret-slow").status == 200
    refused = ask(here.api, "GET", "/runs", secret="secret-slow")
    assert (refused.status, refused.headers["retry-after"]) == (429, "2")
