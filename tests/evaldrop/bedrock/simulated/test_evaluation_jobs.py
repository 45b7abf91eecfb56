"""Rehearsed evaluation jobs: what Bedrock takes and refuses, and output laid out as Bedrock lays it out."""

import asyncio
import json
from dataclasses import replace

import pytest

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.bedrock.simulated.evaluation_jobs import rehearsed_evaluations
from evaldrop.bedrock.simulated.job_files import JobPlace
from evaldrop.bedrock.simulated.rehearsal import Rehearsal

NOVA, MICRO, JUDGE = "us.amazon.nova-lite-v1:0", "us.amazon.nova-micro-v1:0", "us.amazon.nova-pro-v1:0"
EVALUATOR = {"bedrockEvaluatorModels": [{"modelIdentifier": JUDGE}]}
AT_ONCE = Rehearsal(job_looks=0)
ROWS = 40
FACTS = ("within ten days", "at the front desk", "by registered mail", "for a fee of five euros")


def prompts(count=ROWS, **more):
    return [
        {
            "prompt": f"How do I send parcel {number} back?",
            "referenceResponse": f"Send parcel {number} {FACTS[number % 4]}.",
            "category": f"c{number % 2}",
            **more,
        }
        for number in range(count)
    ]


@pytest.fixture
def place(tmp_path):
    write(tmp_path, prompts())
    return tmp_path


def write(folder, rows):
    (folder / "faq.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))


def called(model=NOVA):
    return {
        "bedrockModel": {"modelIdentifier": model, "inferenceParams": '{"inferenceConfig":{"maxTokens":99}}'}
    }


def dataset(place, *metrics, task="General"):
    location = {"name": "faq", "datasetLocation": {"s3Uri": f"{place}/faq.jsonl"}}
    return {"taskType": task, "dataset": location, "metricNames": list(metrics)}


def request(place, config, *, models=None, name="job-1", token="t", **more):
    return {
        "jobName": name,
        "clientRequestToken": token,
        "roleArn": "arn:aws:iam::123456789012:role/evaluations",
        "evaluationConfig": config,
        "inferenceConfig": {"models": models or [called()]},
        "outputDataConfig": {"s3Uri": f"{place}/out"},
        "applicationType": "ModelEvaluation",
        **more,
    }


def judged(place, *metrics, custom=()):
    automated = {"datasetMetricConfigs": [dataset(place, *metrics)], "evaluatorModelConfig": EVALUATOR}
    if custom:
        defined = [{"customMetricDefinition": each} for each in custom]
        automated["customMetricConfig"] = {"customMetrics": defined, "evaluatorModelConfig": EVALUATOR}
    return {"automated": automated}


def computed(place, *metrics, task):
    return {"automated": {"datasetMetricConfigs": [dataset(place, *metrics, task=task)]}}


def by_people(place, *metrics):
    return {
        "human": {
            "humanWorkflowConfig": {"flowDefinitionArn": "arn:aws:sagemaker:eu-west-1:1:flow-definition/f"},
            "customMetrics": list(metrics),
            "datasetMetricConfigs": [dataset(place, *(each["name"] for each in metrics))],
        }
    }


def jobs_in(place, rehearsal=AT_ONCE):
    return rehearsed_evaluations(rehearsal, JobPlace(place / "jobs"))


def run(place, asked, rehearsal=AT_ONCE):
    async def ended():
        jobs = jobs_in(place, rehearsal)
        arn = (await jobs.create_evaluation_job(asked))["jobArn"]
        while (job := await jobs.get_evaluation_job({"jobIdentifier": arn}))["status"] == "InProgress":
            pass
        await jobs.close()
        return job

    return asyncio.run(ended())


def output(place):
    [path] = (place / "out").rglob("*_output.jsonl")
    return path, [json.loads(line) for line in path.read_text().splitlines()]


def results(place, metric):
    return [
        score["result"]
        for row in output(place)[1]
        for score in row["automatedEvaluationResult"]["scores"]
        if score["metricName"] == metric
    ]


def test_a_judge_job_writes_where_and_as_the_guide_says(place):
    job = run(place, request(place, judged(place, "Builtin.Helpfulness", "Builtin.Refusal")))
    path, rows = output(place)
    assert (job["status"], job["jobType"]) == ("Completed", "Automated")
    parts = path.relative_to(place / "out").parts
    assert (parts[0], *parts[2:8]) == (
        "job-1", "models", NOVA, "taskTypes", "General", "datasets", "faq",
    )  # fmt: skip
    assert (place / "out" / "amazon-bedrock-evaluations-permission-check").exists()
    assert [row["inputRecord"] for row in rows] == prompts()
    first = rows[0]["automatedEvaluationResult"]["scores"][0]
    assert first["metricName"] == "Builtin.Helpfulness"
    assert first["evaluatorDetails"][0]["modelIdentifier"] == JUDGE
    assert rows[0]["modelResponses"][0]["modelIdentifier"] == NOVA


def test_judges_numbers_are_fractions_and_differ_from_response_to_response(place):
    run(place, request(place, judged(place, "Builtin.Helpfulness")))
    found = results(place, "Builtin.Helpfulness")
    assert all(0 <= each <= 1 for each in found)
    assert len(set(found)) > 2


def test_the_same_is_found_in_every_run_of_a_seed(place, tmp_path_factory):
    again = tmp_path_factory.mktemp("again")
    write(again, prompts())
    for folder in (place, again):
        run(folder, request(folder, judged(folder, "Builtin.Correctness"), token=str(folder)))
    assert output(place)[1] == output(again)[1]


def test_what_does_not_apply_is_null_at_the_rate_of_errors(place):
    run(place, request(place, judged(place, "Builtin.Correctness")), replace(AT_ONCE, job_errors=0.3))
    found = results(place, "Builtin.Correctness")
    assert 3 <= found.count(None) <= 24


def test_custom_metrics_are_normalised_labels_or_no_score_by_their_scale(place):
    points = [
        {"definition": text, "value": {"floatValue": value}} for text, value in (("bad", 1), ("good", 5))
    ]
    words = [{"definition": text, "value": {"stringValue": text}} for text in ("poor", "fair", "good")]
    custom = (
        {"name": "tone", "instructions": "{{prediction}}", "ratingScale": points},
        {"name": "label", "instructions": "{{prediction}}", "ratingScale": words},
        {"name": "said", "instructions": "{{prediction}}"},
    )
    run(place, request(place, judged(place, "tone", "label", "said", custom=custom)))
    assert set(results(place, "tone")) <= {0.0, 1.0}
    assert set(results(place, "label")) <= {"poor", "fair", "good"}
    assert set(results(place, "said")) == {None}
    written = sorted(path.name for path in (place / "out").rglob("custom_metrics/*"))
    assert written == ["label.json", "said.json", "tone.json"]


@pytest.mark.parametrize(("task", "most"), [("Generation", 1), ("QuestionAndAnswer", 100)])
def test_an_algorithm_s_robustness_is_a_percentage_but_for_general_text(place, task, most):
    names = [f"Builtin.{name}" for name in ("Accuracy", "Robustness", "Toxicity")]
    run(place, request(place, computed(place, *names, task=task)))
    robust = results(place, "Robustness")
    assert 0 <= min(robust) < max(robust) <= most
    assert max(robust) > most / 100
    assert all(0 <= each <= 1 for name in ("Accuracy", "Toxicity") for each in results(place, name))
    assert "evaluatorDetails" not in output(place)[1][0]["automatedEvaluationResult"]["scores"][0]


def test_own_responses_are_judged_and_no_model_is_called(place):
    write(place, prompts(modelResponses=[{"response": "Ten days.", "modelIdentifier": "ours"}]))
    own = {"precomputedInferenceSource": {"inferenceSourceIdentifier": "ours"}}
    run(place, request(place, judged(place, "Builtin.Correctness"), models=[own]))
    assert {row["modelResponses"][0]["response"] for row in output(place)[1]} == {"Ten days."}


def test_people_answer_by_each_rating_method(place):
    methods = (
        "ThumbsUpDown", "IndividualLikertScale", "ComparisonLikertScale", "ComparisonChoice",
        "ComparisonRank",
    )  # fmt: skip
    metrics = [{"name": method, "description": "?", "ratingMethod": method} for method in methods]
    job = run(place, request(place, by_people(place, *metrics), models=[called(), called(MICRO)]))
    path, rows = output(place)
    assert job["jobType"] == "Human"
    assert path.relative_to(place / "out").parts[2:4] == ("datasets", "faq")
    result = rows[0]["humanEvaluationResult"]
    assert result["modelResponseIdMap"] == {"0": NOVA, "1": MICRO}
    assert len({answer["workerId"] for answer in result["humanAnswers"]}) == 2
    given = result["humanAnswers"][0]["answerContent"]["evaluationResults"]
    assert {form: len(entries) for form, entries in given.items()} == {
        "thumbsUpDown": 2, "individualLikertScale": 2, "comparisonLikertScale": 1, "comparisonChoice": 1,
        "comparisonRank": 1,
    }  # fmt: skip
    assert all(1 <= each["result"] <= 5 for each in given["individualLikertScale"])


def test_a_job_takes_looks_goes_on_in_another_process_and_may_be_stopped(place):
    async def looked_at():
        jobs = jobs_in(place, Rehearsal(job_looks=2))
        arn = (await jobs.create_evaluation_job(request(place, judged(place, "Builtin.Refusal"))))["jobArn"]
        seen = [(await jobs.get_evaluation_job({"jobIdentifier": arn}))["status"]]
        again = jobs_in(place, Rehearsal(job_looks=2))
        for _ in range(2):
            seen.append((await again.get_evaluation_job({"jobIdentifier": arn}))["status"])
        other = request(place, judged(place, "Builtin.Refusal"), name="job-2", token="u")
        stopped = (await again.create_evaluation_job(other))["jobArn"]
        await again.stop_evaluation_job({"jobIdentifier": stopped})
        seen.append((await again.get_evaluation_job({"jobIdentifier": stopped}))["status"])
        listed = (await again.list_evaluation_jobs({"nameContains": "job"}))["jobSummaries"]
        return seen, [(each["jobName"], each["status"]) for each in listed]

    seen, listed = asyncio.run(looked_at())
    assert seen == ["InProgress", "InProgress", "Completed", "Stopped"]
    assert listed == [("job-2", "Stopped"), ("job-1", "Completed")]


def test_the_same_token_is_the_same_job_and_the_same_name_another_s(place):
    async def created():
        jobs, asked = jobs_in(place), request(place, judged(place, "Builtin.Refusal"))
        first = await jobs.create_evaluation_job(asked)
        second = await jobs.create_evaluation_job(asked)
        with pytest.raises(ServiceError) as refused:
            await jobs.create_evaluation_job({**asked, "clientRequestToken": "u"})
        return first, second, refused.value.code

    first, second, code = asyncio.run(created())
    assert first == second
    assert code == "ConflictException"


@pytest.mark.parametrize(("fault", "status"), [("job_failed", "Failed"), ("job_stopped", "Stopped")])
def test_jobs_fail_and_are_stopped_at_the_stated_rates(place, fault, status):
    job = run(place, request(place, judged(place, "Builtin.Refusal")), replace(AT_ONCE, **{fault: 1.0}))
    assert job["status"] == status
    assert bool(job.get("failureMessages")) == (status == "Failed")
    assert not (place / "out").exists()


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (prompts(1001), "1001 prompts"),
        ([], "0 prompts"),
        ([{"prompt": "é" * 2100}], "longer than 4096 bytes"),
        ([{"question": "?"}], "needs a prompt"),
    ],
)
def test_a_dataset_that_bedrock_would_not_take_fails_the_job(place, rows, why):
    write(place, rows)
    job = run(place, request(place, judged(place, "Builtin.Refusal")))
    assert job["status"] == "Failed"
    assert why in job["failureMessages"][0]


def test_own_responses_have_to_be_one_of_the_job_s_source(place):
    write(place, prompts(modelResponses=[{"response": "Ten days.", "modelIdentifier": "theirs"}]))
    own = {"precomputedInferenceSource": {"inferenceSourceIdentifier": "ours"}}
    job = run(place, request(place, judged(place, "Builtin.Refusal"), models=[own]))
    assert "have to be those of ours" in job["failureMessages"][0]


def refusals(place):
    fine = judged(place, "Builtin.Refusal")
    yield "not a valid name", request(place, fine, name="Job_1")
    yield "not the ARN of a role", request(place, fine) | {"roleArn": "role"}
    yield "2 models", request(place, fine, models=[called(), called(MICRO)])
    yield (
        "6 datasets",
        request(
            place,
            {
                "automated": fine["automated"]
                | {"datasetMetricConfigs": [dataset(place, "Builtin.Refusal")] * 6}
            },
        ),
    )
    yield "a judge does not give it", request(place, judged(place, "Builtin.Accuracy"))
    yield "needs an evaluatorModelConfig", request(place, computed(place, "Builtin.Refusal", task="Custom"))
    yield "no customMetricDefinition", request(place, judged(place, "tone"))
    custom = ({"name": "tone", "instructions": "x"},)
    yield "among the metricNames", request(place, judged(place, "Builtin.Refusal", custom=custom))
    yield "people answer 1 to 10", request(place, by_people(place))
    yield "either automated or human", request(place, {})


@pytest.mark.parametrize("number", range(10))
def test_a_request_that_bedrock_would_not_take_is_refused(place, number):
    why, asked = list(refusals(place))[number]
    with pytest.raises(ServiceError, match=why) as refused:
        run(place, asked)
    assert refused.value.code == "ValidationException"
