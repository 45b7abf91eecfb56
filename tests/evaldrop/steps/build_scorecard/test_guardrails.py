"""What guardrails stopped: worked by hand, errors apart, the model's own refusals never mixed in."""

import json

import pyarrow.parquet as pq
import pytest

from evaldrop.report.rows import HAS_DISAGREEMENT, HAS_FAILED
from evaldrop.scorecard.read import read_run
from evaldrop.statistics.clusters import clustered_pass_interval
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import (
    HAIKU,
    LITE,
    converse,
    failed_response,
    record,
    response,
    row,
    run_json,
    write_run,
)

RUN = "support/run-1"
BLOCKED, REFUSED, PASSED, FAILED, MISSING = "blocked", "refused", "passed", "failed", "missing"
STOPS = {BLOCKED: "guardrail_intervened", REFUSED: "content_filtered", PASSED: "end_turn"}
# Ends of six bad and five good requests, and of one of which nothing is expected.
LITE_ENDS = {
    "b1": BLOCKED, "b2": BLOCKED, "b3": BLOCKED, "b4": BLOCKED, "b5": PASSED, "b6": FAILED,
    "g1": BLOCKED, "g2": REFUSED, "g3": PASSED, "g4": PASSED, "g5": MISSING,
    "n1": BLOCKED,
}  # fmt: skip
HAIKU_ENDS = dict.fromkeys(LITE_ENDS, PASSED) | {"b1": FAILED, "g5": MISSING}
EXPECTED = {"b": True, "g": False, "n": None}


def answer(candidate, end, **more):
    if end == FAILED:
        return failed_response(candidate)
    return response(candidate, reply=converse(f"{candidate} {end}", stop=STOPS[end]), **more)


def build(folder, *, lite=LITE_ENDS, haiku=HAIKU_ENDS, evaluation=None, fields=None, change=None):
    candidates = [
        {"name": "lite", "model": LITE, "guardrail": {"id": "g1", "version": "2"}},
        {"name": "haiku", "model": HAIKU},
    ]
    records = [
        record(
            name,
            criteria=(),
            judges=(),
            expected_blocked=EXPECTED[name[0]],
            category="odd" if int(name[1]) % 2 else "even",
            **(fields or (lambda _: {}))(name),
        )
        for name in lite
    ]
    rows = [
        row(name, answer("lite", end), answer("haiku", haiku[name]))
        for name, end in lite.items()
        if end != MISSING
    ]
    if change:
        change(records, rows)
    run = run_json(
        criteria=[], evaluation={"candidates": candidates, "judges": [], "criteria": [], **(evaluation or {})}
    )
    write_run(folder / RUN, run=run, records=records, succeeded=rows)
    return build_scorecard(str(folder / RUN))


def share(found):
    return found.n, found.of, found.rate


def test_the_rates_are_those_worked_by_hand(tmp_path):
    """Bad: 4 of 5 known blocked. Clopper-Pearson: Beta(4, 2) at 0.025 and Beta(5, 1) at 0.975."""
    lite = build(tmp_path).candidates["lite"].guardrail
    assert lite.guardrail == "g1:2"
    assert [share(lite.blocked_bad), share(lite.refused_bad), share(lite.passed_bad)] == [
        (4, 5, 0.8), (0, 5, 0.0), (1, 5, 0.2),
    ]  # fmt: skip
    assert [share(lite.blocked_good), share(lite.refused_good), share(lite.passed_good)] == [
        (1, 4, 0.25), (1, 4, 0.25), (2, 4, 0.5),
    ]  # fmt: skip
    assert lite.blocked_bad.interval == pytest.approx((0.2836, 0.9949), abs=1e-4)
    assert lite.blocked_good.interval == pytest.approx((0.0063, 0.8059), abs=1e-4)


def test_errors_and_missing_records_are_unknown_and_in_no_rate(tmp_path):
    scorecard = build(tmp_path)
    lite, haiku = (scorecard.candidates[name].guardrail for name in ("lite", "haiku"))
    assert (lite.unknown_bad, lite.unknown_good) == (1, 1)
    assert lite.unknown == {"ThrottlingException": 1, "missing": 1}
    assert share(haiku.blocked_bad) == (0, 5, 0.0)
    assert haiku.guardrail is None


def test_a_candidate_without_any_known_end_has_no_rate(tmp_path):
    passed = dict.fromkeys(LITE_ENDS, PASSED)
    found = build(tmp_path, lite=dict.fromkeys(passed, FAILED), haiku=passed).candidates["lite"].guardrail
    assert found.blocked_bad.rate is None
    assert found.blocked_bad.interval is None
    assert (found.blocked_bad.of, found.unknown_bad, found.unknown_good) == (0, 6, 5)


def test_categories_have_the_same_rates_and_add_up(tmp_path):
    found = build(tmp_path).candidates["lite"].guardrail
    assert share(found.categories["odd"].blocked_bad) == (2, 3, pytest.approx(2 / 3))
    assert share(found.categories["even"].blocked_bad) == (2, 2, 1.0)
    for kind in ("bad", "good"):
        parts = [getattr(part, f"blocked_{kind}") for part in found.categories.values()]
        assert sum(part.of for part in parts) == getattr(found, f"blocked_{kind}").of


def test_pairs_are_compared_on_the_requests_both_have_a_known_end_of(tmp_path):
    """Bad: b2 to b5, three blocked by lite alone: McNemar 2 · ½³. Good: one of four: 1. Holm doubles."""
    bad, good = build(tmp_path).guardrail_comparisons
    assert (bad.a, bad.b, bad.requests, bad.n, bad.difference) == ("lite", "haiku", "bad", 4, 0.75)
    assert (bad.p_value, bad.p_adjusted, bad.decisive, bad.better) == (0.25, 0.5, False, None)
    assert (good.requests, good.n, good.difference, good.p_value, good.p_adjusted) == (
        "good", 4, 0.25, 1.0, 1.0,
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "better"), [("b", "lite"), ("g", "haiku")])
def test_to_block_is_better_on_bad_requests_and_worse_on_good_ones(tmp_path, kind, better):
    names = [f"{kind}{number}" for number in range(1, 10)]
    guarded = [
        {"name": name, "model": model, "guardrail": {"id": name}}
        for name, model in (("lite", LITE), ("haiku", HAIKU))
    ]
    scorecard = build(
        tmp_path,
        lite=dict.fromkeys(names, BLOCKED),
        haiku=dict.fromkeys(names, PASSED),
        evaluation={"candidates": guarded},
    )
    (decided,) = [pair for pair in scorecard.guardrail_comparisons if pair.decisive]
    assert decided.better == better
    assert f"{better} stops {'more bad' if kind == 'b' else 'fewer good'} requests than" in scorecard.summary


def test_intervals_of_clustered_records_use_their_effective_number(tmp_path):
    scorecard = build(tmp_path, fields=lambda name: {"group": "one" if name in ("b1", "b2", "b3") else name})
    found = scorecard.candidates["lite"].guardrail.blocked_bad
    expected = clustered_pass_interval([1, 1, 1, 1, 0], [0, 0, 0, 1, 2], confidence=0.95)
    assert found.interval == pytest.approx(tuple(expected))


def test_it_is_said_in_words(tmp_path):
    summary = build(tmp_path).summary
    assert (
        "The guardrail of lite stopped 4 of 5 bad requests (80 %, 28 to >99 %) "
        "and 1 of 4 good ones (25 %, <1–81 %); "
        "1 more were refused by the model or its own filter; of 2 the end is not known."
    ) in summary
    assert "haiku, without a guardrail, stopped 0 of 5 bad requests" in summary
    assert "than haiku" not in summary


def test_blocked_responses_are_counted_apart_from_refused_ones_and_are_no_errors(tmp_path):
    counts = build(tmp_path).candidates["lite"].responses
    assert (counts.blocked, counts.refused, counts.errors) == (6, 1, 1)


def test_a_record_that_says_nothing_and_a_perturbed_copy_are_in_no_rate(tmp_path):
    def add_copy(records, rows):
        copy = record(
            "b1~typos-1", criteria=(), judges=(), expected_blocked=True,
            perturbed={"of": "b1", "perturbation": "typos"},
        )  # fmt: skip
        records.insert(1, copy)
        rows.append(row("b1~typos-1", answer("lite", BLOCKED), answer("haiku", PASSED)))

    robust = {"robustness": {"perturbations": ["typos"], "n": 1}}
    found = build(tmp_path, evaluation=robust, change=add_copy).candidates["lite"].guardrail
    assert (found.blocked_bad.of, found.blocked_good.of) == (5, 4)


def test_a_response_that_came_with_the_dataset_does_not_say_who_wrote_it(tmp_path):
    def give(_records, rows):
        rows[0]["responses"][0] = {"candidate": "lite", "given": True, "text": "Sorry.", "judgements": []}

    found = build(tmp_path, change=give).candidates["lite"].guardrail
    assert (found.blocked_bad.of, found.unknown["given"]) == (4, 1)


def test_without_expectations_nothing_is_said_of_guardrails(tmp_path):
    scorecard = build(tmp_path, lite={"n1": PASSED}, haiku={"n1": PASSED})
    assert scorecard.candidates["lite"].guardrail is None
    assert scorecard.guardrail_comparisons == ()
    assert "guardrail" not in scorecard.summary
    for name in ("summary.md", "scorecard.csv"):
        assert "guardrail" not in (tmp_path / RUN / name).read_text(encoding="utf-8")
    assert 'id="guardrails"' not in (tmp_path / RUN / "report.html").read_text(encoding="utf-8")


def test_the_same_message_from_a_guardrail_raises_no_alarm(tmp_path):
    names = [f"b{number}" for number in range(1, 10)]
    scorecard = build(tmp_path, lite=dict.fromkeys(names, BLOCKED), haiku=dict.fromkeys(names, BLOCKED))
    assert scorecard.alarms == ()


def test_a_blocked_response_is_unscored_and_unmeasured_without_a_judges_fault(tmp_path):
    """Its text is the guardrail's: neither a criterion nor a metric is about it."""
    folder = tmp_path / RUN
    ends = {"r1": BLOCKED, "r2": PASSED}
    rows = [
        row("r1", answer("lite", BLOCKED)),
        row("r2", response("lite", scores={"correctness": 1, "tone": 5})),
    ]
    run = run_json(evaluation={"candidates": [{"name": "lite", "model": LITE}], "metrics": ["length_words"]})
    write_run(folder, run=run, records=[record(name) for name in ends], succeeded=rows)
    scorecard = build_scorecard(str(folder))
    lite = scorecard.candidates["lite"]
    assert lite.criteria["correctness"].unscored == {"no_response": 1}
    assert lite.criteria["correctness"].n_scored == 1
    assert lite.metrics["length_words"].n == 1
    assert not any("unscored" in alarm for alarm in scorecard.alarms)


def test_the_tables_and_reports_hold_it(tmp_path):
    scorecard = build(tmp_path)
    responses = pq.read_table(tmp_path / RUN / "responses.parquet").to_pandas()
    said = responses[responses.candidate == "lite"].set_index("record_id").expected_blocked
    assert (said["b1"], said["g1"], said["n1"]) == (True, False, None)
    assert read_run(str(tmp_path / RUN)).scorecard == scorecard
    csv = (tmp_path / RUN / "scorecard.csv").read_text(encoding="utf-8")
    assert "lite,us.amazon.nova-lite-v1:0,answer.v1,guardrail.blocked_bad,5,1,0.833" in csv
    assert "| lite | g1:2 | 4 of 5, 80 % (28 to >99 %) | 1 of 5, 20 % (<1–72 %) |" in (
        tmp_path / RUN / "summary.md"
    ).read_text(encoding="utf-8")
    page = (tmp_path / RUN / "report.html").read_text(encoding="utf-8")
    assert 'id="guardrails"' in page
    assert "<b>80 %</b>" in page


def test_a_record_on_which_a_guardrail_was_wrong_stands_among_the_failed(tmp_path):
    from tests.evaldrop.report.test_reports import Page, rows_of

    build(tmp_path)
    rows = {found.id: found for found in rows_of(Page((tmp_path / RUN / "report.html").read_text()))}
    wrong = {name for name, found in rows.items() if found.flags & HAS_FAILED}
    differ = {name for name, found in rows.items() if found.flags & HAS_DISAGREEMENT}
    assert wrong == {"b2", "b3", "b4", "b5", "b6", "g1"}
    assert differ == {"b2", "b3", "b4", "g1", "g2"}


def test_an_earlier_scorecard_is_still_read(tmp_path):
    build(tmp_path)
    path = tmp_path / RUN / "scorecard.json"
    content = json.loads(path.read_text())
    del content["guardrail_comparisons"]
    for card in content["candidates"].values():
        del card["guardrail"], card["responses"]["blocked"]
    path.write_text(json.dumps(content))
    assert read_run(str(tmp_path / RUN)).scorecard.candidates["lite"].guardrail is None


def test_what_is_blocked_where_nothing_is_expected_is_told_for_it_is_in_no_score(tmp_path):
    scorecard = build(tmp_path, lite={"n1": BLOCKED, "n2": PASSED}, haiku={"n1": PASSED, "n2": PASSED})
    assert scorecard.alarms == ("lite: its guardrail stopped 1 of 2 requests; none is judged.",)


def test_requests_without_a_known_end_bound_the_difference(tmp_path):
    """Of the six bad requests one failed in lite and one in haiku: either may have been blocked."""
    pairs = {pair.requests: pair for pair in build(tmp_path).guardrail_comparisons}
    bad = pairs["bad"]
    assert bad.n + bad.n_missing == 6
    assert bad.bounds[0] < bad.difference < bad.bounds[1]
