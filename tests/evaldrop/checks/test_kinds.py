"""Each kind of check against examples, most of them its peers' documented ones; and none ever raises."""

import pytest

from evaldrop.checks import Subject, check_from_config
from evaldrop.errors import EvaluationError


def run(config, response, *references, **more):
    return check_from_config(config, path="checks[0]").run(
        Subject(response=response, references=references, **more)
    )


PLACE = {
    "required": ["latitude", "longitude"],
    "type": "object",
    "properties": {
        "latitude": {"minimum": -90, "type": "number", "maximum": 90},
        "longitude": {"minimum": -180, "type": "number", "maximum": 180},
    },
}

EXAMPLES = [
    # texts, as promptfoo's page on deterministic metrics has them
    ({"equals": "The expected output"}, " The expected output\n", 1),
    ({"equals": "The expected output"}, "the expected output", 0),
    ({"iequals": "The expected output"}, "the EXPECTED output", 1),
    ({"contains": "The expected substring"}, "a. The expected substring. b", 1),
    ({"contains": "The expected substring"}, "the expected substring", 0),
    ({"contains": 0}, "10 of 12", 1),
    ({"icontains": "The expected substring"}, "the EXPECTED substring", 1),
    ({"contains_all": ["Value 1", "Value 2", "Value 3"]}, "Value 3, Value 1, Value 2", 1),
    ({"contains_all": ["1,000", "in stock"]}, "1,000 are sold out", 0),
    ({"contains_any": ["Value 1", "Value 2"]}, "it is Value 2", 1),
    ({"contains_any": ["Value 1", "Value 2"]}, "it is value 2", 0),
    ({"contains_none": ["as an AI", "sorry"]}, "Of course.", 1),
    ({"contains_none": ["as an AI", "sorry"]}, "I am sorry.", 0),
    ({"starts_with": "Yes"}, "Yes, it is", 1),
    ({"starts_with": "Yes"}, "No. Yes", 0),
    ({"ends_with": "."}, "Done. \n", 1),
    ({"regex": "\\d{4}"}, "in 2024", 1),
    ({"regex": "\\d{4}"}, "in 20 24", 0),
    ({"regex": "^(yes|no)$"}, "maybe yes", 0),
    # JSON
    ("json", ' {"a": 1} ', 1),
    ("json", '```json\n{"a": 1}\n```', 0),
    ("json", "NaN", 0),
    ({"json": True}, '"text"', 1),
    ({"json": PLACE}, '{"latitude": 37.7, "longitude": -122.4}', 1),
    ({"json": PLACE}, '{"latitude": 97, "longitude": -122.4}', 0),
    ({"json": PLACE}, '{"latitude": 37.7}', 0),
    ("contains_json", 'Here: {"a": {"b": [1]}} and more', 1),
    ("contains_json", 'Use {braces} so: ```json\n{"a": 1}\n```', 1),
    ("contains_json", "no JSON {here}", 0),
    ({"contains_json": PLACE}, '```json\n{"latitude": 1, "longitude": 2}\n```', 1),
    ({"json_path": {"path": "$.a.b[1]", "equals": 2}}, '{"a": {"b": [1, 2.0]}}', 1),
    ({"json_path": {"path": "$.a", "equals": 1}}, '{"a": true}', 0),
    ({"json_path": {"path": "$.a", "equals": 10, "within": 0.5}}, '{"a": 10.5}', 1),
    ({"json_path": {"path": "$.a", "equals": 10, "within": "2%"}}, '{"a": 10.5}', 0),
    ({"json_path": {"path": "$..id", "equals": "x"}}, '{"l": [{"id": "y"}, {"id": "x"}]}', 1),
    ({"json_path": {"path": "$", "equals": {"k": "v"}}}, '{"k": "v"}', 1),
    ({"json_path": "$.a"}, '{"a": null}', 1),
    ({"json_path": {"path": "$.a", "exists": False}}, '{"b": 1}', 1),
    ({"json_path": {"path": "$.a", "exists": False}}, '{"a": 1}', 0),
    ({"json_path": "$.a"}, "no JSON", 0),
    # numbers: Inspect's match(numeric=True) strips currency signs, groups and marks, and takes the last
    ({"number": 42}, "First 41, then **42**.", 1),
    ({"number": 1234.5}, "It is $1,234.50", 1),
    ({"number": 60}, "It is 60%", 0),
    ({"number": "60%"}, "It is 60 %", 1),
    ({"number": {"equals": 60, "unit": "%"}}, "It is 60%", 1),
    ({"number": 42}, "42 at first, 7 at last", 0),
    ({"number": {"equals": 42, "which": "first"}}, "42 at first, 7 at last", 1),
    ({"number": {"equals": 42, "which": "any"}}, "7, 42 and 8", 1),
    ({"number": {"equals": 42, "which": "only"}}, "42 or 43", 0),
    ({"number": -5}, "from 3 to −5", 1),
    ({"number": 5}, "pages 3-5", 1),
    ({"number": 1.234}, "1.234", 1),
    ({"number": {"equals": 1234, "separators": "1.234,5"}}, "1.234 Euro", 1),
    ({"number": {"equals": 1234.5, "separators": "1 234,5"}}, "1\u202f234,5 €", 1),
    ({"number": {"equals": 1234, "separators": "1 234,5"}}, "1 234 €", 1),
    ({"number": {"equals": 1234.5, "separators": "1'234.5"}}, "CHF 1’234.5", 1),
    ({"number": 1}, "1,23", 0),
    ({"number": {"equals": 100, "within": 0.5}}, "100.5", 1),
    ({"number": {"equals": 100, "within": "1%"}}, "101.01", 0),
    ({"number": {"equals": 0.3, "within": 0.1}}, "0.4", 1),
    ({"number": {"equals": 90, "unit": "km/h"}}, "In 2 h at 90 km/h, then 7 km", 1),
    ({"number": {"equals": 90, "unit": "EUR"}}, "It costs 90 USD", 0),
    ({"number": {"equals": 90, "unit": "EUR"}}, "It costs EUR 90", 1),
    ({"number": 1e21}, "1e21", 1),
    ({"number": 5}, "no number", 0),
    # labels
    ({"one_of": ["yes", "no"]}, "Yes.", 1),
    ({"one_of": ["yes", "no"]}, "maybe", 0),
    ({"one_of": ["spam", "not spam"]}, "This is not spam.", 1),
    ({"one_of": ["A", "B"]}, "It is a letter: B", 1),
    # limits, as promptfoo's word-count, latency and cost
    ({"max_words": 3}, "don't count - marks", 1),
    ({"max_words": 2}, "one two three", 0),
    ({"min_words": 2}, "東京", 1),
    ({"min_words": 4}, "one two three", 0),
    ({"max_chars": 4}, "four", 1),
    ({"max_chars": 3}, "four", 0),
]  # fmt: skip


@pytest.mark.parametrize(("config", "response", "score"), EXAMPLES)
def test_a_check_says_of_an_example_what_its_kind_promises(config, response, score):
    assert run(config, response).score == score


@pytest.mark.parametrize(("config", "response", "score"), [e for e in EXAMPLES if isinstance(e[0], dict)])
def test_a_negated_check_says_the_contrary(config, response, score):
    ((key, value),) = config.items()

    assert run({f"not_{key}": value}, response).score == 1 - score


@pytest.mark.parametrize(
    ("config", "subject", "score"),
    [
        ({"max_latency_ms": 5000}, {"latency_ms": 5000.0}, 1),
        ({"max_latency_ms": 5000}, {"latency_ms": 5001.0}, 0),
        ({"max_cost_usd": 0.001}, {"cost_usd": 0.001}, 1),
        ({"max_cost_usd": 0.001}, {"cost_usd": 0.0011}, 0),
    ],
)
def test_what_a_call_took_and_cost_is_held_to_its_limit(config, subject, score):
    assert run(config, "x", **subject).score == score


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("equals", "no_reference"),
        ("number", "no_reference"),
        ({"max_latency_ms": 1}, "unknown_latency"),
        ({"max_cost_usd": 1}, "unknown_cost"),
    ],
)
def test_what_cannot_be_told_is_unscored_also_where_it_is_negated(config, reason):
    negated = (
        {f"not_{config}": None} if isinstance(config, str) else {f"not_{k}": v for k, v in config.items()}
    )

    assert run(config, "x")[::2] == (None, reason)
    assert run(negated, "x")[::2] == (None, reason)


def test_a_kind_alone_compares_with_any_of_the_references():
    assert run("contains", "the blue one", "red", "blue").score == 1
    assert run("number", "so 1,200 in all", "1000 + 200 = 1200").score == 1
    assert run("number", "so 1,300 in all", "1000 + 200 = 1200").score == 0


def test_a_number_is_noted_with_its_unit_and_what_was_not_read():
    assert run({"number": 1234}, "1,234 kg, not 1,23").note == (
        "Says 1,234 kg. Not written as 1,234.5: 1,23."
    )


WRONG = [
    ({"regex": "("}, "no regular expression"),
    ({"regex": "a" * 10_001}, "more than 10,000"),
    ({"contains_any": []}, "no list of texts"),
    ({"json": {"type": "nothing"}}, "no JSON Schema"),
    ({"json": "a.schema.json"}, "only an evaluation's own file"),
    ({"json_path": {"path": "$..a..b..c"}}, "more than 2 descents"),
    ({"json_path": {"path": "$[?match(@.a, '(a+)+')]"}}, "has a filter"),
    ({"json_path": {"path": "$["}}, "is no JSONPath"),
    ({"json_path": {"path": "$.a", "equal": 1}}, "no option equal"),
    ({"json_path": {"path": "$.a", "within": 1}}, "needs equals"),
    ({"number": "no number"}, "has to be one number"),
    ({"number": {"separators": "1.234.5"}}, "has to be one of"),
    ({"number": {"within": "-1%"}}, "has to be a number from 0"),
    ({"one_of": ["a"]}, "needs 2"),
    ({"one_of": ["a", "A "]}, "two that differ"),
    ({"max_words": 2.5}, "no whole number"),
    ({"max_cost_usd": -1}, "no number from 0"),
    ({"contains": ["a"]}, "no text"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "told"), WRONG)
def test_what_a_kind_cannot_use_is_refused_in_words_at_its_place(config, told):
    with pytest.raises(EvaluationError, match=rf"^checks\[0\]\..*{told}"):
        check_from_config(config, path="checks[0]")
