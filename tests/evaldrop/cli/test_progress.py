"""How a run's progress is told, on a terminal and elsewhere."""

import io

import pytest
from rich.console import Console

from evaldrop.bedrock.metered import Meter
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
    assert lines[1].startswith("2/4 records, 7 calls, 1 records failed, 2k tokens, $0.2500, ")
    assert lines[1].endswith("left")


def test_a_long_run_tells_now_and_then(monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 0.0)
    run, file, _ = told()
    follow(run)
    assert sum("records" in line for line in file.getvalue().splitlines()) == 3


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
