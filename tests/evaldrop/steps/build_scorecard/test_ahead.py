"""What is scored while calls are in flight is what a later pass scores, to the byte, or is thrown away."""

import json
import random
import time
from pathlib import Path

import pytest

from evaldrop.run.definition import RunDefinition
from evaldrop.steps.build_scorecard import ahead
from evaldrop.steps.build_scorecard.ahead import ScoringAhead, score_ahead
from evaldrop.steps.build_scorecard.begun import note_begun, take_begun
from evaldrop.steps.build_scorecard.build import score_run
from tests.evaldrop.run_folders import failed_row, record, response, row, run_json, write_results, write_run

NAMES = [f"r{number}" for number in range(40)]
MAP_RUN = "4c79f8a7-efcb-451f-be9c-eda02edecdc7"


def row_of(name, text=""):
    number = int(name[1:])
    given = [
        response(
            candidate, f"{text} answer {number} of {candidate}", {"correctness": number % 3 > 0, "tone": 4}
        )
        for candidate in ("lite", "haiku")
    ]
    return row(name, *given)


def lines_of(rows):
    return [json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in rows]


@pytest.fixture
def prepared(tmp_path):
    """A run's folder whose records are prepared and whose calls are to begin."""
    folder = tmp_path / "support" / "run-1"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(run_json()))
    (folder / "records.jsonl").write_bytes(b"".join(lines_of([record(name) for name in NAMES])))
    return folder


def scored_afterwards(folder, tmp_path):
    """Return what a pass over the whole files makes of a run."""
    copy = tmp_path / "again" / "support" / "run-1"
    for path in folder.rglob("*"):
        if path.is_file() and (path.name in {"run.json", "records.jsonl"} or "results" in path.parts):
            (copy / path.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            (copy / path.relative_to(folder)).write_bytes(path.read_bytes())
    manifest = copy / "results" / MAP_RUN / "manifest.json"
    score_run(RunDefinition.load(str(copy)), str(manifest))
    return files_of(copy)


def files_of(folder):
    """Return the tables of a run, its scorecard without what a clock says, and its report's records."""
    scorecard = json.loads((folder / "scorecard.json").read_bytes())
    del scorecard["duration_s"]
    tables = {path.name: path.read_bytes() for path in folder.glob("*.parquet")}
    assert len(tables) >= 4
    return scorecard, tables


def ends(folder, rows, failed=()):
    """The Map run ends: its manifest appears, beside what it wrote already."""
    kept = folder / "results" / MAP_RUN / "SUCCEEDED_0.jsonl"
    content = kept.read_bytes()
    manifest = write_results(str(folder), succeeded=rows, failed=list(failed), map_run=MAP_RUN)
    kept.write_bytes(content)
    return manifest


def results_file(folder):
    path = folder / "results" / MAP_RUN / "SUCCEEDED_0.jsonl"
    path.parent.mkdir(parents=True)
    return path.open("wb", buffering=0)


def until(holds):
    for _ in range(400):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


def partial_tables(folder):
    return [path for path in folder.iterdir() if path.name.startswith(".verdicts")]


def test_rows_that_come_in_pieces_and_in_any_order_give_the_same_files(prepared, tmp_path):
    begun = ScoringAhead(RunDefinition.load(str(prepared)))
    rows = [row_of(name) for name in random.Random(3).sample(NAMES, len(NAMES))]
    with results_file(prepared) as file:
        for line in lines_of(rows):
            file.write(line[:70])
            time.sleep(0.002)
            file.write(line[70:])
    note_begun(str(prepared), begun)
    score_run(RunDefinition.load(str(prepared)), ends(prepared, rows))
    assert files_of(prepared) == scored_afterwards(prepared, tmp_path)
    assert partial_tables(prepared) == []
    assert take_begun(str(prepared)) is None


@pytest.fixture
def read(monkeypatch):
    """IDs of the records whose rows were read while the files grew."""
    read = []
    found = ahead.Found

    def noted(record, *more):
        read.append(record.record_id)
        return found(record, *more)

    monkeypatch.setattr(ahead, "Found", noted)
    return read


def test_what_has_been_read_when_the_calls_end_is_not_read_again(prepared, read):
    begun = ScoringAhead(RunDefinition.load(str(prepared)))
    rows = [row_of(name) for name in NAMES]
    with results_file(prepared) as file:
        file.writelines(lines_of(rows[:30]))
        until(lambda: len(read) == 30)
        file.writelines(lines_of(rows[30:]))
        until(lambda: len(read) == 40)
    tally, report = begun.finish(RunDefinition.load(str(prepared)), [ends(prepared, rows)])
    assert read == NAMES
    assert sum(count.seen for count in report.counts()) == len(NAMES)
    assert tally.result().counts.size == len(NAMES)


def test_records_whose_children_failed_or_never_began_are_told_by_the_whole_files(prepared, tmp_path):
    begun = ScoringAhead(RunDefinition.load(str(prepared)))
    rows = [row_of(name) for name in NAMES if name not in {"r7", "r20"}]
    with results_file(prepared) as file:
        file.writelines(lines_of(rows))
    note_begun(str(prepared), begun)
    score_run(RunDefinition.load(str(prepared)), ends(prepared, rows, failed=[failed_row("r7")]))
    assert files_of(prepared) == scored_afterwards(prepared, tmp_path)


def test_a_record_that_is_there_twice_has_all_made_anew(prepared, tmp_path, read):
    begun = ScoringAhead(RunDefinition.load(str(prepared)))
    rows = [row_of(name) for name in NAMES] + [row_of("r3", text="another")]
    with results_file(prepared) as file:
        file.writelines(lines_of(rows))
        until(lambda: len(read) == len(NAMES))
    run, manifest = RunDefinition.load(str(prepared)), ends(prepared, rows)
    assert begun.finish(run, [manifest]) is None
    assert partial_tables(prepared) == []
    score_run(run, manifest)
    assert files_of(prepared) == scored_afterwards(prepared, tmp_path)


def test_a_row_that_is_none_has_all_made_anew_and_the_whole_pass_says_so(prepared):
    begun = ScoringAhead(RunDefinition.load(str(prepared)))
    rows = [row_of(name) for name in NAMES]
    with results_file(prepared) as file:
        file.write(b"no JSON\n")
    assert begun.finish(RunDefinition.load(str(prepared)), [ends(prepared, rows)]) is None


def test_a_record_that_is_there_twice_gives_the_same_files(prepared, tmp_path):
    begun = ScoringAhead(RunDefinition.load(str(prepared)))
    rows = [row_of(name) for name in (*NAMES[:20], "r3", *NAMES[20:])]
    note_begun(str(prepared), begun)
    with results_file(prepared) as file:
        file.writelines(lines_of(rows))
    score_run(RunDefinition.load(str(prepared)), ends(prepared, rows))
    assert files_of(prepared) == scored_afterwards(prepared, tmp_path)


def test_a_run_that_was_defined_anew_meanwhile_is_scored_anew(prepared):
    begun = ScoringAhead(RunDefinition.load(str(prepared)))
    rows = [row_of(name) for name in NAMES]
    with results_file(prepared) as file:
        file.writelines(lines_of(rows))
    (prepared / "run.json").write_text(json.dumps(run_json(labels=["other"])))
    assert begun.finish(RunDefinition.load(str(prepared)), [ends(prepared, rows)]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"deliveries": {"candidate/lite": "batch"}},
        {"parent": {"run_id": "run-0", "folder": "runs/run-0", "how": "rejudged"}},
        {"evaluation": {"checks": [{"python": "my_scorers:brevity"}]}},
    ],
)
def test_what_more_than_result_files_tell_is_not_scored_ahead(prepared, changes):
    (prepared / "run.json").write_text(json.dumps(run_json(**changes)))
    score_ahead(str(prepared))
    assert take_begun(str(prepared)) is None


def test_a_run_in_parts_and_one_that_is_not_there_are_not_scored_ahead(prepared, tmp_path):
    (prepared / "records.jsonl").unlink()
    score_ahead(str(prepared))
    score_ahead(str(tmp_path / "none"))
    assert take_begun(str(prepared)) is None


def test_a_run_that_may_be_is_scored_ahead_once(prepared):
    score_ahead(str(prepared))
    begun = take_begun(str(prepared))
    rows = [row_of(name) for name in NAMES]
    with results_file(prepared) as file:
        file.writelines(lines_of(rows))
    assert begun.finish(RunDefinition.load(str(prepared)), [ends(prepared, rows)]) is not None
    assert take_begun(str(prepared)) is None


def test_files_are_the_same_where_nothing_was_scored_ahead(tmp_path):
    folder = tmp_path / "support" / "run-1"
    rows = [row_of(name) for name in NAMES]
    manifest = write_run(
        str(folder), run=run_json(), records=[record(name) for name in NAMES], succeeded=rows, map_run=MAP_RUN
    )
    score_run(RunDefinition.load(str(folder)), manifest)
    assert files_of(folder) == scored_afterwards(Path(folder), tmp_path)
