"""Checks that are calls, as an evaluation writes them."""

import pytest

from evaldrop.checks import check_from_config
from evaldrop.errors import EvaluationError

TITAN = "amazon.titan-embed-text-v2:0"


def test_the_short_form_asks_for_few_dimensions():
    check = check_from_config({"similarity": TITAN}, path="checks[0]")
    assert check.parameters.constants["body"] == {"normalize": True, "dimensions": 256}
    assert (check.name, check.kind.pass_at, check.pass_at) == ("similarity", 0.8, None)


def test_the_mark_may_stand_among_the_settings():
    check = check_from_config({"similarity": {"model": TITAN, "pass_at": 0.7, "dimensions": 512}}, path="c")
    assert check.pass_at == 0.7
    assert check.parameters.dimensions == 512


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (
            "cohere.embed-v4:0",
            {
                "input_type": "clustering",
                "embedding_types": ["float"],
                "truncate": "RIGHT",
                "output_dimension": 256,
            },
        ),
        (
            "cohere.embed-english-v3",
            {"input_type": "clustering", "embedding_types": ["float"], "truncate": "END"},
        ),
    ],
)
def test_coheres_bodies_are_as_its_pages_have_them(model, body):
    constants = check_from_config({"similarity": model}, path="c").parameters.constants
    assert constants["body"] == body
    assert constants["text_key"] == "texts"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("similarity", "names no embedding model"),
        ({"similarity": "amazon.nova-lite-v1:0"}, "is no embedding model whose body is known"),
        ({"similarity": {"model": TITAN, "dimensions": 300}}, "are 256 or 512 or 1024, not 300"),
        ({"similarity": {"model": TITAN, "size": 256}}, "has no size"),
        ({"guardrail": ["BIAS"]}, "Bias has no filter: ask a judge for stereotyping"),
        ({"guardrail": []}, "names no categories"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(config, said):
    with pytest.raises(EvaluationError, match=said):
        check_from_config(config, path="checks[0]")


def test_categories_are_in_bedrocks_order_and_each_once():
    check = check_from_config({"guardrail": ["insults", "HATE", "INSULTS"]}, path="c")
    named = check.parameters.constants["checks"]["ContentFilter"]["Categories"]
    assert named == [{"Category": "HATE"}, {"Category": "INSULTS"}]
    assert check.higher_is_better is False
