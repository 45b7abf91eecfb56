"""What a run's end advises: few commands, the right ones, each to paste as it is."""

import io
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from evaldrop.bedrock.journal import journal_of
from evaldrop.cli import exits, main, output
from evaldrop.cli.next_steps import command, next_steps, resume
from evaldrop.scorecard.model.baseline import Baseline
from evaldrop.scorecard.read import read_scorecard
from tests.browser.pages import write_varied
from tests.evaldrop.evaluations import ROW, SMALL, write
from tests.evaldrop.improved_runs import built


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of one evaluation, in a folder whose name a shell would split."""
    above = tmp_path_factory.mktemp("with blank") / "my runs" / "support"
    return [write_varied(above / f"run-{number}") for number in (1, 2)]


def steps(folder, **more):
    return next_steps(read_scorecard(folder), folder, **more)


def test_a_first_run_is_opened_and_blessed_and_a_later_one_compared(runs):
    first, second = runs
    assert steps(first) == [command("report", first, "--open"), command("bless", first)]
    assert command("compare", second, first) in steps(second)


def test_a_prompt_that_is_shown_to_be_better_may_be_adopted_and_no_other(tmp_path):
    better = built(tmp_path, [(0, 1)] * 30)
    assert next_steps(better, "run-1")[1] == command("adopt", "run-1", "tuned")
    made = better.prompts["tuned"]
    open_one = made.model_copy(update={"test": made.test.model_copy(update={"decision": "not shown"})})
    undecided = better.model_copy(update={"prompts": {"tuned": open_one}})
    assert not [step for step in next_steps(undecided, "run-1") if "adopt" in step]


def test_what_failed_is_called_again_first_and_never_are_there_more_than_three(runs):
    again = command("run", "--resume", runs[1], "--retry-errors")
    assert steps(runs[1], again=again) == [
        again,
        command("report", runs[1], "--open"),
        command("compare", runs[1], runs[0]),
    ]
    assert len(steps(runs[1])) == 3


def test_what_did_not_pass_is_not_blessed_and_what_differs_not_compared(runs):
    scorecard = read_scorecard(runs[1])
    worse = command("diff", runs[1], runs[0], "--only", "worse")
    for decision, more in (("inconclusive", []), ("fail", [worse])):
        gate = scorecard.gate.model_copy(update={"decision": decision})
        advised = next_steps(scorecard.model_copy(update={"gate": gate}), runs[1])
        assert advised == [*steps(runs[1])[:2], *more]
    dataset = scorecard.dataset.model_copy(update={"sha256": "of another"})
    other = scorecard.model_copy(update={"dataset": dataset})
    assert command("compare", runs[1], runs[0]) not in next_steps(other, runs[1])


def test_a_baseline_that_nothing_can_be_compared_with_is_not_offered(runs):
    blessed = Baseline(uri=runs[0] + "-blessed", comparable=False)
    scorecard = read_scorecard(runs[1]).model_copy(update={"baseline": blessed})
    assert command("compare", runs[1], runs[0]) in next_steps(scorecard, runs[1])


def test_a_baseline_without_results_of_some_records_is_warned_of(tmp_path, capsys):
    folder = Path(write_varied(tmp_path / "support" / "run-1"))
    card = read_scorecard(str(folder))
    lost = card.model_copy(update={"records": card.records.model_copy(update={"missing": 7})})
    (folder / "scorecard.json").write_text(lost.model_dump_json())
    assert main(["bless", str(folder)]) == 0
    assert "note 7 of its " in capsys.readouterr().err


@pytest.mark.parametrize("width", [20, 80])
def test_commands_are_unbroken_at_any_width_and_mean_to_a_shell_what_they_say(runs, monkeypatch, width):
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr(output, "stderr", lambda: console)
    output.say_commands("next:", steps(runs[1]))
    lines = console.file.getvalue().splitlines()
    assert lines == ["next:", *steps(runs[1])]
    assert [shlex.split(line)[:2] for line in lines[1:]] == [
        ["evaldrop", "report"],
        ["evaldrop", "compare"],
        ["evaldrop", "bless"],
    ]
    assert shlex.split(lines[2])[2:] == [runs[1], runs[0]]


def test_a_report_ends_with_what_to_do_and_one_for_a_program_does_not(runs, capsys):
    assert main(["report", runs[1]]) == 0
    assert capsys.readouterr().err.splitlines()[-4] == "next:"
    assert main(["report", runs[1], "--json"]) == 0
    assert "next:" not in capsys.readouterr().err


def test_an_open_gate_leads_to_how_many_records_would_decide(tmp_path, monkeypatch, capsys):
    write(tmp_path, {**SMALL, "gate": ["correctness.pass_rate >= 0.5"]}, [ROW])
    monkeypatch.chdir(tmp_path)
    assert main(["run", "faq.jsonl", "--bedrock", "simulated"]) == exits.GATE_INCONCLUSIVE
    *_, plan = capsys.readouterr().err.splitlines()
    words = shlex.split(plan)
    assert words[:2] == ["evaldrop", "plan"]
    assert main(words[1:]) == exits.PASSED
    assert main(["rescore", "latest"]) == exits.GATE_INCONCLUSIVE
    assert "\nevaldrop plan " in capsys.readouterr().err
    Path(words[2]).unlink()
    assert main(["gate", "latest"]) == exits.GATE_INCONCLUSIVE
    assert "evaldrop plan" not in capsys.readouterr().err


def test_a_stopped_run_is_gone_on_with_first_though_it_was_scored(tmp_path, capsys):
    folder = write_varied(tmp_path / "support" / "run-1")
    journal_of(folder).write_text("")
    assert main(["report", folder]) == 0
    commands = [line for line in capsys.readouterr().err.splitlines() if line.startswith("evaldrop ")]
    assert commands == [resume(folder), command("report", folder, "--open")]


@pytest.mark.parametrize(("words", "advised"), [
    (["gate"], [["report"], ["compare"], ["bless"]]),
    (["compare"], [["diff"]]),
])  # fmt: skip
def test_what_judges_or_compares_says_what_comes_next(runs, words, advised, capsys):
    second = [runs[0]] if words == ["compare"] else []
    assert main([*words, runs[1], *second]) == 0
    lines = capsys.readouterr().err.splitlines()
    found = [shlex.split(line)[1:2] for line in lines[lines.index("next:") + 1 :]]
    assert found[: len(advised)] == advised
