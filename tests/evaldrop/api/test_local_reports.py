"""Reports at signed addresses: without a key, for a while, as documents of no origin."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from evaldrop.api.local_reports import LocalReports
from evaldrop.api.place import LINK_LASTS_S
from evaldrop.api.problems import ApiProblem
from evaldrop.store.model import Ending, StoredRun
from evaldrop.store.sqlite import SqliteStore


@pytest.fixture
def clock():
    """Seconds, in a list that a test may change."""
    return [1_000.0]


@pytest.fixture
def reports(tmp_path, clock):
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "report.html").write_text("<!doctype html>")
    store = SqliteStore(tmp_path / "runs.sqlite")
    for run_id in ("run-1", "run-2"):
        run = StoredRun(
            run_id=run_id,
            state="running",
            started_at="2026-11-30T12:00:00Z",
            dataset="x",
            folder=str(tmp_path / run_id),
        )
        store.end(run_id, Ending(state="finished", ended_at="2026-11-30T12:00:00Z"), run=run)
    return LocalReports(store, lambda: "http://127.0.0.1:8000", clock=lambda: clock[0])


def _parts(link):
    parts = urlsplit(link)
    return parts.path, dict(parse_qsl(parts.query))


def test_a_report_is_a_document_of_no_origin(reports):
    reply = reports.read(*_parts(reports.link("run-1")))
    assert reply.body == b"<!doctype html>"
    directives = [each.strip() for each in reply.headers["Content-Security-Policy"].split(";")]
    assert "sandbox allow-scripts allow-downloads allow-popups" in directives


def test_an_address_is_good_for_its_own_run_and_time(reports, clock):
    path, query = _parts(reports.link("run-1"))
    for wrong in (
        ("/reports/run-2", query),
        (path, {}),
        (path, query | {"signature": "0" * 64}),
        (path, query | {"until": "99999999999"}),
        ("/reports/../run-1", query),
    ):
        with pytest.raises(ApiProblem, match="Open it from the run's page again"):
            reports.read(*wrong)
    clock[0] += LINK_LASTS_S
    with pytest.raises(ApiProblem):
        reports.read(path, query)
