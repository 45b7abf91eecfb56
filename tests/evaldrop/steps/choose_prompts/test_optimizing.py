"""Bedrock's optimiser is asked once for a candidate, and what it cannot be told is a refused proposal."""

import pytest

from evaldrop.errors import PromptError
from evaldrop.prompt_search.search import begin
from evaldrop.prompt_search.state import FIRST
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.choose_prompts.optimizing import optimized_prompt
from evaldrop.steps.choose_prompts.texts import Variables
from tests.evaldrop.run_folders import run_json

PROMPT = "## system\nAnswer.\n\n## user\n{{ prompt }}\n"
VARIABLES = Variables(present=frozenset({"prompt"}), always=frozenset({"prompt"}))


class Optimizer:
    def __init__(self, error=None):
        self.asked = []
        self._error = error

    def __call__(self, bedrock):
        return self

    def optimize(self, text, target_model):
        self.asked.append((text, target_model))
        if self._error:
            raise self._error
        return text.replace("Answer.", "Answer with care.")


@pytest.fixture
def run(tmp_path):
    return RunDefinition.model_validate(run_json(bedrock="aws", folder=str(tmp_path), out=str(tmp_path)))


def search(run, text=PROMPT):
    return begin(run.candidates[0].name, "first", "bedrock", text, 10)


def test_it_is_asked_once_however_often_the_function_is(run):
    optimizer = Optimizer()
    first = optimized_prompt(run, search(run), VARIABLES, opener=optimizer)
    again = optimized_prompt(run, search(run), VARIABLES, opener=optimizer)
    assert first == again
    assert optimizer.asked == [("Answer.\n\n{{prompt}}", run.candidates[0].model)]
    proposal, usd = first
    assert (proposal.id, proposal.parent, proposal.refused) == ("r1p1", FIRST, None)
    assert "Answer with care." in proposal.text
    assert 0 < usd < 0.01


def test_what_it_cannot_be_told_is_refused_and_costs_nothing(run):
    optimizer = Optimizer()
    filtered = "## user\n{{ prompt | upper }}\n"
    proposal, usd = optimized_prompt(run, search(run, filtered), VARIABLES, opener=optimizer)
    assert "optimiser cannot be told" in proposal.refused
    assert (usd, optimizer.asked) == (0, [])
    unknown = Optimizer(PromptError("which model?"))
    proposal, usd = optimized_prompt(run, search(run), VARIABLES, opener=unknown)
    assert (proposal.refused, usd) == ("which model?", 0)
