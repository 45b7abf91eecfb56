"""Every command that takes a run, given what is none: a sentence of what, where and what to do, and 64."""

import json
import re
from pathlib import Path

import pytest
from botocore.stub import Stubber
from typer.main import get_command

from evaldrop import storage
from evaldrop.cli import exits, main
from evaldrop.cli.app import app
from tests.browser.pages import write_varied
from tests.evaldrop.evaluation_jobs.job_files import judged_row, score, write_job
from tests.evaldrop.evaluations import ROW, SMALL, write

# What a place is called in a command's usage, and one that is right.
RUNS = {"RUN": "runs/support/good", "BASELINE": "runs/support/good"}
INPUTS = {"DATASET": "faq.jsonl", "FILE": "labels.csv", "EVALUATION": "evaluation.yaml"}
# What a command needs besides its arguments, or what keeps it from spending and calling.
MORE = {
    "export": ["--to", "tables"],
    "prove": ["--faults", "--yes"],
    "rejudge": ["--yes"],
    "run": ["--bedrock", "simulated", "--yes"],
    "submit": ["--dry-run"],
    "doctor": ["--no-calls"],
    "bedrock-eval create": ["--dry-run"],
    "bedrock-eval import": ["judged"],
}
# And what goes behind them.
AFTER = {"adopt": ["haiku_tuned"]}
WITH_DATASET = {"resume", "responses"}
# Runs of a stack are told by it (test_watch, test_fetch); at one that has not ended nothing may be at work,
# which is no fault (test_stop); a folder that is served may be any; a trend is of a name (test_trend); and
# these are written.
NOT_HERE = {"watch", "fetch", "stop", "view", "trend"}
WRITTEN = {"--to", "--html"}


def commands_of(group, path=()):
    """Yield every command of a group by its words."""
    for name, each in group.commands.items():
        if getattr(each, "commands", None):
            yield from commands_of(each, (*path, name))
        else:
            yield (*path, name), each


def is_option(parameter):
    return parameter.opts[0].startswith("-")


def cases(kinds):
    """Return a command line for every parameter of every command of these kinds; None is its place."""
    found = {}
    for path, each in commands_of(get_command(app)):
        named = {one.name: (one, (one.metavar or "").strip("[]")) for one in each.params}
        for tried, kind in named.values():
            if kind not in kinds or path[0] in NOT_HERE or tried.opts[0] in WRITTEN:
                continue
            more = ["--yes"] if tried.name == "resume" else MORE.get(" ".join(path), ())
            words = [*path, *more]
            for one, other in named.values():
                if one is tried:
                    words += [one.opts[0], None] if is_option(one) else [None]
                # A run that is gone on with, or whose responses go into a job, has its dataset.
                elif other in {**RUNS, **INPUTS} and not is_option(one) and tried.name not in WITH_DATASET:
                    words.append({**RUNS, **INPUTS}[other])
            words += AFTER.get(" ".join(path), ())
            found[f"{' '.join(path)} {tried.opts[0] if is_option(tried) else kind}"] = words
    return found


COMMANDS = {
    "report --rebuild": ["report", None, "--rebuild"],
    "calibrate --apply": ["calibrate", None, "--apply"],
    "diff --open": ["diff", None, "runs/support/good", "--open"],
    **cases(RUNS),
}
PLACES = {
    "no such folder": "runs/none/at-all",
    "an empty folder": "empty",
    "a file that is no run's": "faq.jsonl",
    "a run that has not ended": "runs/support/begun",
    "a run of another version": "runs/support/other",
    "a run whose files are bytes": "runs/support/bytes",
    "a name too long for a path": "x" * 300,
}
# Refused before any command looks at it.
NAMES = {
    "suport": "Did you mean support?",
    "nobody": "latest is support/begun",
    "runs/support/folder": "It is a folder of no run",
    "runs": "Name one: runs/support/begun",
    "": "RUN is empty",
    "runs/\0": "no run.json there",
    "latest:nobody": 'no evaluation "nobody"',
    "latest~9999": "3 runs are before begun",
}
ADVICE = re.compile(
    r"`?evaldrop \w+|[Gg]ive |Name |Put |--\w|Did you mean|latest is |start a new run|It was moved"
)
RAW = re.compile(r"Traceback|Errno|pydantic|input_value|: no such file$", re.MULTILINE)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A folder with a dataset and runs: one that is right, and those that are not."""
    folder = tmp_path_factory.mktemp("shelf")
    write(folder, SMALL, [ROW])
    runs = folder / "runs" / "support"
    good = Path(write_varied(runs / "good"))
    write_job(folder / "judged", judged_row("How long?", score("Builtin.Correctness", 1.0)))
    (folder / "nothing.jsonl").write_text("")
    (folder / "labels.csv").write_text("record_id,candidate,criterion,score\nr1,lite,tone,3\n")
    for name in ("begun", "other", "bytes", "folder", "../../empty"):
        (runs / name).mkdir()
    begun = json.loads((good / "run.json").read_text())
    (runs / "begun" / "run.json").write_text(json.dumps(begun | {"started_at": "2099-01-01T00:00:00+00:00"}))
    for name in ("run.json", "scorecard.json"):
        (runs / "other" / name).write_text(json.dumps({"version": 99, "candidates": "nobody's"}))
        (runs / "bytes" / name).write_bytes(bytes(range(256)))
    (runs / "folder" / "run.json").mkdir()
    return folder


@pytest.fixture(autouse=True)
def _in_the_shelf(shelf, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(shelf)


def told(command, given, capsys):
    code = main([given if word is None else word for word in COMMANDS[command]])
    return code, capsys.readouterr().err


def test_the_commands_are_found_by_themselves():
    assert {
        "adopt RUN",
        "compare BASELINE",
        "diff RUN",
        "review import RUN",
        "run --resume",
        "plan --like",
    } <= set(COMMANDS)
    assert {"run DATASET", "review import FILE", "rejudge --evaluation", "doctor EVALUATION"} <= set(FILES)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_run_is_64_with_what_where_and_what_to_do(place, capsys):
    for command in COMMANDS:
        code, said = told(command, PLACES[place], capsys)
        where = f"{command}, {place}: {code}, {said}"
        assert code == exits.WRONG_USE, where
        assert len(said.splitlines()) == 1, where
        assert PLACES[place][:50] in said, where
        assert ADVICE.search(said), where
        assert not RAW.search(said), where


@pytest.mark.parametrize(("name", "words"), NAMES.items())
def test_a_name_of_no_run_tells_what_there_is(name, words, capsys):
    code, said = told("gate RUN", name, capsys)
    assert (code, words in said) == (exits.WRONG_USE, True), said
    assert ADVICE.search(said)


def test_a_bucket_that_is_not_there_is_64(bucket, capsys):
    for command in COMMANDS:
        code, said = told(command, f"s3://{bucket}-gone/runs/support/good", capsys)
        assert code == exits.WRONG_USE, f"{command}: {said}"
        assert f"s3://{bucket}-gone/runs" in said
        assert "does not exist" in said


def test_what_s3_refuses_to_show_is_no_wrong_use(bucket, capsys):
    """Credentials that have run out are no fault of the command line: 3, as docs/ci.md has it."""
    assert bucket == "drop"
    with Stubber(storage._client) as answers:
        answers.add_client_error("head_object", "ExpiredToken", "it has expired")
        assert main(["gate", "s3://drop/runs/support/good"]) == exits.RUN_FAILED
    assert "renew it" in capsys.readouterr().err


FILES = cases(INPUTS)
BAD_FILES = {
    "absent": "fag.jsonl",
    "a folder of none": "empty",
    "bytes": "runs/support/bytes/run.json",
    "below a file": "faq.jsonl/records.jsonl",
    "too long": "x" * 300,
    "empty": "nothing.jsonl",
    "of the web": "https://example.com/faq.jsonl",
}
# What is read finds its own words: what is wrong in a file, and where.
_READ = {"bytes", "empty"}


@pytest.mark.parametrize("file", BAD_FILES)
def test_a_file_that_cannot_be_had_is_64_with_advice(file, capsys, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for command, words in FILES.items():
        code = main([BAD_FILES[file] if word is None else word for word in words])
        said = capsys.readouterr().err
        where = f"{command}, {file}: {code}, {said}"
        assert code == exits.WRONG_USE, where
        assert not RAW.search(said), where
        assert file in _READ or ADVICE.search(said), where


WRITING = {
    "report --to": ["report", "runs/support/good", "--format", "csv", "--to", None],
    "report xlsx": ["report", "runs/support/good", "--format", "xlsx", "--to", None],
    "diff --html": ["diff", "runs/support/good", "runs/support/good", "--html", None],
    "export --to": ["export", "runs/support/good", "--to", None],
    "review export --to": ["review", "export", "runs/support/good", "--to", None],
    "init": ["init", None],
    "run --out": ["run", "faq.jsonl", "--bedrock", "simulated", "--out", None],
}


@pytest.mark.parametrize("command", WRITING)
def test_what_cannot_be_written_is_64_with_advice(command, capsys):
    for place in ("faq.jsonl/below", "x" * 300):
        code = main([place if word is None else word for word in WRITING[command]])
        said = capsys.readouterr().err
        where = f"{command}, {place}: {code}, {said}"
        assert code == exits.WRONG_USE, where
        assert ADVICE.search(said), where
        assert not RAW.search(said), where


def test_a_bucket_is_written_to_or_refused_and_no_folder_is_called_s3(bucket, capsys):
    for command in ("report --to", "report xlsx", "diff --html"):
        uri = f"s3://{bucket}/kept/{len(command)}"
        assert main([uri if word is None else word for word in WRITING[command]]) == exits.PASSED
        assert storage.exists(uri)
    for command in ("export --to", "init", "run --out"):
        words = WRITING[command]
        assert main([f"s3://{bucket}/kept" if word is None else word for word in words]) == exits.WRONG_USE
        said = capsys.readouterr().err
        assert f"s3://{bucket}/kept" in said
        assert ADVICE.search(said), said
    assert not Path("s3:").exists()
