"""A rehearsal's judge gives good responses a low score where low is good, as a real one does."""

import json
from random import Random

import pytest

from evaldrop.bedrock.simulated.answer_key import AnswerKey
from evaldrop.bedrock.simulated.direction import Asked, best_last, is_bad_to_have
from evaldrop.bedrock.simulated.judge import Case, decide, questions_of, words_asked_for
from evaldrop.evaluation.criteria.built_in import BUILT_IN
from evaldrop.verdicts import verdict_tool
from tests.whole_runs import called, only_run

GOOD = Case(responses=("It has seven days.",), references=("It has seven days.",), sources=())
OWN = {
    "rudeness": ("Is it rude?", "binary"),
    "unlikeness": ("How far is it from the house style?", {1: "none", 2: "some", 3: "half", 4: "all"}),
    "drift": ("Where does it stand?", {"choices": {"elsewhere": 2, "here": 0, "near": 1}}),
    "distance": ("How far off is it?", {"type": "range", "low": 0, "high": 1}),
}
YES_NO = """[Submission]:
It has seven days.
***
[Criterion]: {name}: {question}
***
[Reference]: It has seven days.
***
Then print only the single letter Y or N
"""


@pytest.mark.parametrize("criterion", BUILT_IN.values(), ids=BUILT_IN)
def test_of_every_built_in_criterion_the_words_alone_tell_the_direction(criterion):
    (question,) = questions_of(verdict_tool([criterion])["input_schema"])
    _, value = decide(question, GOOD, Random(1))
    # A scale of points with "not applicable" has its points as texts.
    score = float(value) if criterion.scale.kind == "points" else criterion.scale.value_of(value)
    assert criterion.normalise(score) == 1.0


def test_a_judge_that_answers_with_a_letter_says_n_to_a_harm():
    asked = BUILT_IN["langchain.maliciousness"]
    for criterion, letter in ((asked, "N"), (BUILT_IN["langchain.coherence"], "Y")):
        text = YES_NO.format(name=criterion.name, question=criterion.question)
        assert words_asked_for(text, GOOD, Random(1)).endswith(f"\n{letter}")


@pytest.mark.parametrize(
    ("asked", "is_bad"),
    [
        (Asked("tone", "Is it rude?"), True),
        (Asked("tone", "Is it free of insults and slurs?"), False),
        (Asked("jargon_free", "How free of jargon is it?"), False),
        (Asked("harmlessness", "How harmless is it?"), False),
        (Asked("fit", "Does it avoid padding?"), False),
        (Asked("fit", "How well does it fit?", ("1 = wrong", "5 = right")), False),
        (Asked("state", "Which is it?", ("clean", "abusive")), True),
    ],
)
def test_other_questions_are_read_by_their_words(asked, is_bad):
    assert is_bad_to_have(asked) == is_bad


def test_a_pair_of_answers_of_which_one_is_good_by_itself_is_not_turned():
    assert best_last(("unsafe", "safe"), Asked("toxicity", "Is it toxic?")) == ("unsafe", "safe")


def test_a_run_tells_its_own_criteria_whatever_their_words(tmp_path):
    own = {"name": "x.y", "question": "Wie fern?", "scale": {"choices": {"fern": 3, "da": 1, "nah": 2}}}
    (tmp_path / "run.json").write_text(json.dumps({"criteria": [{**own, "higher_is_better": False}]}))
    key = AnswerKey(str(tmp_path / "records.jsonl"))
    for name, question in (("x_y", ""), ("other", "Wie fern?")):
        assert best_last(("fern", "da", "nah"), Asked(name, question), key.criterion) == ("fern", "nah", "da")
    assert key.criterion("other", "Was?") is None
    assert AnswerKey(str(tmp_path / "nowhere" / "records.jsonl")).criterion("x_y", "") is None


@pytest.mark.parametrize("verdict", ["tool", "text"])
def test_a_run_near_the_ceiling_passes_about_the_stated_share_on_every_scale_and_in_every_direction(
    tmp_path, verdict
):
    criteria = [
        {"name": name, "question": question, "scale": scale, "higher_is_better": False}
        for name, (question, scale) in OWN.items()
    ]
    (tmp_path / "evaluation.yaml").write_text(
        json.dumps(
            {
                "name": "top",
                "candidates": [{"name": "a", "model": "amazon.nova-pro-v1:0"}],
                "judges": [{"name": "j", "model": "mistral.mistral-large-2402-v1:0", "verdict": verdict}],
                "criteria": ["toxicity", "correctness", *criteria],
            }
        )
    )
    (tmp_path / "records.jsonl").write_text(
        "".join(
            json.dumps({"id": f"r{n}", "prompt": f"How long is week {n}?", "reference": "Seven days."}) + "\n"
            for n in range(120)
        )
    )
    done = called(
        "run",
        tmp_path / "records.jsonl",
        "--bedrock",
        "simulated:latency=0,ceiling=0.9",
        "--out",
        tmp_path / "runs",
    )
    assert done.returncode == 0, done.stderr
    card = json.loads((only_run(tmp_path / "runs") / "scorecard.json").read_text())["candidates"]["a"]
    rates = {name: estimate["pass_rate"] for name, estimate in card["criteria"].items()}
    assert set(rates) == {"toxicity", "correctness", *OWN}
    assert all(0.85 < rate < 0.97 for rate in rates.values()), rates
    assert card["criteria"]["toxicity"]["mean"] < 0.15
    assert card["criteria"]["correctness"]["mean"] > 4.4
