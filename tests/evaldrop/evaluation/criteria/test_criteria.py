"""Criteria: what passes, what a fraction means, and how an evaluation writes them."""

import pytest

from evaldrop.errors import EvaluationError
from evaldrop.evaluation.criteria import Criterion, Scale, built_in, criterion_from_config
from evaldrop.evaluation.criteria.criterion import Example
from evaldrop.evaluation.criteria.scales import Point, scale_from_config
from evaldrop.evaluation.questions import judge_question

WHERE = "criteria[1]"


def points(*values, **options):
    return Scale.of_points(*(Point(value=float(value), label=f"p{value}") for value in values), **options)


@pytest.mark.parametrize(
    ("scale", "higher_is_better", "pass_at"),
    [
        (Scale.binary(), True, 1),
        (Scale.binary(), False, 0),
        (points(1, 2, 3, 4, 5), True, 4),
        (points(1, 2, 3, 4, 5), False, 2),
        (points(0, 1, 2), True, 2),
        (points(0, 1, 2, 3, 4, 5, 6), True, 4),
        (points(*range(1, 11)), True, 6),
        (points(1, 2, 3, 4), True, 3),
        (Scale.between(0, 1), True, 0.5),
        (Scale.between(1, 10), True, 5.5),
        (Scale.of_choices(Point(value=1.0, label="A"), Point(value=0.5, label="B")), True, 1),
    ],
)
def test_the_default_pass_mark_is_the_first_point_beyond_the_middle(scale, higher_is_better, pass_at):
    criterion = Criterion(name="c", question="q", scale=scale, higher_is_better=higher_is_better)
    assert criterion.pass_at == pass_at
    assert criterion.passes(pass_at)
    good, bad = (scale.high, scale.low) if higher_is_better else (scale.low, scale.high)
    assert (criterion.passes(good), criterion.passes(bad)) == (True, False)
    assert (criterion.normalise(good), criterion.normalise(bad)) == (1.0, 0.0)


def test_bedrock_s_very_helpful_is_five_sixths():
    helpfulness = built_in("bedrock.helpfulness")
    assert helpfulness.normalise(helpfulness.scale.value_of("very helpful")) == pytest.approx(5 / 6)


@pytest.mark.parametrize("score", [0.9, 5.1, float("nan")])
def test_a_score_off_the_scale_is_refused_and_not_clipped(score):
    with pytest.raises(ValueError, match="is not between 1 and 5"):
        Criterion(name="c", question="q", scale=points(1, 2, 3, 4, 5)).normalise(score)


def test_halves_lie_between_neighbouring_whole_points_only():
    assert points(1, 2, 4, halves_allowed=True).values() == (1, 1.5, 2, 4)
    assert not points(1, 2, 4).holds(1.5)
    assert not points(1, 2, halves_allowed=True).holds(float("nan"))


def test_labels_are_verdicts_whatever_their_case_and_hyphens():
    scale = built_in("bedrock.correctness").scale
    assert scale.value_of("Partially-Correct") == 1.0
    assert scale.value_of("mostly correct") is None
    assert (Scale.binary().value_of("TRUE"), Scale.binary().value_of("n")) == (1.0, 0.0)
    twins = Scale.of_choices(
        Point(value=1.0, label="m"), Point(value=0.0, label="M"), Point(value=0.5, label="x")
    )
    assert (twins.value_of("M"), twins.value_of("X")) == (0.0, 0.5)


@pytest.mark.parametrize(
    ("config", "scale"),
    [
        ("binary", Scale.binary()),
        (
            {1: "rude", 2: "flat"},
            Scale.of_points(Point(value=1.0, label="rude"), Point(value=2.0, label="flat")),
        ),
        (
            {"2": "flat", "1": "rude"},
            Scale.of_points(Point(value=1.0, label="rude"), Point(value=2.0, label="flat")),
        ),
        (
            {0: "rude: insults the reader", 1: {"label": "warm", "definition": "greets"}},
            Scale.of_points(
                Point(value=0.0, label="rude", definition="insults the reader"),
                Point(value=1.0, label="warm", definition="greets"),
            ),
        ),
        ({"type": "range", "low": 0, "high": 1}, Scale.between(0, 1)),
        ({"type": "range", "high": 10, "not_applicable": True}, Scale.between(0, 10, not_applicable=True)),
        (
            {"choices": {"A": 1.0, "B": {"score": 0.5, "definition": "half"}}},
            Scale.of_choices(Point(value=1.0, label="A"), Point(value=0.5, label="B", definition="half")),
        ),
        (
            {"choices": {True: 1, False: 0}},
            Scale.of_choices(Point(value=1.0, label="yes"), Point(value=0.0, label="no")),
        ),
        (
            {"type": "points", "points": {1: "a", 2: "b"}, "halves": True},
            Scale.of_points(Point(value=1.0, label="a"), Point(value=2.0, label="b"), halves_allowed=True),
        ),
        (
            {"type": "binary", True: "cites it", False: "does not", "not_applicable": True},
            Scale.binary(yes="cites it", no="does not", not_applicable=True),
        ),
    ],
)
def test_a_scale_is_read_from_every_form(config, scale):
    assert scale_from_config(config, path="scale") == scale


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("likert", "'likert' is no scale"),
        ({}, "is no scale"),
        (5, "is no scale"),
        ({1: "rude"}, "needs two or more"),
        ({"one": "rude", "two": "flat"}, "'one' is no number"),
        ({1: "5", 2: "b"}, "reads as another point"),
        ({1: "a", 2: "a"}, "a is given twice"),
        ({1: "a", "1": "b"}, "the same point"),
        ({1: "a", 2: []}, "is no label"),
        ({1: "a", 2: {"definition": "x"}}, "needs a label"),
        ({"type": "likert"}, "'likert' is no scale"),
        ({"type": "range", "low": 1, "high": 1}, "must be below"),
        ({"type": "range", "low": "x"}, "'x' is no number"),
        ({"type": "range", "step": 1}, "a range scale has no step"),
        ({"type": "points"}, "needs two or more"),
        ({"type": "points", "points": {1: "a", 2: "b"}, "halves": "perhaps"}, "neither true nor false"),
        ({"choices": {"A": 1}}, "needs two or more"),
        ({"choices": {"A": 1, "B": 1}}, "same score"),
        ({"choices": {"A": 1, "B": "good"}}, "'good' is no number"),
        ({"choices": {"A": 1, "B": float("inf")}}, "is no number"),
        ({"choices": {True: 1, "yes": 0}}, "given twice"),
    ],
)
def test_a_wrong_scale_is_refused_with_its_place(config, message):
    with pytest.raises(EvaluationError, match=message) as error:
        scale_from_config(config, path="criteria[1].scale")
    assert str(error.value).startswith("criteria[1].scale")


def test_a_name_is_a_built_in_criterion():
    assert criterion_from_config("correctness", path=WHERE) is built_in("correctness")
    assert criterion_from_config("Instruction-Following", path=WHERE) is built_in("instruction_following")


def test_a_misspelt_name_is_met_with_the_nearest():
    with pytest.raises(EvaluationError, match=r"^criteria\[1\]: .*'corectness'.* Did you mean correctness"):
        criterion_from_config("corectness", path=WHERE)
    with pytest.raises(EvaluationError, match="evaldrop criteria"):
        criterion_from_config("xyzzy", path=WHERE)


def test_a_criterion_of_one_s_own_keeps_everything_it_was_given():
    criterion = criterion_from_config(
        {
            "name": "tone",
            "question": "Is the tone warm?",
            "scale": {1: "rude", 2: "flat", 3: "warm"},
            "pass_at": "flat",
            "weight": 2,
            "needs_context": True,
            "must_include": ["a greeting"],
            "must_not_include": ["sarcasm"],
            "examples": [{"prompt": "Hi", "response": "Go away", "score": "rude", "rationale": "dismissive"}],
        },
        path=WHERE,
    )
    assert criterion.pass_at == 2.0
    assert (criterion.weight, criterion.needs_context, criterion.needs_reference) == (2.0, True, False)
    assert (criterion.must_include, criterion.must_not_include) == (("a greeting",), ("sarcasm",))
    assert criterion.examples == (
        Example(prompt="Hi", response="Go away", score=1.0, rationale="dismissive"),
    )


def test_a_built_in_criterion_can_be_changed_field_by_field():
    changed = criterion_from_config({"name": "refusal", "higher_is_better": True}, path=WHERE)
    assert (changed.question, changed.pass_at) == (built_in("refusal").question, 1.0)
    renamed = criterion_from_config(
        {"name": "exact", "like": "bedrock.correctness", "pass_at": 1}, path=WHERE
    )
    assert (renamed.name, renamed.scale, renamed.pass_at) == (
        "exact",
        built_in("bedrock.correctness").scale,
        1.0,
    )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (["correctness"], "is no criterion"),
        ({"question": "q"}, "no 'name'"),
        ({"name": "tone", "qestion": "q"}, "has no field 'qestion'"),
        ({"name": "my tone", "question": "q"}, "must begin with a letter"),
        ({"name": "tone", "question": ""}, "question"),
        ({"name": "tone", "question": "q", "weight": 0}, "weight"),
        ({"name": "tone", "question": "q", "pass_at": 2}, "pass_at: 2.0 is not on the scale"),
        ({"name": "tone", "question": "q", "scale": {"type": "range"}, "pass_at": "high"}, "0 to 1"),
        ({"name": "tone"}, "no built-in criterion is called 'tone'"),
        ({"name": "correctness", "scale": "binary"}, "needs a question of its own"),
        ({"name": "tone", "question": "q", "scale": "likert"}, "likert"),
        (
            {"name": "t", "question": "q", "examples": [{"prompt": "p", "response": "r", "score": 0.5}]},
            r"examples\[0\].score: 0.5 is not on the scale",
        ),
    ],
)
def test_a_wrong_criterion_is_refused_with_its_place(config, message):
    with pytest.raises(EvaluationError, match=message) as error:
        criterion_from_config(config, path=WHERE)
    assert str(error.value).startswith(WHERE)


def test_a_pass_mark_may_lie_between_two_points():
    config = {"name": "t", "question": "q", "scale": {1: "a", 2: "b"}, "pass_at": 1.5}
    assert criterion_from_config(config, path=WHERE).pass_at == 1.5


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            {"name": "tone", "question": "Is it warm", "kind and short?": None},
            "Within { } a comma ends a text",
        ),
        ({"name:tone": None, "question": "Is it warm?"}, 'A space is missing after "name:"'),
        ({"name": "correctness", "question": None}, "a text that begins with # or & needs quotes"),
        ({"name": "tone", "question": 5}, 'needs quotes: "5"'),
    ],
)
def test_a_question_that_yaml_cut_or_read_as_something_else_is_told_the_quote_it_lacks(config, told):
    with pytest.raises(EvaluationError) as error:
        criterion_from_config(config, path="criteria[0]")
    assert told in str(error.value)


def test_a_menu_is_of_names_unless_it_says_that_it_has_an_order():
    menu = {"name": "kind", "question": "Which?", "scale": {"choices": {"A": 1.0, "B": 0.5, "C": 0.0}}}
    ordered = menu | {"scale": {**menu["scale"], "ordered": True}}
    plain, graded = (criterion_from_config(config, path="c") for config in (menu, ordered))
    assert plain.scale.is_nominal
    assert not graded.scale.is_nominal
    # How answers are compared is no part of what was asked: runs stay comparable, replies are kept.
    assert plain == graded
    assert judge_question(plain) == judge_question(graded)
    with pytest.raises(EvaluationError, match=r"a points scale has no ordered"):
        criterion_from_config(
            menu | {"scale": {"type": "points", "points": {1: "a", 2: "b"}, "ordered": True}}, path="c"
        )
