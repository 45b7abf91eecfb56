"""The trend: series from the history, deliberate changes marked, drift told from a moved judge."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.scorecard.trend import trend_of
from evaldrop.scorecard.trend.alarms import chart_drift, shift_since
from evaldrop.scorecard.trend.entries import HistoryCandidate, HistoryEntry, HistoryEstimate, HistoryJudge

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SE = 0.1


def estimate(mean, se=SE):
    bounds = (mean - 2 * se, mean + 2 * se)
    return HistoryEstimate(
        mean=mean, interval=bounds, pass_rate=None, pass_interval=None, n_scored=60, standard_error=se
    )


def candidate(mean, *, model="lite-v1", **fields):
    given = {
        "prompt": "answer.v1",
        "prompt_sha256": "p1",
        "settings": "s1",
        "overall": None,
        "overall_interval": None,
    }
    return HistoryCandidate(
        model=model,
        criteria={"tone": estimate(mean)},
        latency_ms_p50=None,
        cost_usd=None,
        **{**given, **fields},
    )


def judge(model):
    return HistoryJudge(model=model, prompt="criteria.v1", prompt_sha256="j1", settings="s")


def entry(week, candidates, *, anchors=None, **fields):
    started = (START + timedelta(weeks=week)).isoformat()
    given = {
        "evaluation": "support", "folder": f"support/run-{week:02}", "simulated": False,
        "dataset": "faq.jsonl", "records": 60, "coverage": 1.0, "cost_usd": 1.0,
        "decision": "pass", "summary": "", "alarms": 0, "baseline": None,
        "dataset_sha256": "d1", "workflow_sha256": "w1", "judges": {"pro": judge("pro-v1")},
        "criteria": {"tone": "c1"}, "weights": {"tone": 1.0},
        "anchors": {name: {"tone": estimate(mean)} for name, mean in (anchors or {}).items()},
    }  # fmt: skip
    return HistoryEntry(
        run_id=f"run-{week:02}", started_at=started, candidates=candidates, **{**given, **fields}
    )


STEADY = [4.0, 4.1, 3.9, 4.05, 3.95, 4.1, 3.9, 4.0]


def weeks(lite, anchors=None, **fields):
    return [
        entry(week, {"lite": candidate(mean)}, anchors=anchors and {"old": anchors[week]}, **fields)
        for week, mean in enumerate(lite)
    ]


def series_of(trend, name="lite", criterion="tone"):
    (found,) = [series for series in trend.series if (series.name, series.criterion) == (name, criterion)]
    return found


def test_points_are_in_the_order_of_time_whatever_the_order_of_entries():
    trend = trend_of(reversed(weeks([1.0, 2.0, 3.0])), "support")
    assert [point.mean for point in series_of(trend).points] == [1.0, 2.0, 3.0]
    assert trend.runs == ("run-00", "run-01", "run-02")


def test_runs_of_other_evaluations_are_passed_over():
    other = [entry(9, {"lite": candidate(1.0)}, evaluation="other")]
    assert trend_of([*weeks([1.0]), *other], "support").runs == ("run-00",)


def test_too_few_runs_are_said_and_give_no_alarm():
    series = series_of(trend_of(weeks([*STEADY[:7], 1.0]), "support"))
    assert series.charts is None
    assert series.shifts == ()
    assert series.reason.startswith("too few runs for alarms: 8 runs; 8 of the same make")


def test_a_steady_series_has_no_alarm():
    trend = trend_of(weeks(STEADY * 3), "support")
    assert series_of(trend).charts.level == pytest.approx(4.0)
    assert trend.shifts == ()


def test_a_fall_gives_an_alarm_that_says_since_when():
    trend = trend_of(weeks([*STEADY, *STEADY[:4], 3.4, 3.5, 3.4, 3.5]), "support")
    (shift,) = trend.shifts
    assert (shift.direction, shift.cause, shift.since_run_id) == ("down", "unknown", "run-12")
    assert shift.run_id > "run-12"
    assert shift.size == pytest.approx(-0.55)
    assert "lite fell on tone by 0.55 since 2026-03-30" in shift.sentence
    assert "no anchors tell" in shift.sentence


@pytest.mark.parametrize(
    ("bounds", "cause", "said"),
    [
        ((4.05, 4.9), "missing", "lite may have risen on overall by 0.7 "),
        ((4.65, 4.75), "unknown", "lite rose on overall by 0.7 "),
    ],
)
def test_a_move_that_lost_verdicts_could_explain_is_not_decided(bounds, cause, said):
    """Where verdicts on a hard criterion are lost, overall rises although nothing did."""
    level = [4.0, 4.1, 3.9, 4.05, 3.95, 4.1, 3.9, 4.0]
    hard = {"criteria": {"tone": estimate(4.0), "hard": estimate(4.0)}, "overall_standard_error": SE}
    found = [
        entry(
            week,
            {
                "lite": candidate(4.0).model_copy(
                    update=hard
                    | {
                        "overall": mean,
                        "overall_n": 60,
                        "overall_bounds": None if week < len(level) else bounds,
                    }
                )
            },
        )
        for week, mean in enumerate([*level, *[4.7] * 8])
    ]
    (shift,) = series_of(trend_of(found, "support"), criterion="overall").shifts
    assert shift.cause == cause
    assert shift.sentence.startswith(said)
    assert ("not decided, because verdicts are missing" in shift.sentence) == (cause == "missing")


def test_a_moved_model_is_told_from_a_moved_judge_by_the_anchors():
    """The same fall of a candidate: with steady anchors its own, with fallen anchors the judge's."""
    fall = [*STEADY, *STEADY[:4], 3.4, 3.5, 3.4, 3.5]
    model = trend_of(weeks(fall, anchors=STEADY * 2), "support")
    judge = trend_of(weeks(fall, anchors=[value - 1 for value in fall]), "support")
    assert [shift.cause for shift in model.shifts] == ["candidate"]
    assert {shift.cause for shift in judge.shifts} == {"judge"}
    assert len(judge.shifts) == 2
    assert (
        "the judge moved: the anchors, whose responses never change, moved too (old on tone fell by 0.55)"
        in (judge.shifts[0].sentence)
    )


def test_anchors_that_moved_without_an_alarm_of_their_own_still_tell():
    fall = [*STEADY, 3.0, 3.0, 3.0]
    anchors = [*STEADY, 3.8, 3.8, 3.8]
    trend = trend_of(weeks(fall, anchors=anchors), "support")
    assert [(shift.cause, "old" in shift.sentence) for shift in trend.shifts] == [("judge", True)]


def test_a_judge_that_moved_the_other_way_excuses_nobody_and_blames_nobody():
    fall = [*STEADY, 3.0, 3.0, 3.0]
    trend = trend_of(weeks(fall, anchors=[*STEADY, 4.9, 4.9, 4.9]), "support")
    lite = series_of(trend).shifts[0]
    assert lite.cause == "unknown"
    assert "the judge moved as well, and not this way (old on tone rose by 0.9)" in lite.sentence


def test_anchors_over_all_criteria_tell_for_each_of_them():
    fall = [*STEADY, 3.0, 3.0, 3.0]
    runs = [
        entry(week, {"lite": candidate(mean)}, anchors={"known": mean}).model_copy(
            update={"anchors": {"known": {"overall": estimate(mean)}}}
        )
        for week, mean in enumerate(fall)
    ]
    shifts = trend_of(runs, "support").shifts
    assert shifts[0].cause == "judge"
    assert "known on overall fell" in shifts[0].sentence


def verdicts_on(scores):
    error = float(scores.std(ddof=1) / np.sqrt(scores.size))
    return estimate(float(scores.mean()), error).model_copy(update={"n_scored": scores.size})


def simulated_weeks(draw, *, model=0.0, judge=lambda score: score):
    """
    Twenty weekly runs of 60 records, ten good and ten bad anchors; from the eleventh on the model's answers
    are worth `model` more, or the judge sees them through `judge`. A verdict is what an answer is worth and
    half a point of the judge's noise, rounded to the scale of 1 to 5.
    """
    worth = draw.choice([2.0, 3.0, 4.0, 5.0], size=60, p=[0.1, 0.2, 0.4, 0.3])
    known = {
        "good anchors (pro)": draw.choice([4.0, 5.0], 10),
        "bad anchors (pro)": draw.choice([1.0, 2.0], 10),
    }
    runs = []
    for week in range(20):
        seen = judge if week >= 10 else (lambda score: score)

        def verdicts(answers, seen=seen):
            return verdicts_on(np.clip(np.rint(seen(answers) + draw.normal(0, 0.5, answers.size)), 1, 5))

        answers = worth + draw.normal(0, 0.3, 60) + (model if week >= 10 else 0)
        lite = candidate(4.0).model_copy(update={"criteria": {"tone": verdicts(answers)}})
        anchors = {name: {"tone": verdicts(scores)} for name, scores in known.items()}
        runs.append(entry(week, {"lite": lite}).model_copy(update={"anchors": anchors}))
    return runs


@pytest.mark.parametrize(("moved", "cause"), [
    ({"model": -0.5}, "candidate"),
    ({"model": 0.5}, "candidate"),
    ({"judge": lambda score: score - 0.5}, "judge"),
    ({"judge": lambda score: score + 0.5}, "judge"),
    # Timid: good falls, bad rises, and the mean of all anchors stays where it was.
    ({"judge": lambda score: 3 + (score - 3) / 2}, "judge"),
    ({}, None),
])  # fmt: skip
def test_over_many_histories_a_moved_judge_does_not_look_like_a_moved_model(moved, cause):
    """
    60 simulated histories each, seeded. The candidate's own series falls or rises alike; the cause told is
    right in at least 9 of 10, and nothing is told of what did not move.
    """
    told = []
    for seed in range(60):
        trend = trend_of(simulated_weeks(np.random.default_rng(seed), **moved), "support")
        told += [shift.cause for shift in series_of(trend).shifts[:1]]
    if cause is None:
        assert len(told) <= 3
    else:
        assert told.count(cause) >= 54


def test_other_anchors_begin_a_new_stretch_for_them_alone():
    runs = [
        run.model_copy(update={"anchors_sha256": "a1" if week < 6 else "a2"})
        for week, run in enumerate(weeks(STEADY, anchors=STEADY))
    ]
    trend = trend_of(runs, "support")
    assert series_of(trend).start == 0
    assert series_of(trend, "old").start == 6
    assert [change.sentence for change in series_of(trend, "old").changes] == ["the anchors changed"]


def test_a_set_of_anchors_is_not_among_the_candidates():
    runs = [entry(0, {"lite": candidate(4.0), "old": candidate(3.0, model="given")}, anchors={"old": 3.0})]
    assert [(s.name, s.is_anchor) for s in trend_of(runs, "support").series] == [
        ("lite", False),
        ("old", True),
    ]


@pytest.mark.parametrize(("fields", "what", "said"), [
    ({"candidates": {"lite": candidate(4.0, model="lite-v2")}}, "model", "lite: model lite-v1 → lite-v2"),
    ({"candidates": {"lite": candidate(4.0, prompt="answer.v2")}}, "prompt",
     "lite: prompt answer.v1 → answer.v2"),
    ({"candidates": {"lite": candidate(4.0, prompt_sha256="p2")}}, "prompt", "has another text"),
    ({"candidates": {"lite": candidate(4.0, settings="s2")}}, "settings", "lite: other settings"),
    ({"judges": {"pro": judge("pro-v2")}},
     "judge", "judge pro: model pro-v1 → pro-v2"),
    ({"judges": {"new": judge("pro-v1")}}, "judge", "judge new joined"),
    ({"criteria": {"tone": "c2"}}, "criterion", "criterion tone: another question or scale"),
    ({"dataset_sha256": "d2"}, "dataset", "the dataset changed"),
])  # fmt: skip
def test_a_change_is_marked_and_begins_a_new_stretch(fields, what, said):
    """Ten steady runs, a change, and a level that differs: a mark, no alarm."""
    before = weeks([*STEADY, 4.0, 4.1])
    after = [
        run.model_copy(
            update=fields if "candidates" in fields else {**fields, "candidates": {"lite": candidate(2.0)}}
        )
        for run in weeks([2.0] * 14)[10:]
    ]
    trend = trend_of([*before, *after], "support")
    series = series_of(trend)
    assert (series.changes[0].what, series.changes[0].run_id) == (what, "run-10")
    assert any(said in change.sentence for change in series.changes)
    assert series.start == 10
    assert trend.shifts == ()
    assert "4 runs since 2026-03-16" in series.reason


def test_a_prompt_that_each_run_finds_anew_is_said_to_be_one():
    made = [{"lite": candidate(4.0, prompt="answer.v1+lite", prompt_sha256=f"p{n}")} for n in range(2)]
    series = series_of(trend_of([entry(week, cards) for week, cards in enumerate(made)], "support"))
    (change,) = series.changes
    assert "prompt answer.v1+lite has another text, found anew by its run" in change.sentence


def test_a_change_of_the_workflow_is_marked_and_keeps_the_stretch():
    runs = weeks(STEADY) + [run.model_copy(update={"workflow_sha256": "w2"}) for run in weeks(STEADY * 2)[8:]]
    series = series_of(trend_of(runs, "support"))
    assert [change.what for change in series.changes] == ["workflow"]
    assert series.start == 0
    assert series.charts is not None


def test_a_change_of_another_candidate_does_not_concern_this_one():
    runs = [
        entry(week, {"lite": candidate(4.0), "haiku": candidate(4.0, model=f"haiku-v{week}")})
        for week in (1, 2)
    ]
    trend = trend_of(runs, "support")
    assert [change.name for change in trend.changes] == ["haiku"]
    assert series_of(trend).changes == ()


def test_an_entry_of_an_earlier_version_marks_no_change():
    old = entry(0, {"lite": candidate(4.0, prompt_sha256=None, settings=None)},
                judges={}, criteria={}, weights={}, dataset_sha256=None, workflow_sha256=None)  # fmt: skip
    assert trend_of([old, entry(1, {"lite": candidate(4.0)})], "support").changes == ()


def test_runs_that_read_replies_again_and_rehearsals_are_left_out_with_a_reason():
    runs = weeks([4.0] * 3)
    runs[1] = runs[1].model_copy(update={"parent": "run-00"})
    runs[2] = runs[2].model_copy(update={"simulated": True})
    trend = trend_of(runs, "support")
    assert trend.runs == ("run-00",)
    assert trend.left_out == {"run-01": "reads the replies of run-00 again", "run-02": "simulated"}
    assert not trend.simulated


def test_rehearsals_alone_are_a_trend_that_says_so():
    trend = trend_of(weeks([4.0, 4.0], simulated=True), "support")
    assert trend.simulated
    assert len(trend.runs) == 2


def test_overall_is_a_series_where_there_are_several_criteria():
    both = {"tone": estimate(4.0), "correctness": estimate(0.9)}
    card = candidate(4.0, overall=0.8, overall_interval=(0.7, 0.9), overall_standard_error=0.05, overall_n=60)
    trend = trend_of([entry(0, {"lite": card.model_copy(update={"criteria": both})})], "support")
    assert series_of(trend, criterion="overall").points[0].mean == 0.8
    assert series_of(trend, criterion="overall").points[0].standard_error == 0.05


def test_a_level_that_never_varied_still_gives_an_alarm():
    """Every run scored 5 with no spread, then one scores 4: sigma cannot be 0."""
    charts = chart_drift([5.0] * 8 + [4.0], [0.0] * 9)
    assert {alarm.direction for alarm in charts.alarms} == {"down"}


def test_all_passed_is_no_proof_of_a_rate_of_one():
    """20 of 20 in eight runs, then 19 of 20: Wilson's interval says how little that is."""
    runs = []
    for week, mean in enumerate([1.0] * 8 + [0.95]):
        point = HistoryEstimate(mean=mean, interval=(0.839, 1.0), pass_rate=mean, pass_interval=None,
                                n_scored=20, standard_error=0.0 if mean == 1 else 0.05)  # fmt: skip
        card = candidate(4.0)
        runs.append(entry(week, {"lite": card.model_copy(update={"criteria": {"tone": point}})}))
    assert trend_of(runs, "support").shifts == ()


def test_charting_needs_a_run_after_the_baseline():
    with pytest.raises(NotEnoughData):
        chart_drift([4.0] * 8, [0.1] * 8)


def test_a_series_that_has_no_later_run_has_not_moved():
    assert shift_since(chart_drift([*STEADY, 4.0], [SE] * 9), since=9, level=0.05) is None


@pytest.mark.parametrize("repeat_error", [1.0, None])
@pytest.mark.parametrize("between", [0.0, 1.0, 3.0])
def test_false_alarms_are_rare_and_moves_are_found(between, repeat_error):
    """
    400 series of 8 + 20 runs, seeded, noise between runs of `between` repeat errors, which are known or not:
    at most 5 % (and a simulation error of 2 %) with a false alarm; a move of 2 sd from the fifth run on found
    in 9 of 10.
    """
    draw = np.random.default_rng(int(between) + 7)
    sd = float(np.hypot(1, between))
    alarms = found = 0
    for _ in range(400):
        values = draw.normal(0, sd, 28)
        alarms += bool(chart_drift(values, [repeat_error] * 28).alarms)
        values[12:] -= 2 * sd
        found += any(alarm.direction == "down" for alarm in chart_drift(values, [repeat_error] * 28).alarms)
    assert alarms / 400 <= 0.07
    assert found / 400 >= 0.88


def asked_again(draw, *, records, fall, with_noise):
    """28 weekly runs of the same records; from the 13th on each is worth `fall` less."""
    worth = draw.choice([2.0, 3.0, 4.0, 5.0], size=records, p=[0.1, 0.2, 0.4, 0.3])
    runs, before = [], None
    for week in range(28):
        fallen = worth - (fall if week >= 12 else 0)
        scores = np.clip(np.rint(fallen + draw.normal(0, 0.5, records)), 1, 5)
        found = verdicts_on(scores)
        if with_noise and before is not None:
            error = float((scores - before).std(ddof=1) / np.sqrt(2 * records))
            found = found.model_copy(update={"repeat_error": error})
        before = scores
        lite = candidate(4.0).model_copy(update={"criteria": {"tone": found}})
        runs.append(entry(week, {"lite": lite}))
    return trend_of(runs, "support").shifts


@pytest.mark.parametrize("with_noise", [True, False])
def test_a_fall_of_two_sampling_errors_is_found_where_the_same_records_are_asked(with_noise):
    """
    A mean of 100 records lies a standard error of 0.095 off for other records, and 0.05 off when the same are
    asked again. A fall of 0.14 was hidden by the first; 50 seeded histories each, with the noise that newer
    histories keep and without it. At most 1 in 20 quiet ones has an alarm, and a simulation error of 2.
    """
    draws = [np.random.default_rng(seed) for seed in range(50)]
    given = {"records": 100, "with_noise": with_noise}
    found = [asked_again(draw, fall=0.14, **given) for draw in draws]
    assert sum(any(shift.direction == "down" for shift in shifts) for shifts in found) >= 47
    assert sum(bool(asked_again(draw, fall=0.0, **given)) for draw in draws) <= 4
