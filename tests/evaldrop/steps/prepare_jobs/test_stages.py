"""What goes into a job's rows is what the workflow sends: request by request, in every layout."""

import json

import orjson
import pytest

from evaldrop.run.definition import RunDefinition
from evaldrop.run.request import RunRequest
from evaldrop.run.results import collect, find_manifests
from evaldrop.steps.prepare_jobs.row_ids import packed, row_id
from evaldrop.steps.prepare_jobs.stages import STAGES, Stages
from evaldrop.steps.prepare_records.prepare import prepare_records
from tests.evaldrop.recorded_runs import recorded_run

EVALUATION = {
    "name": "every-layout",
    "candidates": [
        {"name": "lite", "model": "us.amazon.nova-lite-v1:0"},
        {"name": "own", "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0", "api": "invoke_model"},
        {
            "name": "thinking",
            "model": "amazon.nova-2-lite-v1:0",
            "extra": {"reasoningConfig": {"type": "enabled"}},
        },
    ],
    "judges": [
        # Of a candidate's name: they are told apart by what they are.
        {"name": "lite", "model": "us.amazon.nova-pro-v1:0", "verdict": "text", "mask_identity": True},
        {"name": "tool", "model": "openai.gpt-oss-120b-1:0", "api": "invoke_model", "repeats": 2},
        {"name": "letters", "model": "mistral.mistral-large-2402-v1:0", "verdict": "yes_no"},
    ],
    "criteria": [{"name": "short", "question": "Is it short?", "scale": "binary"}],
    "pairwise": {"all_pairs": True},
    "robustness": {"n": 1, "perturbations": ["case"]},
    "anchors": {"records": [{"prompt": "When?", "response": "Tomorrow.", "passes": False}]},
}
ROWS = [
    {"id": "plain", "prompt": "How long may I return it?", "reference": "30 days"},
    {
        "id": "talk",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Hello."},
            {"role": "assistant", "content": "Good day. How may I help?"},
            {"role": "user", "content": "When is it here?"},
        ],
    },
    {"id": "given", "prompt": "Who are you?", "responses": {"dataset": "I am Claude, made by Anthropic."}},
    # So long that what judges' requests share stands once.
    {"id": "long", "prompt": "What does it say?", "context": "A line of a contract. " * 400},
]
SAYS = {"us.amazon.nova-lite-v1:0": "<think>Hm.</think>As Nova, I would say \n30 days."}


def as_batch(run):
    called = [f"candidate/{each.name}" for each in run.candidates if each.model != "given"]
    return run.changed(deliveries=dict.fromkeys([*called, *(f"judge/{j.name}" for j in run.judges)], "batch"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run on demand, with what it was sent, and the rows that the same records have in jobs."""
    run = recorded_run(tmp_path_factory.mktemp("run"), EVALUATION, ROWS, says=SAYS)
    definition = as_batch(RunDefinition.load(str(run.folder)))
    request = RunRequest(
        run_id="run-1", dataset=definition.dataset.uri, out=definition.out, bedrock="simulated"
    )
    outputs = {
        each.record.record_id: each.output
        for each in collect(str(run.folder), find_manifests(str(run.folder)))
    }
    state = prepare_records(request, str(run.folder))
    stages = Stages(definition, state)
    lines = [orjson.loads(line) for line in (run.folder / "records.jsonl").read_bytes().splitlines()]
    rows = {stage: [] for stage in STAGES}
    for stage in STAGES:
        for ordinal, line in enumerate(lines):
            for asked in stages.asked(stage, ordinal, line["calls"]):
                rows[stage].append((asked, asked.body()))
                asked.take({"reply": reply_in(outputs[line["record_id"]], line["calls"], asked, stage)})
    models = {"candidates": definition.candidates, "judges": definition.judges, "pairs": definition.judges}
    sent = [
        {"modelId": next(each.model for each in models[stage] if each.name == asked.who), "body": body}
        for stage in STAGES
        for asked, body in rows[stage]
    ]
    return run, rows, sent


def reply_in(output, calls, asked, stage):
    """Return the reply that a request got on demand."""
    if stage == "pairs":
        comparison = calls["comparisons"][asked.key.question]
        keys = ("judge", "candidate", "baseline", "first")
        return next(
            each["reply"]
            for each in output["comparisons"]
            if all(each[key] == comparison[key] for key in keys)
        )
    response = output["responses"][asked.key.candidate]
    if stage == "candidates":
        return response["reply"]
    return response["judgements"][asked.key.question]["reply"]


def as_sent(request):
    """Return a request as JSON, whole numbers without a point."""
    body = request["body"] if "body" in request else {k: v for k, v in request.items() if k != "modelId"}
    numbers = json.loads(
        json.dumps(body),
        parse_float=lambda text: int(float(text)) if float(text).is_integer() else float(text),
    )
    return json.dumps([request["modelId"], numbers], sort_keys=True)


def test_a_jobs_rows_are_the_requests_that_the_workflow_sends(ran):
    run, _, rows = ran
    sent = [as_sent(each) for each in run.asked]
    assert len(sent) > 100
    assert sorted(map(as_sent, rows)) == sorted(sent)


def test_every_row_has_an_id_of_its_own(ran):
    _, rows, _ = ran
    for stage in STAGES:
        ids = [row_id(asked.key) for asked, _ in rows[stage]]
        assert len(set(ids)) == len(ids)
        assert all(len(each) == 11 and packed(each) is not None for each in ids)
