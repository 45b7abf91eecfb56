"""How the command line answers: help everywhere, exit codes, sentences instead of tracebacks."""

import errno
import shlex
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from evaldrop import __version__
from evaldrop.cli import dispatch, exits, main
from evaldrop.cli.app import app
from evaldrop.errors import EvaldropError, InputError, StorageError
from tests.whole_runs import EVALUATION, command, environment, write_evaluation


def _caused(cause):
    error = StorageError("some place")
    error.__cause__ = cause
    return error


COMMANDS = ["init", "validate", "plan", "run", "report", "criteria", "schema"]


@pytest.fixture(autouse=True)
def _wide_and_plain(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capsys):
    assert main([command, "--help"]) == 0
    assert f"evaldrop {command}" in capsys.readouterr().out


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_every_command(flag, capsys):
    assert main([flag]) == 0
    out = capsys.readouterr().out
    assert all(command in out for command in COMMANDS)


def test_the_version_needs_no_command(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"evaldrop {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "Usage"),
        (["nonsense"], "nonsense"),
        (["plan"], "DATASET"),
        (["plan", "x.jsonl", "--no-such-option"], "--no-such-option"),
        (["plan", "x.jsonl", "--limit", "0"], "--limit"),
        (["plan", "x.jsonl", "--limit", "many"], "--limit"),
        (["run", "x.jsonl", "--max-in-flight", "0"], "--max-in-flight"),
        (["plan", "x.jsonl", "--limt", "3"], "Did you mean --limit?"),
        (["reprot", "x"], "Did you mean report?"),
        (["review", "exprt"], "Did you mean export?"),
        (["report", "x", "--format", "htm"], "Did you mean html?"),
        (["init"], "DIR"),
        (["report"], "RUN"),
    ],
)
def test_wrong_use_is_64_and_says_what_is_wrong(arguments, word, capsys):
    assert main(arguments) == exits.WRONG_USE == 64
    shown = capsys.readouterr()
    assert word in shown.err + shown.out


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (InputError("line one\nline two"), 64, ["error line one", "error line two"]),
        (StorageError("not a scorecard"), 64, ["error not a scorecard"]),
        (_caused(OSError(errno.EIO, "a broken disk")), 3, ["error some place"]),
        (
            _caused(FileNotFoundError()),
            64,
            ["error some place. Give one that is there: a path from this folder, or a whole one."],
        ),
        (EvaldropError("some reason"), 3, ["error some reason"]),
        (KeyboardInterrupt(), 130, ["error stopped."]),
    ],
)
def test_errors_leave_as_sentences_and_codes(error, code, told, monkeypatch, capsys):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(dispatch, "app_for", lambda _: fail)
    assert main([]) == code
    assert capsys.readouterr().err.splitlines() == told


def test_a_reader_that_has_seen_enough_is_no_error(monkeypatch):
    closed = []

    def fail(*_args, **_kwargs):
        raise BrokenPipeError

    monkeypatch.setattr(dispatch, "app_for", lambda _: fail)
    monkeypatch.setattr(
        dispatch.sys, "stderr", type("Stream", (), {"close": lambda _: closed.append(True)})()
    )
    assert main([]) == 0
    assert closed


@pytest.mark.parametrize(("rules", "form"), [(["first.overall.mean >= 2"], []), ([], ["--json"])])
def test_a_reader_that_leaves_early_changes_no_exit_code(tmp_path, rules, form):
    """`evaldrop run … | head -1`: 1 would say that a gate failed, 0 that it passed."""
    dataset = write_evaluation(tmp_path, records=4, evaluation=yaml.safe_dump({
        **yaml.safe_load(EVALUATION), "gate": rules,
    }))  # fmt: skip
    process = subprocess.Popen(
        command("run", dataset, "--bedrock", "simulated:latency=0", "--out", tmp_path / "runs", *form),
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=tmp_path,
    )  # fmt: skip
    # Before anything is written: the very first line finds nobody.
    process.stdout.close()
    assert process.wait(timeout=120) == (exits.GATE_FAILED if rules else exits.PASSED)


def test_a_gates_decision_has_a_code_of_its_own():
    assert [exits.of_decision(decision) for decision in ("pass", "fail", "inconclusive")] == [0, 1, 2]


def test_a_fault_of_ours_is_70_and_told_in_a_file_without_credentials(monkeypatch, capsys, tmp_path):
    """1 means that a gate failed, and nothing else."""

    def broken(*_, **__):
        raise KeyError("\x1b[31mmade up\u202e")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dispatch, "app_for", lambda _: broken)
    arguments = ["run", "x.jsonl", "--bedrock", "openai=http://ann:secret@host/v1"]
    assert main(arguments) == exits.FAULT_OF_OURS == 70
    said = capsys.readouterr().err
    (report,) = tmp_path.iterdir()
    assert "a fault of its own: KeyError: " in said
    assert report.name in said
    assert "--resume" in said
    assert "\x1b" not in said
    written = report.read_text(encoding="utf-8")
    assert "in broken" in written
    assert "openai=…" in written
    assert "secret" not in written + said


def test_a_fault_is_told_where_no_file_can_be_written(monkeypatch, capsys, tmp_path):
    def broken(*_, **__):
        raise RecursionError("too deep")

    monkeypatch.setattr(dispatch, "app_for", lambda _: broken)
    monkeypatch.setattr("pathlib.Path.write_text", lambda *_, **__: (_ for _ in ()).throw(OSError("full")))
    assert main(["run"]) == exits.FAULT_OF_OURS
    assert "RecursionError: too deep" in capsys.readouterr().err


@pytest.mark.parametrize("code", [1, 2, "no such thing"])
def test_a_librarys_own_way_out_is_no_failed_gate(code, monkeypatch):
    def leave(*_, **__):
        raise SystemExit(code)

    monkeypatch.setattr(dispatch, "app_for", lambda _: leave)
    assert main(["run"]) == exits.FAULT_OF_OURS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk without room as Linux has it")
@pytest.mark.parametrize("arguments", [["criteria"], ["run", "--help"]])
def test_a_full_disk_is_advice_and_no_fault(arguments, tmp_path):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*arguments), env=environment(), stdout=full, stderr=subprocess.PIPE, cwd=tmp_path
        )
    assert done.returncode == exits.RUN_FAILED
    assert b"Make room" in done.stderr
    assert not list(tmp_path.iterdir())


def test_closed_streams_are_nobodys(tmp_path):
    line = shlex.join(command("criteria")) + " >&- 2>&-"
    assert subprocess.run(line, shell=True, env=environment(), cwd=tmp_path).returncode == exits.PASSED
    assert not list(tmp_path.iterdir())


def test_nothing_that_people_give_ends_with_1(tmp_path, monkeypatch, capsys):
    """Every command, with arguments that are a folder, a file of bytes, empty, absent, or too many."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    names = [each.name or each.callback.__name__ for each in app.registered_commands]
    words = ["folder", "bytes", "", "absent", "s3:///", "\0"]
    others = {"local", "serve", "view", "init", "watch", "fetch", "runs", "submit"}
    for name in sorted({*names, "review"} - others):
        for given in ([], *([word] for word in words), *([word] * 2 for word in words), ["--json", "bytes"]):
            with suppress(ValueError):
                code = main([name, *given])
                said = capsys.readouterr().err
                assert code in {exits.PASSED, exits.RUN_FAILED, exits.WRONG_USE}, (name, given, said)
