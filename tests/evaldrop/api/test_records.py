"""The records of a run by the API: page by page, and one by itself."""

import pyarrow.parquet as pq
import pytest

from evaldrop import storage
from evaldrop.api import records as api_records
from evaldrop.report.browsing import MOST_CHARACTERS
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.store.model import Ending
from tests.evaldrop.api.asking import ask
from tests.evaldrop.api.fakes import ARTICLE, NOW, standing
from tests.evaldrop.run_folders import failed_response, record, response, row, run_json, write_run

NAMES = [f"r{number}" for number in range(7)]
LONG = "y" * (MOST_CHARACTERS + 1_000)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """An API with a finished run, `run`, in `folder`, and one that goes on, `other`."""
    here = standing(tmp_path_factory.mktemp("api"))
    here.folder = str(tmp_path_factory.mktemp("runs") / "support" / "run-1")
    rows = [
        row(
            name,
            response("lite", f"answer {n}", {"correctness": n % 2, "tone": 5}),
            response("haiku", LONG if n == 2 else "yes", {"correctness": 1, "tone": 5}),
        )
        for n, name in enumerate(NAMES)
    ]
    rows[3] = row("r3", failed_response("lite"), failed_response("haiku"))
    write_run(here.folder, run=run_json(), records=[record(name) for name in NAMES], succeeded=rows)
    build_scorecard(here.folder)
    here.run, here.other = (ask(here.api, "POST", "/runs", ARTICLE).json["run_id"] for _ in range(2))
    here.store.begin(here.store.run(here.run).model_copy(update={"folder": here.folder, "state": "running"}))
    here.store.end(here.run, Ending(state="finished", ended_at=NOW))
    return here


def listed(here, query="", run=None):
    answer = ask(here.api, "GET", f"/runs/{run or here.run}/records{query}")
    assert answer.status == 200, answer.text
    return answer.json


def ids(page):
    return [each["record_id"] for each in page["records"]]


def test_pages_lead_through_all_records_once(here):
    seen, after = [], 0
    while after is not None:
        page = listed(here, f"?limit=3&after={after}")
        seen.append(ids(page))
        after = page["after"]
    assert seen == [["r0", "r1", "r2"], ["r3", "r4", "r5"], ["r6"]]
    assert (page["looked"], page["of"]) == (7, 7)


def test_what_is_asked_for_narrows(here):
    assert ids(listed(here, "?show=failed&candidate=lite&criterion=correctness")) == ["r0", "r2", "r4", "r6"]
    assert ids(listed(here, "?show=failed,disagreement&text=ANSWER+4")) == ["r4"]
    assert ids(listed(here, "?show=error")) == ["r3"]
    assert ids(listed(here, "?category=none")) == []


def test_a_page_that_takes_long_ends_early_and_the_next_goes_on(here, monkeypatch):
    monkeypatch.setattr(api_records, "MOST_SECONDS", -1.0)
    seen, after = [], 0
    while after is not None:
        page = listed(here, f"?after={after}")
        assert len(page["records"]) <= 1
        seen += ids(page)
        after = page["after"]
    assert seen == NAMES


def test_a_page_is_no_longer_than_an_answer_may_be_and_the_next_goes_on(here, monkeypatch):
    monkeypatch.setattr(api_records, "MOST_BYTES", 1_000)
    seen, after = [], 0
    while after is not None:
        page = listed(here, f"?after={after}")
        assert page["records"]
        seen += ids(page)
        after = page["after"]
    assert seen == NAMES


def test_a_list_has_the_beginning_of_a_long_text_and_a_record_by_itself_all(here):
    [_, haiku] = listed(here, "?after=2&limit=1")["records"][0]["responses"]
    assert haiku["response"].endswith("y … 1,000 more characters")
    whole = ask(here.api, "GET", f"/runs/{here.run}/records/r2").json
    assert whole["responses"][1]["response"] == LONG
    assert "raw_reply" in whole["verdicts"][0]
    assert "raw_reply" not in listed(here)["records"][0]["verdicts"][0]


def test_a_record_by_its_place_is_the_same_as_by_its_id_alone(here):
    for ordinal, name in enumerate(NAMES):
        path = f"/runs/{here.run}/records/{name}"
        by_id = ask(here.api, "GET", path).json
        by_place = ask(here.api, "GET", f"{path}?ordinal={ordinal}").json
        assert by_place == by_id
        # A place of another record, or of none: by the ID.
        for wrong in (ordinal - 1 if ordinal else 5, 70):
            assert ask(here.api, "GET", f"{path}?ordinal={wrong}").json["record_id"] == name
    assert ask(here.api, "GET", f"/runs/{here.run}/records/r9?ordinal=3").status == 404


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("candidate=lit", "#candidate"), ("criterion=corect", "#criterion"), ("show=failed,nothing", "#show"),
     ("after=-1", "#after"), ("limit=0", "#limit"), ("text=", "#text"), ("shows=failed", "#shows")],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_refused_by_its_name(here, query, pointer):
    answer = ask(here.api, "GET", f"/runs/{here.run}/records?{query}")
    assert answer.status == 400, answer.text
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]


def test_a_run_that_goes_on_has_no_records_to_list(here):
    assert ask(here.api, "GET", f"/runs/{here.other}/records").status == 409


def test_a_run_whose_files_are_gone_says_so(here):
    uri = storage.join(here.folder, "responses.parquet")
    kept = storage.read_bytes(uri)
    storage.local_path(uri).unlink()
    try:
        answer = ask(here.api, "GET", f"/runs/{here.run}/records")
    finally:
        storage.write_bytes(uri, kept)
    assert (answer.status, answer.json["detail"]) == (404, "This run's files are not there any more.")
    assert here.faults == []


def test_what_tables_of_an_earlier_version_do_not_tell_is_said(here):
    uri = storage.join(here.folder, "scores.parquet")
    kept = storage.read_bytes(uri)
    table = pq.read_table(uri)
    lost = [name for name in table.column_names if name.startswith("lost_")]
    pq.write_table(table.drop_columns(lost), uri)
    try:
        answer = ask(here.api, "GET", f"/runs/{here.run}/records?show=unscored")
    finally:
        storage.write_bytes(uri, kept)
    assert answer.status == 409
    assert answer.json["detail"].startswith(
        "The tables of this run are of a version that does not tell this."
    )
    # Where they are is not the caller's business.
    assert here.folder not in answer.text
