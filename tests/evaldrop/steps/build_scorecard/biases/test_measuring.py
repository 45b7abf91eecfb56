"""Biases of judges: alarms for what was put in, hardly any for fair judges, words where nothing tells."""

import json

import numpy as np
import pytest

from benchmarks.bias_alarms import WORLDS, alarms, biases_of, run_of
from evaldrop.scorecard.model.biases import (
    AnchorDrift,
    Biases,
    IdenticalTexts,
    LengthBias,
    PositionBias,
    SelfPreferenceBias,
)
from evaldrop.scorecard.model.calibration import CriterionCalibration, Favour, JudgeAgreement
from evaldrop.scorecard.model.scorecard import Comparison
from evaldrop.steps.build_scorecard.biases.words import bias_alarms, bias_hints
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.by_people import favour_alarms
from tests.evaldrop.run_folders import PRO, record, response, row, run_json, write_run
from tests.evaldrop.scorecard.gate.test_gate import card
from tests.evaldrop.scorecard.gate.test_gate import scorecard as scorecard_of


def measured(people, seed, n=120, **judge):
    return biases_of(run_of(), np.random.default_rng(seed), n=n, labelled=60, people=people, **judge)


@pytest.mark.parametrize("people", [True, False])
def test_over_a_runs_biases_fair_judges_have_an_alarm_in_few_runs(people):
    """The grid is `python -m benchmarks.bias_alarms`; its table is in docs/judging.md."""
    found = [list(alarms(measured(people, seed, n=60))) for seed in range(12)]
    assert sum(map(bool, found)) <= 2, found


@pytest.mark.parametrize(
    ("kind", "judge"),
    [
        ("self_preference", {"own": 0.8}),
        ("verbosity", {"longer": 0.8}),
        ("position", {"first": 0.3}),
        ("identical_texts", {"apart": 0.4}),
        ("anchor_drift", {"moved": 1.0}),
    ],
)
def test_a_bias_that_was_put_in_is_told_and_no_other(kind, judge):
    assert set(alarms(measured(True, 7, n=200, **judge))) == {kind}


def test_a_second_judge_of_another_maker_shows_what_the_first_gives_its_own():
    found = [
        each for each in measured(False, 1, n=300, own=0.9).self_preference if each.criterion == "helpfulness"
    ]
    assert [(each.own, each.others, each.against) for each in found] == [
        (("haiku",), ("nova", "llama"), "other")
    ]
    assert found[0].decisive
    assert found[0].size > 0.3


def test_p_values_are_adjusted_over_all_kinds_together():
    found = measured(True, 3)
    tests = [
        each
        for kind in ("position", "verbosity", "self_preference", "identical_texts", "anchor_drift")
        for each in getattr(found, kind)
        if each.p_value is not None
    ]
    assert found.tested == len(tests) > 4
    least = min(tests, key=lambda each: each.p_value)
    assert least.p_adjusted == pytest.approx(min(1, least.p_value * found.tested))


def test_pairs_shown_in_one_order_alone_say_nothing_of_a_place():
    run = run_of(pairwise={"all_pairs": True, "orders": "candidate_first"})
    found = biases_of(run, np.random.default_rng(0), n=40, labelled=10, first=0.9)
    assert [(each.size, each.p_value) for each in found.position] == [(None, None)]
    assert "one order" in found.position[0].reason


# From results to sentences


@pytest.fixture
def built(tmp_path):
    def build(texts, scores, **changes):
        names = ("lite", "haiku")
        rows = [
            row(
                f"r{n}",
                *(response(*each, {"tone": score}) for *each, score in zip(names, *pair, strict=True)),
            )
            for n, pair in enumerate(zip(texts, scores, strict=True))
        ]
        records = [record(f"r{n}", criteria=("tone",)) for n in range(len(texts))]
        folder = str(tmp_path / "support" / "run-1")
        write_run(folder, run=run_json(**changes), records=records, succeeded=rows)
        return build_scorecard(folder)

    return build


def test_one_text_that_gets_several_scores_is_told_with_what_it_does_to_differences(built):
    texts = [(f"text {n}", f" text {n}\n") for n in range(40)]
    found = built(texts, [(3, 3 + (n % 4 == 0)) for n in range(40)])
    (same,) = found.biases.identical_texts
    assert (same.judge, same.criterion, same.of, same.n, same.size) == ("pro", "tone", "candidates", 40, 0.25)
    # Half of what two verdicts on one text differ by is each one's noise: 1.96 √(mean gap² / 40).
    assert same.noise == pytest.approx(1.96 * (0.25 / 40) ** 0.5, abs=1e-4)
    (alarm,) = (each for each in found.alarms if "same text" in each)
    assert alarm.startswith("Judge pro gave the same text different scores on tone: on 25 % (")
    assert "differ by 0.15: smaller differences mean nothing" in alarm


def test_a_judge_that_scores_equal_texts_alike_has_no_alarm(built):
    found = built([(f"text {n}", f"text {n}") for n in range(40)], [(3, 3)] * 40)
    assert found.biases.identical_texts[0].size == 0
    assert not [each for each in found.alarms if "same text" in each]


def test_without_labels_and_a_second_judge_kin_and_length_are_hints_and_no_alarms(built):
    texts = [
        ("short one", "a much longer one " * 5) if n % 2 else ("longer one " * 9, "short") for n in range(40)
    ]
    found = built(texts, [(2, 4) if n % 2 else (4, 2) for n in range(40)])
    kin, length = found.biases.self_preference[0], found.biases.verbosity[0]
    assert (kin.maker, kin.own, kin.against, kin.p_value) == ("Amazon", ("lite",), None, None)
    assert (length.against, length.p_value, length.longer_gains) == (None, None, 2)
    said = [
        hint for hint in found.hints if hint.startswith(("Judge pro shares its maker, Amazon", "On tone the"))
    ]
    assert len(said) == 2
    assert "the longer of two responses to a record scores 2.00 to 2.00 better on average (40" in said[0]
    assert not [alarm for alarm in found.alarms if "longer" in alarm or "maker" in alarm]


def test_a_few_more_characters_make_no_longer_response(built):
    found = built([("x" * 100, "x" * 105)] * 40, [(2, 4)] * 40)
    assert found.biases.verbosity == ()


# Words


def said(biases, comparisons=(), orders="both"):
    base = scorecard_of({"a": card((0.2, 0.4)), "b": card((0.5, 0.7))})
    return list(
        bias_alarms(
            base.model_copy(update={"biases": biases, "comparisons": tuple(comparisons)}), orders=orders
        )
    )


FOUND = {"decisive": True, "p_value": 0.001, "p_adjusted": 0.004, "n": 60}
LONG = LengthBias(**FOUND, size=0.3, interval=(0.2, 0.4), criterion="correctness", against="people")


@pytest.mark.parametrize(
    ("pairs", "consequence"),
    [
        ([], "No difference on correctness is decided"),
        ([{"difference": 0.25}], "These leads are no larger, and no proof: b over a by 0.25."),
        ([{"difference": 0.5}], "The decided differences on correctness are larger"),
        ([{"difference": 0.25, "rests_on": "both"}], "are corrected by people's labels"),
    ],
)
def test_an_alarm_says_what_the_size_does_to_the_ranking(pairs, consequence):
    comparisons = [
        Comparison(a="b", b="a", criterion="correctness", n=60, decisive=True, better="b", **pair)
        for pair in pairs
    ]
    (alarm,) = said(Biases(verbosity=(LONG,)), comparisons)
    assert "the longer of two responses 0.30 (0.20 to 0.40) more than people do" in alarm
    assert consequence in alarm


def test_one_kind_of_bias_on_several_criteria_is_one_sentence():
    other = LONG.model_copy(update={"criterion": "tone", "size": 0.2})
    (alarm,) = said(Biases(verbosity=(other, LONG)))
    assert alarm.startswith("On correctness the judge gives")
    assert " Likewise on tone. " in alarm


def test_a_place_and_a_maker_are_told_with_size_and_what_to_do():
    place = PositionBias(
        **FOUND, size=0.62, interval=(0.55, 0.7), judge="j", n_both_orders=60, order_decides=0.3
    )
    own = SelfPreferenceBias(
        **FOUND, size=0.4, interval=(0.1, 0.7), judge="j", criterion="correctness", maker="Amazon",
        own=("a",), others=("b",), against="people", bias=0.1, bias_interval=(-0.1, 0.3),
        false_positive_gap=0.25, false_positive_gap_interval=(0.1, 0.4),
    )  # fmt: skip
    both, maker = said(Biases(position=(place,), self_preference=(own,)))
    assert "the response shown first got 62 % of 60 preferences (55–70 %), where 50 % is fair" in both
    assert "the order decided 30 % of the pairs" in both
    (drawn,) = said(Biases(position=(place,)), orders="drawn")
    assert "Show both orders" in drawn
    assert "gives a, of its own maker Amazon, 0.40 (0.10 to 0.70) more on correctness than people do" in maker
    assert "Of responses that people call bad it passes 25 in 100 more of its own." in maker
    assert "call good" not in maker


OWN = SelfPreferenceBias(
    **FOUND, size=0.4, interval=(0.1, 0.7), judge="j", criterion="correctness", maker="Amazon",
    own=("a",), others=("b",), against="people",
)  # fmt: skip
FAVOUR = Favour(a="a", b="b", n=60, difference=0.4, interval=(0.1, 0.7), favours="a", corrected=True)


@pytest.mark.parametrize(
    ("favour", "own", "told_twice"),
    [
        (FAVOUR, OWN, False),
        (FAVOUR, OWN.model_copy(update={"decisive": False}), True),
        (FAVOUR, OWN.model_copy(update={"against": "k"}), True),
        (FAVOUR, OWN.model_copy(update={"criterion": "tone"}), True),
        (FAVOUR.model_copy(update={"favours": "b"}), OWN, True),
        (FAVOUR.model_copy(update={"favours": "b"}), OWN.model_copy(update={"size": -0.4}), False),
    ],
)
def test_a_judge_that_favours_its_makers_candidate_is_told_once(favour, own, told_twice):
    labelled = CriterionCalibration(
        n_labelled=60, n_skipped=0, raters={}, random_sample=True, joined=JudgeAgreement(n=60), judges={},
        favours=(favour,),
    )  # fmt: skip
    base = scorecard_of({"a": card((0.2, 0.4)), "b": card((0.5, 0.7))}).model_copy(
        update={"biases": Biases(self_preference=(own,)), "calibration": {"correctness": labelled}}
    )
    assert bool(list(favour_alarms(base))) == told_twice


def test_who_has_labelled_is_not_told_to_label():
    undecided = Comparison(a="a", b="b", criterion="correctness", n=60, rests_on="people")
    for bias in (Biases(self_preference=(OWN,)), Biases(verbosity=(LONG,))):
        (alarm,) = said(bias, [undecided])
        assert alarm.endswith("Differences on correctness are corrected by people's labels.")


@pytest.mark.parametrize(
    ("orders", "first"), [("candidate_first", "candidate"), ("baseline_first", "baseline")]
)
def test_pairs_in_one_order_are_said_to_be_so(orders, first):
    """A judge that always takes the first one would else decide the run without a word."""
    unknown = PositionBias(n=60, judge="j", n_both_orders=0, reason="one order")
    (alarm,) = said(Biases(position=(unknown,)), orders=orders)
    assert f"shown with the {first} first" in alarm


def test_a_moved_judge_and_repeats_are_told():
    moved = AnchorDrift(**FOUND, size=-0.5, judge="j", criterion="correctness")
    again = IdenticalTexts(
        **FOUND, size=0.3, interval=(0.2, 0.4), judge="j", criterion="correctness", of="repeats",
        mean_gap=0.3, noise=0.1,
    )  # fmt: skip
    texts, anchors = said(Biases(identical_texts=(again,), anchor_drift=(moved,)))
    assert "60 responses about which it was asked again" in texts
    assert "it gives the same 60 anchors 0.50 less on correctness" in anchors
    assert "evaldrop rejudge" in anchors


def test_what_is_not_decided_is_not_said():
    quiet = LONG.model_copy(update={"decisive": False})
    assert said(Biases(verbosity=(quiet,))) == []
    base = scorecard_of({"a": card((0.2, 0.4))}).model_copy(update={"biases": Biases(verbosity=(quiet,))})
    assert list(bias_hints(base)) == []


def test_anchors_are_held_to_the_same_anchors_of_the_baseline(tmp_path):
    """Those whose text changed are others, whatever their name."""
    known = [{"id": f"k{n}", "prompt": "p", "response": "r", "passes": True} for n in range(8)]
    changed = [*known[:7], {**known[7], "response": "another"}]

    def build(name, anchors, score, baseline=None):
        records = [record("r1", criteria=("tone",))] + [
            {**record(each["id"], criteria=("tone",)),
             "anchor": {"id": each["id"], "passes": True, "criteria": ["tone"]}}
            for each in anchors
        ]  # fmt: skip
        rows = [row("r1", response("lite", scores={"tone": 4}), response("haiku", scores={"tone": 4}))]
        for each in anchors:
            judged = response("_anchor", scores={"tone": score})["judgements"]
            rows.append(
                row(each["id"], {"candidate": "_anchor", "given": True, "text": "r", "judgements": judged})
            )
        folder = tmp_path / "support" / name
        run = run_json(
            run_id=name, folder=str(folder), evaluation={"anchors": {"records": anchors}}, baseline=baseline
        )
        write_run(folder, run=run, records=records, succeeded=rows)
        return build_scorecard(str(folder)), str(folder)

    _, before = build("run-0", known, 5)
    now, _ = build("run-1", changed, 4, before)
    (drift,) = now.biases.anchor_drift
    assert (drift.judge, drift.criterion, drift.n, drift.size) == ("pro", "tone", 7, -1)
    assert drift.p_value == pytest.approx(2 / 2**7)
    assert drift.decisive
    assert any(alarm.startswith("Judge pro moved since run run-0") for alarm in now.alarms)
    # A scorecard of an earlier version has no single anchors.
    path = tmp_path / "support" / "run-0" / "scorecard.json"
    old = json.loads(path.read_text())
    del old["anchors"]["pro"]["by_anchor"], old["biases"]
    path.write_text(json.dumps(old))
    assert build("run-2", changed, 4, before)[0].biases.anchor_drift == ()


def test_every_world_of_the_benchmark_is_one_that_it_can_make():
    for world in WORLDS.values():
        biases_of(run_of(), np.random.default_rng(0), n=12, labelled=6, **world)
    assert PRO.startswith("us.amazon")
