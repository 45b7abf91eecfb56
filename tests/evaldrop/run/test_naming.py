"""Which run a name means; names of folders are enough to tell."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.run.naming import RunsBelow, find_named_run, find_run, is_word
from evaldrop.run.request import began_at, new_run_id

FAQ = ["20261119T080000Z-aaa111", "20261120T080000Z-bbb222", "20261121T101500Z-4f3a2b"]
TONE = ["20261120T090000Z-ccc333", "ds-4b0c1f6f0d"]


def begin(folder: Path, started_at: str = "2026-11-22T09:00:00+00:00") -> None:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"run_id": folder.name, "started_at": started_at}))


@pytest.fixture(autouse=True)
def _shelf(tmp_path, monkeypatch):
    """Two evaluations below runs/; the newest run of all has an ID that tells no time."""
    monkeypatch.chdir(tmp_path)
    for evaluation, ids in (("faq", FAQ), ("support-answers", TONE)):
        for run_id in ids:
            begin(Path("runs", evaluation, run_id))
    Path("runs/faq/20261130T000000Z-refused").mkdir()  # nothing had begun there
    Path("runs/faq/labels").mkdir()
    Path("runs/index.html").write_text("history")
    results = Path("runs/faq", FAQ[2], "results/map")
    results.mkdir(parents=True)
    (results / "manifest.json").write_text("{}")
    (results.parent.parent / "report.html").write_text("page")


@pytest.mark.parametrize(("name", "meant"), [
    ("latest", "runs/support-answers/ds-4b0c1f6f0d"),
    ("previous", "runs/support-answers/20261120T090000Z-ccc333"),
    ("latest~1", "runs/support-answers/20261120T090000Z-ccc333"),
    ("latest:faq", f"runs/faq/{FAQ[2]}"),
    ("previous:faq", f"runs/faq/{FAQ[1]}"),
    ("latest:faq~2", f"runs/faq/{FAQ[0]}"),
    ("faq", f"runs/faq/{FAQ[2]}"),
    ("faq/", f"runs/faq/{FAQ[2]}"),
    ("faq~", f"runs/faq/{FAQ[1]}"),
    ("runs/faq", f"runs/faq/{FAQ[2]}"),
    (FAQ[0], f"runs/faq/{FAQ[0]}"),
    ("20261119", f"runs/faq/{FAQ[0]}"),
    ("20261121T1015~1", f"runs/faq/{FAQ[1]}"),
    ("ds-4b", "runs/support-answers/ds-4b0c1f6f0d"),
    ("faq/20261120", f"runs/faq/{FAQ[1]}"),
    ("runs/faq/20261120", f"runs/faq/{FAQ[1]}"),
    (f"runs/faq/{FAQ[1]}/", f"runs/faq/{FAQ[1]}"),
    (f"runs/faq/{FAQ[2]}/report.html", f"runs/faq/{FAQ[2]}"),
    (f"./runs/faq/{FAQ[2]}/results/map/manifest.json", f"runs/faq/{FAQ[2]}"),
    (f"runs/faq/{FAQ[2]}/results", f"runs/faq/{FAQ[2]}"),
])  # fmt: skip
def test_a_name_means_one_run(name, meant):
    assert find_run(name, "runs") == meant


@pytest.mark.parametrize("name", [".", "report.html", "./report.html", "results/map"])
def test_in_a_runs_folder_its_files_name_it_by_a_whole_path(name, monkeypatch):
    folder = Path("runs/faq", FAQ[2]).absolute()
    monkeypatch.chdir(folder)
    assert find_run(name, "runs") == str(folder)
    assert find_run(f"file://{folder}/report.html", "runs") == str(folder)


@pytest.mark.parametrize(("name", "said"), [
    ("suport", r'no run "suport" below runs/\. Did you mean support-answers\? 5 runs are below'),
    ("20261120", "may be 2 runs below runs/: support-answers/20261120T09.*-ccc333, faq/20261120T08.*-bbb222"),
    ("latest:fag", "Did you mean faq"),
    ("lates", "Did you mean latest"),
    ("faq~9", "faq~9: 2 runs are before 20261121T101500Z-4f3a2b"),
    ("runs", "runs: a folder of runs"),
    ("runs/index.html", "a file of no run"),
    ("labels", 'no run "labels"'),
    ("nope/at/all", "nope/at/all: no run.json there. There is no such file or folder"),
    ("  ", "RUN is empty"),
])  # fmt: skip
def test_what_is_no_run_tells_what_there_is(name, said):
    with pytest.raises(InputError, match=said):
        find_run(name, "runs")


def test_where_nothing_has_run_it_is_said_what_makes_a_run():
    with pytest.raises(InputError, match=r"No run is below elsewhere/ yet: evaldrop run DATASET"):
        find_run("latest", "elsewhere")


def test_the_word_wins_over_an_evaluation_and_a_folder_called_latest():
    begin(Path("runs/latest/20200101T000000Z-000000"))
    begin(Path("latest"))
    assert find_run("latest", "runs") == "runs/support-answers/ds-4b0c1f6f0d"
    assert find_run("latest:latest", "runs") == "runs/latest/20200101T000000Z-000000"
    assert find_run("./latest", "runs") == "latest"


def test_a_folder_that_is_there_wins_over_an_evaluation_only_where_it_is_a_runs():
    Path("faq").mkdir()  # the dataset's, say
    assert find_run("faq", "runs") == f"runs/faq/{FAQ[2]}"
    begin(Path("ds-4b"))
    assert find_run("ds-4b", "runs") == "ds-4b"


def test_of_runs_of_one_second_the_one_of_the_later_id_is_the_latest_whenever_it_was_written():
    for order, run_id in enumerate(("20261201T000000Z-f", "20261201T000000Z-0")):
        begin(Path("runs/faq", run_id))
        os.utime(Path("runs/faq", run_id, "run.json"), (order, order))
    assert find_run("faq", "runs") == "runs/faq/20261201T000000Z-f"


def test_ids_sort_by_time_within_a_second_and_tell_it():
    moments = [datetime(2026, 12, 1, 0, 0, 0, micros, tzinfo=UTC) for micros in (0, 300, 50_000, 999_999)]
    ids = [new_run_id(moment) for moment in moments]
    assert sorted(ids) == ids
    assert {began_at(run_id) for run_id in ids} == {"2026-12-01T00:00:00+00:00"}
    assert began_at("faq.jsonl-4b2c") is None


def test_among_thousands_of_runs_no_file_is_read_that_its_name_spares(monkeypatch):
    for number in range(300):
        Path(f"runs/many/20250101T{number:06}Z-aaaaaa").mkdir(parents=True)
        Path(f"runs/many/20250101T{number:06}Z-aaaaaa/run.json").touch()
    read, exists = [], []
    monkeypatch.setattr(storage, "read_bytes", lambda uri, **_: read.append(uri) or b"")
    real = storage.exists
    monkeypatch.setattr(storage, "exists", lambda uri: exists.append(uri) or real(uri))
    assert find_run("latest:many", "runs").endswith("T000299Z-aaaaaa")
    assert read == []
    assert len(exists) == 1


def test_runs_in_s3_are_named_likewise(bucket):
    client = boto3.client("s3")
    for run_id in FAQ:
        for file in ("run.json", "report.html"):
            client.put_object(Bucket=bucket, Key=f"runs/faq/{run_id}/{file}", Body=b"{}")
    out = f"s3://{bucket}/runs"
    newest = f"{out}/faq/{FAQ[2]}"
    for name in ("latest", "faq", "20261121", newest, f"{newest}/report.html", f"{out}/faq/20261121"):
        assert find_run(name, out) == newest
    assert find_run("latest~2", out) == f"{out}/faq/{FAQ[0]}"
    assert find_run(f"{out}/faq/", "runs") == newest
    with pytest.raises(InputError, match=rf"Below {out}/ latest is faq/{FAQ[2]}"):
        find_run("nobody", out)


def test_a_stacks_run_is_named_and_no_place_on_this_machine():
    begin(Path("ds-9"))
    assert find_named_run("ds-9", "runs") is None
    assert find_named_run("faq~1", "runs") == f"runs/faq/{FAQ[1]}"


def test_words_are_told_from_places():
    assert [is_word(name) for name in ("latest", "latest~3", "previous:faq", "faq", "./latest")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_the_runs_below_a_folder_come_the_newest_first():
    assert [str(run) for run in RunsBelow("runs/").newest_first("faq")] == [
        f"faq/{each}" for each in FAQ[::-1]
    ]
