"""Prompt optimisation jobs: the input that they get, the request, and what is read of their results."""

import asyncio
import json
from pathlib import Path

import botocore.session
import pytest
from botocore.validate import ParamValidator

from evaldrop.bedrock.simulated.job_files import JobPlace
from evaldrop.bedrock.simulated.prompt_optimization_requests import templates
from evaldrop.bedrock.simulated.prompt_optimizations import rehearsed_optimizations
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.errors import EvaluationError, PromptError
from evaldrop.evaluation.criteria import Criterion, Scale
from evaldrop.evaluation.definition import Candidate, Inference
from evaldrop.evaluation.prompts import load_prompt
from evaldrop.job_formats.prompt_optimization import (
    MAX_INPUT_BYTES,
    RESULTS_FILE,
    Optimized,
    Sample,
    optimization_input,
    optimization_request,
    read_results,
    results_file,
)

ANSWER = load_prompt("candidate", "answer.v1").text
SONNET = "us.anthropic.claude-sonnet-4-6"
CRITERIA = [
    Criterion(name="right", question="Is it right?", must_include=("{amount}",)),
    Criterion(name="padding", question="How much of it is padding?", higher_is_better=False),
]
SAMPLES = [
    Sample(variables={"prompt": "Why?", "context": "Because."}, reference="For it is so."),
    Sample(variables={"prompt": "Where?"}),
]
CANDIDATE = Candidate(
    name="tuned",
    model="us.amazon.nova-lite-v1:0",
    prompt="answer.v1",
    inference=Inference(max_tokens=300, temperature=0.2),
)


def written(file=ANSWER, samples=SAMPLES, *, criteria=CRITERIA, judge=None, present=("prompt", "context")):
    content = optimization_input("tuned", file, samples, criteria=criteria, judge=judge, present=present)
    [row] = templates(content.splitlines(), "input.jsonl")  # raises where a job would not take it
    return row


def test_samples_have_each_variable_of_the_template_and_their_reference():
    row = written()
    assert row["promptTemplate"].endswith("{{context}}\n\n{{prompt}}")
    assert row["evaluationSamples"] == [
        {
            "inputVariables": [{"context": "Because."}, {"prompt": "Why?"}],
            "referenceResponse": "For it is so.",
        },
        {"inputVariables": [{"context": ""}, {"prompt": "Where?"}]},
    ]


def test_at_most_a_hundred_samples_are_shown():
    assert len(written(samples=SAMPLES * 60)["evaluationSamples"]) == 100


def test_a_judge_that_jobs_do_not_ask_leaves_them_the_criteria():
    for judge in (None, "us.amazon.nova-pro-v1:0"):
        row = written(judge=judge)
        assert row["steeringCriteria"] == [
            "Is it right? It includes: {amount}.",
            "How much of it is padding? The less of it, the better.",
        ]
        assert "customLLMJConfig" not in row


def test_more_than_five_criteria_share_the_last_place():
    many = [Criterion(name=f"c{n}", question=f"Is it {n}?") for n in range(8)]
    steering = written(criteria=many)["steeringCriteria"]
    assert len(steering) == 5
    assert steering[-1] == "Is it 4? Is it 5? Is it 6? Is it 7?"


@pytest.mark.parametrize("model", [SONNET, "anthropic.claude-sonnet-4-5-20250929-v1:0"])
def test_a_judge_that_jobs_ask_is_asked_in_a_prompt_that_python_can_fill_in(model):
    row = written(judge=model)
    assert row["customLLMJConfig"]["customLLMJModelId"] == model
    said = row["customLLMJConfig"]["customLLMJPrompt"].format(prompt="P", prediction="R", gold="G")
    assert "Is it right? It includes: {amount}." in said
    assert said.endswith("Request:\nP\n\nResponse:\nR\n\nReference:\nG")


def test_a_scale_s_definitions_are_said():
    scale = Scale.binary(yes="all of it is", no="a part is not")
    criteria = [Criterion(name="right", question="Is it right?", scale=scale)]
    assert written(criteria=criteria)["steeringCriteria"] == [
        "Is it right? no: a part is not. yes: all of it is."
    ]


def test_what_a_job_cannot_be_told_is_refused():
    with pytest.raises(PromptError, match=r"\{name\}"):
        written("Dear {name}: {{ prompt }}")
    with pytest.raises(EvaluationError, match="there is none"):
        written(samples=[])
    names = [f"v{n}" for n in range(21)]
    with pytest.raises(EvaluationError, match="21 variables"):
        written(" ".join(f"{{{{ {name} }}}}" for name in names), present=names)


def test_the_request_is_what_the_service_s_model_takes():
    request = optimization_request(CANDIDATE, name="r-1", source="s3://b/in.jsonl", output="s3://b/out")
    assert request["OutputConfig"] == {"S3Uri": "s3://b/out/"}
    assert request["ModelConfigurations"] == [
        {"ModelId": CANDIDATE.model, "InferenceConfig": {"MaxTokens": 300, "Temperature": 0.2}}
    ]
    again = optimization_request(CANDIDATE, name="r-1", source="s3://b/in.jsonl", output="s3://b/out/")
    assert again == request
    service = botocore.session.get_session().get_service_model("bedrock")
    shape = service.operation_model("CreateAdvancedPromptOptimizationJob").input_shape
    report = ParamValidator().validate(_in_boto_casing(request), shape)
    assert not report.has_errors(), report.generate_report()


def _in_boto_casing(value):
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _in_boto_casing(each) for key, each in value.items()}
    return [_in_boto_casing(each) for each in value] if isinstance(value, list) else value


RESULT = {
    "status": "SUCCESS",
    "modelId": "m",
    "optimizedPromptTemplate": "Be exact.\n{{prompt}}",
    "originalPromptMetrics": {"averageScore": 0.5, "averageInputTokens": 20},
    "optimizedPromptMetrics": {"averageScore": 0.75, "averageInputTokens": 90},
    "dataset": [{}, {}],
}


def read(*results, template="tuned"):
    row = {"promptTemplateId": template, "promptOptimizationResults": results}
    return read_results([json.dumps(row).encode(), b"\n"], "tuned", "m")


def test_a_result_is_read_with_scores_and_how_many_samples_they_are_of():
    assert read({**RESULT, "modelId": "other"}, RESULT) == Optimized("Be exact.\n{{prompt}}", 0.5, 0.75, 2)


def test_a_result_of_the_one_model_need_not_name_it():
    unnamed = {key: value for key, value in RESULT.items() if key != "modelId"}
    assert isinstance(read(unnamed), Optimized)


@pytest.mark.parametrize("metrics", [None, {}, {"averageScore": "high"}, {"averageScore": 3}])
def test_a_score_that_is_none_is_not_told(metrics):
    assert read({**RESULT, "originalPromptMetrics": metrics}).before is None


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ([], "do not have"),
        ([{**RESULT, "modelId": "other"}], "do not have"),
        ([{"modelId": "m", "status": "FAILED", "failureReason": "No access"}], "FAILED, No access"),
        ([{"status": "SUCCESS", "optimizedPromptTemplate": " "}], "SUCCESS"),
    ],
)
def test_why_there_is_no_prompt_is_said(results, words):
    assert words in read(*results)


def test_another_prompt_s_result_is_passed_over_and_so_is_what_cannot_be_read():
    assert "do not have" in read(RESULT, template="other")
    assert "do not have" in read_results([b"{", b"[1]"], "tuned", "m")


def test_results_are_found_wherever_below_the_output_they_are():
    assert results_file(["s3://b/out/x/manifest.json", f"s3://b/out/abc/{RESULTS_FILE}"]).endswith(
        RESULTS_FILE
    )
    assert results_file(["s3://b/out/x/manifest.json"]) is None


def test_what_is_asked_for_is_what_a_rehearsed_job_answers(tmp_path):
    """Input, request, job and results, from end to end."""
    source, output = tmp_path / "in.jsonl", tmp_path / "out"
    content = optimization_input(
        "tuned", ANSWER, SAMPLES, criteria=CRITERIA, judge=SONNET, present={"prompt", "context"}
    )
    source.write_bytes(content)
    request = optimization_request(CANDIDATE, name="r-1", source=str(source), output=str(output))
    plane = rehearsed_optimizations(Rehearsal(job_looks=0), JobPlace(tmp_path / "jobs"))

    async def run():
        job = await plane.create_advanced_prompt_optimization_job(_in_boto_casing(request))
        return await plane.get_advanced_prompt_optimization_job({"jobIdentifier": job["jobArn"]})

    assert asyncio.run(run())["jobStatus"] == "Completed"
    found = results_file(map(str, output.rglob("*")))
    with Path(found).open("rb") as lines:
        optimized = read_results(lines, "tuned", CANDIDATE.model)
    assert optimized.text.endswith("{{context}}\n\n{{prompt}}")
    assert optimized.samples == 2


def test_what_has_no_room_in_a_jobs_input_is_left_out():
    long = Sample(variables={"prompt": "x" * MAX_INPUT_BYTES})
    row = written(samples=[SAMPLES[0], long, SAMPLES[1]])
    assert [each["inputVariables"][1]["prompt"] for each in row["evaluationSamples"]] == ["Why?", "Where?"]
    with pytest.raises(EvaluationError, match="too long"):
        written(samples=[long])


def test_a_scales_points_end_in_one_full_stop():
    scale = Scale.binary(yes="All of it is.", no="A part is not.")
    [said] = written(criteria=[Criterion(name="right", question="Is it?", scale=scale)])["steeringCriteria"]
    assert ".." not in said
