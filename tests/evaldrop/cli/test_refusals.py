"""Every command that takes a run, given what is none: a sentence of what, where and what to do, and 64."""

import json
import re
import shutil
from pathlib import Path

import pytest
from botocore.stub import Stubber

from evaldrop import storage
from evaldrop.cli import exits, main
from tests.browser.pages import write_varied
from tests.evaldrop.evaluations import ROW, SMALL, write

# RUN is replaced by what is given, GOOD by a finished run.
COMMANDS = {
    "report": ["report", "RUN"],
    "report --rebuild": ["report", "RUN", "--rebuild"],
    "gate": ["gate", "RUN"],
    "compare RUN": ["compare", "RUN", "GOOD"],
    "compare BASELINE": ["compare", "GOOD", "RUN"],
    "rescore": ["rescore", "RUN"],
    "rejudge": ["rejudge", "RUN", "--yes"],
    "calibrate": ["calibrate", "RUN"],
    "review export": ["review", "export", "RUN"],
    "review import": ["review", "import", "labels.csv", "RUN"],
    "bless": ["bless", "RUN"],
    "export": ["export", "RUN", "--to", "tables"],
    "run --resume": ["run", "--resume", "RUN", "--yes"],
    "plan --like": ["plan", "faq.jsonl", "--like", "RUN"],
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
    r"`?evaldrop \w+|[Gg]ive |Name |--\w|Did you mean|latest is |start a new run|It was moved"
)
RAW = re.compile(r"Traceback|Errno|pydantic|input_value|: no such file$", re.MULTILINE)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A folder with a dataset and runs: one that is right, and those that are not."""
    folder = tmp_path_factory.mktemp("shelf")
    write(folder, SMALL, [ROW])
    runs = folder / "runs" / "support"
    good = Path(write_varied(runs / "good"))
    (folder / "labels.csv").write_text("record_id,candidate,criterion,score\nr1,lite,tone,3\n")
    for name in ("begun", "other", "bytes", "folder", "../../empty"):
        (runs / name).mkdir()
    shutil.copy(good / "run.json", runs / "begun" / "run.json")
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
    words = [{"RUN": given, "GOOD": "runs/support/good"}.get(word, word) for word in COMMANDS[command]]
    code = main(words)
    return code, capsys.readouterr().err


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
    code, said = told("gate", name, capsys)
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


FILES = {
    "run": ["run", "FILE", "--bedrock", "simulated"],
    "run --evaluation": ["run", "faq.jsonl", "--evaluation", "FILE", "--bedrock", "simulated"],
    "validate": ["validate", "FILE"],
    "validate --evaluation": ["validate", "faq.jsonl", "--evaluation", "FILE"],
    "plan": ["plan", "FILE"],
    "submit": ["submit", "FILE", "--dry-run"],
    "doctor": ["doctor", "FILE", "--no-calls"],
    "review import": ["review", "import", "FILE", "runs/support/good"],
    "rescore --evaluation": ["rescore", "runs/support/good", "--evaluation", "FILE"],
}
BAD_FILES = {
    "absent": "fag.jsonl",
    "a folder of none": "empty",
    "bytes": "runs/support/bytes/run.json",
    "below a file": "faq.jsonl/records.jsonl",
    "too long": "x" * 300,
}


@pytest.mark.parametrize("file", BAD_FILES)
def test_a_file_that_cannot_be_had_is_64_with_advice(file, capsys, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for command, words in FILES.items():
        code = main([BAD_FILES[file] if word == "FILE" else word for word in words])
        said = capsys.readouterr().err
        assert code == exits.WRONG_USE, f"{command}, {file}: {code}, {said}"
        assert not RAW.search(said), f"{command}, {file}: {said}"
