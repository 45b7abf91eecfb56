"""`evaldrop submit`: what it tells, and what it leaves alone."""

import json
import sys

import pytest
import typer

from evaldrop.cli import deployed_progress, main
from tests.evaldrop.evaluations import ROW, SMALL, write
from tests.evaldrop.running.deployed.stacks import EXECUTION, deploy, found, keys, moment, started_by_upload

KEY = "datasets/faq.jsonl"


@pytest.fixture
def faq(states, tmp_path):
    write(tmp_path, SMALL, [ROW])
    return states


def submit(capsys, *arguments):
    code = main(["submit", "faq.jsonl", *arguments])
    return code, capsys.readouterr()


def told(capsys, *arguments):
    code, said = submit(capsys, "--json", *arguments)
    assert code == 0, said.err
    return json.loads(said.out)


def test_the_run_is_named_at_once_with_what_to_do_next(faq, deployed, capsys):
    code, said = submit(capsys)
    run_id = started_by_upload(deployed, KEY).run_id
    assert code == 0
    assert f"evaldrop watch {run_id}" in said.out
    assert "guessed $" in said.err
    assert f"uploaded {KEY}" in said.err


def test_scripts_get_the_run_its_execution_and_its_version(faq, deployed, capsys):
    document = told(capsys)
    assert document["run_id"] == started_by_upload(deployed, KEY).run_id
    assert document["execution"] == f"{EXECUTION}:{document['run_id']}"
    assert document["dataset"] == f"s3://{deployed.input_bucket}/{KEY}"
    assert document["started"] is True
    assert document["version"]


def test_what_is_wrong_is_64_and_nothing_is_uploaded_nor_is_aws_asked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, SMALL, [{"id": "r1"}, {"id": "r2"}])
    code, said = submit(capsys, "--stack", "nowhere")
    assert code == 64
    assert "line 1" in said.err
    assert "line 2" in said.err


def test_an_unknown_stack_is_64(faq, capsys):
    code, said = submit(capsys, "--stack", "nowhere")
    assert code == 64
    assert 'there is no stack "nowhere"' in said.err


def test_the_stack_can_be_named_by_the_environment(faq, capsys, monkeypatch):
    deploy("other")
    monkeypatch.setenv("EVALDROP_STACK", "other")
    code, said = submit(capsys)
    assert code == 0
    assert KEY in keys(found("other").input_bucket)
    assert "--stack other" in said.out


def test_a_dry_run_uploads_nothing_and_says_what_it_would(faq, deployed, capsys):
    document = told(capsys, "--dry-run", "--limit", "1")
    assert keys(deployed.input_bucket) == []
    assert document["uploads"][-2:] == ["datasets/faq.yaml", KEY]
    assert document["metadata"] == {"evaldrop-limit": "1"}
    assert document["plan"]["cost_usd"]["likely"] > 0


def test_what_goes_up_stands_in_columns_whatever_is_new(faq, deployed, capsys):
    def rows():
        said = submit(capsys, "--again", "--limit", "1", "--dry-run")[1].err
        return [line for line in said.partition("to stack evaldrop")[2].splitlines() if line.startswith("  ")]

    first = rows()
    told(capsys)
    second = rows()
    assert first[-1] == f"  new  {KEY} (evaldrop-limit=1)"
    assert second[-1] == f"  new version  {KEY} (evaldrop-limit=1)"
    for table in (first, second):
        assert len({line.index(line.split("  ")[-1].strip()) for line in table}) == 1


def test_a_limit_is_told_with_the_upload_and_is_the_runs(faq, deployed, capsys):
    _, said = submit(capsys, "--limit", "1")
    assert "evaldrop-limit=1" in said.err
    assert started_by_upload(deployed, KEY).limit == 1


@pytest.mark.parametrize(
    ("status", "said_so"),
    [("SUCCEEDED", "SUCCEEDED"), ("FAILED", "FAILED"), (None, "it has not started (yet)")],
)
def test_unchanged_content_starts_nothing_and_names_its_run(faq, deployed, capsys, status, said_so):
    first = told(capsys)
    if status:
        faq.executions[first["run_id"]] = [moment(status)]
    code, said = submit(capsys)
    assert code == 0
    assert "unchanged" in said.err
    assert f"Its run is {first['run_id']}: {said_so}" in said.err
    assert started_by_upload(deployed, KEY).run_id == first["run_id"]
    assert told(capsys)["started"] is False


def test_again_is_another_run(faq, capsys):
    first = told(capsys)
    second = told(capsys, "--again")
    assert second["started"] is True
    assert second["run_id"] != first["run_id"]


@pytest.mark.parametrize(("answer", "code"), [(False, 64), (True, 0)])
def test_a_person_is_asked_before_the_upload(faq, deployed, capsys, monkeypatch, answer, code):
    asked = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda question, **_: asked.append(question) or answer)
    assert submit(capsys)[0] == code
    assert asked == ["Upload it?"]
    assert bool(keys(deployed.input_bucket)) is answer


def test_yes_asks_nobody(faq, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: pytest.fail("somebody was asked"))
    assert submit(capsys, "--yes")[0] == 0


def test_the_stacks_own_evaluation_is_said_to_decide(faq, tmp_path, capsys):
    (tmp_path / "evaluation.yaml").unlink()
    code, said = submit(capsys)
    assert code == 0
    assert "the stack's default decides" in said.err


def test_waiting_ends_with_the_runs_failure(faq, capsys):
    run_id = told(capsys)["run_id"]
    faq.executions[run_id] = [moment(), moment("FAILED", error="States.Timeout", cause="too slow")]
    code, said = submit(capsys, "--wait")
    assert code == 3
    assert "error the run failed at BuildScorecard: too slow. A step took too long." in said.err


def test_whoever_waits_is_told_the_run_before_it_is_watched(faq, deployed, capsys, monkeypatch):
    monkeypatch.setattr(deployed_progress, "START_WITHIN_S", 0)
    _, said = submit(capsys, "--wait")
    lines = said.err.splitlines()
    assert lines.index(f"run {started_by_upload(deployed, KEY).run_id}") < lines.index(
        next(line for line in lines if "records are counted" in line)
    )
