"""Evaluation jobs run where `--bedrock` says, or are rehearsed in a folder of this machine."""

import json

import pytest

from evaldrop.errors import AwsError, InputError
from evaldrop.running.evaluation_service import evaluation_service


def request(folder, name="job-1"):
    return {
        "jobName": name,
        "clientRequestToken": name,
        "roleArn": "arn:aws:iam::123456789012:role/evaluations",
        "evaluationConfig": {
            "automated": {
                "datasetMetricConfigs": [
                    {
                        "taskType": "QuestionAndAnswer",
                        "dataset": {"name": "faq", "datasetLocation": {"s3Uri": f"{folder}/faq.jsonl"}},
                        "metricNames": ["Builtin.Accuracy"],
                    }
                ]
            }
        },
        "inferenceConfig": {"models": [{"bedrockModel": {"modelIdentifier": "us.amazon.nova-lite-v1:0"}}]},
        "outputDataConfig": {"s3Uri": f"{folder}/out"},
    }


def test_a_rehearsal_creates_looks_at_lists_and_stops_jobs_in_a_folder(tmp_path):
    (tmp_path / "faq.jsonl").write_text(json.dumps({"prompt": "Where?", "referenceResponse": "There."}))
    service = evaluation_service("simulated:job_looks=1", folder=str(tmp_path))
    first, second = (service.create(request(tmp_path, name)) for name in ("job-1", "job-2"))
    service.stop(second)
    service.stop(second)
    # Another process knows them, too.
    service = evaluation_service("simulated:job_looks=1", folder=str(tmp_path))
    assert [service.state(first).status for _ in range(2)] == ["InProgress", "Completed"]
    assert service.details(second)["status"] == "Stopped"
    assert [each["jobName"] for each in service.newest(name="job-1")] == ["job-1"]
    assert len(list(tmp_path.rglob("*_output.jsonl"))) == 1


def test_a_refusal_of_a_rehearsal_is_told_as_one_of_aws(tmp_path):
    service = evaluation_service("simulated", folder=str(tmp_path))
    with pytest.raises(AwsError, match="ValidationException: jobName"):
        service.create(request(tmp_path, "A job"))


@pytest.mark.parametrize("folder", [None, "s3://bucket/jobs"])
def test_a_rehearsal_needs_a_folder_of_this_machine(folder):
    with pytest.raises(InputError, match="on this machine"):
        evaluation_service("simulated", folder=folder)


def test_a_server_has_no_evaluation_jobs():
    with pytest.raises(InputError, match="Say aws, or simulated"):
        evaluation_service("openai=http://localhost/v1", folder="jobs")
