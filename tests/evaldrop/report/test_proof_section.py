"""A proof in the report and in the summary: what was noticed, false alarms, and drops that are found."""

from pathlib import Path

import pytest

from evaldrop.report.markdown import markdown_report
from evaldrop.report.page import html_report
from evaldrop.report.tables.proof import proof_tables
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.read import Run, read_run
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.proofs import HOSTILE, proof_of_everything
from tests.evaldrop.run_folders import record, response, row, run_json, write_run

FOUND = (
    "Your setup finds a 5-point drop in correctness in 71 % of tries (63–78), less than the 90 % that the "
    "plan promises, in the weekly gate in 44 % (35–53); false alarms 3 %; padding is rewarded."
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder: Path = tmp_path_factory.mktemp("runs") / "run-1"
    scores = {"correctness": 1, "tone": 5}
    rows = [row(f"r{n}", response("lite", scores=scores), response("haiku", scores=scores)) for n in range(4)]
    write_run(folder, run=run_json(), records=[record(f"r{n}") for n in range(4)], succeeded=rows)
    build_scorecard(str(folder))
    return read_run(str(folder))


@pytest.fixture(scope="module")
def proved(run: Run) -> Scorecard:
    return run.scorecard.model_copy(update={"proof": proof_of_everything()})


def _cells(scorecard: Scorecard, table: int, heading: str) -> list[str]:
    (column,) = [each for each in proof_tables(scorecard)[table].columns if each.heading == heading]
    return [cell if isinstance(cell, str) else " ".join(part.text for part in cell) for cell in column.cells]


def test_the_page_says_what_was_found_and_that_it_was_a_rehearsal(run: Run, proved: Scorecard) -> None:
    page = html_report(proved, run.run, (), ())
    section = page[page.index('id="proof"') :].partition("</section>")[0]
    assert f"<li>{FOUND}</li>" in section
    assert "SIMULATED: judges of a rehearsal" in section
    assert HOSTILE not in section
    assert 'href="#proof"' in page
    real = proved.model_copy(update={"proof": proof_of_everything(simulated=False)})
    page = html_report(real, run.run, (), ())
    assert "SIMULATED" not in page[page.index('id="proof"') :].partition("</section>")[0]


def test_without_a_proof_there_is_no_section(run: Run) -> None:
    assert "Would it have noticed?" not in html_report(run.scorecard, run.run, (), ())
    assert "Would it have noticed?" not in markdown_report(run.scorecard)
    assert proof_tables(run.scorecard) == []


def test_what_should_lower_a_criterion_stands_before_what_is_beside_it(proved: Scorecard) -> None:
    assert _cells(proved, 0, "planted fault") == [
        "wrong number",
        "wrong number",
        "padding beside the criterion",
        "rudeness",
    ]
    assert _cells(proved, 0, "judge") == ["all", HOSTILE, "all", "all"]
    assert _cells(proved, 0, "decision") == ["noticed", "undecided", "rewarded", "noticed"]
    # A drop by one kind of faults alone is of all judges together.
    assert _cells(proved, 0, "5 points found in") == ["60 %", "–", "–", "–"]


def test_power_stands_beside_what_the_plan_promises_and_says_where_it_cannot_be_told(
    proved: Scorecard,
) -> None:
    assert _cells(proved, 1, "criterion") == ["correctness", "tone"]
    assert _cells(proved, 1, "found in") == ["71 %", "–"]
    assert _cells(proved, 1, "in the weekly gate") == ["44 %", "–"]
    assert _cells(proved, 1, "plan promises") == ["90 %", "90 %"]
    assert _cells(proved, 1, "cannot tell") == ["", "4 planted faults say nothing"]


def test_false_alarms_of_few_responses_are_no_share(proved: Scorecard) -> None:
    assert _cells(proved, 2, "false alarms") == ["3 %", "–"]
    assert _cells(proved, 2, "second judging") == ["moved", "not decided"]


def test_the_summary_has_its_sentences(proved: Scorecard) -> None:
    summary = markdown_report(proved)
    assert "**Would it have noticed?** **SIMULATED**" in summary
    assert "finds a 5-point drop in correctness in 71 % of tries" in summary
