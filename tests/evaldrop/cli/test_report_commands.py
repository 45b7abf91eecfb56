"""`evaldrop report`, `view` and `export` as a person uses them."""

import json
import re
import shlex
import signal
import subprocess
import urllib.request

import pytest

from evaldrop.cli.dispatch import main
from evaldrop.report.sentences import again
from evaldrop.scorecard.read import read_run
from tests.browser.pages import write_varied
from tests.whole_runs import ROOT, command, environment, only_run, write_evaluation


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_varied(tmp_path_factory.mktemp("runs") / "support" / "run-1")


@pytest.fixture
def opened(monkeypatch):
    """Return the pages that would be opened in a browser."""
    pages = []
    monkeypatch.setattr("webbrowser.open", pages.append)
    return pages


def test_without_a_format_the_scorecard_and_the_reports_place_are_printed(run, capsys):
    assert main(["report", run]) == 0
    assert f"report: {run}/report.html" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize(
    ("form", "start"),
    [("md", "**Not decided between lite and haiku: "), ("csv", "run,run_id"), ("json", '{\n  "run_id"')],
)
def test_a_report_of_text_is_printed_and_nothing_else(run, capsys, form, start):
    assert main(["report", run, "--format", form]) == 0
    assert capsys.readouterr().out.startswith(start)


def test_json_is_the_scorecard_by_either_name(run, capsys):
    assert main(["report", run, "--format", "json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(["report", run, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == first


@pytest.mark.parametrize("form", ["html", "md", "csv", "json"])
def test_a_report_is_written_where_asked(run, tmp_path, form):
    file = tmp_path / f"made.{form}"
    assert main(["report", run, "-f", form, "--to", str(file)]) == 0
    assert file.stat().st_size > 500


def test_a_file_without_a_format_is_wrong_use(run, tmp_path, capsys):
    assert main(["report", run, "--to", str(tmp_path / "x")]) == 64
    assert "--to needs a --format" in capsys.readouterr().err


def test_the_report_is_opened(run, opened):
    assert main(["report", run, "--format", "html", "--open"]) == 0
    assert opened == [f"file://{run}/report.html"]


def test_a_workbook_is_written_into_the_run(run, capsys):
    assert main(["report", run, "--format", "xlsx"]) == 0
    assert "scorecard.xlsx" in capsys.readouterr().out


def test_without_its_library_a_workbook_says_what_to_install(run, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    assert main(["report", run, "--format", "xlsx"]) == 64
    assert "pip install xlsxwriter" in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_refused(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 64
    assert "no run.json there" in capsys.readouterr().err


def test_the_command_that_the_report_gives_runs_the_same_again_from_any_folder(tmp_path, monkeypatch):
    dataset = write_evaluation(tmp_path / "my data", records=5)
    dataset.with_name("evaluation.yaml").rename(dataset.with_name("other.yaml"))
    monkeypatch.chdir(dataset.parent)
    arguments = ["--evaluation", "other.yaml", "--bedrock", "simulated:latency=0", "--limit", "3"]
    assert main(["run", "records.jsonl", *arguments]) in (0, 1, 2)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    first = only_run(dataset.parent / "runs")
    second = made_again(first)
    assert second.parent == first.parent, "the history has both"
    same = {"dataset", "records", "criteria", "candidates"}
    before, after = (read_run(str(folder)).scorecard.model_dump(include=same) for folder in (first, second))
    assert after == before


@pytest.mark.parametrize("command_name", ["rescore", "rejudge"])
def test_a_run_of_a_parent_is_made_again_from_its_parent(tmp_path, monkeypatch, command_name):
    dataset = write_evaluation(tmp_path / "data", records=2)
    out = tmp_path / "runs"
    assert main(["run", str(dataset), "--bedrock", "simulated:latency=0", "--out", str(out)]) in (0, 1, 2)
    parent = only_run(out)
    assert main([command_name, str(parent)]) in (0, 1, 2)
    (child,) = set(parent.parent.iterdir()) - {parent}
    monkeypatch.chdir(tmp_path)
    other = made_again(child)
    assert read_run(str(other)).run["parent"] == read_run(str(child)).run["parent"]


def made_again(folder):
    """Run the command that a run's report gives, and return the new run's folder."""
    run = read_run(str(folder))
    words = shlex.split(again(run.scorecard, run.run))
    assert words[0] == "evaldrop"
    before = set(folder.parent.iterdir())
    assert main(words[1:]) in (0, 1, 2)
    (made,) = set(folder.parent.iterdir()) - before
    return made


def test_export_says_what_it_wrote_and_what_to_do_next(run, tmp_path, capsys):
    assert main(["export", run, "--to", str(tmp_path / "tables")]) == 0
    said = capsys.readouterr().out
    assert (tmp_path / "tables" / "queries.sql").is_file()
    assert "duckdb -init queries.sql" in said


def test_view_of_no_folder_is_refused(tmp_path, capsys):
    assert main(["view", str(tmp_path / "none")]) == 64
    assert "no run.json there" in capsys.readouterr().err


def test_view_without_any_run_says_what_makes_one(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["view"]) == 64
    assert "runs: no such folder. evaldrop run DATASET makes it" in capsys.readouterr().err


def test_view_serves_the_history_until_it_is_interrupted(run):
    folder = run.rpartition("/support/")[0]
    arguments = command("view", folder, "--no-open")
    with subprocess.Popen(
        arguments, cwd=ROOT, env={**environment(), "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True
    ) as process:
        address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
        with urllib.request.urlopen(address) as answer:
            assert b"support/run-1/report.html" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_view_opens_the_browser_and_makes_an_index_where_there_is_none(tmp_path, opened, monkeypatch):
    def ask_and_stop(server):
        assert b"No run has ended yet." in server.RequestHandlerClass.served.answer("/").body
        raise KeyboardInterrupt

    monkeypatch.setattr("http.server.ThreadingHTTPServer.serve_forever", ask_and_stop)
    assert main(["view", str(tmp_path)]) == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", opened[0])
