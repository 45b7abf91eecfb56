"""Each kind of check against examples, most of them its peers' documented ones; and none ever raises."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.checks import KINDS, Subject, ToolCall, check_from_config
from evaldrop.checks.labels import read_label
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
    ({"number": {"equals": 90, "unit": "€"}}, "It costs €90", 1),
    ({"number": {"equals": 90, "unit": "m"}}, "It is 90 miles", 0),
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
    # promptfoo: a distance at most the threshold
    ({"levenshtein": {"value": "hello world", "max_distance": 5}}, "hello wor", 1),
    ({"levenshtein": {"value": "hello world", "max_distance": 5}}, "hello", 0),
    ({"exact_match": "Paris"}, " PARIS. ", 1),
    ({"exact_match": ["Paris", "Rome"]}, "Rome", 1),
    # languages
    ({"language": "en"}, "The order will arrive on Tuesday, and nothing has to be paid for it.", 1),
    ({"language": "de"}, "The order will arrive on Tuesday, and nothing has to be paid for it.", 0),
    ({"language": ["fr", "de"]}, "Die Bestellung kommt am Dienstag an, und sie kostet nichts.", 1),
    ({"language": "no"}, "Bestillingen kommer frem på tirsdag, og det koster ingenting.", 1),
    ({"language": "ja"}, "ご注文は火曜日に届きます。", 1),
    ({"language": "es"}, "```python\npass\n```\nEl pedido llega el martes por la mañana.", 1),
    # refusals
    ("refusal", "I'm sorry, but I can't help with that.", 1),
    ("refusal", "I’m unable to provide medical advice.", 1),
    ("refusal", "As an AI language model, I cannot browse the web.", 1),
    ("refusal", "I must respectfully decline.", 1),
    ("refusal", "I can't assist with that request.", 1),
    ("refusal", "Es tut mir leid, aber dabei kann ich dir nicht helfen.", 1),
    ("refusal", "Ich kann diese Frage leider nicht beantworten.", 1),
    ("refusal", "Je ne peux pas vous aider.", 1),
    ("refusal", "Lo siento, no puedo ayudarte con eso.", 1),
    ("refusal", "申し訳ありませんが、そのご依頼にはお応えできません。", 1),
    ("refusal", "抱歉，我无法提供这类信息。", 1),
    ("refusal", "You can return it within 30 days. We cannot refund postage.", 0),
    ("refusal", "Sorry to hear that! Your parcel is on its way.", 0),
    ("refusal", "", 0),
]  # fmt: skip


@pytest.mark.parametrize(("config", "response", "score"), EXAMPLES)
def test_a_check_says_of_an_example_what_its_kind_promises_and_why_it_fails(config, response, score):
    said = run(config, response)

    assert said.score == score
    assert said.score == 1 or said.note


@pytest.mark.parametrize(
    ("config", "response", "score"),
    [
        example
        for example in EXAMPLES
        if isinstance(example[0], dict) and not KINDS[next(iter(example[0]))].is_scored
    ],
)
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
    # A letter of the word before is no unit.
    assert run({"number": 50}, "It is 50.").note == "Says 50."


CALLS = (
    ToolCall("find_order", {"id": "A-1", "open": True}),
    ToolCall("find_order", {"id": "A-2", "of": {"year": 2024, "month": 5}}),
)


@pytest.mark.parametrize(
    ("wanted", "score", "note"),
    [
        ("find_order", 1, "Asked for find_order."),
        ({"name": "find_order", "arguments": {"id": "A-1"}}, 1, "Asked for find_order."),
        ({"name": "find_order", "arguments": {"of": {"year": 2024.0}}}, 1, "Asked for find_order."),
        ({"name": "find_order", "arguments": {"id": "A-1", "of": {}}}, 0, "Asked for find_order with"),
        ({"name": "find_order", "arguments": {"open": 1}}, 0, "Asked for find_order with"),
        ("refund", 0, "It asked for find_order."),
    ],
)
def test_a_tool_is_asked_for_with_at_least_the_arguments(wanted, score, note):
    said = run({"tool_called": wanted}, "", tool_calls=CALLS)

    assert said.score == score
    assert said.note.startswith(note)
    assert run({"tool_called": wanted}, "find_order").note == "It asked for no tool."


LABELS = [
    ("Spam", "spam"),
    ("**spam**", "spam"),
    ('{"label": "ham"}', "ham"),
    ("I would say this is spam.", "spam"),
    ("This is not spam", "not spam"),
    ("It isn't spam.", None),
    ("spam or ham", None),
    ("It could be anything", None),
    ("First it looked like ham. " * 20 + "\nLabel: **not spam**", "not spam"),
    ("word " * 40 + "spam", None),
    ("spammer", None),
]


@pytest.mark.parametrize(("text", "label"), LABELS)
def test_a_label_is_read_where_a_text_says_one_and_no_other(text, label):
    assert read_label(text, ("spam", "not spam", "ham")) == label


def test_a_letter_is_a_label_only_in_its_case():
    assert read_label("It is a B.", ("A", "B")) == "B"
    assert read_label("The answer is (A)", ("A", "B")) == "A"


def test_a_label_is_that_of_the_reference_and_unscored_where_the_reference_says_none():
    assert run({"label": ["yes", "no"]}, "Yes!", "yes").score == 1
    assert run({"label": ["yes", "no"]}, "No", "yes")[:2] == (0, "Says no; it is yes.")
    assert run({"label": ["yes", "no"]}, "No", "perhaps").unscored_reason == "no_label_in_reference"


@pytest.mark.parametrize("kind", ["levenshtein", "token_f1", "rouge_l", "bleu", "chrf"])
def test_a_fraction_is_one_of_the_reference_itself_and_stays_so_where_it_is_negated(kind):
    text = "the order arrives on Tuesday"
    check = check_from_config(f"not_{kind}", path="checks")

    assert run(kind, text, "nothing", text).score == pytest.approx(1)
    assert check.run(Subject(response=text, references=(text,))).score == pytest.approx(1)
    assert not check.higher_is_better
    assert run(kind, text).unscored_reason == "no_reference"


def test_a_text_too_short_to_tell_its_language_is_unscored():
    assert run({"language": "en"}, "OK 👍").unscored_reason == "too_short"


VALUES = {
    "equals": [None, "a"], "iequals": ["A"], "contains": [None], "icontains": ["ß"],
    "contains_any": [["a", "1"]],
    "contains_all": [["a", "1"]], "contains_none": [["a"]], "starts_with": [None, ""], "ends_with": ["a"],
    "regex": ["(a+)+$", "\\d"],
    "json": [None, PLACE, {"uniqueItems": True, "items": {"multipleOf": 0.1}}],
    "contains_json": [True, {"maxLength": 1, "enum": [1, "a"]}],
    "json_path": ["$..*", {"path": "$.a[0]", "equals": 1, "within": "1%"}],
    "number": [None, 1, {"equals": "1 %", "which": "any", "unit": "kg", "separators": "1 234,5"}],
    "one_of": [["a", "b"]], "label": [["a", "1"]], "max_words": [1], "min_words": [1], "max_chars": [1],
    "max_latency_ms": [1], "max_cost_usd": [1], "language": ["en"], "refusal": [None],
    "tool_called": ["a", {"name": "a", "arguments": {"a": [1]}}],
    "fields": [None, {"exclude": ["a"], "tolerance": "1%"}], "levenshtein": [None, {"max_distance": 2}],
    "exact_match": [None], "token_f1": [None, "a"], "rouge_l": [None], "bleu": [None, ["a", "b"]],
    "chrf": [None], "meteor": [None], "gleu": [None, "a b"], "rouge_1": [None], "rouge_2": [["a", "b c"]],
}  # fmt: skip
CONFIGS = [
    {f"{no}{kind}": value} for kind, values in VALUES.items() for value in values for no in ("", "not_")
]
CHECKS = [check_from_config(config, path="checks") for config in CONFIGS]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
TEXT = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="a1{}[]\":,.-−+%eE\\ud8 \n`'()", max_size=60),
    JSON.map(lambda value: json.dumps(value)),
    st.just("\ud83d"),
    st.just('{"a": "\\ud83d"}'),
    st.just("[1e999, 9" + "9" * 5000 + "]"),
)


def test_every_kind_that_is_made_here_is_among_those_tried():
    assert {name for name, kind in KINDS.items() if kind.run is not None} == set(VALUES)


@settings(max_examples=200, deadline=None)
@given(
    response=TEXT,
    references=st.lists(TEXT, max_size=2).map(tuple),
    arguments=st.dictionaries(st.text(max_size=2), JSON, max_size=2),
    seconds=st.none() | st.floats(),
)
def test_no_check_raises_for_what_a_response_or_a_record_holds(response, references, arguments, seconds):
    subject = Subject(
        response=response,
        references=references,
        latency_ms=seconds,
        cost_usd=seconds,
        tool_calls=(ToolCall("a", arguments),),
    )
    for check in CHECKS:
        said = check.run(subject)

        if said.score is None:
            assert said.unscored_reason
        else:
            assert 0 <= said.score <= 1
            assert check.kind.is_scored or said.score in {0, 1}


@pytest.mark.parametrize(
    ("config", "needs"),
    [
        ("equals", True), ({"equals": "a"}, False), ({"number": {"within": 1}}, True), ({"number": 1}, False),
        ({"label": ["a", "b"]}, True), ({"fields": {"exact": True}}, True), ("json", False),
        ({"levenshtein": {"max_distance": 1}}, True), ({"not_equals": None}, True),
    ],
)  # fmt: skip
def test_a_check_knows_whether_it_needs_a_reference(config, needs):
    assert check_from_config(config, path="checks").needs_reference is needs


def test_a_check_asks_its_question_in_words():
    assert check_from_config("json", path="checks").question == "Is the response JSON and nothing else?"
    assert check_from_config("not_equals", path="checks").question == (
        "Not: Does the response equal the reference?"
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
    ({"language": "xx"}, "no language that can be told"),
    ({"language": []}, "no list of texts"),
    ({"refusal": "yes"}, "takes no value"),
    ({"tool_called": {"arguments": {}}}, "has to be a tool's name"),
    ({"tool_called": {"name": "a", "arguments": []}}, "no mapping"),
    ({"fields": {"exclude": 1.5, "exact": 1}}, "has to be true or false"),
    ({"levenshtein": {"max_distance": 20_000}}, "more than 10,000"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "told"), WRONG)
def test_what_a_kind_cannot_use_is_refused_in_words_at_its_place(config, told):
    with pytest.raises(EvaluationError, match=rf"^checks\[0\]\..*{told}"):
        check_from_config(config, path="checks[0]")
