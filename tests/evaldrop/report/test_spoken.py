"""Sentences of a scorecard open what they are about; whatever they are, their words stay as they were."""

import pytest

from evaldrop.report.spoken import Spoken
from evaldrop.scorecard.model.scorecard import Records
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import failed_response, judgement, record, response, row, run_json, write_run

GOOD, BAD = {"correctness": 1, "tone": 5}, {"correctness": 0, "tone": 1}
NAMES = ("lite", "haiku.v2")


@pytest.fixture(scope="module")
def scorecard(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "support" / "run-1"
    rows = [
        row(
            f"r{n}",
            failed_response("lite") if n == 0 else response("lite", judgements=[judgement(BAD)]),
            response("haiku.v2", judgements=[judgement(GOOD)]),
        )
        for n in range(12)
    ]
    evaluation = {
        **run_json()["evaluation"],
        "candidates": [{"name": name, "model": "amazon.nova-lite-v1:0"} for name in NAMES],
    }
    records = [record(f"r{n}", category="billing") for n in range(12)]
    write_run(folder, run=run_json(evaluation=evaluation), records=records, succeeded=rows)
    built = build_scorecard(str(folder))
    lost = Records(read=14, rejected=0, evaluated=12, missing=2)
    return built.model_copy(update={"records": lost})


def opened(scorecard, text):
    """The parts of a text that open something, with what."""
    return [(part.text, part.to.fragment) for part in Spoken(scorecard)(text) if part.to]


PAIR = "#pair=lite%2Chaiku.v2&criterion=overall&n=11"


@pytest.mark.parametrize(("text", "found"), [
    ("2 of 14 records have no result (States.Timeout: 2).",
     [("2 of 14 records have no result (States.Timeout: 2)", "#answer=no_result&n=2")]),
    ("lite: 1 of 12 calls failed (Throttled: 1). It said: too many of 12.",
     [("lite: 1 of 12 calls failed (Throttled: 1)", "#candidate=lite&answer=error&n=1")]),
    ("On quality over all criteria (95 %): haiku.v2 is better than lite by 0.30 to 0.50.",
     [("haiku.v2 is better than lite by 0.30 to 0.50", PAIR)]),
    ("Ship haiku.v2: it is better than lite by 0.30 to 0.50, and costs 3.6 times as much as lite.",
     [("it is better than lite by 0.30 to 0.50, and costs 3.6 times as much as lite", PAIR)]),
    ("Not decided: 8 % of lite's verdicts on tone are missing, and could turn it.",
     [("8 % of lite's verdicts on tone", "#candidate=lite&criterion=tone&verdict=unscored")]),
    ("lite: longer responses do worse on tone (Spearman -0.81, 10 responses). That may be so.",
     [("lite: longer responses do worse on tone (Spearman -0.81, 10 responses)",
       "#candidate=lite&criterion=tone&verdict=scored")]),
    ("Judge pro is not trusted: it missed 5 of 10 anchors.", []),
    ("There are 90 categories; the scorecard has the 50 largest of them.", []),
])  # fmt: skip
def test_what_a_sentence_is_about_is_opened_by_its_own_words(scorecard, text, found):
    assert opened(scorecard, text) == found


def test_of_several_of_whom_the_same_is_said_each_opens_its_own(scorecard):
    text = "lite and haiku.v2: 1 of 12 calls failed (Throttled: 1)."
    # Nobody but lite failed: what the numbers do not say, no words can open.
    assert opened(scorecard, text) == [("lite", "#candidate=lite&answer=error&n=1")]


@pytest.mark.parametrize("said", [
    "haiku.v2 is better than lite by 0.3.", "a; but the order decided 9 %", "haiku.v2 regressed on tone by 9",
    "3 more were refused by the model; of 9 the end is not known; 3 of 9 bad requests",
])  # fmt: skip
def test_what_a_failed_call_said_is_no_sentence_of_the_scorecard(scorecard, said):
    found = opened(scorecard, f"lite: 1 of 12 calls failed (Throttled: 1). It said: {said}")
    assert [text for text, _ in found] == ["lite: 1 of 12 calls failed (Throttled: 1)"]


@pytest.mark.parametrize("text", [
    "Ship it: 90 % of its calls within 800 ms.", "lite regressed on tone by 3.",
    "3 more were refused by the model; of 9 the end is not known; 3 of 9 bad requests", "Judge of 3",
    "is; but the order decided 9 % of the pairs", "No loss since the blessed run is shown, but 3.",
])  # fmt: skip
def test_a_sentence_that_names_nobody_is_told_like_any_other(scorecard, text):
    assert "".join(part.text for part in Spoken(scorecard)(text)) == text


def test_a_name_within_another_one_is_not_meant(scorecard):
    assert opened(scorecard, "lite-2 is better than haiku.v21 by 0.3.") == []


def test_the_parts_make_up_the_text(scorecard):
    spoken = Spoken(scorecard)
    assert len(scorecard.alarms) > 0
    for text in (scorecard.summary, scorecard.recommendation.reason, *scorecard.alarms, *scorecard.hints, ""):
        assert "".join(part.text for part in spoken(text)) == text


def test_a_run_without_judges_and_pairs_has_its_sentences_too(scorecard):
    bare = scorecard.model_copy(update={"judges": {}, "comparisons": (), "slices": {}, "criteria": {}})
    assert opened(bare, "Judge pro gave 3 of 4 on tone; lite is better than haiku.v2 by 0.1.") == []
