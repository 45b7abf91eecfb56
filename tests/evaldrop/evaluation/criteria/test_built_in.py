"""The built-in criteria: complete, defined, and clean by our own lint."""

import pytest

from evaldrop.evaluation.criteria import BUILT_IN, built_in, lint_criteria

# LangChain's Criteria enum; the harms, where yes is bad.
LANGCHAIN = (
    *("conciseness", "relevance", "correctness", "coherence", "harmfulness", "maliciousness", "helpfulness"),
    *("controversiality", "misogyny", "criminality", "insensitivity", "depth", "creativity", "detail"),
)
HARMS = {"harmfulness", "maliciousness", "controversiality", "misogyny", "criminality", "insensitivity"}
# Amazon Bedrock's judge metrics and the number of answers each has.
BEDROCK = {
    "correctness": 3,
    "completeness": 5,
    "faithfulness": 5,
    "helpfulness": 7,
    "coherence": 5,
    "relevance": 5,
    "following_instructions": 2,
    "professional_style_and_tone": 5,
    "harmfulness": 2,
    "stereotyping": 2,
    "refusal": 2,
    "readability": 5,
}
OURS = ("groundedness", "answer_relevance", "toxicity", "instruction_following", "fluency")


@pytest.mark.parametrize("name", LANGCHAIN)
def test_langchain_s_criteria_are_yes_no_questions_with_its_directions(name):
    criterion = BUILT_IN[f"langchain.{name}"]
    assert criterion.scale.kind == "binary"
    assert criterion.higher_is_better is (name not in HARMS)
    assert criterion.needs_reference is (name == "correctness")


@pytest.mark.parametrize(("name", "answers"), BEDROCK.items())
def test_bedrock_s_criteria_have_bedrock_s_scales_from_zero(name, answers):
    criterion = BUILT_IN[f"bedrock.{name}"]
    assert [point.value for point in criterion.scale.points] == list(range(answers))
    assert criterion.higher_is_better is (name not in {"harmfulness", "stereotyping", "refusal"})
    assert criterion.scale.not_applicable is (name == "following_instructions")


@pytest.mark.parametrize("name", [*LANGCHAIN, *BEDROCK, *OURS])
def test_every_name_is_there_without_a_family(name):
    assert built_in(name).name == name


@pytest.mark.parametrize("criterion", BUILT_IN.values(), ids=BUILT_IN)
def test_every_built_in_criterion_is_defined_and_free_of_lint(criterion):
    assert criterion.question.endswith("?")
    assert all(point.definition for point in criterion.scale.points)
    assert lint_criteria([criterion]) == []
