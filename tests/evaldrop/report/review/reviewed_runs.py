"""A small finished run for reviews: names that can be searched for, texts that try to be markup."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from evaldrop.report.review.exporting import export_review
from evaldrop.report.review.importing import import_review
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import (
    CORRECTNESS,
    HAIKU,
    LITE,
    PRO,
    TONE,
    converse,
    failed_response,
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
NOW = "2026-11-21T10:00:00+00:00"


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


def write_uneven_run(tmp_path):
    """Two judges, one unreadable on r2; the second candidate failed on r0; r1 has no reference."""
    judges = ("pro", "lite-judge")
    evaluation = {
        "candidates": [{"name": FIRST, "model": LITE}, {"name": SECOND, "model": LITE}],
        "judges": [{"name": name, "model": PRO} for name in judges],
    }
    records = [
        record(
            f"r{n}", judges=judges, not_applicable={"correctness": "needs a reference"} if n == 1 else None
        )
        for n in range(8)
    ]

    def answer(candidate, n):
        said = {"correctness": n % 2 == 0, "tone": 1 + n % 5}
        if n == 1:
            del said["correctness"]
        given = [judgement(said, judge="pro"), judgement(said, judge="lite-judge")]
        if n == 2:
            given[1]["reply"] = converse("I cannot say.")
        return response(candidate, f"text {n} of {candidate}", judgements=given)

    rows = [
        row(f"r{n}", answer(FIRST, n), failed_response(SECOND) if n == 0 else answer(SECOND, n))
        for n in range(8)
    ]
    folder = str(tmp_path / "support" / "uneven")
    run = run_json(evaluation=evaluation, criteria=[CORRECTNESS, TONE], run_id="uneven")
    write_run(folder, run=run, records=records, succeeded=rows)
    build_scorecard(folder)
    return folder


def person(number, place, *, kind=0):
    """What people say: as the judge on correctness but for every seventh record, tone a point lower."""
    judged = scores(number, place)
    right = judged["correctness"] != (number % 7 == kind)
    return {"correctness": right, "tone": max(1, judged["tone"] - 1)}


def fill(exported, path, answer=person, **changes):
    """Fill an exported sheet in and save it; `changes`: item number and criterion, joined by _, to a cell."""
    key = {str(item["position"]): item for item in json.loads(Path(exported.key).read_text())["items"]}
    rows = list(csv.reader(io.StringIO(Path(exported.sheet).read_text(encoding="utf-8-sig"), newline="")))
    for cells in rows[1:]:
        item = key[cells[1]]
        said = answer(int(item["record_id"][1:]), (FIRST, SECOND).index(item["candidate"]))
        cell = "" if said is None else said[cells[2]]
        if isinstance(cell, bool):
            cell = "yes" if cell else "no"
        cells[3] = str(changes.get(f"item{cells[1]}_{cells[2]}", cell))
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return str(path)


def bring_back(folder, tmp_path, *, rater="Ada", now=NOW, sample=24, answer=person, **changes):
    exported = export_review(folder, sample=sample, seed=1, to=str(tmp_path / "sent"))
    filled = fill(exported, tmp_path / f"{rater}.csv", answer, **changes)
    return import_review(filled, folder, rater=rater, imported_at=now)
