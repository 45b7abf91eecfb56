"""Prompt optimisation jobs, rehearsed: kept by token, ended by looks, scored on what they were chosen by."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.bedrock.simulated.job_files import JobPlace
from evaldrop.bedrock.simulated.prompt_features import features_in
from evaldrop.bedrock.simulated.prompt_optimizations import RESULTS, rehearsed_optimizations
from evaldrop.bedrock.simulated.rehearsal import Rehearsal

MODEL = "us.amazon.nova-lite-v1:0"
TEMPLATE = "Answer the question.\n\n{{prompt}}"
REFERENCE = "Cherry plums ripen quickly near southern walls. Gather fallen fruit every evening."
LOOKS = 2


def row(**more):
    samples = [
        {"inputVariables": [{"prompt": f"What of plum {n}?"}], "referenceResponse": REFERENCE}
        for n in range(30)
    ]
    return {
        "version": "bedrock-2026-05-14",
        "templateId": "tuned",
        "promptTemplate": TEMPLATE,
        "steeringCriteria": ["Is it right?"],
        "evaluationSamples": samples,
        **more,
    }


@pytest.fixture
def bench(tmp_path):
    """Input, output, and a control plane that can be opened anew, as another process would."""
    source, output = tmp_path / "input.jsonl", tmp_path / "out"
    source.write_text(json.dumps(row()) + "\n")

    def opened(**rates):
        return rehearsed_optimizations(Rehearsal(job_looks=LOOKS, **rates), JobPlace(tmp_path / "jobs"))

    request = {
        "jobName": "run-1",
        "clientToken": "token",
        "inputConfig": {"s3Uri": str(source)},
        "outputConfig": {"s3Uri": f"{output}/"},
        "modelConfigurations": [{"modelId": MODEL, "inferenceConfig": {"maxTokens": 300}}],
    }
    return SimpleNamespace(source=source, output=output, opened=opened, request=request)


def create(plane, request):
    return asyncio.run(plane.create_advanced_prompt_optimization_job(request))["jobArn"]


def look(plane, job):
    return asyncio.run(plane.get_advanced_prompt_optimization_job({"jobIdentifier": job}))


def ended(plane, job):
    told = [look(plane, job) for _ in range(LOOKS + 1)]
    assert [each["jobStatus"] for each in told[:-1]] == ["InProgress"] * LOOKS
    return told[-1]


def results(bench):
    [file] = bench.output.rglob(RESULTS)
    [line] = file.read_text().splitlines()
    return file, json.loads(line)


def test_a_job_ends_with_a_prompt_and_scores_below_its_own_id(bench):
    plane = bench.opened()
    arn = create(plane, bench.request)
    assert ended(plane, arn)["jobStatus"] == "Completed"
    file, told = results(bench)
    assert file.parent.name == arn.rpartition("/")[2]
    assert (told["promptTemplateId"], told["promptTemplate"]) == ("tuned", TEMPLATE)
    [result] = told["promptOptimizationResults"]
    assert result["modelId"] == MODEL
    assert result["optimizedPromptTemplate"].endswith(TEMPLATE)
    assert features_in(result["optimizedPromptTemplate"])
    assert len(result["dataset"]) == 30
    before, after = result["originalPromptMetrics"], result["optimizedPromptMetrics"]
    assert after["averageInputTokens"] > before["averageInputTokens"]
    scores = [each["optimizedPromptDetails"]["optimizedPromptMetrics"]["score"] for each in result["dataset"]]
    assert after["averageScore"] == pytest.approx(sum(scores) / 30, abs=1e-4)


def test_scores_rise_where_no_prompt_is_better(bench):
    """They are told of what the prompt was chosen by: with nothing to gain a gain is told all the same."""
    gains = []
    for seed in range(8):
        plane = bench.opened(prompt_gain=0, seed=seed)
        ended(plane, create(plane, {**bench.request, "clientToken": f"token-{seed}"}))
    for file in bench.output.rglob(RESULTS):
        [result] = json.loads(file.read_text())["promptOptimizationResults"]
        metrics = [result[f"{which}PromptMetrics"]["averageScore"] for which in ("original", "optimized")]
        gains.append(metrics[1] - metrics[0])
    assert len(gains) == 8
    assert sum(gains) / 8 > 0.01


def test_a_token_begins_one_job_and_another_process_goes_on_with_it(bench):
    arn = create(bench.opened(), bench.request)
    assert create(bench.opened(), bench.request) == arn
    for _ in range(LOOKS + 1):
        told = look(bench.opened(), arn)
    assert told["jobStatus"] == "Completed"
    assert told.keys() & {"looks", "role"} == set()
    first = results(bench)[0].read_bytes()
    assert look(bench.opened(), arn)["jobStatus"] == "Completed"
    assert results(bench)[0].read_bytes() == first


def test_a_stopped_job_has_no_results(bench):
    plane = bench.opened()
    arn = create(plane, bench.request)
    assert asyncio.run(plane.stop_advanced_prompt_optimization_job({"jobIdentifier": arn})) == {}
    assert look(plane, arn)["jobStatus"] == "Stopped"
    assert not bench.output.exists()
    with pytest.raises(ServiceError, match="has ended"):
        asyncio.run(plane.stop_advanced_prompt_optimization_job({"jobIdentifier": arn}))


@pytest.mark.parametrize(
    ("rates", "status"), [({"job_failed": 1}, "Failed"), ({"job_stopped": 1}, "Stopped")]
)
def test_a_job_may_end_without_results(bench, rates, status):
    plane = bench.opened(**rates)
    assert ended(plane, create(plane, bench.request))["jobStatus"] == status
    assert not bench.output.exists()


def test_a_job_may_end_in_part(bench):
    plane = bench.opened(job_partial=1)
    assert ended(plane, create(plane, bench.request))["jobStatus"] == "PartiallyCompleted"
    [result] = results(bench)[1]["promptOptimizationResults"]
    assert result["status"] == "FAILED"
    assert result["failureReason"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": "1"}, "version"),
        ({"templateId": None}, "templateId"),
        ({"promptTemplate": "{{ prompt }}"}, "malformed"),
        ({"promptTemplate": "{{prompt}} {context}"}, "two braces"),
        ({"promptTemplate": "{{prompt}} {{context}}"}, "lacks context"),
        ({"steeringCriteria": ["Is it?"] * 6}, "6 steeringCriteria"),
        ({"customLLMJConfig": {}}, "one of them"),
        ({"evaluationSamples": []}, "0 evaluationSamples"),
        ({"evaluationSamples": [{"inputVariables": [{"prompt": "p"}]}] * 101}, "101 evaluationSamples"),
        (
            {
                "steeringCriteria": None,
                "customLLMJConfig": {"customLLMJPrompt": "{x}", "customLLMJModelId": "amazon.nova-pro-v1:0"},
            },
            "no model that judges",
        ),
        (
            {
                "steeringCriteria": None,
                "customEvaluationMetricLabel": "q",
                "customLLMJConfig": {
                    "customLLMJPrompt": 'Say {"score": 1}',
                    "customLLMJModelId": "us.anthropic.claude-sonnet-4-6",
                },
            },
            "braces",
        ),
    ],
)
def test_an_input_that_bedrock_would_not_take_fails_the_job(bench, change, words):
    written = {name: value for name, value in row(**change).items() if value is not None}
    bench.source.write_text(json.dumps(written) + "\n")
    plane = bench.opened()
    told = ended(plane, create(plane, bench.request))
    assert told["jobStatus"] == "Failed"
    assert words in told["failureMessage"]


@pytest.mark.parametrize(
    "change",
    [
        {"jobName": "run_1"},
        {"jobName": "r" * 101},
        {"outputConfig": {"s3Uri": "s3://b/out"}},
        {"modelConfigurations": []},
    ],
)
def test_a_request_that_bedrock_would_refuse_is_refused(bench, change):
    with pytest.raises(ServiceError) as refused:
        create(bench.opened(), {**bench.request, **change})
    assert refused.value.code == "ValidationException"


def test_an_input_that_is_not_there_fails_the_job(bench):
    bench.source.unlink()
    plane = bench.opened()
    assert "input.jsonl" in ended(plane, create(plane, bench.request))["failureMessage"]
