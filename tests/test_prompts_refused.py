"""Searches for prompts whose models refuse, answer garbage or fail: how the run ends, and what it says."""

import pytest

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.cli import exits
from tests.test_first_calls import LITE, PRO, Refusing, run, scorecard_of
from tests.whole_runs import called, write_evaluation

WRITER = "us.amazon.nova-premier-v1:0"
EVALUATION = {
    "name": "searched",
    "candidates": [
        {"name": "lite", "model": LITE},
        {
            "name": "tuned",
            "model": LITE,
            "prompt": {"improve": "answer.v1", "by": WRITER, "rounds": 2, "proposals": 3},
        },
    ],
    "judges": [{"name": "pro", "model": PRO}],
    "criteria": ["correctness"],
}
DENIED = ("AccessDeniedException", "You don't have access to the model with the specified model ID.")


class Models(Refusing):
    """Models of which one, by its ID, fails with an error, or says the same whatever it is asked."""

    def __init__(self, model=None, *, error=None, says=None):
        super().__init__()
        self._model, self._error, self._says = model, error, says

    async def converse(self, request):
        if request["modelId"] != self._model:
            return await super().converse(request)
        self.calls[self._model] += 1
        if self._error:
            raise ServiceError(*self._error)
        return {
            "output": {"message": {"role": "assistant", "content": [{"text": self._says}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 10, "outputTokens": 20, "totalTokens": 30},
            "metrics": {"latencyMs": 5},
        }


def test_who_may_not_be_asked_for_prompts_ends_the_run_with_the_way_out(tmp_path):
    models = Models(WRITER, error=DENIED)
    execution, place = run(tmp_path, models, evaluation=EVALUATION)
    assert (execution.status, execution.error) == ("FAILED", "ModelRefused")
    assert f"who writes prompts for tuned ({WRITER}) is refused: AccessDeniedException" in execution.cause
    assert execution.cause.endswith("To go on with the prompts that are there: --go-on.")
    assert models.calls[WRITER] == 3
    assert not (place / "scorecard.json").exists()


@pytest.mark.parametrize(
    ("fault", "go_on", "asked", "why"),
    [
        ({"error": DENIED}, True, 3, "whoever was to write prompts is refused"),
        ({"says": "I like turtles."}, False, 6, "all 2 rounds are over"),
    ],
)
def test_without_a_prompt_that_can_be_tried_nothing_is_claimed(tmp_path, fault, go_on, asked, why):
    models = Models(WRITER, **fault)
    scorecard = scorecard_of(*run(tmp_path, models, evaluation=EVALUATION, go_on=go_on))
    assert models.calls[WRITER] == asked
    said = (
        f"No prompt that was asked for tuned could be tried ({why}): it was called with the prompt of lite."
    )
    assert said in scorecard.summary
    assert "better" not in scorecard.summary
    assert scorecard.prompts["tuned"].test.decision == "same"
    assert scorecard.records.missing == 0


def test_a_candidate_that_answers_nothing_while_prompts_are_tried_ends_the_run(tmp_path):
    models = Models(LITE, error=DENIED)
    execution, _ = run(tmp_path, models, evaluation=EVALUATION)
    assert execution.error == "ModelRefused"
    assert "ChoosePrompts: candidate tuned" in execution.cause
    assert "--go-on" in execution.cause
    assert not models.calls[WRITER]


def test_a_judge_that_is_refused_searches_nothing_and_the_run_failed_without_answers(tmp_path):
    models = Models(PRO, error=DENIED)
    scorecard = scorecard_of(*run(tmp_path, models, evaluation=EVALUATION, go_on=True))
    assert not models.calls[WRITER]
    assert exits.of_scorecard(scorecard) == exits.RUN_FAILED
    assert scorecard.gate.decision == "fail"
    assert "nothing may rest on it" in scorecard.summary


def test_too_few_records_for_a_search_are_64_before_anything_is_called(tmp_path):
    text = (
        "name: few\ncandidates:\n  - {name: lite, model: us.amazon.nova-lite-v1:0}\n"
        "  - {name: tuned, model: us.amazon.nova-lite-v1:0, prompt: {improve: answer.v1}}\n"
        "judges: [{name: pro, model: us.amazon.nova-pro-v1:0}]\ncriteria: [correctness]\n"
    )
    dataset = write_evaluation(tmp_path, records=60, evaluation=text)
    asked = ("run", dataset, "--bedrock", "simulated", "--limit", 5, "--out", tmp_path / "runs")
    ended = called(*asked)
    assert ended.returncode == exits.WRONG_USE
    assert "5 records are too few" in ended.stderr


@pytest.mark.nightly
def test_one_call_at_a_time_finds_what_many_find(tmp_path):
    found = []
    for name, at_once in (("one", 1), ("many", 16)):
        folder = tmp_path / name
        folder.mkdir()
        scorecard = scorecard_of(*run(folder, Models(), evaluation=EVALUATION, max_in_flight=at_once))
        found.append((scorecard.prompts["tuned"].prompt_sha256, scorecard.cost_usd.prompt_search))
    assert found[0] == found[1]
