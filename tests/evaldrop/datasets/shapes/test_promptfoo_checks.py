"""promptfoo's documented assertions, and the checks of the same meaning."""

import pytest

from evaldrop.checks import Subject
from evaldrop.datasets.record_checks import read_record_check
from evaldrop.datasets.shapes.foreign_checks import NotCarriedOverError
from evaldrop.datasets.shapes.promptfoo_checks import checks_of
from evaldrop.datasets.shapes.promptfoo_tables import assertion_of

SCHEMA = {"required": ["latitude", "longitude"], "type": "object"}
VALUES = ["Value 1", "Value 2", "Value 3"]

# As in promptfoo's page on deterministic metrics.
DOCUMENTED = [
    ({"type": "contains", "value": "The expected substring"}, [{"contains": "The expected substring"}]),
    ({"type": "contains", "value": 0}, [{"contains": "0"}]),
    ({"type": "icontains", "value": "The expected substring"}, [{"icontains": "The expected substring"}]),
    ({"type": "contains-all", "value": VALUES}, [{"contains_all": VALUES}]),
    ({"type": "contains-any", "value": VALUES}, [{"contains_any": VALUES}]),
    ({"type": "icontains-any", "value": ["a.b", "C"]}, [{"regex": "(?i)a\\.b|C"}]),
    ({"type": "icontains-all", "value": ["a", "b"]}, [{"icontains": "a"}, {"icontains": "b"}]),
    ({"type": "regex", "value": "\\d{4}"}, [{"regex": "\\d{4}"}]),
    ({"type": "starts-with", "value": "Yes"}, [{"starts_with": "Yes"}]),
    ({"type": "equals", "value": "The expected output"}, [{"equals": "The expected output"}]),
    ({"type": "equals", "value": {"k": "v"}}, [{"json_path": {"path": "$", "equals": {"k": "v"}}}]),
    ({"type": "is-json"}, [{"json": True}]),
    ({"type": "is-json", "value": SCHEMA}, [{"json": SCHEMA}]),
    ({"type": "is-json", "value": '{"type": "object"}'}, [{"json": {"type": "object"}}]),
    ({"type": "contains-json"}, [{"contains_json": True}]),
    ({"type": "contains-json", "value": SCHEMA}, [{"contains_json": SCHEMA}]),
    ({"type": "cost", "threshold": 0.001}, [{"max_cost_usd": 0.001}]),
    ({"type": "latency", "threshold": 5000}, [{"max_latency_ms": 5000}]),
    ({"type": "levenshtein", "threshold": 5, "value": "hello world"}, [
        {"levenshtein": {"value": "hello world", "max_distance": 5}}
    ]),
    ({"type": "bleu", "value": "The expected output"}, [{"bleu": "The expected output", "pass_at": 0.5}]),
    ({"type": "bleu", "value": ["a", "b"]}, [{"bleu": ["a", "b"], "pass_at": 0.5}]),
    ({"type": "gleu", "value": "x"}, [{"gleu": "x", "pass_at": 0.5}]),
    ({"type": "meteor", "value": "x", "threshold": 0.7}, [{"meteor": "x", "pass_at": 0.7}]),
    ({"type": "is-refusal"}, [{"refusal": None}]),
    ({"type": "word-count", "value": 50}, [{"min_words": 50}, {"max_words": 50}]),
    ({"type": "word-count", "value": {"min": 20, "max": 50}}, [{"min_words": 20}, {"max_words": 50}]),
    ({"type": "word-count", "value": {"max": 100}}, [{"max_words": 100}]),
    ({"type": "not-contains", "value": "As an AI"}, [{"not_contains": "As an AI"}]),
    ({"type": "not-contains-any", "value": ["a", "b"]}, [{"not_contains_any": ["a", "b"]}]),
    ({"type": "not-is-refusal"}, [{"not_refusal": None}]),
    ({"type": "not-bleu", "value": "x", "threshold": 0.3}, [{"not_bleu": "x", "pass_at": 0.3}]),
    ({"type": "trajectory:tool-used", "value": "search_orders"}, [{"tool_called": "search_orders"}]),
    (
        {"type": "trajectory:tool-args-match", "value": {"name": "find", "args": {"id": "123"}}},
        [{"tool_called": {"name": "find", "arguments": {"id": "123"}}}],
    ),
]  # fmt: skip

NOT_CARRIED = [
    ({"type": "javascript", "value": "output.includes('x')"}, "runs code"),
    ({"type": "python", "value": "file://check.py"}, "runs code"),
    ({"type": "webhook", "value": "https://example.com"}, "runs code"),
    ({"type": "similar", "value": "x", "threshold": 0.8}, "needs a model"),
    ({"type": "classifier", "value": "toxic"}, "needs a model"),
    ({"type": "is-json", "value": "file://./path/to/schema.json"}, "names a file"),
    ({"type": "is-valid-openai-tools-call"}, "the tools' schemas are the provider's"),
    ({"type": "rouge-n", "threshold": 0.6, "value": "hello world"}, "no check means the same"),
    ({"type": "not-word-count", "value": {"min": 1, "max": 2}}, "no check means the same"),
    ({"type": "assert-set", "threshold": 0.5, "assert": []}, "no check means the same"),
    ({"type": "contains", "value": "x", "transform": "output.text"}, 'its "transform" is not carried out'),
    ({"type": "cost", "metric": "inference_cost", "weight": 0}, "its number cannot be read"),
    ({"type": "contains-any", "value": [{}]}, "its value is no text"),
    ({"type": "is-json", "value": "type: ["}, "its schema is no JSON"),
    ({"type": "an-invention-of-tomorrow"}, "no check means the same"),
    ({"value": "x"}, "no check means the same"),
]


@pytest.mark.parametrize(("assertion", "checks"), DOCUMENTED)
def test_an_assertion_becomes_the_checks_that_mean_the_same(assertion, checks):
    assert checks_of(assertion, assertion.get("value")) == checks


# What promptfoo's pages say passes, and what fails.
OUTCOMES = [
    ({"type": "icontains-any", "value": ["a.b", "Ç"]}, "Look: ç", "axb"),
    ({"type": "contains-any", "value": ["Value 1", "Value 2"]}, "Here is Value 2", "Here is value 2"),
    ({"type": "contains-all", "value": ["1,000", "in stock"]}, "1,000 in stock", "1000 in stock"),
    ({"type": "regex", "value": "\\d{4}"}, "in 1987", "in 87"),
    ({"type": "equals", "value": {"key": "value"}}, '{"key": "value"}', '{"key": "other"}'),
    ({"type": "is-json"}, '{"a": 1}', 'Here: {"a": 1}'),
    ({"type": "contains-json", "value": SCHEMA}, 'Here: {"latitude": 1, "longitude": 2}', 'Here: {"a": 1}'),
    ({"type": "levenshtein", "threshold": 5, "value": "hello world"}, "hello wor", "goodbye world"),
    ({"type": "word-count", "value": {"min": 2, "max": 3}}, "two words", "one"),
    ({"type": "not-contains-any", "value": ["a", "b"]}, "cd", "cb"),
    ({"type": "not-regex", "value": "^Sure"}, "Well", "Sure thing"),
    ({"type": "bleu", "value": "the cat sat on the mat"}, "the cat sat on the mat", "a dog ran"),
    ({"type": "is-refusal"}, "I'm sorry, but I can't help with that.", "Paris."),
    ({"type": "character-count", "value": {"max": 3}}, "abc", "abcd"),
]  # fmt: skip


@pytest.mark.parametrize(("assertion", "passing", "failing"), OUTCOMES)
def test_a_check_passes_and_fails_what_its_assertion_does(assertion, passing, failing):
    checks = [
        read_record_check(config, path="checks") for config in checks_of(assertion, assertion.get("value"))
    ]
    for response, is_right in ((passing, True), (failing, False)):
        outcomes = [(check, check.run(Subject(response=response))) for check in checks]
        marks = [
            score.score >= (check.pass_at if check.pass_at is not None else 1) for check, score in outcomes
        ]
        assert all(marks) is is_right


@pytest.mark.parametrize(("assertion", "checks"), DOCUMENTED)
def test_every_check_that_an_assertion_becomes_can_be_read(assertion, checks):
    for config in checks:
        assert read_record_check(config, path="checks").kind.name in str(config)


@pytest.mark.parametrize(("assertion", "why"), NOT_CARRIED)
def test_what_means_nothing_here_says_why(assertion, why):
    with pytest.raises(NotCarriedOverError, match=why):
        checks_of(assertion, assertion.get("value"))


@pytest.mark.parametrize(
    ("cell", "assertion"),
    [
        ("Paris", {"type": "equals", "value": "Paris"}),
        ("equals:Bonjour le monde", {"type": "equals", "value": "Bonjour le monde"}),
        ("contains:part of: output", {"type": "contains", "value": "part of: output"}),
        ("not-equals:test", {"type": "not-equals", "value": "test"}),
        ("is-json", {"type": "is-json"}),
        ('is-json:{"type": "object"}', {"type": "is-json", "value": '{"type": "object"}'}),
        ("similar(0.8):Hello world", {"type": "similar", "value": "Hello world", "threshold": 0.8}),
        ("similar:Hello world", {"type": "similar", "value": "Hello world", "threshold": 0.8}),
        ("latency(1000)", {"type": "latency", "threshold": 1000.0}),
        ("levenshtein(5):hello world", {"type": "levenshtein", "value": "hello world", "threshold": 5.0}),
        ("llm-rubric:Is it kind?", {"type": "llm-rubric", "value": "Is it kind?"}),
        ("grade:Is it kind?", {"type": "llm-rubric", "value": "Is it kind?"}),
        ("fn:output.length > 5", {"type": "javascript", "value": "output.length > 5"}),
        ("note: this is a text", {"type": "equals", "value": "note: this is a text"}),
        ("two\nlines", {"type": "equals", "value": "two\nlines"}),
    ],
)
def test_a_cell_is_read_as_promptfoo_reads_it(cell, assertion):
    assert assertion_of(cell) == assertion


def test_a_cells_values_are_parted_by_commas_and_one_with_a_comma_stands_in_quotes():
    assertion = assertion_of('contains-all: in stock, "1,000"')
    assert checks_of(assertion, assertion["value"]) == [{"contains_all": ["in stock", "1,000"]}]
