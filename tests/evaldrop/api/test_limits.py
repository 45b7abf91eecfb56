"""What a key may use up: exact under many requests at once, and a retry uses up nothing."""

import itertools
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from evaldrop.api.server import ApiServer, served
from evaldrop.api.throttle import Throttle
from evaldrop.errors import AwsError, LimitReached
from evaldrop.report.serving import LOOPBACK
from evaldrop.run.request import Owner
from evaldrop.store.model import Limits, RunQuery, StoredRun
from tests.evaldrop.api.asking import ask
from tests.evaldrop.api.fakes import ARTICLE, FREE, NOW, key, standing

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


def test_of_retries_while_runs_are_withdrawn_the_limits_stay_exact(here, monkeypatch):
    """Every third put fails, so that its run is withdrawn while others ask for the place that gets free."""
    monkeypatch.setattr("evaldrop.api.starting.checked", _checked_once())
    here.store.add_key(key("month", limits=FREE.model_copy(update={"runs_per_month": 7, "usd_per_month": 1})))
    numbers, put = itertools.count(), here.place.put

    def failing(start):
        if next(numbers) % 3 == 0:
            raise AwsError("it does not answer")
        put(start)

    monkeypatch.setattr(here.place, "put", failing)

    def send(n):
        sent = {"Idempotency-Key": f"k{n % 20}"}
        return ask(here.api, "POST", "/runs", ARTICLE, secret="secret-month", headers=sent).status

    with ThreadPoolExecutor(50) as clients:
        found = Counter(clients.map(send, range(CLIENTS)))

    assert set(found) <= {202, 429, 503}
    used, started = here.store.used("month", "2026-11"), here.store.runs(RunQuery(limit=100)).runs
    assert used.runs == len(started) == 7
    assert used.reserved_usd == pytest.approx(0.07)
    # Whatever was withdrawn meanwhile: what is put is what is counted.
    assert {start.run_id for start in here.place.puts} == {run.run_id for run in started}


@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
def test_a_run_that_an_equal_request_has_put_is_not_lost_by_anothers_withdrawal(here, monkeypatch, is_before):
    monkeypatch.setattr("evaldrop.api.starting.checked", _checked_once())
    here.store.add_key(key("ada", limits=FREE.model_copy(update={"runs_per_month": 1})))
    named = {"Idempotency-Key": "k"}
    send = partial(ask, here.api, "POST", "/runs", ARTICLE, secret="secret-ada", headers=named)
    put, withdraw, others, given_up = here.place.put, here.store.withdraw, [], []

    def failing(_):
        monkeypatch.setattr(here.place, "put", put)
        others.append(send())
        raise AwsError("it does not answer")

    def late(start):
        # The first withdraws between the other's admission and its put.
        monkeypatch.setattr(here.place, "put", put)
        withdraw(*given_up)
        put(start)

    if is_before:
        monkeypatch.setattr(here.place, "put", failing)
        assert send().status == 503
    else:
        here.place.fails = True
        monkeypatch.setattr(here.store, "withdraw", lambda *asked: given_up.extend(asked))
        assert send().status == 503
        here.place.fails = False
        monkeypatch.setattr(here.place, "put", late)
        others.append(send())

    assert [each.status for each in others] == [202]
    (run,) = here.store.runs(RunQuery()).runs
    assert (run.run_id, here.store.used("ada", "2026-11").runs) == (here.place.puts[-1].run_id, 1)


def test_a_revoked_key_lets_nobody_in_who_asks_afterwards(here):
    here.store.add_key(key("soon"))
    revoked = threading.Event()

    def look(_):
        was_revoked = revoked.is_set()
        return was_revoked, ask(here.api, "GET", "/runs", secret="secret-soon").status

    with ThreadPoolExecutor(16) as clients:
        asked = [clients.submit(look, n) for n in range(100)]
        here.store.revoke_key("soon", now=NOW)
        revoked.set()
        asked += [clients.submit(look, n) for n in range(100)]
        found = {each.result() for each in asked}
    assert found <= {(False, 200), (False, 401), (True, 401)}
    assert (True, 401) in found


def test_a_day_and_a_month_end_by_utc_and_not_one_run_or_request_sooner(tmp_path, monkeypatch):
    monkeypatch.setattr("evaldrop.api.starting.checked", _checked_once())
    clock = ["2026-11-30T23:59:59+00:00"]
    here = standing(tmp_path, now=lambda: clock[0])
    limits = FREE.model_copy(update={"runs_per_month": 5000, "requests_per_day": 500})
    here.store.add_key(key("full", limits=limits))
    send = partial(ask, here.api, secret="secret-full")
    for n in range(4999):
        here.store.admit(_noted(n), limits, now=clock[0])
    for _ in range(498):
        here.store.count_request("full", limits, now=clock[0])

    # The 499th and 500th request of the day; the 5,000th run of the month, and one more.
    assert send("POST", "/runs", ARTICLE).status == 202
    refused = send("POST", "/runs", ARTICLE)
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert "5,000 runs a month" in refused.json["detail"]
    refused = send("GET", "/runs")
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert "500 requests a day" in refused.json["detail"]

    clock[0] = "2026-12-01T00:00:00+00:00"
    assert send("POST", "/runs", ARTICLE).status == 202
    assert (here.store.used("full", "2026-11").runs, here.store.used("full", "2026-12").runs) == (5000, 1)


def _noted(n):
    owner = Owner(key_id="full")
    return StoredRun(run_id=f"r{n}", state="admitted", started_at=NOW, dataset="s3://b/d", owner=owner)


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
