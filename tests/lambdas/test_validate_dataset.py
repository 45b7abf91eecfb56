"""Which evaluation a dataset in S3 is checked with (moto)."""

import json
import shutil
from types import SimpleNamespace

import pytest

from evaldrop import shipped, storage
from evaldrop.errors import InputError, StorageError
from evaldrop.model_lives import published_lives
from evaldrop.run.definition import RunDefinition
from lambdas.validate_dataset.handler import handler

EVALUATION = """
name: {name}
candidates: [{{name: lite, model: "amazon.nova-lite-v1:0"}}]
prompt: {prompt}
metrics: [length_words]
"""


def evaluation(name, prompt="answer.v1"):
    return EVALUATION.format(name=name, prompt=prompt).encode()


@pytest.fixture
def dropped(bucket):
    uri = f"s3://{bucket}/datasets/shop/faq.jsonl"
    storage.write_bytes(uri, json.dumps({"prompt": "How long do returns take?"}).encode())
    return uri


def validated(dataset, **more):
    state = handler({"run_id": "ds-1", "dataset": dataset, "out": "s3://drop/out/runs", **more}, None)
    return RunDefinition.load(state["run"]["folder"])


@pytest.fixture
def deployed(tmp_path, monkeypatch):
    """An evaluation that was deployed with the function, with a prompt of its own."""
    folder = tmp_path / "evaldrop" / "_data" / "evaluations" / "shop"
    (folder / "prompts" / "candidate").mkdir(parents=True)
    (folder / "evaluation.yaml").write_bytes(evaluation("deployed", "short.v1"))
    (folder / "prompts" / "candidate" / "short.v1.md").write_text("Briefly: {{ prompt }}")
    data = folder.parent.parent
    shutil.copy(shipped.workflow_path(), data)
    shutil.copytree(shipped.resource("prompts"), data / "prompts")
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "evaldrop")
    monkeypatch.setenv("EVALDROP_DEFAULT_EVALUATION", "shop")


def test_the_sidecar_wins(dropped, deployed):
    storage.write_bytes("s3://drop/datasets/shop/faq.yaml", evaluation("sidecar", "short.v1"))
    storage.write_bytes("s3://drop/datasets/shop/evaluation.yaml", evaluation("nearest"))
    storage.write_bytes("s3://drop/prompts/candidate/short.v1.md", b"In short: {{ prompt }}")
    found = validated(dropped)
    assert found.evaluation_name == "sidecar"
    assert found.prompts["candidate/short.v1"].text == "In short: {{ prompt }}"


@pytest.mark.parametrize("place", ["datasets/shop/", "datasets/", ""])
def test_then_the_nearest_up_the_prefix(dropped, place):
    storage.write_bytes(f"s3://drop/{place}evaluation.yaml", evaluation("nearest"))
    assert validated(dropped).evaluation_uri == f"s3://drop/{place}evaluation.yaml"


def test_then_the_stacks_default_as_it_lies_in_the_bucket(dropped, deployed):
    uri = "s3://drop/evaluations/shop/evaluation.yaml"
    storage.write_bytes(uri, evaluation("uploaded", "short.v2"))
    storage.write_bytes("s3://drop/evaluations/shop/prompts/candidate/short.v2.md", b"Short: {{ prompt }}")
    found = validated(dropped)
    assert found.evaluation_uri == uri
    assert found.prompts["candidate/short.v2"].text == "Short: {{ prompt }}"


def test_then_the_stacks_default_as_it_was_deployed(dropped, deployed):
    found = validated(dropped)
    assert found.evaluation_name == "deployed"
    assert found.prompts["candidate/short.v1"].text == "Briefly: {{ prompt }}"


def test_an_evaluation_that_is_named_is_taken_before_all(dropped, deployed):
    storage.write_bytes("s3://drop/datasets/shop/faq.yaml", evaluation("sidecar"))
    storage.write_bytes("s3://drop/evaluations/other/evaluation.yaml", evaluation("named"))
    assert (
        validated(dropped, evaluation="s3://drop/evaluations/other/evaluation.yaml").evaluation_name
        == "named"
    )


@pytest.mark.parametrize("default", [None, "gone"])
def test_without_any_the_dataset_is_refused(dropped, monkeypatch, default):
    monkeypatch.delenv("EVALDROP_DEFAULT_EVALUATION", raising=False)
    if default:
        monkeypatch.setenv("EVALDROP_DEFAULT_EVALUATION", default)
    with pytest.raises(InputError, match="no evaluation"):
        validated(dropped)


def test_on_one_machine_a_stacks_default_is_what_was_deployed(tmp_path, deployed):
    dataset = tmp_path / "faq.jsonl"
    dataset.write_text(json.dumps({"prompt": "Hello?"}))
    state = handler({"run_id": "ds-1", "dataset": str(dataset), "out": str(tmp_path / "runs")}, None)
    assert RunDefinition.load(state["run"]["folder"]).evaluation_name == "deployed"


def test_in_a_local_aws_a_run_says_what_answers_for_bedrock_whoever_asked_for_it(dropped, monkeypatch):
    storage.write_bytes("s3://drop/datasets/shop/evaluation.yaml", evaluation("nearest"))
    assert not validated(dropped).simulated
    monkeypatch.setenv("EVALDROP_BEDROCK", "simulated")
    assert validated(dropped, run_id="ds-2").simulated


def asked(dataset):
    return [each.model for each in validated(dataset).candidates]


@pytest.fixture
def near(dropped):
    text = evaluation("near").replace(b"amazon.nova", b"geo.amazon.nova")
    storage.write_bytes("s3://drop/datasets/shop/faq.yaml", text)
    return dropped


@pytest.fixture
def in_frankfurt(monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "validate")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


@pytest.mark.usefixtures("in_frankfurt")
def test_the_stacks_region_says_which_profile_is_called(near):
    assert asked(near) == ["eu.amazon.nova-lite-v1:0"]


def test_a_shells_region_says_nothing_about_a_run_on_one_machine(near, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert asked(near) == ["geo.amazon.nova-lite-v1:0"]


@pytest.mark.usefixtures("in_frankfurt")
def test_a_profile_that_the_stacks_region_does_not_call_is_refused_before_money(near):
    text = evaluation("near").replace(b"amazon.nova", b"us.amazon.nova")
    storage.write_bytes("s3://drop/datasets/shop/faq.yaml", text)
    with pytest.raises(InputError, match=r"Say model: geo\.amazon\.nova-lite"):
        validated(near)


@pytest.mark.usefixtures("in_frankfurt")
def test_a_rehearsal_in_a_local_aws_takes_place_where_everything_is_to_be_had(near, monkeypatch):
    monkeypatch.setenv("EVALDROP_BEDROCK", "simulated")
    assert asked(near) == ["us.amazon.nova-lite-v1:0"]


def test_a_local_aws_before_bedrock_itself_calls_models_from_the_shells_region(near, monkeypatch):
    monkeypatch.setenv("EVALDROP_BEDROCK", "aws")
    monkeypatch.setenv("EVALDROP_BEDROCK_REGION", "eu-central-1")
    assert asked(near) == ["eu.amazon.nova-lite-v1:0"]


@pytest.mark.usefixtures("in_frankfurt")
def test_an_executions_input_does_not_say_where_models_are_called_from(near):
    (lite,) = validated(near, region="us-east-1").candidates
    assert lite.model == "eu.amazon.nova-lite-v1:0"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("s3://drop/evaluations/none/evaluation.yaml", "there is no evaluation"),
        ("s3://somebodys/evaluation.yaml", "not to be read is"),
    ],
)
def test_an_evaluation_that_an_upload_names_in_vain_is_told_in_words(dropped, named, said):
    with pytest.raises(InputError) as refused:
        validated(dropped, evaluation=named)
    message = str(refused.value)
    assert message.startswith(f"{said} {named}, which evaldrop-evaluation in the upload's metadata, ")
    assert "and then submit the dataset again." in message
    assert "An error occurred" not in message


CONTEXT = SimpleNamespace(
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:ValidateDataset"
)


def test_the_stacks_caps_hold_for_what_is_dropped(dropped, deployed, tmp_path, monkeypatch):
    """The caps come with the function, whatever a sidecar says; its own ARN says whose models they are."""
    event = {"run_id": "ds-1", "dataset": dropped, "out": "s3://drop/out/runs"}
    monkeypatch.setenv("EVALDROP_CAPS", "caps.json")
    # moto has no list of Bedrock's models.
    monkeypatch.setattr("lambdas.validate_dataset.handler.account_lives", published_lives)
    with pytest.raises(StorageError):
        handler(event, CONTEXT)  # a function without its caps lets nothing through
    caps = {"max_run_usd": 5, "models": ["amazon.nova-pro-v1:0"]}
    (tmp_path / "evaldrop" / "_data" / "caps.json").write_text(json.dumps(caps))
    with pytest.raises(InputError, match=r'model "amazon\.nova-lite-v1:0" is none that this stack may use'):
        handler(event, CONTEXT)
    caps["models"] = ["amazon.nova-lite-v1:0"]
    (tmp_path / "evaldrop" / "_data" / "caps.json").write_text(json.dumps(caps))
    assert handler(event, CONTEXT)["run"]["name"] == "deployed"
