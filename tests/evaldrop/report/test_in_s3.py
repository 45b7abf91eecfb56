"""Reports of runs in a bucket: viewed, opened and exported through the machine's own credentials."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from evaldrop import storage
from evaldrop.cli.dispatch import main
from evaldrop.report import history_index
from evaldrop.report.browsing import RecordRows, RunRecords
from evaldrop.report.record_filter import RecordFilter
from evaldrop.report.serving import Folder
from evaldrop.report.writing import export_run
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.browser.pages import GOOD, write_varied
from tests.evaldrop.run_folders import record, response, row, run_json, write_run


@pytest.fixture
def run(bucket):
    return write_varied(f"s3://{bucket}/runs/support/run-1")


def test_a_bucket_is_viewed_like_a_folder(bucket, run):
    folder = Folder(f"s3://{bucket}/runs/", lambda: "")
    assert b"support/run-1/report.html" in folder.answer("/").body
    assert folder.answer("/support/run-1/report.html").body == storage.read_bytes(f"{run}/report.html")
    assert folder.answer("/support/run-1").location == "/support/run-1/report.html"
    assert folder.answer("/support/run-2/report.html").status == 404
    assert folder.answer("/../other").status == 404
    assert folder.run_at("support/run-1") == run
    assert folder.run_at("support/run-2") is None


def test_the_report_of_a_run_in_a_bucket_is_opened_as_a_copy(run, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert main(["report", run, "--format", "html", "--open"]) == 0
    assert f"{run}/report.html" in capsys.readouterr().out
    copy = Path(unquote(urlsplit(opened[0]).path))
    assert copy.read_bytes() == storage.read_bytes(f"{run}/report.html")


def test_a_page_of_records_in_a_bucket_reads_ranges_of_its_tables(run, monkeypatch):
    asked = []
    client = storage._s3()
    get = client.get_object
    monkeypatch.setattr(client, "get_object", lambda **given: asked.append(given) or get(**given))
    # Smaller than the tables, as on the whole.
    monkeypatch.setattr(storage, "_SEEKABLE_BUFFER", 512)
    records = RunRecords(RunDefinition.load(run))
    shown = [each for each in records.found(RecordFilter()) if isinstance(each, RecordRows)]
    assert len(shown) == records.end > 0
    tables = [given for given in asked if given["Key"].endswith(".parquet")]
    assert tables
    assert all("Range" in given for given in tables)


def test_a_run_in_a_bucket_is_exported_to_a_folder(run, tmp_path):
    export_run(run, read_run(run).scorecard, tmp_path)
    assert (tmp_path / "verdicts.parquet").read_bytes() == storage.read_bytes(f"{run}/verdicts.parquet")


def test_a_run_that_ends_while_another_writes_a_buckets_history_is_in_it(bucket, monkeypatch):
    out = f"s3://{bucket}/weekly"
    rows = [row("r0", response("lite", scores=GOOD), response("haiku", scores=GOOD))]
    folders = [f"{out}/support/run-{number}" for number in range(3)]
    for folder in folders:
        name = folder.rpartition("/")[2]
        write_run(folder, run=run_json(run_id=name), records=[record("r0")], succeeded=rows)
    page, waiting = history_index.history_page, folders[1:]

    def others_end_first(*arguments):
        if waiting:
            build_scorecard(waiting.pop())
        return page(*arguments)

    monkeypatch.setattr(history_index, "history_page", others_end_first)
    build_scorecard(folders[0])
    written = storage.read_bytes(f"{out}/index.html").decode()
    assert all(f'href="support/run-{number}/report.html"' in written for number in range(3))
