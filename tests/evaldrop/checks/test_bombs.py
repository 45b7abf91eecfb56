"""What a dataset or a model writes takes a fraction of a second, whatever it is."""

import time

import pytest

from evaldrop.checks import Subject, check_from_config
from evaldrop.errors import EvaluationError

# Of processor time, with room for a slow machine.
MOST_S = 1.0
LONG = "a" * 50_000
MEGABYTE = ("The quick brown fox jumps over 1,234 lazy dogs. " * 22_000)[:1_000_000]


def taken(config, response, *references):
    check = check_from_config(config, path="checks[0]")
    began = time.process_time()
    outcome = check.run(Subject(response=response, references=references))
    return outcome, time.process_time() - began


@pytest.mark.parametrize("pattern", ["(a+)+$", "(.*a){12}b"])
@pytest.mark.parametrize("response", [LONG + "!", LONG + " " + MEGABYTE], ids=["50k", "1MB"])
def test_a_pattern_without_end_is_unscored_for_its_time_or_answers_within_it(pattern, response):
    outcome, seconds = taken({"regex": pattern}, response)

    assert outcome.unscored_reason in {None, "timeout"}
    assert seconds < MOST_S


def test_a_pattern_that_takes_for_ever_says_so_and_so_does_its_contrary():
    for config in ({"regex": "(a+)+$"}, {"not_regex": "(a+)+$"}):
        outcome, _ = taken(config, LONG + "!")

        assert (outcome.score, outcome.unscored_reason) == (None, "timeout")


@pytest.mark.parametrize(
    "pattern",
    ["(" * 5000, "[" * 9000, "(a{999999999})", "(((a{1000}){1000}){1000})", "(?:(?:[)]{999}){99}b){9}"],
)  # fmt: skip
def test_a_pattern_that_no_compiler_takes_is_refused(pattern):
    began = time.process_time()

    with pytest.raises(EvaluationError, match=r"checks\[0\].regex"):
        check_from_config({"regex": pattern}, path="checks[0]")

    assert time.process_time() - began < MOST_S


REFUSED = {
    "fetched": ({"$ref": "https://example.com/s.json"}, "nothing is fetched"),
    "opened": ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "nothing is fetched"),
    "beside": ({"allOf": [{"$ref": "other.json#/a"}]}, "nothing is fetched"),
    "dialect": ({"$schema": "https://example.com/dialect"}, "dialect"),
    "dialect within": ({"items": {"$schema": "http://json-schema.org/draft-07/schema#"}}, "dialect"),
    "pattern": ({"pattern": "("}, "no regular expression"),
    "huge": ({"enum": ["x" * 300_000]}, "bytes, more than"),
    "very many": ({"allOf": [{"minLength": n} for n in range(20_000)]}, "|".join(["too large", "bytes"])),
    "deep": ({"not": {}}, "too deep"),
}
deep = REFUSED["deep"][0]
for _ in range(500):
    deep["not"] = {"not": deep["not"]}


@pytest.mark.parametrize(("schema", "told"), REFUSED.values(), ids=REFUSED)
def test_a_schema_that_goes_outside_or_is_too_large_is_refused_soon(schema, told):
    began = time.process_time()

    with pytest.raises(EvaluationError, match=told):
        check_from_config({"json": schema}, path="checks[0]")

    assert time.process_time() - began < 2 * MOST_S


KEYS = '{"' + LONG + '!": 1}'
OBJECTS = "[" + ",".join(f'{{"a": {n}}}' for n in range(50_000)) + "]"
BOMBS = {
    "refers to itself": ({"$ref": "#"}, "{}", "schema"),
    "refers to itself by its dialect": (
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "#"}, "{}", "schema",
    ),
    "refers to itself twice": ({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}, "{}", "schema"),
    "refers to nothing": ({"$ref": "#/$defs/none"}, "{}", "schema"),
    "doubles": (
        {
            "$defs": {
                f"d{n}": {"anyOf": [{"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2}] * 2} for n in range(30)
            } | {"d30": {"type": "string"}},
            "$ref": "#/$defs/d0",
        }, "1", "timeout",
    ),
    "pattern": ({"type": "string", "pattern": "^(a+)+$"}, f'"{LONG}!"', "timeout"),
    "pattern of keys": ({"patternProperties": {"^(a+)+$": {}}}, KEYS, "timeout"),
    "pattern of others' keys": (
        {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False}, KEYS, "timeout",
    ),
    "patterned names": ({"propertyNames": {"pattern": "^(a+)+$"}}, KEYS, "timeout"),
    "items that are unique": ({"uniqueItems": True}, OBJECTS, None),
    "old dialect": (
        {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": "^(a+)+$"}, f'"{LONG}!"', "timeout",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "response", "reason"), BOMBS.values(), ids=BOMBS)
def test_a_schema_without_end_is_unscored_within_its_time(schema, response, reason):
    outcome, seconds = taken({"json": schema}, response)

    assert outcome.unscored_reason == reason
    assert seconds < MOST_S


RESPONSES = {
    "brackets": "[" * 200_000,
    "braces": '{"a":' * 100_000,
    "begun strings": '["' * 200_000,
    "digits": "9" * 1_000_000,
    "points": "1.2,3'4" * 140_000,
    "numbers": "1 " * 400_000,
    "words": MEGABYTE,
    "fences": "```json\n" * 100_000,
    "blanks": " " * 1_000_000,
    "list": "[" + "1," * 400_000 + "1]",
}
CONFIGS = [
    {"contains_json": {"type": "object", "pattern": "x"}},
    {"json_path": {"path": "$..*..*", "equals": 7}},
    {"number": 7},
    {"number": {"equals": 7, "unit": "km/h", "separators": "1 234,5", "which": "any"}},
    {"one_of": ["a", "b", "not a"]}, {"max_words": 3},
]  # fmt: skip


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: next(iter(config)))
@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_a_response_of_a_megabyte_takes_no_longer(config, response):
    _, seconds = taken(config, response)

    assert seconds < MOST_S
