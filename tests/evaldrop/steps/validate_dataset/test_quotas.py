"""What a run takes of an account's quotas, and what an earlier run says of its judges' answers."""

import json

import pytest

from evaldrop.run.tables import VerdictRow, open_table, verdict_schema
from evaldrop.steps.validate_dataset.quotas import (
    AnswerLengths,
    answer_lengths,
    longest_of_a_hundred,
    plan_quotas,
)
from tests.evaldrop.evaluations import JUDGE, LITE, ROW, SMALL, check
from tests.evaldrop.run_folders import run_json

HAIKU = JUDGE["model"]


def checked(folder, **more):
    rows = [{**ROW, "id": f"r{n}"} for n in range(60)]
    # Of models that nobody can ask beforehand: a criterion's verdict is guessed to have 80 tokens.
    found = check(folder, {**SMALL, **more}, rows, bedrock="aws")
    assert found.problems == ()
    return found


def planned(folder, lengths=None, **more):
    found = checked(folder, **more)
    return plan_quotas(found.plan, found.definition.evaluation, lengths=lengths)


def test_a_call_begins_with_its_max_tokens_and_ends_with_what_its_answer_counts(tmp_path):
    short = {"inference": {"max_tokens": 300}}
    candidate, judge = planned(tmp_path, candidates=[{**LITE, **short}], judges=[{**JUDGE, **short}]).lines
    assert (candidate.max_tokens, candidate.factor, judge.factor) == (300, 1, 5)
    assert 300 < candidate.begins_with < 400
    assert candidate.ends_with < candidate.begins_with
    # Of a judge who counts five times, an answer of 80 tokens takes more than a limit of 300.
    assert judge.ends_with > judge.begins_with


def test_the_slowest_limit_is_told_with_the_time_that_calls_take_by_it(tmp_path):
    limits = {LITE["model"]: {"rpm": 30}, HAIKU: {"rpm": 600, "tpm": 10_000_000}}
    found = planned(tmp_path, limits=limits)
    assert (found.slowest.model, found.slowest.limit, found.slowest.seconds) == (LITE["model"], "rpm", 120)
    assert [each.limit for each in found.held_back] == ["rpm", "rpm", "tpm"]
    assert found.held_back[1].seconds == 6
    assert planned(tmp_path).slowest is None


def test_a_judge_is_proposed_what_its_answers_need_and_no_candidate_is(tmp_path):
    lengths = AnswerLengths("runs/x", {"judge": [100] * 99 + [2_000], "lite": [10] * 100})
    found = planned(tmp_path, lengths)
    assert [(each.longest, each.proposed) for each in found.lines] == [(None, None), (100, 192)]
    assert found.lengths_of == "runs/x"


@pytest.mark.parametrize(
    ("lengths", "longest"), [([5] * 99, None), (range(1, 101), 99), ([7] * 990 + [900] * 10, 7), ([], None)]
)
def test_too_few_answers_say_nothing_of_the_longest(lengths, longest):
    assert longest_of_a_hundred(lengths) == longest


def test_a_limit_that_is_not_much_too_large_stays(tmp_path):
    found = planned(
        tmp_path,
        AnswerLengths("runs/x", {"judge": [100] * 100}),
        judges=[{**JUDGE, "inference": {"max_tokens": 300}}],
    )
    assert (found.lines[1].longest, found.lines[1].proposed) == (100, None)


def test_limits_of_a_model_that_nobody_calls_are_told(tmp_path):
    found = checked(tmp_path, limits={"amazon.nova-lite-v1:0": {"rpm": 1}, HAIKU: {"rpm": 1}})
    (said,) = [each for each in found.warnings if each.startswith("limits:")]
    assert 'calls "amazon.nova-lite-v1:0"' in said
    assert "Did you mean us.amazon.nova-lite-v1:0?" in said


def verdict(record, *, criterion="correctness", tokens=40, repeat=0, judge="judge", first=None):
    return VerdictRow(
        record, "lite", criterion, judge, 1.0, True, None, "", "{}", 900, tokens, 0.1, repeat, first
    )


def earlier_run(folder, rows, *, judge=JUDGE, **more):
    folder.mkdir()
    evaluation = {"candidates": [LITE], "judges": [judge], "criteria": ["correctness", "helpfulness"]}
    run = run_json(evaluation=evaluation, criteria=["correctness", "helpfulness"], **more)
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    with open_table(str(folder / "verdicts.parquet"), verdict_schema(), simulated=False) as table:
        for row in rows:
            table.append(row)
    return str(folder)


@pytest.fixture
def evaluation(tmp_path):
    (tmp_path / "now").mkdir()
    return checked(tmp_path / "now").definition.evaluation


def test_the_tokens_of_a_call_are_those_of_all_its_criteria(tmp_path, evaluation):
    rows = [verdict("r1"), verdict("r1", criterion="helpfulness"), verdict("r1", repeat=1), verdict("r2")]
    found = answer_lengths(evaluation, [earlier_run(tmp_path / "a", rows)])
    assert sorted(found.tokens["judge"]) == [40, 40, 80]


def test_judges_that_were_asked_twice_or_otherwise_or_are_others_do_not_count(tmp_path, evaluation):
    rows = [verdict("r1", first="{}"), verdict("r2", tokens=None), verdict("r3", judge="other")]
    assert not answer_lengths(evaluation, [earlier_run(tmp_path / "a", rows)]).tokens
    text = {**JUDGE, "verdict": "text"}
    assert not answer_lengths(evaluation, [earlier_run(tmp_path / "b", [verdict("r1")], judge=text)]).tokens


def test_the_answers_of_a_rehearsal_say_nothing(tmp_path, evaluation):
    made_up = earlier_run(tmp_path / "a", [verdict("r1", tokens=1)], simulated=True)
    real = earlier_run(tmp_path / "b", [verdict("r1")])
    assert answer_lengths(evaluation, [made_up, real]).folder == real
    assert answer_lengths(evaluation, [made_up]) is None
