"""`evaldrop run` and `evaldrop report` in this process, with stand-ins for the models."""

import json
import re
import webbrowser
from pathlib import Path

import pytest

from evaldrop.cli import main, output, running
from evaldrop.running import here
from evaldrop.running.here import LocalRun
from tests.evaldrop.evaluations import ROW, SMALL, write

REHEARSAL = ["--bedrock", "simulated:latency=0"]


@pytest.fixture(autouse=True)
def _wide_and_plain(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def only_run() -> Path:
    (found,) = Path("runs").glob("*/*/run.json")
    return found.parent


def rows(count):
    return [{**ROW, "id": f"r{number}"} for number in range(count)]


def test_a_run_prints_its_scorecard_and_keeps_everything(tmp_path, capsys):
    write(tmp_path, SMALL, rows(6))
    code = main(["run", "faq.jsonl", *REHEARSAL, "--label", " first  try ", "--label", "branch=main"])
    shown = capsys.readouterr()
    assert code == 0
    assert "SIMULATED" in shown.out
    assert "SIMULATED" in shown.err
    assert "correctness" in shown.out
    folder = only_run()
    for name in ("run.json", "records.jsonl", "scorecard.json", "report.html", "responses.parquet"):
        assert (folder / name).stat().st_size > 0
    assert json.loads((folder / "run.json").read_text())["labels"] == ["first try", "branch=main"]
    assert not (folder / "journal.jsonl").exists()
    assert f"report: {tmp_path / folder}/report.html" in shown.out


def test_the_exit_code_is_the_gates_decision(tmp_path, capsys):
    write(tmp_path, {**SMALL, "gate": ["cost_usd < 0"]}, rows(3))
    assert main(["run", "faq.jsonl", *REHEARSAL, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "SUCCEEDED"
    assert told["scorecard"]["gate"]["decision"] == "fail"


def test_errors_that_may_have_passed_are_told_last_with_the_command_that_calls_them_again(tmp_path, capsys):
    write(tmp_path, SMALL, rows(20))
    code = main(["run", "faq.jsonl", "--bedrock", "simulated:latency=0,errors=1"])
    shown = capsys.readouterr()
    assert code == 3
    assert "gate: fail" in shown.out
    *_, note, following, again, page = shown.err.strip().splitlines()
    assert "What failed may be answered now: " in note
    assert "the service failed or could not be reached: " in note
    assert following == "next:"
    # Each alone on its line, to be pasted.
    assert again == f"evaldrop run --resume {tmp_path / only_run()} --retry-errors"
    assert page == f"evaldrop report {tmp_path / only_run()} --open"
    card = json.loads((only_run() / "scorecard.json").read_bytes())
    counted = [one["responses"]["error_names"] for one in card["candidates"].values()]
    lasting = sum(names.get("BedrockRuntime.ValidationException", 0) for names in counted)
    told = re.search(r"now: ([\d,]+) calls of candidates", note)
    assert told
    assert 0 < int(told[1].replace(",", "")) == sum(n for names in counted for n in names.values()) - lasting


def test_without_errors_nobody_is_told_to_call_again(tmp_path, capsys):
    write(tmp_path, SMALL, rows(3))
    main(["run", "faq.jsonl", *REHEARSAL])
    assert "--retry-errors" not in capsys.readouterr().err


def test_a_refused_run_leaves_nothing_behind(tmp_path, capsys):
    write(tmp_path, SMALL, [{"id": "r1"}])
    assert main(["run", "faq.jsonl", *REHEARSAL, "--json"]) == 64
    shown = capsys.readouterr()
    assert "faq.jsonl line 1" in shown.err
    assert json.loads(shown.out)["error"] == "DatasetError"
    assert not (tmp_path / "runs" / "small").exists()


def test_a_run_where_too_much_fails_is_3_and_can_be_gone_on_with(tmp_path, capsys, monkeypatch):
    write(tmp_path, {**SMALL, "tolerated_failure_percentage": 0}, rows(3))
    real = here._execute

    def break_results(run, *processes):
        records = Path(run.folder) / "results"
        records.parent.mkdir(parents=True, exist_ok=True)
        records.write_text("a file where a folder should be")
        return real(run, *processes)

    monkeypatch.setattr(here, "_execute", break_results)
    assert main(["run", "faq.jsonl", *REHEARSAL]) == 3
    assert "EvaluateRecords" in capsys.readouterr().err
    monkeypatch.setattr(here, "_execute", real)
    folder = only_run()
    (folder / "results").unlink()
    assert main(["run", "--resume", str(folder)]) == 0
    assert "3 of 3 records" in capsys.readouterr().out


def test_a_finished_run_has_nothing_to_go_on_with(tmp_path, capsys, monkeypatch):
    write(tmp_path, {**SMALL, "gate": ["cost_usd < 0"]}, rows(3))
    main(["run", "faq.jsonl", *REHEARSAL])
    capsys.readouterr()
    monkeypatch.setattr(here, "_execute", lambda _: pytest.fail("it was executed again"))

    code = main(["run", "--resume", str(only_run())])

    shown = capsys.readouterr()
    assert code == 1  # the gate's decision, as before
    assert "is finished, without an error: there is nothing to do." in shown.err
    assert "correctness" in shown.out


def test_what_failed_is_called_again_once_that_is_asked_for(tmp_path, capsys):
    """What may have passed is asked again, and nothing else, since the journal is kept."""
    # Each its own prompt: a rehearsal fails equal ones alike.
    write(tmp_path, SMALL, [{**row, "prompt": f"Why {row['id']}?"} for row in rows(120)])
    main(["run", "faq.jsonl", "--bedrock", "simulated:latency=0,errors=0.6", "--json"])
    folder = only_run()
    before = json.loads(capsys.readouterr().out)["scorecard"]
    names = before["judges"]["judge"]["error_names"]
    passing = sum(number for name, number in names.items() if "Validation" not in name)
    assert 0 < passing < sum(names.values()), "both kinds are needed"
    kept = (folder / "journal.done.jsonl").read_bytes()

    main(["run", "--resume", str(folder), *REHEARSAL, "--json"])
    shown = capsys.readouterr()
    assert json.loads(shown.out)["scorecard"] == before
    assert "What failed may be answered now: " in shown.err
    assert f"{passing} calls of judges" in shown.err
    assert f"evaldrop run --resume {tmp_path / folder} --retry-errors" in shown.err
    assert (folder / "journal.done.jsonl").read_bytes() == kept

    main(["run", "--resume", str(folder), *REHEARSAL, "--retry-errors", "--json"])

    shown = capsys.readouterr()
    after = json.loads(shown.out)["scorecard"]
    assert "Not called again, for it would fail again: BedrockRuntime.ValidationException" in shown.err
    # New calls: candidates' and judges' that had failed, and judges' of the responses that are there now.
    names = before["candidates"]["lite"]["responses"]["error_names"]
    answered = sum(number for name, number in names.items() if "Validation" not in name)
    assert f"120/120 records, {2 * answered + passing} calls" in shown.err
    for part in (after["judges"]["judge"], after["candidates"]["lite"]["responses"]):
        assert set(part["error_names"]) <= {"BedrockRuntime.ValidationException"}
    assert after["candidates"]["lite"]["responses"]["n"] == 120
    assert not (folder / "journal.jsonl").exists()
    assert not (folder / "journal.done.jsonl").exists()
    main(["run", "--resume", str(folder), "--retry-errors"])
    assert "would fail again: there is nothing to do." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give either a DATASET or --resume RUN"),
        (["faq.jsonl", "--resume", "runs/x"], "runs/x: no run.json there"),
        (["faq.jsonl", "--retry-errors"], "--retry-errors is for a run that has ended"),
        (["--resume", "runs/x", "--limit", "3"], "--limit is the run's own"),
        (["--resume", "runs/x", "--label", "late"], "--label: a run keeps the labels"),
        (["faq.jsonl", "--label", " "], "--label: 1 to 100 characters each"),
        (
            ["faq.jsonl", "--label", "b\x1b[2J"],
            "a label is a name, and U+001B (a control character)",
        ),
        (["faq.jsonl", "--label", "b\u202egnp"], "U+202E (right-to-left override) in it is not seen."),
        (["faq.jsonl", "--label", "\u200d"], "--label: a label is a name, and this one is blank."),
        (["none.jsonl"], "none.jsonl: no such file"),
        (["--resume", "runs/none"], "runs/none: no run.json there"),
        (["faq.jsonl", "--out", "s3://bucket/runs"], "a run on this machine is kept on it"),
        (["faq.jsonl", "--bedrock", "azure"], "azure"),
    ],
)
def test_wrong_use_is_64_with_a_sentence(tmp_path, capsys, arguments, words):
    write(tmp_path, SMALL, rows(1))
    assert main(["run", *arguments]) == 64
    assert words in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


class Terminal:
    """A stream that says it is a terminal."""

    def __init__(self, stream):
        self._stream = stream

    def isatty(self):
        return True

    def __getattr__(self, name):
        return getattr(self._stream, name)


def sit_down(monkeypatch):
    """Turn the streams into a terminal's; inside a test, for pytest puts its own in place before each."""
    for name in ("stdin", "stderr"):
        monkeypatch.setattr(output.sys, name, Terminal(getattr(output.sys, name)))


def agreed(bedrock, tmp_path):
    from evaldrop.run.request import RunRequest

    request = RunRequest(run_id="r", dataset=str(tmp_path / "faq.jsonl"), out="runs", bedrock=bedrock)
    return running.agreed(LocalRun(request, "runs/r"))


@pytest.mark.parametrize("answer", [True, False])
def test_a_person_at_a_terminal_is_asked_before_money_is_spent(tmp_path, monkeypatch, capsys, answer):
    write(tmp_path, {**SMALL, "budget_usd": 3}, [*rows(2), {"id": "x", "prompt": "Why?"}])
    sit_down(monkeypatch)
    monkeypatch.setattr(output.typer, "confirm", lambda *_args, **_kwargs: answer)
    assert agreed("aws", tmp_path) is answer
    err = capsys.readouterr().err
    assert "candidate lite" in err
    assert "have no reference" in err
    assert agreed("simulated", tmp_path)


def test_a_broken_evaluation_is_told_by_the_run_and_not_asked_about(tmp_path, monkeypatch):
    write(tmp_path, {**SMALL, "metrics": ["nonsense"]}, rows(1))
    sit_down(monkeypatch)
    monkeypatch.setattr(output.typer, "confirm", lambda *_args, **_kwargs: pytest.fail("asked"))
    assert agreed("aws", tmp_path)


def test_a_script_is_never_asked(tmp_path, monkeypatch):
    write(tmp_path, SMALL, rows(1))
    monkeypatch.setattr(output.typer, "confirm", lambda *_args, **_kwargs: pytest.fail("asked"))
    assert agreed("aws", tmp_path)


def test_who_says_no_has_spent_nothing(tmp_path, monkeypatch, capsys):
    write(tmp_path, SMALL, rows(1))
    monkeypatch.setattr(running, "agreed", lambda _: False)
    assert main(["run", "faq.jsonl", *REHEARSAL]) == 64
    assert "stopped before anything was spent" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_an_interrupted_run_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    write(tmp_path, SMALL, rows(2))

    def interrupt(coroutine):
        coroutine.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(here, "_loop", interrupt)
    assert main(["run", "faq.jsonl", *REHEARSAL]) == 130
    assert "stopped: 0 records" in capsys.readouterr().err


def test_a_run_that_is_stopped_while_it_begins_says_so_too(tmp_path, monkeypatch, capsys):
    write(tmp_path, SMALL, rows(2))

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(here, "_execute", interrupt)
    assert main(["run", "faq.jsonl", *REHEARSAL]) == 130
    assert "stopped before anything was called." in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_report_is_printed_again_and_built_again(tmp_path, capsys, monkeypatch):
    write(tmp_path, SMALL, rows(3))
    main(["run", "faq.jsonl", *REHEARSAL])
    folder = only_run()
    before = json.loads((folder / "scorecard.json").read_text())
    capsys.readouterr()
    assert main(["report", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run_id"] == before["run_id"]
    (folder / "scorecard.json").unlink()
    (folder / "report.html").unlink()
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert main(["report", str(folder), "--open"]) == 0
    assert "correctness" in capsys.readouterr().out
    assert opened == [(tmp_path / folder / "report.html").as_uri()]
    assert json.loads((folder / "scorecard.json").read_text())["candidates"] == before["candidates"]
