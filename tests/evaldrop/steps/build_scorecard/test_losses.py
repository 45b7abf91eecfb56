"""Nothing is lost in silence: every prepared record, response and verdict is accounted for."""

import pytest

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.counts import count_error
from evaldrop.steps.build_scorecard.tally import Occurrences
from tests.evaldrop.run_folders import (
    CORRECTNESS,
    HAIKU,
    PRO,
    TONE,
    converse,
    failed_response,
    failed_row,
    judgement,
    none_form,
    record,
    response,
    row,
    run_json,
    tool_input,
    verdict,
    write_results,
    write_run,
)

GOOD = {"correctness": 1, "tone": 5}


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "support" / "run-1")


@pytest.fixture
def lossy(folder):
    """Five records: one whole, one with a failed call, a failed child, one in no file, one badly judged."""
    judge_failed = {
        "judge": "pro",
        "criteria": ["correctness", "tone"],
        "repeat": 0,
        "api": "converse",
        "error": {"Error": "ThrottlingException", "Cause": "busy"},
        "retries": 5,
        "elapsed_ms": 1,
    }
    half_judged = judgement({"correctness": 1}) | {"criteria": ["correctness", "tone"]}
    write_run(
        folder,
        run=run_json(),
        records=[record(f"r{n}") for n in range(1, 6)],
        succeeded=[
            row("r1", response("lite", scores=GOOD), response("haiku", scores=GOOD)),
            row("r2", failed_response("lite"), response("haiku", scores=GOOD)),
            row(
                "r5", response("lite", judgements=[judge_failed]), response("haiku", judgements=[half_judged])
            ),
        ],
        failed=[failed_row("r3")],
    )
    return build_scorecard(folder)


def test_missing_records_are_counted_with_their_reason(lossy):
    assert (lossy.records.evaluated, lossy.records.missing) == (3, 2)
    assert lossy.records.missing_reasons == {"States.Timeout": 1, "not in any result file": 1}


def test_a_failed_call_is_an_error_and_not_a_score(lossy):
    lite = lossy.candidates["lite"]
    assert (lite.responses.n, lite.responses.errors, lite.responses.missing) == (5, 1, 2)
    assert lite.responses.error_names == {"ThrottlingException": 1}
    assert lite.responses.error_example == "slow down"
    assert lite.responses.retries == 3
    # r1 alone has a score; r2, r3, r4 have no response; the judge failed on r5
    estimate = lite.criteria["correctness"]
    assert (estimate.n_scored, estimate.n_unscored, estimate.coverage) == (1, 4, 0.2)
    assert estimate.unscored == {"no_response": 3, "judge_error": 1}
    assert estimate.mean == 1


def test_one_score_has_no_interval_and_says_why(lossy):
    tone = lossy.candidates["lite"].criteria["tone"]
    assert tone.mean == 5
    assert (tone.interval, tone.standard_error, tone.sd) == (None, None, None)
    assert tone.reason.startswith("no interval: ")


def test_a_criterion_left_out_of_a_verdict_is_unscored_and_the_others_stay(lossy):
    haiku = lossy.candidates["haiku"].criteria
    assert (haiku["correctness"].n_scored, haiku["correctness"].unscored) == (3, {"no_response": 2})
    assert (haiku["tone"].n_scored, haiku["tone"].unscored) == (2, {"no_response": 2, "no_verdict": 1})


def test_coverage_is_the_scored_share_of_all_verdicts(lossy):
    # lite 1 + 1, haiku 3 + 2 of 5 records x 2 candidates x 2 criteria
    assert lossy.coverage == pytest.approx(7 / 20)


def test_the_judges_health_counts_calls_and_reasons(lossy):
    judge = lossy.judges["pro"]
    assert (judge.calls, judge.errors, judge.retries, judge.scored) == (5, 1, 5, 7)
    assert judge.unscored == {"no_response": 10, "judge_error": 2, "no_verdict": 1}


def test_every_response_and_verdict_has_its_row(lossy, folder):
    run = read_run(folder)
    assert len(run.responses) == 5 * 2
    assert len(run.verdicts) == 5 * 2 * 2
    assert (run.verdicts["score"].isna() == run.verdicts["unscored_reason"].notna()).all()
    assert (run.responses["response"].isna() == run.responses["error"].notna()).all()


def test_the_tables_say_what_went_wrong(lossy, folder):
    errors = read_run(folder).responses.set_index(["record_id", "candidate"])["error"]
    assert errors["r2", "lite"] == "ThrottlingException: slow down"
    assert errors["r3", "lite"] == "missing: States.Timeout: 300 s"
    assert errors["r4", "haiku"] == "missing: not in any result file"


def test_alarms_tell_the_losses(lossy):
    alarms = " ".join(lossy.alarms)
    assert "2 of 5 records have no result (States.Timeout: 1, not in any result file: 1)." in alarms
    assert "lite: 1 of 5 calls failed (ThrottlingException: 1)." in alarms
    assert "Judge pro: 3 of 10 verdicts are unscored (judge_error: 2, no_verdict: 1)." in alarms


def test_a_failed_call_costs_nothing_and_leaves_the_cost_known(lossy):
    assert lossy.candidates["lite"].cost_usd.candidate == pytest.approx(2 * 0.00012)


def test_a_criterion_that_does_not_apply_is_no_loss(folder):
    records = [record("r1"), record("r2", not_applicable={"correctness": "needs a reference"}), record("r3")]
    rows = [
        row("r1", response("lite", scores=GOOD)),
        row("r2", response("lite", scores={"tone": 4})),
        row("r3", response("lite", scores=GOOD)),
    ]
    evaluation = {"candidates": [{"name": "lite", "model": HAIKU}]}
    write_run(folder, run=run_json(evaluation=evaluation), records=records, succeeded=rows)
    scorecard = build_scorecard(folder)
    estimate = scorecard.candidates["lite"].criteria["correctness"]
    assert estimate.unscored == {"not_applicable": 1}
    assert (estimate.n_scored, estimate.coverage) == (2, 1.0)
    assert scorecard.coverage == 1
    assert scorecard.alarms == ()
    verdicts = read_run(folder).verdicts
    assert verdicts[verdicts["unscored_reason"] == "not_applicable"]["rationale"].tolist() == [
        "needs a reference"
    ]


def test_a_criterion_only_some_records_bring_counts_only_those(folder):
    own = {"name": "cites", "question": "Does it cite?", "scale": "binary"}
    records = [record("r1"), record("r2", criteria=("cites",))]
    rows = [row("r1", response("lite", scores=GOOD)), row("r2", response("lite", scores={"cites": 1}))]
    write_run(folder, run=run_json(criteria=[CORRECTNESS, TONE, own]), records=records, succeeded=rows)
    estimate = build_scorecard(folder).candidates["lite"].criteria["cites"]
    assert (estimate.n_scored, estimate.n_unscored) == (1, 0)


def test_a_response_that_was_given_costs_nothing(folder):
    given = {"candidate": "lite", "given": True, "text": "mine", "judgements": [judgement(GOOD)]}
    write_run(folder, run=run_json(), records=[record("r1")], succeeded=[row("r1", given)])
    lite = build_scorecard(folder).candidates["lite"]
    assert (lite.responses.given, lite.cost_usd.candidate, lite.tokens.input) == (1, 0, 0)
    assert lite.cost_usd.per_1000_records is None
    assert lite.latency_ms.p50 is None
    table = read_run(folder).responses.set_index("candidate")
    assert table["reused"].to_dict() == {"lite": True, "haiku": False}
    assert table.loc["lite", "response"] == "mine"


def test_a_first_reply_is_paid_kept_and_read_when_the_second_says_nothing(folder):
    # The judge was asked again and called no tool; its first reply had a score for tone only.
    first = verdict(tool_input({"tone": 4}, "first"))
    asked_again = judgement(GOOD) | {"first_reply": first, "reply": converse("I cannot.", tokens=(200, 20))}
    answer = response("lite", judgements=[asked_again])
    write_run(folder, run=run_json(), records=[record("r1")], succeeded=[row("r1", answer)])
    scorecard = build_scorecard(folder)
    assert scorecard.candidates["lite"].criteria["tone"].mean == 4
    assert scorecard.candidates["lite"].criteria["correctness"].n_scored == 0
    assert scorecard.judges["pro"].asked_again == 1
    assert scorecard.candidates["lite"].cost_usd.judge == pytest.approx(2 * 0.024)
    rows = read_run(folder).verdicts
    assert rows["first_reply"].notna().sum() == 2


def test_unscored_may_count_as_worst_and_is_still_counted_as_unscored(folder):
    run = run_json(evaluation={"unscored": "worst"})
    half = judgement({"correctness": 1}) | {"criteria": ["correctness", "tone"]}
    rows = [row("r1", response("lite", scores=GOOD)), row("r2", response("lite", judgements=[half]))]
    write_run(folder, run=run, records=[record("r1"), record("r2")], succeeded=rows)
    tone = build_scorecard(folder).candidates["lite"].criteria["tone"]
    # 5 and, for the missing verdict, 1
    assert (tone.mean, tone.pass_rate) == (3, 0.5)
    assert (tone.n_scored, tone.n_unscored, tone.coverage) == (1, 1, 0.5)


def test_an_unknown_price_makes_the_cost_unknown_and_never_zero(folder):
    run = run_json()
    run["prices"]["models"][HAIKU] = None
    write_run(
        folder,
        run=run,
        records=[record("r1")],
        succeeded=[row("r1", response("lite", scores=GOOD), response("haiku", scores=GOOD))],
    )
    scorecard = build_scorecard(folder)
    assert scorecard.candidates["haiku"].cost_usd.candidate is None
    assert scorecard.cost_usd.total is None
    assert scorecard.cost_usd.unknown_models == (HAIKU,)
    assert scorecard.cost_usd.known == pytest.approx(0.00012 + 2 * 0.024)
    assert any("The cost is unknown" in alarm for alarm in scorecard.alarms)
    for name in ("report.html", "summary.md", "scorecard.csv"):
        assert "unknown" in storage.read_bytes(storage.join(folder, name)).decode()


def test_a_reply_without_tokens_makes_the_cost_unknown(folder):
    judged = response("lite", scores=GOOD)
    judged |= {"api": "invoke_model", "reply": {"Body": {"outputs": [{"text": "Hi", "stop_reason": "stop"}]}}}
    write_run(folder, run=run_json(), records=[record("r1")], succeeded=[row("r1", judged)])
    assert build_scorecard(folder).candidates["lite"].cost_usd.candidate is None


def test_a_judge_without_a_price_is_unknown_too(folder):
    run = run_json()
    run["prices"]["models"][PRO] = None
    write_run(folder, run=run, records=[record("r1")], succeeded=[row("r1", response("lite", scores=GOOD))])
    scorecard = build_scorecard(folder)
    assert (scorecard.cost_usd.judges, scorecard.judges["pro"].cost_usd) == (None, None)
    assert read_run(folder).verdicts["cost_usd"].isna().all()


def test_a_record_that_succeeded_twice_counts_once_the_newest_attempt_first(folder):
    import os

    old = write_run(
        folder,
        run=run_json(),
        records=[record("r1"), record("r2")],
        succeeded=[row("r1", response("lite", scores=GOOD)), row("r2", response("lite", scores=GOOD))],
    )
    os.utime(old, (1, 1))
    again = row("r1", response("lite", scores={"correctness": 0, "tone": 1}))
    write_results(folder, succeeded=[again, row("r1", response("lite", scores=GOOD))], map_run="again")
    scorecard = build_scorecard(folder)
    assert scorecard.records.evaluated == 2
    assert scorecard.candidates["lite"].criteria["correctness"].mean == 0.5


def test_a_named_manifest_is_the_only_one_read(folder):
    write_run(
        folder,
        run=run_json(),
        records=[record("r1"), record("r2")],
        succeeded=[row("r1", response("lite", scores=GOOD))],
    )
    manifest = write_results(folder, succeeded=[row("r2", response("lite", scores=GOOD))], map_run="other")
    assert build_scorecard(folder, manifest).records.missing == 1


def test_a_record_that_failed_once_and_succeeded_later_is_not_missing(folder):
    write_run(folder, run=run_json(), records=[record("r1")],
              succeeded=[row("r1", response("lite", scores=GOOD))], failed=[failed_row("r1")])  # fmt: skip
    assert build_scorecard(folder).records.missing == 0


@pytest.mark.parametrize("as_array", [True, False])
def test_results_in_the_none_form_and_as_arrays_give_the_same_numbers(folder, as_array):
    rows = [row(f"r{n}", response("lite", scores=GOOD)) for n in range(3)]
    write_run(folder, run=run_json(), records=[record(f"r{n}") for n in range(3)],
              succeeded=[none_form(output) for output in rows], as_array=as_array)  # fmt: skip
    scorecard = build_scorecard(folder)
    assert scorecard.records.evaluated == 3
    assert scorecard.candidates["lite"].criteria["tone"].mean == 5


def test_a_run_without_any_result_is_all_missing(folder):
    write_run(folder, run=run_json(), records=[record("r1")], succeeded=[])
    scorecard = build_scorecard(folder)
    assert (scorecard.records.evaluated, scorecard.records.missing) == (0, 1)
    assert scorecard.candidates["lite"].criteria["tone"].mean is None
    assert scorecard.candidates["lite"].criteria["tone"].reason == "nothing was scored"


@pytest.mark.parametrize("damage", [b'{"record_id":"r1","responses":[', b"not json\n"])
def test_a_damaged_result_file_is_refused_by_its_name_and_place(folder, damage):
    manifest = write_run(folder, run=run_json(), records=[record("r1")], succeeded=[row("r1")])
    place = manifest.rpartition("/")[0]
    storage.write_bytes(storage.join(place, "SUCCEEDED_0.jsonl"), damage)
    with pytest.raises(StorageError, match=r"SUCCEEDED_0\.jsonl, byte 0: not a row"):
        build_scorecard(folder)


def test_a_record_that_was_not_prepared_is_refused_by_its_line(folder):
    write_run(folder, run=run_json(), records=[record("r1"), {"record_id": "r2"}], succeeded=[])
    with pytest.raises(StorageError, match=r"records\.jsonl line 2: no prepared record"):
        build_scorecard(folder)


def test_a_folder_without_results_is_all_missing(folder, tmp_path):
    write_run(folder, run=run_json(), records=[record("r1")], succeeded=[])
    (tmp_path / "support" / "run-1" / "results").rename(tmp_path / "elsewhere")
    scorecard = build_scorecard(folder)
    assert scorecard.records.missing_reasons == {"not in any result file": 1}
    assert scorecard.duration_s is None


def test_only_the_largest_categories_have_slices_and_it_is_said(folder):
    names = [f"category {n:02}" for n in range(61)]
    records = [record("first", category=names[60]), *(record(name, category=name) for name in names)]
    rows = [row(entry["record_id"], response("lite", scores=GOOD)) for entry in records]
    write_run(folder, run=run_json(), records=records, succeeded=rows)
    scorecard = build_scorecard(folder)
    slices = scorecard.candidates["lite"].categories
    assert len(slices) == 60
    assert names[60] in slices
    assert any("61 categories" in alarm for alarm in scorecard.alarms)


def test_refused_and_cut_off_responses_are_counted(folder):
    rows = [
        row("r1", response("lite", reply=converse("No.", stop="content_filtered"))),
        row("r2", response("lite", reply=converse("And then", stop="max_tokens"))),
    ]
    write_run(folder, run=run_json(), records=[record("r1"), record("r2")], succeeded=rows)
    responses = build_scorecard(folder).candidates["lite"].responses
    assert (responses.refused, responses.truncated) == (1, 1)


def test_the_same_response_to_every_record_raises_an_alarm(folder):
    rows = [
        row(f"r{n}", response("lite", "always this", GOOD), response("haiku", f"answer {n}", GOOD))
        for n in range(8)
    ]
    write_run(folder, run=run_json(), records=[record(f"r{n}") for n in range(8)], succeeded=rows)
    assert build_scorecard(folder).alarms == ("lite: 8 of 8 responses are identical, whatever the record.",)


def test_an_alarm_says_what_failed_calls_said_the_most_frequent_first(folder):
    """The name of an error alone leaves its reader looking for a response that failed."""
    denied = ("AccessDeniedException", "You don't have access\n to\x1b[31m this model.\u202e " + "x" * 400)
    rows = [
        row("r1", failed_response("lite"), failed_response("haiku", cause="")),
        row("r2", failed_response("lite", *denied), response("haiku", scores=GOOD)),
        row("r3", failed_response("lite", *denied), response("haiku", scores=GOOD)),
    ]
    write_run(folder, run=run_json(), records=[record(f"r{n}") for n in (1, 2, 3)], succeeded=rows)
    scorecard = build_scorecard(folder)
    said = scorecard.candidates["lite"].responses.error_example
    assert said.startswith("You don't have access to [31m this model. xxx")
    assert len(said) == 300
    assert said.endswith("x …")
    assert scorecard.alarms[0] == (
        "lite: 3 of 3 calls failed (AccessDeniedException: 2, ThrottlingException: 1); "
        f"haiku: 1 of 3 calls failed (ThrottlingException: 1). lite said: {said}"
    )


def test_an_alarm_says_what_failed_calls_of_a_judge_said(lossy):
    assert lossy.judges["pro"].error_example == "busy"
    (alarm,) = [alarm for alarm in lossy.alarms if alarm.startswith("Judge pro:")]
    assert alarm.endswith("It said: busy")


@pytest.mark.parametrize("caught", ["a text", {"Cause": "a text"}, {"Error": "", "Cause": "a text"}])
def test_an_error_of_another_form_is_counted_as_unknown(caught):
    errors = Occurrences()
    count_error(errors, 0, caught)
    assert (errors.n, errors.counts, errors.example) == (1, {"unknown": 1}, "a text")


def test_one_fault_is_told_once_whatever_the_ids_of_its_calls(folder):
    def refused(candidate, request):
        tail = f"(Service: BedrockRuntime, Status Code: 403, Request ID: {request})"
        expired = f"The security token included in the request is expired {tail}"
        return failed_response(candidate, "BedrockRuntime.BedrockRuntimeException", expired)

    rows = [row(f"r{n}", refused("lite", f"a-{n}"), refused("haiku", f"b-{n}")) for n in range(3)]
    write_run(folder, run=run_json(), records=[record(f"r{n}") for n in range(3)], succeeded=rows)
    scorecard = build_scorecard(folder)
    counts = [card.responses for card in scorecard.candidates.values()]
    assert {each.error_example for each in counts} == {
        "The security token included in the request is expired (Service: BedrockRuntime, Status Code: 403)"
    }
    assert all("aws sso login" in each.error_advice for each in counts)
    assert not any("Request ID" in alarm for alarm in scorecard.alarms)
    assert sum("token included" in alarm for alarm in scorecard.alarms) == 1
