"""Processes of scorers: whatever one does, the next response is scored."""

import asyncio
import time
from pathlib import Path

import pytest

from evaldrop.scorers import Record, Response
from evaldrop.scorers.batches import response_json
from evaldrop.scorers.processes import ScorerProcesses, import_problem

FOLDERS = [str(Path(__file__).parent)]


def scored(reference, texts, *, limit_s=0.3, log=None):
    async def run():
        processes = ScorerProcesses(FOLDERS, log)
        try:
            asked = [response_json(Record(id="r"), Response(text=text)) for text in texts]
            return await processes.results(reference, asked, limit_s=limit_s)
        finally:
            await processes.close()

    return asyncio.run(run())


@pytest.fixture(scope="module")
def told():
    """What became of one response after another, and how long all of them took."""
    texts = ("half", "sleep", "exit", "spin", "raise", "nan", "none", "huge", "yes")
    began = time.monotonic()
    results = scored("example_scorers:as_told", texts)
    return dict(zip(texts, results, strict=True)), time.monotonic() - began


def test_what_a_scorer_does_costs_the_response_it_was_at_alone(told):
    codes = {text: result.get("errorCode", result.get("label")) for text, result in told[0].items()}
    assert codes == {
        "half": "0.5", "sleep": "Timeout", "exit": "Crashed", "spin": "Timeout", "raise": "ValueError",
        "nan": "NoScore", "none": "NotApplicable", "huge": "MemoryError", "yes": "PASS",
    }  # fmt: skip
    assert told[0]["exit"]["errorMessage"] == "its process ended (exit status 3)"


def test_time_is_held_to(told):
    assert told[1] < 5


def test_what_a_scorer_prints_goes_to_the_log(tmp_path):
    path = tmp_path / "log"
    with path.open("wb") as log:
        [result] = scored("example_scorers:brevity", ["a b c"], log=log)
    assert result["value"] == 1
    assert path.read_text() == "this goes to the log\n"


def test_a_scorer_that_cannot_be_imported_scores_nothing_and_says_why():
    assert [each["errorMessage"] for each in scored("example_scorers:nobody", ["a", "b"])] == [
        "example_scorers has no nobody"
    ] * 2


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("example_scorers:brevity", None),
        ("example_scorers:not_callable", "example_scorers:not_callable cannot be called"),
        ("exiting_x:f", "its import ended the process (exit status 4)"),
        ("broken_x:f", "ZeroDivisionError: division by zero"),
    ],
)
def test_an_import_is_tried_before_anything_is_spent(tmp_path, reference, problem):
    (tmp_path / "exiting_x.py").write_text("import os; os._exit(4)")
    (tmp_path / "broken_x.py").write_text("print('{}'); 1 / 0")
    assert import_problem(reference, [*FOLDERS, str(tmp_path)]) == problem


def test_who_is_stopped_waits_for_no_scorer():
    async def run():
        processes = ScorerProcesses(FOLDERS)
        asked = [response_json(Record(id="r"), Response(text="sleep"))] * 3
        scoring = asyncio.create_task(processes.results("example_scorers:as_told", asked, limit_s=60))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await processes.close()
        await asyncio.gather(scoring, return_exceptions=True)
        return time.monotonic() - began

    assert asyncio.run(run()) < 3
