"""What the short forms of a request stand for."""

import pytest

from evaldrop.api.asked import RunAsked
from evaldrop.api.problems import ApiProblem
from evaldrop.api.short_forms import DEFAULT_JUDGE, definition_of, rows_of

LITE, MICRO = "us.amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"


def _definition(**asked):
    given = RunAsked(**asked)
    return definition_of(given, rows_of(given), judge=DEFAULT_JUDGE)


def test_an_article_is_the_context_of_what_is_asked():
    (row,) = rows_of(RunAsked(article="A text.", models=(LITE,), prompt="Summarise it.")).rows
    assert row == {"id": "1", "prompt": "Summarise it.", "context": "A text."}


def test_texts_are_articles_and_a_records_own_prompt_wins():
    records = ("One.", {"text": "Two."}, {"id": "x", "prompt": "Own?"})
    rows = rows_of(RunAsked(records=records, models=(LITE,), prompt="Summarise it.")).rows
    assert rows == [
        {"id": "1", "prompt": "Summarise it.", "context": "One."},
        {"id": "2", "prompt": "Summarise it.", "context": "Two."},
        {"id": "x", "prompt": "Own?"},
    ]


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"article": "A text."}, "/prompt"),
        ({"records": ("A text.",)}, "/records/0"),
        ({"records": ({"prompt": "Own?"},), "prompt": "Summarise it."}, "/prompt"),
        ({"dataset": "s3://b/uploads/a.jsonl", "prompt": "Summarise it."}, "/prompt"),
    ],
)
def test_a_prompt_that_is_missing_or_too_much_is_told(asked, pointer):
    with pytest.raises(ApiProblem) as refused:
        rows_of(RunAsked(models=(LITE,), **asked))
    assert refused.value.faults[0].pointer == pointer


def test_candidates_are_named_by_their_models_each_by_another_name():
    definition = _definition(
        article="A.",
        prompt="Sum it up.",
        models=(LITE, MICRO, MICRO, {"name": "mine", "model": LITE}, "arn:aws:bedrock:::a/ü b"),
    )
    names = [each["name"] for each in definition["candidates"]]
    assert names == ["nova-lite", "nova-micro", "nova-micro-2", "mine", "b"]


def test_criteria_are_those_that_the_rows_can_be_judged_by():
    models = {"models": (LITE,)}
    with_reference = {"prompt": "?", "reference": "!"}
    assert _definition(records=(with_reference,), **models)["criteria"] == ["correctness"]
    assert _definition(records=({"prompt": "?"},), **models)["criteria"] == ["helpfulness"]
    article = _definition(article="A.", prompt="Sum it up.", **models)
    assert article["criteria"] == ["helpfulness", "faithfulness"]
    assert [each["model"] for each in article["judges"]] == [DEFAULT_JUDGE]
    assert "judges" not in _definition(records=({"prompt": "?"},), criteria=(), **models)


def test_short_forms_win_over_an_evaluation():
    evaluation = {"name": "e", "candidates": [{"name": "c", "model": MICRO}], "metrics": ["rouge_l"]}
    definition = _definition(
        records=({"prompt": "?"},),
        evaluation=evaluation,
        models=(LITE,),
        prompt="bare.v1",
        judge=MICRO,
        name="n",
    )
    assert definition == {
        "name": "n",
        "candidates": [{"name": "nova-lite", "model": LITE}],
        "metrics": ["rouge_l"],
        "prompt": "bare.v1",
        "judges": [{"name": "nova-micro", "model": MICRO}],
    }
