"""How an evaluation is found, and how its mistakes are told."""

import jsonschema
import pytest

from evaldrop import storage
from evaldrop.errors import EvaluationError
from evaldrop.evaluation import Evaluation, find_evaluation, parse_evaluation
from evaldrop.shipped import resource

SMALLEST = "name: small\ncandidates: [{name: lite, model: us.amazon.nova-lite-v1:0}]\nmetrics: length_words\n"


def problems(text):
    with pytest.raises(EvaluationError) as error:
        parse_evaluation(text, source="evaluation.yaml")
    return str(error.value).splitlines()


@pytest.fixture(params=["directory", "s3"])
def root(request, tmp_path):
    if request.param == "directory":
        return str(tmp_path)
    return f"s3://{request.getfixturevalue('bucket')}"


def test_the_sidecar_wins_then_the_nearest_file_then_those_above(root):
    dataset = storage.join(root, "team", "v1.2", "faq.jsonl")
    for place in (
        ("evaluation.yaml",),
        ("team", "evaluation.yaml"),
        ("team", "v1.2", "evaluation.yaml"),
        ("team", "v1.2", "faq.yml"),
        ("team", "v1.2", "faq.yaml"),
    ):
        uri = storage.join(root, *place)
        storage.write_bytes(uri, b"name: x")
        assert find_evaluation(dataset) == uri


def test_the_sidecar_of_a_file_without_an_ending_is_not_looked_for_beside_its_folder(root):
    storage.write_bytes(storage.join(root, "v1.yaml"), b"name: x")
    storage.write_bytes(storage.join(root, "v1.2", "faq.yaml"), b"name: x")
    assert find_evaluation(storage.join(root, "v1.2", "faq")) == storage.join(root, "v1.2", "faq.yaml")


def test_no_evaluation_up_to_the_bucket_is_none(bucket):
    assert find_evaluation(f"s3://{bucket}/a/b/faq.jsonl") is None


def test_the_example_of_the_sample_dataset_is_an_evaluation():
    path = resource("datasets", "support-faq", "evaluation.yaml")
    evaluation = parse_evaluation(path.read_bytes(), source=path.name)
    assert [candidate.name for candidate in evaluation.candidates] == ["lite", "haiku", "micro"]
    assert evaluation.prompt_of(evaluation.candidates[0]) == "support.v1"


def test_json_is_an_evaluation_too():
    text = '{"name": "small", "candidates": [{"name": "a", "model": "m"}], "metrics": ["length_words"]}'
    assert parse_evaluation(text, source="evaluation.json").metrics == ("length_words",)


def test_one_criterion_metric_or_rule_needs_no_list():
    evaluation = parse_evaluation(
        SMALLEST + "gate: coverage >= 0.9\njudges: [{name: pro, model: m}]\ncriteria: correctness",
        source="evaluation.yaml",
    )
    assert (evaluation.metrics, evaluation.criteria, evaluation.gate) == (
        ("length_words",),
        ("correctness",),
        ("coverage >= 0.9",),
    )


def test_every_problem_is_told_at_once_with_its_place_and_what_was_meant():
    found = problems(
        """
        candidats: []
        candidates:
          - {name: lite, model: m, inferense: {}}
          - {name: has space, model: ""}
          - {name: pro, model: m, inference: {temperture: 0, temperature: 3}}
        budget_usd: -1
        confidence: high
        """
    )
    assert all(line.startswith("evaluation.yaml: ") and line.endswith((".", "?")) for line in found)
    told = {line.removeprefix("evaluation.yaml: ").partition(": ")[0]: line for line in found}
    assert set(told) == {
        "name",
        "candidats",
        "candidates[0].inferense",
        "candidates[1].name",
        "candidates[1].model",
        "candidates[2].inference.temperture",
        "candidates[2].inference.temperature",
        "budget_usd",
        "confidence",
    }
    assert told["name"].endswith("name: missing. Every evaluation needs it.")
    assert 'unknown key. Did you mean "candidates"?' in told["candidats"]
    assert 'Did you mean "inference"?' in told["candidates[0].inferense"]
    assert 'Did you mean "temperature"?' in told["candidates[2].inference.temperture"]
    assert told["confidence"].endswith("it is 'high'.")


def test_a_key_that_resembles_none_gets_the_list_of_keys():
    assert (
        "Known keys: api, cache, delivery, extra"
        in problems(SMALLEST + "judges: [{name: pro, model: m, xyzzy: 1}]")[0]
    )
    assert (
        "Known keys: batch, cache_read"
        in problems(SMALLEST + "prices: {m: {input: 1, output: 2, xyzzy: 3}}")[0]
    )


def test_a_missing_key_below_the_top_is_told_by_its_place():
    assert problems("name: x\ncandidates: [{name: lite}]\nmetrics: [x]") == [
        "evaluation.yaml: candidates[0].model: missing. Give it a value."
    ]


def test_a_criterion_that_is_neither_name_nor_definition_is_one_problem():
    found = problems(SMALLEST + "judges: [{name: pro, model: m}]\ncriteria: [5]")
    assert found == ["evaluation.yaml: criteria: entry 1, 5, is neither a built-in name nor a definition."]


def test_a_long_value_is_not_told_in_full():
    (line,) = problems(SMALLEST + f"budget_usd: {'x' * 500}")
    assert len(line) < 250
    assert line.endswith("....")


@pytest.mark.parametrize("text", ["name: [", b"name: caf\xe9", "name: &a *a\n  - : :"])
def test_what_is_not_yaml_is_told_in_one_line(text):
    (line,) = problems(text)
    assert line.startswith("evaluation.yaml: not YAML.")


@pytest.mark.parametrize("text", ["", "- a list", "just words"])
def test_a_file_without_keys_is_told_what_it_needs(text):
    assert problems(text) == [
        'evaluation.yaml: holds no keys. Give at least "name", "candidates" and "judges" or "metrics".'
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("judges: [{name: pro, model: m, and kind?}]", "Within { } a comma ends a text"),
        ("judges: [{name: pro, model:m}]", 'A space is missing after "model:".'),
        ("description: 5", 'it is 5. A text that looks like this needs quotes: "5".'),
        ("prompt: 1.0", 'A text that looks like this needs quotes: "1.0".'),
        ("prompt: true", 'A text that looks like this needs quotes: "true".'),
        ("prompt: # answer.v1", "a text that begins with # or & needs quotes"),
    ],
)
def test_a_text_that_yaml_reads_as_something_else_is_told_that_it_needs_quotes(text, told):
    assert told in " ".join(problems(SMALLEST + text))


def test_a_key_glued_to_its_value_is_told_that_a_space_is_missing():
    assert 'holds no keys. A space is missing after "name:".' in problems("name:small")[0]


def test_words_that_older_yaml_takes_for_booleans_are_words_and_flags_all_the_same():
    evaluation = parse_evaluation(
        "name: no\ncandidates: [{name: on, model: m}]\ncriteria: [correctness]\n"
        "judges: [{name: off, model: m, mask_identity: yes}]\n"
        "anchors: [{prompt: a, response: no, passes: no}]",
        source="evaluation.yaml",
    )
    assert (evaluation.name, evaluation.candidates[0].name, evaluation.judges[0].name) == ("no", "on", "off")
    assert evaluation.judges[0].mask_identity is True
    assert (evaluation.anchors.records[0].response, evaluation.anchors.records[0].passes) == ("no", False)


def test_the_schema_for_editors_describes_every_key_of_candidates_and_judges():
    schema = Evaluation.model_json_schema()
    assert schema["additionalProperties"] is False
    judge = schema["$defs"]["Judge"]["properties"]
    assert {"name", "model", "api", "verdict", "mode", "repeats"} <= judge.keys()
    assert judge["repeats"]["maximum"] == 20


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        ("equals", True),
        ("not_json", True),
        ({"contains": "a", "name": "a", "weight": 2}, True),
        ({"name": "a"}, False),
        ("equal", False),
        ({"contains": "a", "weight": -1}, False),
        (7, False),
    ],
)
def test_the_schema_for_editors_knows_the_kinds_of_checks(check, holds):
    schema = Evaluation.model_json_schema()["properties"]["checks"]["items"]

    assert jsonschema.Draft202012Validator(schema).is_valid(check) is holds
