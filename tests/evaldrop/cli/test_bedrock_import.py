"""`evaldrop bedrock-eval import`: from what jobs wrote to a run, in one command."""

import json

import pytest

from evaldrop.cli import exits, main
from tests.evaldrop.evaluation_jobs.job_files import HAIKU, judged_row, score, write_job

CORRECT = "Builtin.Correctness"
ESCAPE = "\x1b]0;owned\x07"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two jobs over the same prompts; the second model is right where the first is not."""
    folder = tmp_path_factory.mktemp("jobs")
    for name, model, fraction in (("one", None, 0.0), ("two", HAIKU, 1.0)):
        more = {} if model is None else {"model": model}
        rows = [judged_row(f"{n} {ESCAPE}", score(CORRECT, fraction, ESCAPE), **more) for n in range(12)]
        write_job(folder, *rows, name=name)
    return folder


@pytest.fixture
def here(folder, monkeypatch, tmp_path):
    """A folder of one's own, in which runs are written, with the jobs' beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return folder


def test_two_jobs_give_a_paired_comparison(here, capsys):
    assert main(["bedrock-eval", "import", f"a={here}/one", f"b={here}/two"]) == exits.PASSED

    printed = capsys.readouterr()
    assert "b is better than a" in printed.out
    assert "a: imported from" in printed.out
    assert "\x1b" not in printed.out + printed.err


def test_the_report_says_how_to_import_it_again(here, capsys, monkeypatch):
    monkeypatch.chdir(here)
    main(["bedrock-eval", "import", "a=one", "--out", "runs"])
    (page,) = here.glob("runs/*/*/report.html")

    assert (
        f"evaldrop bedrock-eval import a={here}/one --evaluation {page.parent}/evaluation.yaml"
        in page.read_text()
    )


def test_the_gate_of_an_evaluation_is_the_exit_code(here, tmp_path, capsys):
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\ngate: ['bedrock.correctness.pass_rate >= 0.9']\n")

    assert main(["bedrock-eval", "import", f"{here}/one", "-e", str(file), "--json"]) == exits.GATE_FAILED

    document = json.loads(capsys.readouterr().out)
    assert document["scorecard"]["gate"]["decision"] == "fail"
    assert "/runs/mine/" in document["run"]


def test_what_is_not_there_is_said_in_a_sentence(here, capsys):
    assert main(["bedrock-eval", "import", "no/such"]) == exits.WRONG_USE
    assert "there is no such folder" in capsys.readouterr().err


def test_an_imported_judge_is_asked_for_more_in_a_job_of_the_run(here, capsys):
    main(["bedrock-eval", "import", f"{here}/one"])
    capsys.readouterr()

    assert main(["rejudge", "latest", "--bedrock", "simulated:latency=0,job_looks=0", "-y"]) == 0
    assert "waiting for evaluation jobs" in capsys.readouterr().err


def test_responses_of_an_import_can_be_judged_by_ones_own_judge(here, tmp_path, capsys):
    file = tmp_path / "own.yaml"
    main(["bedrock-eval", "import", f"a={here}/one", "--name", "mine"])
    file.write_text(
        "name: mine\ncandidates: [{name: a, model: us.amazon.nova-lite-v1:0}]\n"
        "judges: [{name: own, model: us.amazon.nova-pro-v1:0}]\ncriteria: [helpfulness]\n"
    )

    code = main(["rejudge", "latest", "-e", str(file), "--bedrock", "simulated", "-y", "--json"])

    document = json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))
    assert code == exits.PASSED
    assert document["scorecard"]["judges"]["own"]["scored"] == 12
