"""A run that goes on, followed by what it leaves in its folder."""

import json
import os
import random
from itertools import count

import pytest

from evaldrop.prompt_search.kept import write_search
from evaldrop.prompt_search.state import SearchFile
from evaldrop.report.live import LiveFailure, LivePreference
from evaldrop.run.definition import RunDefinition
from evaldrop.run.lock import locked
from evaldrop.run.results import find_manifests
from evaldrop.running.live import LiveRun
from evaldrop.scorecard.model.pairwise import pairs_of
from evaldrop.steps.build_scorecard.build import RunTally, build_scorecard, scorecard_of
from evaldrop.steps.build_scorecard.results import read_results
from tests.evaldrop.run_folders import (
    LITE,
    MAP_RUN,
    failed_response,
    failed_row,
    judgement,
    record,
    response,
    row,
    run_json,
    verdict,
    write_results,
    write_run,
)
from tests.evaldrop.steps.build_scorecard.test_tallies import RandomRun

OTHER_MAP_RUN = "22222222-2222-3333-4444-555555555555"
GOOD, BAD = {"correctness": 1, "tone": 5}, {"correctness": 0, "tone": 2}
N = 12


def judged(name, scores):
    return response(name, judgements=[judgement(scores, rationale=f"{name} was judged")])


ROWS = [
    row(f"r{n}", judged("lite", BAD if n % 3 == 0 else GOOD), judged("haiku", GOOD)) for n in range(N - 2)
]
ROWS.append(row("r10", failed_response("lite", "BedrockRuntime.ValidationException"), judged("haiku", GOOD)))
FAILED = [failed_row("r11", "States.Timeout", "300 s")]


@pytest.fixture
def folder(tmp_path):
    """A run that has prepared its records, of which none has ended."""
    place = tmp_path / "support" / "run-1"
    groups = ["one", "two", None]
    records = [record(f"r{n}", group=groups[n % 3]) for n in range(N)]
    run = run_json(evaluation={"budget_usd": 3}, estimate={"known_cost_usd": {"likely": 1.5}})
    write_run(place, run=run, records=records, succeeded=[])
    return place


@pytest.fixture
def live(folder):
    """Looked at with a second between two looks, and a tenth of one within."""
    return LiveRun(str(folder), clock=count(step=0.6).__next__)


def results(folder):
    (path,) = (folder / "results").iterdir()
    return path / "SUCCEEDED_0.jsonl"


def test_records_fill_the_estimates_as_they_end_and_half_a_line_waits(folder, live):
    with locked(str(folder), doing="evaldrop run"):
        assert (live.look().records, live.look().total) == (0, N)
        text = [json.dumps(each) for each in ROWS]
        with results(folder).open("w") as file:
            file.write(f"{text[5]}\n{text[0]}\n{text[3][:100]}")
            file.flush()
            look = settled(live)
            assert (look.state, look.records, look.budget_usd, look.planned_usd) == ("running", 2, 3, 1.5)
            first = look.candidates[0].estimates[0]
            assert (first.n, first.mean) == (2, 0.5)
            file.write(f"{text[3][100:]}\n{text[0]}\n")
            file.flush()
            look = settled(live)
            assert look.records == 3
            assert look.failures[0] == LiveFailure(
                record="r3", candidate="lite", criterion="tone", what="lite was judged"
            )


def settled(live):
    """The look in which all is read that is there: one look reads for a while only."""
    for _ in range(2 * N):
        look = live.look()
    return look


def test_the_last_look_is_what_the_scorecard_says(folder, live):
    # The order in which they end is not the dataset's.
    manifest = write_results(str(folder), succeeded=ROWS[::-1], failed=FAILED)
    scorecard = build_scorecard(str(folder), manifest)
    look = settled(live)
    assert (look.state, look.records, look.failed, look.trouble) == ("ended", N, 1, None)
    assert look.cost_usd == pytest.approx(scorecard.cost_usd.total)
    for candidate in look.candidates:
        said = scorecard.candidates[candidate.name].criteria
        for criterion, estimate in zip(look.criteria, candidate.estimates, strict=True):
            known = said[criterion.name]
            assert (estimate.n, estimate.unscored) == (known.n_scored, known.n_unscored)
            assert estimate.mean == pytest.approx(known.mean)
            assert estimate.interval == pytest.approx(known.interval)
            assert estimate.pass_interval == pytest.approx(known.pass_interval)
    failures = {(one.record, one.candidate, one.criterion): one.what for one in look.failures}
    assert failures["r11", None, None] == "States.Timeout: 300 s"
    assert "ValidationException" in failures["r10", "lite", None]


def preferred(name, first, choice):
    """A record of which one order was compared."""
    said = {"judge": "pro", "candidate": "lite", "baseline": "haiku", "first": first, "api": "converse"}
    reply = verdict({"rationale": "because", "preferred": choice})
    return row(name, judged("lite", GOOD), judged("haiku", GOOD), comparisons=({**said, "reply": reply},))


def test_preferences_are_counted_as_records_end_and_their_interval_narrows(tmp_path):
    place = tmp_path / "support" / "run-1"
    run = run_json(evaluation={"pairwise": {"baseline": "haiku", "orders": "drawn"}})
    write_run(place, run=run, records=[record(f"r{n}") for n in range(N)], succeeded=[])
    live = LiveRun(str(place), clock=count(step=0.6).__next__)
    nothing = LivePreference(
        first="lite", second="haiku", n=0, unread=0, win_rate=None, interval=None, wins=0, losses=0, ties=0
    )
    assert settled(live).preferences == (nothing,)
    rows = [preferred(f"r{n}", "lite", ("first", "second", "tie", "none")[n % 4]) for n in range(N)]
    widths = []
    for ended in (6, N):
        write_results(str(place), succeeded=rows[:ended])
        (pair,) = settled(live).preferences
        widths.append(pair.interval[1] - pair.interval[0])
    assert (pair.wins, pair.losses, pair.ties, pair.n, pair.unread) == (3, 3, 3, 9, 3)
    assert pair.win_rate == 0.5
    assert widths[1] < widths[0]


@pytest.mark.parametrize("seed", [0, 4])
def test_the_last_preferences_are_the_scorecards(tmp_path, seed):
    chance = random.Random(seed)
    made = RandomRun(chance)
    made.candidates = made.candidates if len(made.candidates) > 1 else ["lite", "haiku"]
    made.models = dict.fromkeys(made.candidates, "us.amazon.nova-lite-v1:0")
    made.has["pairs"] = True
    made.write(tmp_path)
    run = RunDefinition.load(str(tmp_path))
    tally = RunTally(run)
    for line in read_results(run, find_manifests(str(tmp_path))):
        tally.add(*line)
    scorecard = scorecard_of(run, tally.result(), ended_at=None)
    told = settled(LiveRun(str(tmp_path), clock=count(step=0.6).__next__)).preferences
    known = pairs_of({name: card.pairwise for name, card in scorecard.candidates.items()})
    assert told
    assert [(one.first, one.second) for one in told] == list(known)
    for one in told:
        pair = known[one.first, one.second]
        assert (one.wins, one.losses, one.ties, one.n) == (pair.wins, pair.losses, pair.ties, pair.n)
        if pair.coverage:
            assert one.win_rate == pytest.approx(pair.win_rate)
            assert one.interval == pytest.approx(pair.interval)


def test_the_time_left_is_the_terminals_from_when_records_were_prepared(folder):
    os.utime(folder / "records.jsonl", (1000, 1000))
    live = LiveRun(str(folder), clock=count(step=0.6).__next__, now=lambda: 1060)
    with locked(str(folder), doing="evaldrop run"):
        assert settled(live).time_left is None
        write_results(str(folder), succeeded=ROWS[:3])
        assert settled(live).time_left == "3 min"
    assert settled(live).time_left is None


def test_while_batch_jobs_are_waited_for_nobody_says_when_the_run_ends(folder):
    os.utime(folder / "records.jsonl", (1000, 1000))
    (folder / "batch" / "judges").mkdir(parents=True)
    (folder / "batch" / "judges" / "jobs.json").write_text("[{}, {}]")
    live = LiveRun(str(folder), clock=count(step=0.6).__next__, now=lambda: 5060)
    with locked(str(folder), doing="evaldrop run"):
        write_results(str(folder), succeeded=ROWS[:3])
        assert settled(live).time_left == "not known: waiting for batch jobs (2 of judges)"
        (folder / "batch" / "records.jsonl").write_text("")
        os.utime(folder / "batch" / "records.jsonl", (5000, 5000))
        assert settled(live).time_left == "3 min"


def test_what_begins_goes_on_and_is_stopped_says_so(tmp_path, folder, live):
    assert live.look().state == "stopped"
    with locked(str(folder), doing="evaldrop run --resume"):
        assert live.look().state == "running"
    (folder / "run.lock").write_text('{"pid": 0, "host": "elsewhere"}')
    assert live.look().state == "running"
    (folder / "run.lock").unlink()
    assert settled(live).state == "stopped"
    with locked(str(tmp_path / "new"), doing="evaldrop run"):
        assert LiveRun(str(tmp_path / "new")).look().state == "starting"


def test_before_there_are_records_a_search_for_prompts_says_what_it_does(tmp_path):
    place = tmp_path / "tuned"
    write_run(place, run=run_json(), records=[], succeeded=[])
    (place / "records.jsonl").unlink()
    kept = SearchFile(records={}, judge="pro", searches=(), doing="round 2 of 4, trying 5 on dev")
    write_search(str(place), kept)
    with locked(str(place), doing="evaldrop run"):
        assert LiveRun(str(place)).look().time_left == "prompts: round 2 of 4, trying 5 on dev"
    assert LiveRun(str(place)).look().time_left is None


def test_the_first_records_and_the_others_are_of_one_attempt(folder, live):
    write_results(str(folder), succeeded=ROWS[:2])
    others = [{"responses": [], "comparisons": []}] * 2 + ROWS[2:5]
    write_results(str(folder), succeeded=others, map_run=OTHER_MAP_RUN)
    assert settled(live).records == 5


def test_a_run_that_goes_on_begins_anew_when_its_records_are_prepared_again(folder, live):
    write_results(str(folder), succeeded=ROWS[:4])
    assert settled(live).records == 4
    (earlier,) = (folder / "results").iterdir()
    os.utime(earlier, (1, 1))
    os.utime(folder / "records.jsonl", (2, 2))
    assert settled(live).records == 0
    write_results(str(folder), succeeded=ROWS[:1], map_run=OTHER_MAP_RUN)
    assert settled(live).records == 1


def test_what_is_no_result_is_told_and_ends_nothing(folder, live):
    results_file = folder / "results" / MAP_RUN / "SUCCEEDED_0.jsonl"
    results_file.write_text(f"no JSON\n{json.dumps(ROWS[0])}\n")
    looks = [live.look() for _ in range(2 * N)]
    assert any(look.trouble for look in looks)
    assert looks[-1].records == 1


def rehearsed_job(folder, name, *, status, **counts):
    place = folder / "simulated-bedrock" / "model-invocation-jobs"
    place.mkdir(parents=True, exist_ok=True)
    job = {
        "jobArn": f"arn:aws:bedrock:local:000000000000:model-invocation-job/{name}",
        "modelId": LITE,
        "status": status,
        "submitTime": "2026-01-01T00:00:00Z",
        "inputDataConfig": {"s3InputDataConfig": {"s3Uri": f"{folder}/batch/judges/{name}/rows.jsonl"}},
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": f"{folder}/batch/judges/{name}/out/"}},
    }
    (place / f"{name}.json").write_text(json.dumps(job | counts))
    return folder / "batch" / "judges" / name / "out" / name / "manifest.json.out"


def test_the_page_says_how_many_rows_of_jobs_are_done_and_what_those_that_are_over_cost(folder):
    (folder / "batch" / "judges").mkdir(parents=True)
    (folder / "batch" / "judges" / "jobs.json").write_text("[{}, {}]")
    rehearsed_job(folder, "a", status="InProgress", totalRecordCount=900, processedRecordCount=300)
    counts = {"totalRecordCount": 100, "processedRecordCount": 100}
    manifest = rehearsed_job(folder, "b", status="Completed", **counts)
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"inputTokenCount": 1_000_000, "outputTokenCount": 0}))
    live = LiveRun(str(folder), clock=count(step=0.6).__next__)
    with locked(str(folder), doing="evaldrop run"):
        said = settled(live).time_left
    assert said == (
        "not known: waiting for batch jobs (2 of judges, 400 of 1,000 rows done; $1.00 for those that are "
        "over)"
    )
