"""The records a report carries: all of them in small runs, the telling ones in large runs."""

import gzip
import json
from types import SimpleNamespace

import pytest

from evaldrop import storage
from evaldrop.report import rows as report_rows
from evaldrop.report.rows import (
    HAS_DISAGREEMENT,
    HAS_ERROR,
    HAS_FAILED,
    HAS_REGRESSED,
    HAS_UNSCORED,
    IS_FLAGGED,
    ReportRows,
    sent_and_received,
)
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import read_prepared
from evaldrop.run.results import collect
from evaldrop.run.tables import ComparisonRow
from evaldrop.scorecard.baseline.drops import Before, Drop
from evaldrop.scorecard.baseline.earlier_responses import EarlierResponse
from evaldrop.scorecard.results import ComparedPair
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.reading import ResultReader
from tests.evaldrop.run_folders import failed_response, judgement, record, response, row, run_json, write_run

FLAGS, ID, ANSWERS, PREFERENCES = 1, 2, 8, 10
VERDICTS, DROPS, BEFORE, PANEL, RETRIES = 9, 12, 14, 15, 16
GOOD = {"correctness": 1, "tone": 5}
BAD = {"correctness": 0, "tone": 1}
HALF_JUDGED = judgement({"correctness": 1}) | {"criteria": ["correctness", "tone"]}


@pytest.fixture
def offered(tmp_path):
    """Return a function that offers some rows to a report with a budget."""

    def offer(results, budget):
        folder = str(tmp_path / "run")
        manifest = write_run(
            folder, run=run_json(), records=[record(r["record_id"]) for r in results], succeeded=results
        )
        run = RunDefinition.load(folder)
        reader, rows = ResultReader(run), ReportRows(run, budget)
        for ordinal, found in enumerate(collect(folder, [manifest])):
            rows.add(ordinal, found.record, reader.read(found))
        packed = rows.chunks()
        return (
            [entry for chunk in packed for entry in json.loads(gzip.decompress(chunk.packed))],
            rows.counts(),
            packed,
        )

    return offer


def whole(name, lite=GOOD, haiku=GOOD):
    return row(name, response("lite", scores=lite), response("haiku", scores=haiku))


def test_a_small_run_is_carried_whole(offered):
    carried, counts, _ = offered([whole("r0"), whole("r1", lite=BAD)], budget=1_000_000)
    assert {entry[ID] for entry in carried} == {"r0", "r1"}
    assert [(count.name, count.seen, count.kept) for count in counts] == [
        ("problem", 1, 1), ("disagreement", 0, 0), ("other", 1, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("result", "flags"), [
    (whole("r"), 0),
    (whole("r", lite=BAD, haiku=BAD), HAS_FAILED),
    (whole("r", lite=BAD), HAS_FAILED | HAS_DISAGREEMENT),
    (row("r", failed_response("lite"), response("haiku", scores=GOOD)), HAS_ERROR | HAS_UNSCORED),
    (row("r", response("lite", judgements=[HALF_JUDGED]), response("haiku", scores=GOOD)), HAS_UNSCORED),
])  # fmt: skip
def test_flags_say_why_a_record_is_worth_reading(offered, result, flags):
    ((entry,), _, _) = offered([result], budget=1_000_000)
    assert entry[FLAGS] == flags


def test_above_the_budget_records_with_problems_stay_and_the_rest_is_thinned(offered, monkeypatch):
    monkeypatch.setattr(report_rows, "_CHUNK", 2_000)
    results = [whole(f"r{n}", lite=BAD if n % 10 == 0 else GOOD) for n in range(200)]
    carried, counts, packed = offered(results, budget=6_000)
    problem, _, other = counts
    assert sum(len(chunk.packed) + len(chunk.details) for chunk in packed) <= 6_000
    assert (problem.seen, problem.kept) == (20, 20)
    assert other.seen == 180
    assert 0 < other.kept < 180
    assert len(carried) == problem.kept + other.kept


def test_a_budget_for_nothing_carries_nothing(offered):
    carried, counts, _ = offered([whole(f"r{n}") for n in range(3)], budget=1)
    assert carried == []
    assert sum(count.seen for count in counts) == 3


def test_the_page_of_a_run_above_the_budget_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(ReportRows.__init__, "__defaults__", (1,))
    folder = str(tmp_path / "support" / "run-1")
    write_run(folder, run=run_json(), records=[record("r1")], succeeded=[whole("r1")])
    build_scorecard(folder)
    page = storage.read_bytes(storage.join(folder, "report.html")).decode()
    assert "The page carries 0 of 1 records" in page
    # From a disk it says which command has all of them, and that command's own page leads there.
    assert '<span class="unviewed">, and evaldrop view RUN pages through them</span>' in page
    assert '<a href="records">page through all, or search them</a>' in page
    assert "html:not([data-viewed]) .viewed, html[data-viewed] .unviewed { display: none; }" in page


def test_what_was_sent_goes_before_any_record_goes(offered, monkeypatch):
    monkeypatch.setattr(report_rows, "_CHUNK", 2_000)
    results = [whole(f"r{n}") for n in range(60)]
    _, _, packed = offered(results, budget=1_000_000)
    assert all(chunk.details for chunk in packed)
    rows, details = (sum(len(chunk[part]) for chunk in packed) for part in (0, 1))
    carried, _, packed = offered(results, budget=rows + details // 2)
    assert len(carried) == 60
    assert packed[0].details
    assert not packed[-1].details


def test_thinned_records_are_spread_over_the_whole_run(offered, monkeypatch):
    monkeypatch.setattr(report_rows, "_CHUNK", 2_000)
    carried, (_, _, other), _ = offered([whole(f"r{n}") for n in range(400)], budget=9_000)
    places = sorted(entry[0] for entry in carried)
    assert other.kept == len(places) < 400
    quarters = [sum(100 * part <= place < 100 * (part + 1) for place in places) for part in range(4)]
    assert min(quarters) > 0


@pytest.fixture
def one(tmp_path):
    """Return a run of one good record, with the record and its results."""
    folder = str(tmp_path / "run")
    manifest = write_run(folder, run=run_json(), records=[record("r")], succeeded=[whole("r")])
    run = RunDefinition.load(folder)
    (found,) = collect(folder, [manifest])
    return run, found.record, ResultReader(run).read(found)


def carried_row(rows):
    (chunk,) = rows.chunks()
    (carried,) = json.loads(gzip.decompress(chunk.packed))
    return carried


def flags_of(rows):
    return carried_row(rows)[FLAGS]


def test_a_regressed_record_counts_as_a_problem(one):
    run, prepared, results = one
    rows = ReportRows(run)
    rows.add(0, prepared, results, [[], [Drop("tone", 5, 4)]])
    assert flags_of(rows) == HAS_REGRESSED
    (chunk,) = rows.chunks()
    answers = json.loads(gzip.decompress(chunk.packed))[0][ANSWERS]
    assert [answer[DROPS] for answer in answers] == [[], [[1, 5, 4]]]
    assert [len(answer) for answer in answers] == [BEFORE - 1] * 2
    assert rows.counts()[0].kept == 1


@pytest.mark.parametrize(("then", "carried"), [
    (Before(EarlierResponse("so it was", None), {"tone": 5.0}), ["so it was", None, [[1, 5]]]),
    (Before(EarlierResponse(None, "Throttled"), {}), [None, "Throttled", []]),
    # Its table cannot be read any more.
    (Before(None, {"correctness": 1.0}), [None, None, [[0, 1]]]),
])  # fmt: skip
def test_what_was_answered_before_is_asked_for_responses_that_dropped_alone(one, then, carried):
    run, prepared, results = one
    asked = []
    rows = ReportRows(run)
    rows.add(0, prepared, results, [[], [Drop("tone", 5, 4)]], before=lambda name: asked.append(name) or then)
    lite, haiku = carried_row(rows)[ANSWERS]
    assert asked == ["haiku"]
    assert len(lite) == BEFORE - 1
    assert haiku[BEFORE] == carried


def test_of_a_record_that_is_not_taken_nothing_is_asked_for(one):
    run, prepared, results = one
    rows = ReportRows(run)
    rows._strata[0].rate = 0
    rows.add(0, prepared, results, [[], [Drop("tone", 5, 4)]], before=lambda name: pytest.fail(name))
    assert rows.chunks() == []


def test_a_comparison_is_carried_on_its_record(one):
    run, prepared, results = one
    pair = ComparisonRow("r", "haiku", "lite", "pro", None, "lite", "haiku", None, "reads better", "{}")
    tie = pair._replace(preferred="tie", first_shown="haiku", rationale=None)
    rows = ReportRows(run)
    compared = [ComparedPair(pair, None), ComparedPair(tie, None, "identical")]
    rows.add(0, prepared, results, compared=compared)
    assert carried_row(rows)[PREFERENCES] == [
        [1, 0, 0, 1, 0, None, None, "reads better", None, None, None],
        [1, 0, 0, 0, 2, None, None, None, None, None, "identical"],
    ]


def test_what_counts_is_carried_where_it_is_not_what_one_verdict_says(offered):
    repeats = [judgement({"correctness": score, "tone": 4}, repeat=n) for n, score in enumerate((1, 0))]
    again = judgement({"correctness": 1, "tone": 4}) | {"first_reply": {}}
    lite = response("lite", judgements=repeats, retries=2)
    ((entry,), _, _) = offered([row("r", lite, response("haiku", judgements=[again]))], budget=1_000_000)
    lite, haiku = entry[ANSWERS]
    assert lite[PANEL] == [[0, 0.5, 0.5, None], [1, 4, 1, None]]
    assert lite[RETRIES] == 2
    assert len(haiku) == BEFORE - 1
    assert [verdict[7:] for verdict in haiku[VERDICTS]] == [[1], [1]]


def test_a_flagged_response_counts_as_a_problem_where_responses_are_looked_at_for_that(one):
    run, prepared, (lite, haiku) = one
    flagged = SimpleNamespace(**{**lite.response._asdict(), "flags": "hidden_text"})
    rows = ReportRows(run)
    rows.add(0, prepared, [lite._replace(response=flagged), haiku])
    assert flags_of(rows) == IS_FLAGGED


def test_of_a_long_record_the_page_says_where_the_whole_request_is():
    arguments = {"ModelId": "m", "Input": {"S3Uri": "s3://out/runs/requests/ab/lite.json"}}
    calls = {"requests": {}, "judgements": [], "long": {"lite": {"arguments": arguments, "bytes": 400_000}}}
    line = {"record_id": "r1", "prompt": "Why is it so?", "calls": calls}
    requests, judgements, replies = sent_and_received(read_prepared(json.dumps(line).encode()), [])
    assert {name: json.loads(text) for name, text in requests.items()} == {"long/lite": arguments}
    assert (judgements, replies) == ([], [])
