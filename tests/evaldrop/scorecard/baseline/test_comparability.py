"""What must be the same in two runs, and what may differ because it is what is compared."""

import pytest

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.baseline.comparability import changes, obstacles
from tests.evaldrop.run_folders import CORRECTNESS, HAIKU, LITE, PRO, TONE, run_json, write_run

DATASET = run_json()["dataset"]
PROMPT = {"sha256": "cd" * 32, "text": "{{ prompt }}"}


@pytest.fixture
def read(tmp_path):
    """Return a function that writes a run file and reads it."""

    def written(name, **changed):
        folder = str(tmp_path / name)
        write_run(folder, run=run_json(**changed), records=[], succeeded=[])
        return RunDefinition.load(folder)

    return written


def test_two_runs_of_one_evaluation_have_nothing_between_them(read):
    assert obstacles(read("now"), read("then")) == ()
    assert changes(read("now"), read("then")) == ()


def judge(**changed):
    return {"evaluation": {"judges": [{"name": "pro", "model": PRO, **changed}]}}


@pytest.mark.parametrize(("changed", "told"), [
    (judge(model=LITE), [f"judge pro: model is {LITE}, was {PRO}"]),
    (judge(repeats=3), ["judge pro: repeats is 3, was 1"]),
    (judge(name="ann"), ["judge ann is new", "judge pro is gone"]),
    (judge(timeout_s=90), []),
    ({"dataset": {**DATASET, "sha256": "00" * 32}},
     ["the dataset is another (sha256 000000000000, was abababababab)"]),
    ({"prompts": {"judge/criteria.v1": {"sha256": "99" * 32, "text": "?"}}},
     ["prompt judge/criteria.v1 has another text (sha256 999999999999, was cdcdcdcdcdcd)"]),
    ({"criteria": [CORRECTNESS]}, ["criterion tone is gone"]),
    ({"criteria": [CORRECTNESS, TONE, {**TONE, "name": "depth"}]}, ["criterion depth is new"]),
    ({"criteria": [CORRECTNESS, {**TONE, "scale": {"1": "a", "2": "b"}, "pass_at": 2}]},
     ["criterion tone: another scale"]),
    ({"criteria": [CORRECTNESS, {**TONE, "pass_at": 3, "weight": 2}]}, []),
    ({"simulated": True}, ["this run is SIMULATED, the other is not"]),
])  # fmt: skip
def test_another_measure_is_an_obstacle_and_is_named(read, changed, told):
    then = read("then", prompts={"judge/criteria.v1": PROMPT})
    now = read("now", **{"prompts": {"judge/criteria.v1": PROMPT}, **changed})
    assert list(obstacles(now, then)) == told


def test_other_candidates_are_what_is_compared(read):
    then = read("then", prompts={"candidate/answer.v1": PROMPT, "judge/criteria.v1": PROMPT})
    candidates = [
        {"name": "lite", "model": HAIKU, "inference": {"max_tokens": 99}},
        {"name": "new", "model": LITE},
    ]
    now = read(
        "now",
        evaluation={"candidates": candidates, "prompt": "answer.v2"},
        prompts={"candidate/answer.v1": {"sha256": "11" * 32, "text": "!"}},
    )
    assert obstacles(now, then) == ()
    assert list(changes(now, then)) == [
        "candidate lite: inference.max_tokens is 99, was 1024",
        f"candidate lite: model is {HAIKU}, was {LITE}",
        "prompt is answer.v2, was answer.v1",
        "prompt candidate/answer.v1 has another text (sha256 111111111111, was cdcdcdcdcdcd)",
    ]


def test_a_prompt_that_a_run_made_is_said_to_be_found_anew(read):
    """Of what it was made from, plain instructions, that is not said: somebody wrote them."""
    names = ("candidate/answer.v1+tuned", "candidate/instructions+told")
    then, now = (
        read(where, prompts={name: {"sha256": digest * 32, "text": "?"} for name in names})
        for where, digest in (("then", "11"), ("now", "22"))
    )
    tuned, told = changes(now, then)
    assert tuned.startswith("prompt candidate/answer.v1+tuned has another text (sha256 222222222222, ")
    assert tuned.endswith("); each run searches anew")
    assert told.endswith("(sha256 222222222222, was 111111111111)")
