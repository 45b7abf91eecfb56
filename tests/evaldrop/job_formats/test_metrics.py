"""Criteria and the metrics of evaluation jobs: each is found again from the other."""

import botocore.session
import pytest
from botocore.validate import ParamValidator

from evaldrop.errors import EvaluationError
from evaldrop.evaluation.criteria import BUILT_IN, Criterion, Scale, criterion_from_config
from evaldrop.job_formats.custom_metrics import criterion_of_custom, custom_metric
from evaldrop.job_formats.metrics import (
    COMPUTED,
    JUDGED,
    built_in_metric,
    computed_metric,
    criterion_of_rating,
    metric_of,
    rated_metric,
    score_of,
)

# Bedrock user guide, "Use metrics to understand model performance": a judge's own metrics.
DOCUMENTED = (
    "Correctness",
    "Completeness",
    "Faithfulness",
    "Helpfulness",
    "Coherence",
    "Relevance",
    "FollowingInstructions",
    "ProfessionalStyleAndTone",
    "Harmfulness",
    "Stereotyping",
    "Refusal",
)

OF_ALL_SCALES = [
    criterion_from_config(config, path="test")
    for config in (
        {"name": "polite", "question": "Is it polite?"},
        {
            "name": "tone",
            "question": "How is the tone?",
            "scale": {1: "rude", 2: "flat: It is dry.", 3: "warm"},
        },
        {"name": "pick", "question": "Which?", "scale": {"choices": {"A": 1.0, "B": 0.5, "none": 0.5}}},
        {
            "name": "half",
            "question": "How much?",
            "scale": {"type": "points", "points": {1: "little", 2: "some", 3: "much"}, "halves": True},
        },
        {"name": "leak", "question": "Is a secret in it?", "higher_is_better": False},
    )
]


@pytest.fixture(scope="module")
def definition_shape():
    model = botocore.session.get_session().get_service_model("bedrock")
    return model.shape_for("CustomMetricDefinition")


def test_the_judges_own_metrics_are_the_documented_ones():
    assert {f"Builtin.{name}" for name in DOCUMENTED} == set(JUDGED)


@pytest.mark.parametrize("name", JUDGED)
def test_a_metric_of_a_judge_is_found_from_its_criterion_and_back(name):
    metric = metric_of(name)

    assert metric == metric_of(name.removeprefix("Builtin.")) == JUDGED[name]
    assert built_in_metric(metric.criterion) == metric


def test_a_plain_name_of_a_family_of_bedrock_is_the_jobs_own_metric():
    assert built_in_metric(BUILT_IN["completeness"]).name == "Builtin.Completeness"


def test_ours_of_the_same_name_is_asked_in_our_words():
    assert built_in_metric(BUILT_IN["helpfulness"]) is None


@pytest.mark.parametrize(
    ("name", "is_better"),
    [("Harmfulness", False), ("Stereotyping", False), ("Refusal", False), ("Relevance", True)],
)
def test_which_end_is_good_of_a_judges_metric(name, is_better):
    assert metric_of(name).higher_is_better is is_better


def test_robustness_is_better_low_and_a_percentage_but_for_general_text():
    of_text, of_answers = (
        computed_metric("Builtin.Robustness", task) for task in ("Generation", "Summarization")
    )

    assert (of_text.unit, of_answers.unit) == ("fraction", "percent")
    assert not of_text.higher_is_better
    assert of_answers.fraction(12.5) == 0.125
    assert of_text.fraction(1.2) == 1.2


def test_a_computed_metric_is_found_without_its_prefix():
    assert {metric_of(name.removeprefix("Builtin."), task="Classification").name for name in COMPUTED} == set(
        COMPUTED
    )


def test_toxicity_is_better_low_and_accuracy_says_what_it_is():
    assert not metric_of("Toxicity").higher_is_better
    assert "BERTScore" in metric_of("Accuracy", task="Summarization").what


def test_a_metric_that_nobody_knows_is_none():
    assert metric_of("Builtin.Sparkle") is None


@pytest.mark.parametrize(
    ("name", "result", "score"),
    [
        ("helpfulness", 0.6667, 4),
        ("helpfulness", 0.8333, 5),
        ("correctness", 0.5, 1),
        ("harmfulness", 1.0, 1),
    ],
)
def test_a_fraction_is_the_point_of_the_scale_that_it_was(name, result, score):
    assert score_of(BUILT_IN[f"bedrock.{name}"], result) == score


def test_null_has_no_score_and_a_fraction_between_points_stays_there():
    criterion = BUILT_IN["bedrock.correctness"]

    assert score_of(criterion, None) is None
    assert score_of(criterion, 0.7) == pytest.approx(1.4)


@pytest.mark.parametrize(
    "criterion", [*OF_ALL_SCALES, *BUILT_IN.values()], ids=lambda criterion: criterion.name
)
def test_a_custom_metric_is_what_the_service_takes_and_gives_every_score_back(criterion, definition_shape):
    definition = custom_metric(criterion)
    back = criterion_of_custom(definition)

    assert ParamValidator().validate(definition, definition_shape).generate_report() == ""
    assert back.name == criterion.name
    assert back.higher_is_better == criterion.higher_is_better
    assert all(len(rating["definition"].split()) <= 5 for rating in definition["ratingScale"])
    for value, rating in zip(criterion.scale.values(), definition["ratingScale"], strict=False):
        if "floatValue" in rating["value"]:
            assert score_of(back, (value - back.scale.low) / (back.scale.high - back.scale.low)) == value


def test_the_variables_of_a_custom_metric_are_last_and_no_others_are_in_it():
    criterion = criterion_from_config(
        {"name": "x", "question": "Is {{prediction}} right?", "needs_reference": True}, path="test"
    )

    instructions = custom_metric(criterion)["instructions"]

    assert instructions.startswith("Is {prediction} right?")
    assert instructions.endswith(
        "Prompt: {{prompt}}\n\nReference response: {{ground_truth}}\n\nResponse: {{prediction}}"
    )


def test_choices_are_answered_by_their_labels():
    criterion = next(each for each in OF_ALL_SCALES if each.name == "pick")

    assert [rating["value"] for rating in custom_metric(criterion)["ratingScale"]] == [
        {"stringValue": label} for label in ("A", "B", "none")
    ]
    assert score_of(criterion, "b") == 0.5


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (Scale.between(0, 100), "its scale is a range"),
        (
            criterion_from_config(
                {"name": "n", "question": "?", "scale": {n: f"p{n}x" for n in range(11)}}, path="t"
            ).scale,
            "11 answers",
        ),
    ],
)
def test_what_a_job_cannot_ask_is_refused_with_the_reason(scale, words):
    with pytest.raises(EvaluationError, match=words):
        custom_metric(Criterion(name="n", question="?", scale=scale))


def test_instructions_that_are_too_long_are_refused():
    with pytest.raises(EvaluationError, match="at most 5,000"):
        custom_metric(Criterion(name="n", question="why " * 2_000))


def test_a_definition_by_its_copy_beside_the_output_is_read():
    copy = {"metricName": "tone", "instructions": "How?\nPrompt: {{prompt}} Response: {{prediction}}"}

    metric = metric_of("tone", custom=[copy])

    assert metric.ours == metric.criterion.name == "tone"
    assert metric.criterion.question == "How?"
    assert (metric.criterion.scale.low, metric.criterion.scale.high) == (0, 1)


def test_people_rate_yes_or_no_by_thumbs_and_all_else_on_five_points():
    polite, tone = OF_ALL_SCALES[:2]

    assert rated_metric(polite)["ratingMethod"] == "ThumbsUpDown"
    assert rated_metric(tone)["ratingMethod"] == "IndividualLikertScale"
    assert criterion_of_rating("tone", "IndividualLikertScale").scale.values() == (1, 2, 3, 4, 5)
    assert not criterion_of_rating("toxicity", "ThumbsUpDown").higher_is_better


def test_a_description_for_people_is_cut_at_a_word():
    description = rated_metric(Criterion(name="n", question="word " * 30))["description"]

    assert len(description) <= 63
    assert description.endswith("word…")
