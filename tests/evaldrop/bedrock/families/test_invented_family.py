"""A model family that does not exist, all of it in this file: a whole evaluation runs with it."""

import asyncio
import json

import pytest
import yaml

from evaldrop import storage
from evaldrop.bedrock.families import bodies, registry
from evaldrop.bedrock.families.family import Family, Reply
from evaldrop.bedrock.opening import open_runtime
from evaldrop.bedrock.simulated.answer_key import AnswerKey
from evaldrop.evaluation import Evaluation, model_ids
from evaldrop.evaluation.model_ids import IdPattern
from evaldrop.run.request import RunRequest
from evaldrop.running.workflow import run_locally
from evaldrop.scorecard.read import read_run
from evaldrop.steps.validate_dataset.validate import check_dataset
from tests.evaldrop.evaluations import prepare

PARROT = "eu.parrot.polly-v1:0"
WORDS = {"fell silent": "end_turn", "ran out of breath": "max_tokens", "squawked for a tool": "tool_use"}


def tool(given, choice):
    assert choice == "tool"
    return {"perch": {"name": given["name"], "says": given["description"], "shape": given["input_schema"]}}


def read(body):
    blocks = bodies.mappings(bodies.mapping(bodies.mapping(body.get("output")).get("message")).get("content"))
    return Reply(
        "".join(block.get("text", "") for block in blocks),
        bodies.tool_input(bodies.mapping(block.get("toolUse")).get("perched") for block in blocks),
        body.get("ended"),
        bodies.total(bodies.mapping(body["crumbs"]), "eaten"),
        bodies.total(bodies.mapping(body["crumbs"]), "left"),
    )


def as_converse(body):
    perch = body.get("perch")
    spec = perch and {
        "name": perch["name"],
        "description": perch["says"],
        "inputSchema": {"json": perch["shape"]},
    }
    return bodies.converse_request(
        body["messages"],
        inference={"maxTokens": body["breath"]["most_words"]},
        system=bodies.texts_of(body.get("upbringing")),
        tools=[{"toolSpec": spec}] if spec else [],
    )


def from_converse(_model_id, response):
    (block,) = response["output"]["message"]["content"]
    said = block if "text" in block else {"toolUse": {"perched": block["toolUse"]["input"]}}
    return {
        "output": {"message": {"content": [said]}},  # one of the places where the workflow looks for a text
        "ended": bodies.own_stop_reason(response["stopReason"], WORDS),
        "crumbs": {"eaten": response["usage"]["inputTokens"], "left": response["usage"]["outputTokens"]},
    }


FAMILY = Family(
    constants={"species": "ara"},
    parameters={"max_tokens": "most_words", "temperature": "excitement"},
    parameters_in="breath",
    messages=lambda turns: bodies.messages_in_blocks(turns, {}),
    system=lambda text: {"upbringing": text},
    tool=tool,
    block={},
    reply_key="crumbs",
    read=read,
    stop_reasons=WORDS,
    recognises=lambda _model_id, body: "species" in body,
    as_converse=as_converse,
    from_converse=from_converse,
)
ROW = IdPattern(r"parrot\.", "Macaw", "parrot")

EVALUATION = {
    "name": "birds",
    "candidates": [
        {"name": "polly", "model": PARROT, "api": "invoke_model"},
        {"name": "imported", "model": "arn:aws:bedrock:eu-west-1:123456789012:imported-model/x",
         "api": "invoke_model", "family": "parrot", "inference": {"max_tokens": 4, "top_p": 0.5}},
    ],
    "judges": [{"name": "judge", "model": PARROT, "api": "invoke_model"}],
    "criteria": ["correctness"],
    "pairwise": {"baseline": "polly"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """What the family's row in `model_ids` and its line in `FAMILIES` do."""
    monkeypatch.setattr(registry, "FAMILIES", {"parrot": FAMILY, **registry.FAMILIES})
    monkeypatch.setattr(model_ids, "ID_PATTERNS", (ROW, *model_ids.ID_PATTERNS))


@pytest.fixture
def request_of(tmp_path):
    (tmp_path / "evaluation.yaml").write_text(yaml.safe_dump(EVALUATION), encoding="utf-8")
    rows = [
        {"id": f"r{number}", "prompt": f"How many days has week {number}?", "reference": "It has seven days."}
        for number in range(8)
    ]
    dataset = tmp_path / "records.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return RunRequest(
        run_id="run-1", dataset=str(dataset), out=str(tmp_path / "runs"), bedrock="simulated:latency=0"
    )


def test_a_whole_evaluation_runs_with_it_as_candidate_and_as_judge(request_of):
    folder = storage.join(request_of.out, "birds", "run-1")
    runtime = open_runtime(
        request_of.bedrock,
        max_in_flight=4,
        answer_key=AnswerKey(storage.join(folder, "records.jsonl")),
    )

    execution = asyncio.run(run_locally(request_of, runtime, folder=folder))

    assert execution.status == "SUCCEEDED", execution
    found = read_run(folder)
    polly, imported = (found.scorecard.candidates[name] for name in ("polly", "imported"))
    assert (polly.responses.n, polly.responses.errors, polly.responses.truncated) == (8, 0, 0)
    assert imported.responses.truncated == 8
    assert set(found.responses["stop_reason"]) == {"end_turn", "max_tokens"}
    assert found.responses["input_tokens"].min() > 0
    assert polly.criteria["correctness"].mean > imported.criteria["correctness"].mean
    assert (imported.pairwise.n, imported.pairwise.n_unscored) == (8, 0)
    judge = found.scorecard.judges["judge"]
    assert (judge.scored, judge.unscored, judge.asked_again) == (16, {}, 0)


def test_its_requests_are_laid_out_as_it_says(tmp_path):
    state, (record,) = prepare(tmp_path, {**EVALUATION, "name": "small"})
    polly, imported = state["candidates"]
    assert polly["body"] == {"species": "ara", "breath": {"most_words": 1024}}
    assert imported["body"] == {"species": "ara", "breath": {"most_words": 4}}  # it has no word for top_p
    assert list(record["calls"]["requests"]["answer.v1/parrot"]) == ["messages", "upbringing"]
    judge = state["judges"][record["calls"]["judgements"][0]["request_key"]]
    assert judge["body"]["perch"]["name"] == "submit_verdicts"
    assert (judge["body"]["breath"], judge["block"]) == ({"most_words": 2048, "excitement": 0}, {})


def test_the_dataset_is_accepted_and_the_maker_known(request_of):
    check = check_dataset(request_of)
    assert check.problems == ()
    assert "judge judge shares its maker, Macaw, with polly" in " ".join(check.warnings)


def test_a_role_may_call_it():
    arns = model_ids.model_arns(PARROT, partition="aws", region="eu-west-1", account="123456789012")
    assert arns == [
        f"arn:aws:bedrock:eu-west-1:123456789012:inference-profile/{PARROT}",
        "arn:aws:bedrock:*::foundation-model/parrot.polly-v1:0",
    ]


def test_a_family_that_is_not_there_is_refused_by_those_that_are():
    with pytest.raises(ValueError, match="'parrot', 'anthropic', 'nova', 'llama', 'mistral' or 'chat'"):
        Evaluation.model_validate(
            {**EVALUATION, "candidates": [{"name": "a", "model": "m", "family": "owl"}]}
        )
