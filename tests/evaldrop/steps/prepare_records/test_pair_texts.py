"""What is asked about two responses: pairs, orders, tools and texts."""

import pytest

from evaldrop.evaluation import Evaluation, Pairwise, model_vendor, plain_name
from evaldrop.evaluation.questions import compared_pairs
from evaldrop.steps.prepare_records.pair_texts import orders, pair_tool
from tests.evaldrop.evaluations import JUDGE, LITE, PRO, SMALL, prepare

OTHER = {"name": "other", "model": "us.amazon.nova-pro-v1:0"}


def evaluation(**pairwise):
    return Evaluation.model_validate(
        {**SMALL, "candidates": [LITE, PRO, OTHER], "pairwise": pairwise or None}
    )


def test_pairs_are_with_the_baseline_or_all_or_none():
    assert list(compared_pairs(evaluation(baseline="pro"))) == [("lite", "pro"), ("other", "pro")]
    assert list(compared_pairs(evaluation(all_pairs=True))) == [
        ("pro", "lite"),
        ("other", "lite"),
        ("other", "pro"),
    ]
    assert list(compared_pairs(evaluation())) == []


def test_which_order_is_asked_first_is_drawn_by_the_record_and_even():
    pairwise = Pairwise(baseline="b")
    first = [orders(pairwise, f"r{number}", "a", "b")[0] for number in range(400)]
    assert {frozenset(orders(pairwise, f"r{number}", "a", "b")) for number in range(20)} == {
        frozenset({("a", "b"), ("b", "a")})
    }
    # Fair coin, 400 throws: four standard errors are 40.
    assert abs(first.count(("a", "b")) - 200) < 40
    assert first == [orders(pairwise, f"r{number}", "a", "b")[0] for number in range(400)]


@pytest.mark.parametrize(("asked", "first"), [("candidate_first", "a"), ("baseline_first", "b")])
def test_one_order_can_be_asked_alone(asked, first):
    assert [shown[0] for shown in orders(Pairwise(baseline="b", orders=asked), "r", "a", "b")] == [first]


def test_one_order_can_be_drawn_by_the_record_the_same_in_every_run():
    pairwise = Pairwise(baseline="b", orders="drawn")
    drawn = [orders(pairwise, f"r{number}", "a", "b") for number in range(400)]
    assert all(len(each) == 1 for each in drawn)
    assert drawn == [orders(pairwise, f"r{number}", "a", "b") for number in range(400)]
    # Fair coin, 400 throws: four standard errors are 40.
    assert abs(drawn.count([("a", "b")]) - 200) < 40
    # Whichever of the two is the baseline, and other pairs of the same record by a coin of their own.
    assert drawn == [orders(pairwise, f"r{number}", "b", "a") for number in range(400)]
    other = [orders(pairwise, f"r{number}", "a", "c") for number in range(400)]
    alike = sum(
        (ours[0][0] == "a") == (theirs[0][0] == "a") for ours, theirs in zip(drawn, other, strict=True)
    )
    assert abs(alike - 200) < 40


def test_the_tool_offers_what_the_evaluation_does():
    plain = pair_tool(Pairwise(baseline="b"))["input_schema"]["properties"]
    assert plain["preferred"]["enum"] == ["first", "second", "tie"]
    named = pair_tool(Pairwise(baseline="b", names=("Output (a)", "Output (b)"), tie=False))
    assert named["input_schema"]["properties"]["preferred"]["enum"] == ["a", "b"]
    declared = pair_tool(Pairwise(baseline="b", names=("1", "2"), tie_words=("0", "C")))
    assert declared["input_schema"]["properties"]["preferred"]["enum"] == ["1", "2", "0", "C"]
    scores = pair_tool(Pairwise(baseline="b", verdict="scores", scale=(0, 5)))
    assert scores["name"] == "submit_scores"
    assert list(scores["input_schema"]["properties"]) == ["rationale", "first_score", "second_score"]
    assert scores["input_schema"]["properties"]["second_score"] == {
        "type": "number",
        "minimum": 0,
        "maximum": 5,
    }


@pytest.mark.parametrize(("verdict", "prompt", "last"), [
    ("preference", "pairwise.v1", "Now call submit_preference."),
    ("scores", "pairwise-scores.v1", "Now call submit_scores."),
])  # fmt: skip
def test_the_judge_is_asked_for_what_the_evaluation_wants(tmp_path, verdict, prompt, last):
    pairwise = {"baseline": "pro", "verdict": verdict}
    state, (record,) = prepare(tmp_path, {**SMALL, "candidates": [LITE, PRO], "pairwise": pairwise})
    asked = record["calls"]["comparisons"][0]
    call = state["judges"][asked["request_key"]]
    assert Pairwise.model_validate(pairwise).prompt == prompt
    assert asked["after"].rstrip().endswith(last)
    assert call["reminder"].startswith("You did not call submit_")


def test_each_of_the_two_responses_has_a_fence_of_its_own(tmp_path):
    _, (record,) = prepare(tmp_path, {**SMALL, "candidates": [LITE, PRO], "pairwise": {"baseline": "pro"}})
    marks = []
    for asked in record["calls"]["comparisons"]:
        opening = asked["before"].splitlines()[-1]
        closing, *_, second = asked["between"].strip().splitlines()
        assert opening.replace("<", "</") == closing
        assert second.replace("<", "</") == asked["after"].strip().splitlines()[0]
        marks += [opening, second]
    assert len(set(marks)) == 4
    words = "".join(
        asked[part] for asked in record["calls"]["comparisons"] for part in ("before", "between", "after")
    )
    assert not any(name in words for name in (LITE["model"], PRO["model"], JUDGE["model"]))


@pytest.mark.parametrize(("name", "plain"), [
    ("first", "first"), ("Output (a)", "a"), ("Assistant 1", "1"), ("[[A]]", "A"), ("response B", "B"),
    ("the left one", "the left one"),
])  # fmt: skip
def test_what_tells_two_responses_apart_is_the_last_word(name, plain):
    assert plain_name(name) == plain


@pytest.mark.parametrize(("pairwise", "problem"), [
    ({"baseline": "b", "names": ["Output (a)", "a"]}, "cannot be told apart"),
    ({"baseline": "b", "names": ["Response 1", "response 1"]}, "Call them apart in the prompt and here"),
    ({"baseline": "b", "names": ["A", "\uff21"]}, "cannot be told apart"),
    ({"baseline": "b", "names": ["model_1", "model 1"]}, "cannot be told apart"),
    ({"baseline": "b", "names": ["1", "model_1"]}, "cannot be told apart"),
    ({"baseline": "b", "names": ["*", "#"]}, "has no letter and no digit"),
    ({"baseline": "b", "names": ["A", "Tie"]}, "cannot be told from 'tie', which says a tie"),
    ({"baseline": "b", "names": ["C", "D"], "tie_words": ["c"]}, "cannot be told from 'c'"),
    ({"baseline": "b", "tie_words": ["-"]}, "has no letter and no digit"),
    ({"baseline": "b", "tie_words": ["0"], "tie": False}, "there is no tie to say"),
    ({"baseline": "b", "scale": [10, 1]}, "must be below"),
])  # fmt: skip
def test_pairs_that_could_not_be_read_are_refused(pairwise, problem):
    with pytest.raises(ValueError, match=problem):
        Pairwise.model_validate(pairwise)


def test_names_that_differ_in_case_only_and_numbers_are_taken_as_they_are_written():
    assert Pairwise(baseline="b", names=("m", "M")).names == ("m", "M")
    numbers = Pairwise.model_validate({"baseline": "b", "names": [1, 2], "tie_words": [0, "C"]})
    assert (numbers.names, numbers.tie_words) == (("1", "2"), ("0", "C"))


@pytest.mark.parametrize(("model", "vendor"), [
    ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "Anthropic"),
    ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0", "Amazon"),
    ("llama3.1:8b", "Meta"), ("meta.llama3-70b-instruct-v1:0", "Meta"), ("gpt-4o-mini", "OpenAI"),
    ("openai.gpt-oss-120b-1:0", "OpenAI"), ("mistral.mixtral-8x7b-instruct-v0:1", "Mistral"),
    ("arn:aws:bedrock:us-east-1:123456789012:imported-model/abc", None), ("given", None),
])  # fmt: skip
def test_who_made_a_model_is_read_off_its_id(model, vendor):
    assert model_vendor(model) == vendor
