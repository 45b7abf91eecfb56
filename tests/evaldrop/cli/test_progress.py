"""How a run's progress is told, on a terminal and elsewhere."""

import io

import pytest
from rich.console import Console

from evaldrop.bedrock.metered import JobSeen, Meter
from evaldrop.cli import output, progress
from evaldrop.cli.progress import RunProgress
from evaldrop.scorecard.figures import rough_duration


def told(*, terminal=False):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=200)
    meter = Meter(calls=7, input_tokens=1_500, output_tokens=700, cost_usd=0.25)
    return RunProgress(console, meter), console.file, meter


def follow(run, total=4):
    with run.shown():
        run.state_entered("ValidateDataset")
        run.state_entered("ConverseWithCandidate")
        run.map_started(total)
        run.child_finished("SUCCEEDED")
        run.child_finished("FAILED")
        run.map_finished(1, 1)


def test_elsewhere_each_step_and_the_end_is_a_line():
    run, file, _ = told()
    follow(run)
    lines = file.getvalue().splitlines()
    assert lines[0] == "validating"
    assert len(lines) == 2
    assert lines[1].startswith("2/4 records, 7 calls, 1 record failed, 2.2k tokens, $0.2500, ")
    assert lines[1].endswith("left")


def test_a_long_run_tells_now_and_then(monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 0.0)
    run, file, _ = told()
    follow(run)
    assert sum("records" in line for line in file.getvalue().splitlines()) == 3


def test_jobs_are_counted_as_jobs_and_nobody_says_when_they_end():
    run, file, _ = told()
    with run.shown():
        run.state_entered("RunJobs")
        run.map_started(3)
        run.state_entered("CreateJob")
        run.child_finished("SUCCEEDED")
        run.map_finished(1, 0)
        assert run.line().startswith("1/3 jobs, 7 calls")
        assert "left" not in run.line()
        run.state_entered("EvaluateRecords")
        assert "1/3 records" in run.line()
    assert file.getvalue().splitlines()[0] == "waiting for batch jobs"


def test_a_search_for_prompts_says_its_round_and_each_turn_once():
    console = Console(file=io.StringIO(), width=200)
    words = iter(["round 1 of 2, asking for 3", "round 1 of 2, trying 3 on dev", ""])
    run = RunProgress(console, searching=lambda: next(words))
    with run.shown():
        for name in ("ChoosePrompts", "ProposePrompts"):
            run.state_entered(name)
        run.map_started(3)
        run.map_finished(3, 0)
        # States within and between them say nothing.
        for name in (
            "ProposePrompt",
            "ChoosePrompts",
            "HasPrompts",
            "TryPrompts",
            "EvaluateRecords",
            "IsDone",
        ):
            run.state_entered(name)
        run.map_started(8)
        run.map_finished(8, 0)
        for name in ("WereFirst", "ChoosePrompts", "TryPrompts", "EvaluateRecords", "PrepareRecords"):
            run.state_entered(name)
    lines = [line.partition(", 0 calls")[0] for line in console.file.getvalue().splitlines()]
    assert lines == [
        "choosing prompts", "prompts: round 1 of 2, asking for 3", "0/3 prompts",
        "prompts: round 1 of 2, trying 3 on dev", "0/8 records", "trying prompts", "preparing",
    ]  # fmt: skip


def test_on_a_terminal_it_is_one_line_that_goes_away():
    run, file, _ = told(terminal=True)
    follow(run)
    assert "records" in file.getvalue()
    assert run._live is None


def test_throttles_and_errors_are_told_when_there_are_any():
    run, _, meter = told()
    meter.throttles = 3
    meter.errors["ModelErrorException"] = 2
    assert "3 throttled, 2 errors" in run.line()


def test_a_call_that_is_made_again_is_a_retry():
    run, _, meter = told()
    run.task_finished("bedrock", "ThrottlingException", True)
    assert ", 1 retry, " in run.line()
    run.task_finished("bedrock", "ThrottlingException", True)
    run.task_finished("bedrock", "ValidationException", False)
    meter.throttles = 1
    assert ", 2 retries (1 throttled), " in run.line()


def test_a_silence_is_broken_although_no_record_ends(monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 0.0)
    run, file, _ = told()
    run.map_started(4)
    run.task_finished("bedrock", None, False)
    assert file.getvalue().startswith("0/4 records, 7 calls, ")


LARGE = Meter(
    calls=123_456, throttles=987, input_tokens=40_000_000, output_tokens=5_000_000, cost_usd=1_234.5
)
LARGE.errors["ModelErrorException"] = 12


@pytest.mark.parametrize(("width", "words"), [
    (80, ["12,345/50,000 records", "1 record failed", "$1,234.50", "left"]),
    (120, ["12,345/50,000 records", "1 record failed", "12 errors", "$1,234.50", "left"]),
    (200, ["123,456 calls", "1 retry (987 throttled)", "12 errors", "45M tokens", "$1,234.50", "left"]),
])  # fmt: skip
def test_the_live_line_is_one_and_its_least_telling_parts_go_first(width, words):
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    run = RunProgress(console, LARGE)
    with run.shown():
        run.state_entered("EvaluateRecords")
        run.map_started(50_000)
        run.task_finished("bedrock", "ThrottlingException", True)
        run.done, run.failed = 12_344, 1
        run.child_finished("SUCCEEDED")
        run._began -= 600
        live = Console(file=io.StringIO(), width=width)
        live.print(run._live.get_renderable())
    (line,) = live.file.getvalue().splitlines()
    assert "…" not in line
    assert len(line.rstrip()) <= width
    assert all(word in line for word in words)


def test_a_total_nobody_knows_is_not_made_up():
    run, _, _ = told()
    run.map_started(None)
    run.child_finished("SUCCEEDED")
    assert run.line().startswith("1 records, ")
    assert "left" not in run.line()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (600, "10 min"), (7_200, "2.0 h")]
)
def test_a_time_is_told_in_its_own_unit(seconds, words):
    assert rough_duration(seconds) == words


def test_text_of_a_model_cannot_act_on_a_terminal():
    hostile = "a\x1b[31mb\x07c\u202ed\x9be\rf\n[bold]g"
    assert output.plain(hostile) == "a\\x1b[31mb\\x07c\\u202ed\\x9be\\rf\n[bold]g"
    assert output.shown("[bold]g") == r"\[bold]g"


def job(stage, status, *, rows=0, processed=0):
    uri = f"runs/small/run-1/batch/{stage}/lite-1/rows.jsonl"
    is_over = status == "Completed"
    return JobSeen(status=status, rows_uri=uri, rows=rows, processed=processed, is_over=is_over)


def test_what_is_waited_for_are_rows_of_this_stage_and_jobs_that_are_not_over():
    run, _, meter = told()
    meter.jobs["before"] = job("candidates", "Completed", rows=500, processed=500)
    with run.shown():
        run.state_entered("RunJobs")
        run.map_started(3)
        assert run.line().startswith("0/3 jobs, 7 calls")
        meter.jobs |= {
            "done": job("judges", "Completed", rows=1200, processed=1200),
            "at work": job("judges", "InProgress", rows=1000, processed=300),
            "not begun": job("judges", "Scheduled"),
        }
        run.child_finished("SUCCEEDED")
        words = "1/3 jobs, of judges, 1,500/2,200 rows, 1 in progress, 1 scheduled, 7 calls"
        assert run.line().startswith(words)
        assert run.line(40).startswith("1/3 jobs, 1,500/2,200 rows, $0.25")
