"""A run is started once, whatever is cut off on the way."""

from evaldrop.store.model import Ending
from tests.evaldrop.api.asking import ask
from tests.evaldrop.api.fakes import ARTICLE, NOW, key

ONCE = {"Idempotency-Key": "once"}


def test_what_cannot_be_put_is_forgotten_and_counts_nothing(here):
    here.place.fails = True
    answer = ask(here.api, "POST", "/runs", ARTICLE, headers=ONCE)
    assert answer.status == 503
    assert "secret-name" not in answer.text
    assert here.store.used("own", "2026-11").runs == 0

    here.place.fails = False

    assert ask(here.api, "POST", "/runs", ARTICLE, headers=ONCE).status == 202
    assert here.store.used("own", "2026-11").runs == 1


def test_a_retry_puts_what_was_admitted_and_cut_off_before_it_was_put(here):
    run_id = ask(here.api, "POST", "/runs", ARTICLE, headers=ONCE).json["run_id"]
    here.place.puts.clear()  # as if the first request had ended between the two

    again = ask(here.api, "POST", "/runs", ARTICLE, headers=ONCE)

    assert (again.status, again.json["run_id"]) == (202, run_id)
    assert [start.run_id for start in here.place.puts] == [run_id]
    assert here.store.used("own", "2026-11").runs == 1


def test_a_retry_of_a_run_that_was_put_puts_nothing(here):
    for _ in range(3):
        ask(here.api, "POST", "/runs", ARTICLE, headers=ONCE)
    assert len(here.place.puts) == 1


def test_who_waits_gets_the_result_when_it_is_there_in_time(here):
    ended = Ending(state="finished", ended_at=NOW, recommendation="Ship it.")
    here.place.ends = lambda run_id: here.store.end(run_id, ended)
    answer = ask(here.api, "POST", "/runs?wait=25", ARTICLE)
    assert answer.status == 200
    assert answer.json["ending"]["recommendation"] == "Ship it."


def test_who_waits_in_vain_is_told_how_far_it_is(here):
    answer = ask(here.api, "POST", "/runs?wait=1", ARTICLE)
    assert answer.status == 202
    assert answer.json["progress"] == {"done": 1, "total": 2, "failed": 0, "cost_usd": 0.5}


def test_a_run_is_stopped_by_who_started_it_and_by_an_admin(here):
    for name in ("ada", "bob"):
        here.store.add_key(key(name, customer="acme"))
    runs = [ask(here.api, "POST", "/runs", ARTICLE, secret="secret-ada").json["run_id"] for _ in range(2)]
    # A colleague of one customer sees it, and may not stop it.
    assert ask(here.api, "GET", f"/runs/{runs[0]}", secret="secret-bob").status == 200
    assert ask(here.api, "DELETE", f"/runs/{runs[0]}", secret="secret-bob").status == 403
    assert ask(here.api, "DELETE", f"/runs/{runs[0]}", secret="secret-ada").json["state"] == "stopped"
    assert ask(here.api, "DELETE", f"/runs/{runs[1]}").json["state"] == "stopped"
    assert here.place.stopped == runs
    # Again it changes nothing.
    assert ask(here.api, "DELETE", f"/runs/{runs[0]}").status == 200
    assert here.place.stopped == runs


def test_a_faults_own_words_leave_the_process_nowhere(here, monkeypatch):
    def fail(*_):
        raise RuntimeError("a secret")

    monkeypatch.setattr(here.store, "runs", fail)
    answer = ask(here.api, "GET", "/runs")
    assert answer.status == 500
    assert "secret" not in answer.text
    assert [str(fault) for fault in here.faults] == ["a secret"]


def test_the_access_log_names_key_run_and_status_and_no_text(here):
    here.store.add_key(key("ada", user="ada"))
    run_id = ask(here.api, "POST", "/runs", ARTICLE, secret="secret-ada").json["run_id"]
    ask(here.api, "GET", f"/runs/{run_id}/records/my%20name%20is%20Ada", secret="secret-ada")
    ask(here.api, "GET", "/my-secret", secret="wrong")
    started, asked, lost = here.lines
    assert started == {
        "request_id": started["request_id"],
        "extended_request_id": started["extended_request_id"],
        "route": "POST /runs",
        "status": 202,
        "latency_ms": started["latency_ms"],
        "key_id": "ada",
        "user": "ada",
        "run_id": run_id,
    }
    assert (asked["route"], asked["status"]) == ("GET /runs/{run_id}/records/{record_id}", 409)
    assert (lost["route"], lost["status"], lost["key_id"]) == (None, 404, None)
    for word in ("bridge", "Ada", "secret"):
        assert word not in repr(here.lines)
