"""Lint names the criterion, the fault and the remedy, and lets sound criteria pass."""

import pytest

from evaldrop.evaluation.criteria import Criterion, Scale, built_in, lint_criteria
from evaldrop.evaluation.criteria.scales import Point


def asking(question, **options):
    return Criterion(name="c", question=question, **options)


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        ("Is the tone warm and professional?", "more than one thing"),
        ("Is it short as well as complete?", "more than one thing"),
        ("Is it short? Is it complete?", "more than one thing"),
        ("Is it polite & brief?", "more than one thing"),
        ("Is the response good?", "cannot be measured"),
        ("Is it of high quality?", "cannot be measured"),
        ("Will the response lead to customer satisfaction?", "cannot be measured"),
        ("Was the latency acceptable for a chat?", "cannot be measured"),
        ("Does it improve on the previous version?", "cannot be measured"),
        ("Is it under 50 words?", "without a judge"),
        ("Is the number of sentences below five?", "without a judge"),
        ("Does it agree with the ground truth?", "reference"),
        ("Does it match the expected answer?", "reference"),
        ("Is each claim found in the given context?", "context"),
    ],
)
def test_a_doubtful_question_is_found(question, fault):
    findings = lint_criteria([asking(question)])
    assert any(fault in finding.what for finding in findings)
    assert all(finding.criterion == "c" and finding.do for finding in findings)


@pytest.mark.parametrize(
    "question",
    [
        "Does it cite the policy it relies on?",
        "Does it state the terms and conditions?",
        "Does it distinguish between gross and net pay?",
        "Does it list the pros and cons?",
        "Does it refer to the reader by name?",
        "Does every sentence address a child of ten?",
    ],
)
def test_a_sound_question_passes(question):
    assert lint_criteria([asking(question)]) == []


def test_a_question_about_a_reference_passes_when_records_must_have_one():
    assert lint_criteria([asking("Does it match the expected answer?", needs_reference=True)]) == []
    assert lint_criteria([asking("Is each claim found in the given context?", needs_context=True)]) == []


def test_points_without_a_definition_are_named():
    labels = ("rude", "flat", "polite", "warm", "delightful")
    scale = Scale.of_points(*(Point(value=float(n), label=label) for n, label in enumerate(labels)))
    [finding] = lint_criteria([asking("How warm is the tone?", scale=scale)])
    assert "rude, flat, polite, warm and 1 more" in finding.what
    [finding] = lint_criteria([asking("How warm is the tone?", scale=Scale.between(0, 1))])
    assert "range from 0 to 1" in finding.what


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("faithfulness", "groundedness"),
        ("correctness", "bedrock.correctness"),
        ("relevance", "answer_relevance"),
    ],
)
def test_two_criteria_that_ask_the_same_overlap(first, second):
    [finding] = lint_criteria([built_in(first), built_in(second)])
    assert (finding.criterion, f"overlaps with {first}" in finding.what) == (second, True)


def test_two_wordings_of_one_question_overlap_and_two_questions_do_not():
    cites = Criterion(name="cites", question="Does it cite the policy it relies on?")
    names = Criterion(name="names", question="Does the response cite the policy on which it relies?")
    kind = Criterion(name="kind", question="Does it thank the customer?")
    assert [finding.criterion for finding in lint_criteria([cites, names, kind])] == ["names"]
