"""A rehearsal whose judges answer in words reads as well as one whose judges call a tool."""

import json
from random import Random

import pytest

from evaldrop.bedrock.simulated.judge import Case, decide, questions_of
from tests.whole_runs import called, only_run

CRITERIA = """
  - correctness
  - bedrock.following_instructions
  - {name: fit, question: "How well does it fit?", scale: {choices: {poor: 0, fair: 1, good: 2}}}
  - {name: share, question: "How much of it is there?", scale: {type: range, low: 0, high: 1}}
"""
YES_NO = """
  - refusal
  - {name: fits, question: "Does it fit?", scale: binary}
"""


def test_a_menu_of_numbers_and_letters_is_no_scale():
    """The last of the enum says a tie, whatever it is, and the first two the responses in their order."""
    names = {"type": "string", "enum": ["2", "1", "0"]}
    (question,) = questions_of({"properties": {"rationale": {"type": "string"}, "preferred": names}})
    case = Case(responses=("Paris", "I cannot say"), references=("Paris",), sources=())
    said = [decide(question, case, Random(seed))[1] for seed in range(20)]
    turned = Case(responses=case.responses[::-1], references=case.references, sources=())
    said_turned = [decide(question, turned, Random(seed))[1] for seed in range(20)]
    assert said.count("2") == 20
    assert said_turned.count("1") > 12
    even = Case(responses=("Paris", "Paris"), references=("Paris",), sources=())
    assert "0" in {decide(question, even, Random(seed))[1] for seed in range(20)}


@pytest.mark.parametrize(("verdict", "criteria", "pairwise"), [
    ("text", CRITERIA, "preference"), ("text", CRITERIA, "scores"),
    ("yes_no", YES_NO, "preference"), ("tool", CRITERIA, "scores"), ("tool", CRITERIA, "preference"),
])  # fmt: skip
def test_every_form_is_rehearsed_without_an_unread_reply(tmp_path, verdict, criteria, pairwise):
    (tmp_path / "evaluation.yaml").write_text(f"""
name: words
candidates: [{{name: a, model: amazon.nova-lite-v1:0}}, {{name: b, model: amazon.nova-pro-v1:0}}]
judges: [{{name: judge, model: "mistral.mistral-large-2402-v1:0", verdict: {verdict}}}]
criteria: {criteria}
pairwise: {{baseline: a, verdict: {pairwise}}}
""")
    rows = [
        {"id": f"r{number}", "prompt": f"How many days has week {number}?", "reference": "It has seven days."}
        for number in range(6)
    ]
    dataset = tmp_path / "records.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = called("run", dataset, "--bedrock", "simulated:latency=0", "--out", tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    scorecard = json.loads((only_run(tmp_path / "runs") / "scorecard.json").read_text())
    assert scorecard["judges"]["judge"]["unscored"] == {}
    assert scorecard["judges"]["judge"]["scored"] == 6 * 2 * (2 if verdict == "yes_no" else 4)
    pair = scorecard["candidates"]["b"]["pairwise"]
    assert (pair["n"], pair["n_unscored"]) == (6, 0)
    assert (pair["by_baseline"]["a"]["scores"] is not None) == (pairwise == "scores")
