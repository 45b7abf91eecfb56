"""A run that goes on: where, with what, and by whom."""

import json
import shutil
from pathlib import Path

import pytest

from evaldrop.cli import main
from evaldrop.errors import InputError
from evaldrop.running.resuming import refuse_other_runtime, resumed_run
from tests.evaldrop.evaluations import ROW, SMALL, write

REHEARSAL = "simulated:latency=0"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("simulated", "simulated"),
        ("simulated:errors=0.7", "simulated:latency=0,throttling=0.1"),
        ("simulated:seed=4", "simulated: seed = 4"),
        ("aws", "aws"),
        ("openai=http://host/v1", "openai=http://host/v1/"),
    ],
)
def test_a_runtime_that_answers_alike_may_go_on(before, now):
    refuse_other_runtime(before, now, force=False)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("simulated", "aws"),
        ("aws", "simulated"),
        ("simulated:seed=1", "simulated:seed=2"),
        ("simulated", "simulated:malformed=0.5"),
        ("simulated", "openai=http://host/v1"),
        ("openai=http://host/v1", "aws"),
        ("aws", "openai=http://host/v1"),
    ],
)
def test_replies_of_two_kinds_of_runtimes_are_never_mixed(before, now, force):
    with pytest.raises(InputError, match="replies of two would be mixed") as refused:
        refuse_other_runtime(before, now, force=force)
    assert f"Go on with --bedrock {before}" in str(refused.value)


def test_another_server_goes_on_where_that_is_said():
    servers = "openai=http://one/v1", "openai=http://other/v1"
    with pytest.raises(InputError, match="--force"):
        refuse_other_runtime(*servers, force=False)
    refuse_other_runtime(*servers, force=True)


@pytest.fixture
def broken_off(tmp_path, monkeypatch):
    """The folder of a project in which a run was killed just before its end; every call is in its journal."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(tmp_path)
    write(project, SMALL, [{**ROW, "id": f"r{n}", "prompt": f"Why {n}?"} for n in range(4)])
    monkeypatch.setattr("evaldrop.running.here._put_away", lambda _: None)
    main(["run", "project/faq.jsonl", "--bedrock", REHEARSAL, "--out", "project/runs", "--json"])
    monkeypatch.undo()
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.chdir(tmp_path)
    (run,) = project.glob("runs/*/*")
    return project, run


def lines(folder):
    return (folder / "journal.jsonl").read_bytes().splitlines()


def test_a_run_that_was_killed_before_its_reports_were_written_is_finished(broken_off, capsys):
    _, run = broken_off
    (run / "report.html").unlink()
    (run / ".report.html.0123456789abcdef").write_text("half")
    kept = set(lines(run))
    (run / "scorecard.json").write_text("{}")

    assert main(["run", "--resume", str(run)]) == 0

    assert "is finished" not in capsys.readouterr().err
    assert (run / "report.html").exists()
    assert not (run / ".report.html.0123456789abcdef").exists()
    assert not (run / "journal.jsonl").exists()
    assert len(kept) == 8
    assert main(["run", "--resume", str(run)]) == 0
    assert "is finished, without an error: there is nothing to do." in capsys.readouterr().err


def test_a_run_file_that_no_run_can_go_on_from_is_told(broken_off, capsys):
    """Such as one with a label that is refused by now."""
    _, run = broken_off
    definition = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**definition, "labels": ["a\u202eb"]}))
    assert main(["run", "--resume", str(run)]) == 64
    assert "run.json: nothing can go on from it: labels: " in capsys.readouterr().err


def test_a_project_that_was_moved_goes_on_where_it_is(broken_off, monkeypatch):
    project, run = broken_off
    place = run.relative_to(project)
    moved = Path("moved").absolute()
    shutil.move(project, moved)

    assert main(["run", "--resume", str(moved / place)]) == 0

    definition = json.loads((moved / place / "run.json").read_text())
    assert definition["folder"] == str(moved / place)
    assert definition["dataset"]["uri"] == str(moved / "faq.jsonl")
    assert (moved / "runs/index.html").exists()
    assert not project.exists()


def test_a_run_that_was_moved_alone_goes_on_wherever_that_is(broken_off):
    _, run = broken_off
    shutil.move(run, "kept-run")
    assert main(["run", "--resume", "kept-run"]) == 0
    assert Path("kept-run/report.html").exists()
    assert not run.exists()


def test_a_copy_goes_on_by_itself_and_says_so(broken_off, capsys):
    project, run = broken_off
    shutil.copytree(run, "copy")
    before = {file.name: file.read_bytes() for file in run.iterdir() if file.is_file()}
    assert main(["run", "--resume", "copy"]) == 0
    assert f"this is a copy of the run in {run.absolute()}" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in run.iterdir() if file.is_file()} == before
    assert project.exists()


def test_a_dataset_that_was_moved_is_given_anew_and_must_be_the_same(broken_off, capsys):
    project, run = broken_off
    (project / "faq.jsonl").rename("data.jsonl")
    assert main(["run", "--resume", str(run)]) == 64
    assert "not there, and this run was made from it" in capsys.readouterr().err
    Path("other.jsonl").write_text(json.dumps({**ROW, "id": "x"}))
    assert main(["run", "other.jsonl", "--resume", str(run)]) == 64
    assert "its dataset changed since it began" in capsys.readouterr().err
    assert main(["run", "data.jsonl", "--resume", str(run)]) == 0


def test_a_run_without_its_journal_is_not_paid_for_again(broken_off, capsys):
    _, run = broken_off
    (run / "journal.jsonl").unlink()
    (run / "scorecard.json").unlink()
    assert main(["run", "--resume", str(run)]) == 64
    assert "journal.jsonl is not there" in capsys.readouterr().err
    assert main(["run", "--resume", str(run), "--force"]) == 0


def test_a_damaged_journal_is_said_and_costs_its_line(broken_off, capsys):
    _, run = broken_off
    content = lines(run)
    content[3] = content[3][:50] + b"#" + content[3][51:]
    (run / "journal.jsonl").write_bytes(b"\n".join(content) + b"\n")
    assert main(["run", "--resume", str(run)]) == 0
    said = capsys.readouterr()
    assert "1 line of journal.jsonl cannot be read; what they held is called again." in said.err
    assert "1 call" in said.err


def test_a_run_that_reads_anothers_replies_is_finished_without_a_call(broken_off, capsys):
    _, run = broken_off
    main(["run", "--resume", str(run)])
    capsys.readouterr()
    main(["rescore", str(run), "--json"])
    rescored = json.loads(capsys.readouterr().out)["run"]
    with pytest.raises(InputError, match="--rebuild` finishes it"):
        resumed_run(rescored, bedrock=None, max_in_flight=None)


def test_a_run_that_is_being_written_is_let_alone(broken_off, capsys):
    from evaldrop.run.lock import locked

    _, run = broken_off
    with locked(str(run), doing="evaldrop run"):
        assert main(["run", "--resume", str(run)]) == 64
        assert main(["report", str(run), "--rebuild"]) == 64
        assert main(["calibrate", str(run), "--apply"]) == 64
    assert capsys.readouterr().err.count("is writing there. Wait for it to end") == 3


def test_a_folder_that_cannot_be_written_is_found_before_the_first_call(broken_off, capsys):
    project, _ = broken_off
    Path("file").write_text("")
    dataset = str(project / "faq.jsonl")
    assert main(["run", dataset, "--bedrock", REHEARSAL, "--out", "file/runs"]) == 64
    said = capsys.readouterr().err
    assert "cannot be written: Not a directory." in said
    assert "validating" not in said
