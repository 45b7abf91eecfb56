"""The sentences of a proof: what was found, and where nothing can be told, why."""

from evaldrop.proving.words import sentences_of
from evaldrop.scorecard.model.proof import DetectionPower, FalseAlarm, GateLook, Noticed, Proof

ALARM = FalseAlarm(
    criterion="correctness", n=200, changed=0.1, tries=400, share=0.03, interval=(0.016, 0.052)
)
PADDED = Noticed(
    kind="padding", criterion="correctness", n=200, share=0.02, decision="rewarded", is_expected=False
)


def _power(look: GateLook, share: float | None, low: float, high: float, **more: object) -> DetectionPower:
    interval = None if share is None else (low, high)
    given = {"criterion": "correctness", "drop": 0.05, "look": look, "records": 200, "planted": 150}
    return DetectionPower.model_validate(
        {**given, "tries": 400, "share": share, "interval": interval, **more}
    )


def _said(*power: DetectionPower, alarm: FalseAlarm = ALARM, noticed: tuple[Noticed, ...] = ()) -> list[str]:
    proof = Proof(
        candidate="lite",
        records=200,
        confidence=0.95,
        noticed=noticed,
        false_alarms=(alarm,),
        power=power,
    )
    return list(sentences_of(proof))


def test_power_in_both_looks_false_alarms_and_what_is_rewarded_are_one_sentence() -> None:
    power = (_power("single", 0.71, 0.63, 0.78), _power("weekly", 0.44, 0.35, 0.53))
    (said,) = _said(*power, noticed=(PADDED,))
    assert said == (
        "Your setup finds a 5-point drop in correctness in 71 % of tries (63–78), in the weekly gate in 44 % "
        "(35–53); false alarms 3 %; padding is rewarded."
    )


def test_the_middle_drop_of_all_kinds_is_told() -> None:
    others = [
        _power("single", 0.1, 0.08, 0.12, drop=0.02),
        _power("single", 0.99, 0.98, 1.0, drop=0.1),
        _power("single", 0.2, 0.1, 0.3, kind="truncation"),
    ]
    (said,) = _said(_power("single", 0.71, 0.63, 0.78), *others)
    assert said == (
        "Your setup finds a 5-point drop in correctness in 71 % of tries (63–78); false alarms 3 %."
    )


def test_a_judge_alone_that_rewards_is_not_said_of_all() -> None:
    alone = PADDED.model_copy(update={"judge": "nova"})
    assert "rewarded" not in _said(_power("single", 0.71, 0.63, 0.78), noticed=(alone,))[0]


def test_an_interval_that_says_nothing_is_no_claim() -> None:
    (said,) = _said(_power("single", 0.5, 0.2, 0.75), _power("weekly", 0.1, 0.05, 0.2))
    assert said == (
        "Cannot tell whether your setup finds a 5-point drop in correctness (anything from 20–75 % may be "
        "true); false alarms 3 %."
    )
    (said,) = _said(_power("single", 0.8, 0.7, 0.9), _power("weekly", 0.5, 0.1, 0.9))
    assert "in the weekly gate cannot tell (anything from 10–90 % may be true)" in said


def test_what_was_not_reckoned_says_why() -> None:
    few = _power("single", None, 0, 0, reason="4 planted faults say nothing; at least 10 are needed")
    alarm = FalseAlarm(criterion="correctness", n=6, changed=0.0, tries=0)
    (said,) = _said(few, alarm=alarm)
    assert said == (
        "Cannot tell whether your setup finds a 5-point drop in correctness (4 planted faults say nothing; "
        "at least 10 are needed); false alarms: cannot tell (6 responses were judged twice; at least 10 are "
        "needed)."
    )


def test_a_promise_that_is_not_kept_is_said_and_one_within_the_interval_is_not() -> None:
    broken = _power("single", 0.71, 0.63, 0.78, promised=0.9)
    assert "(63–78), less than the 90 % that the plan promises" in _said(broken)[0]
    assert "plan" not in _said(_power("single", 0.71, 0.63, 0.78, promised=0.75))[0]


def test_judgings_that_moved_are_a_sentence_of_their_own() -> None:
    moved = ALARM.model_copy(update={"moved": -0.1, "moved_interval": (-0.16, -0.05), "is_moved": True})
    assert _said(_power("single", 0.71, 0.63, 0.78), alarm=moved)[1] == (
        "Of the same responses the second judging of correctness differs from the first by −0.10 "
        "(−0.16 to −0.05): more than chance."
    )
