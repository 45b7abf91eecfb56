"""A small finished run for reviews: names that can be searched for, texts that try to be markup."""

from pathlib import Path
from typing import Any

from evaldrop.scorecard import build_scorecard
from tests.evaldrop.run_folders import (
    CORRECTNESS,
    HAIKU,
    LITE,
    PRO,
    TONE,
    judgement,
    record,
    response,
    row,
    run_json,
    write_run,
)

HOSTILE = '</script><img src=x onerror="window.hacked=1"><b>bold</b>{{ 7*7 }}'
# Nowhere in a page's style, script or words.
FIRST, SECOND, JUDGE = "xanthippe", "zebulon", "quintilian"


def write_reviewed_run(
    out: Path, *, records: int = 12, run_id: str = "run-1", answers: str = "answer", groups: int | None = None
) -> str:
    """Write a run of two candidates and build its scorecard; the first record's texts are hostile."""
    folder = str(out / "support" / run_id)
    prepared = [
        record(
            f"r{n}",
            judges=(JUDGE,),
            prompt=HOSTILE if n == 0 else f"question {n}",
            reference=[f"ideal {n}"],
            group=None if groups is None else f"group {n % groups}",
        )
        for n in range(records)
    ]
    evaluation = {
        "candidates": [{"name": FIRST, "model": LITE}, {"name": SECOND, "model": HAIKU}],
        "judges": [{"name": JUDGE, "model": PRO}],
    }
    run = run_json(evaluation=evaluation, criteria=[CORRECTNESS, TONE], run_id=run_id)
    rows = [row(f"r{n}", _response(n, 0, answers), _response(n, 1, answers)) for n in range(records)]
    write_run(folder, run=run, records=prepared, succeeded=rows)
    build_scorecard(folder)
    return folder


def scores(number: int, place: int) -> dict[str, Any]:
    """What the judge says of a record's response by the first or the second candidate."""
    return {"correctness": (number + place) % 3 > 0, "tone": 1 + (number + 2 * place) % 5}


def _response(number: int, place: int, answers: str) -> dict[str, Any]:
    text = HOSTILE if number == 0 else f"=1+1 {answers} {number} by {place}"
    judged = [judgement(scores(number, place), judge=JUDGE)]
    return response((FIRST, SECOND)[place], text, judgements=judged)
