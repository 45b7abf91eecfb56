"""Bedrock's jobs that make prompts, in a stack: by the machine's role, and stopped with their run."""

import json
import time

import pytest

from tests.local_aws.test_batch import waited_for

pytestmark = pytest.mark.slow

EVALUATION = """
name: tuned
candidates:
  - {name: lite, model: us.amazon.nova-lite-v1:0}
  - {name: tuned, model: us.amazon.nova-lite-v1:0, prompt: {improve: answer.v1, by: bedrock_job}}
judges: [{name: pro, model: us.amazon.nova-pro-v1:0}]
criteria: [helpfulness]
"""
RECORDS = [{"id": f"r{n}", "prompt": f"Where is parcel {n}?", "reference": "Here."} for n in range(24)]


def jobs_of(aws):
    return aws.client("bedrock").list_advanced_prompt_optimization_jobs()["jobSummaries"]


def test_a_job_is_created_by_the_machines_role_and_its_prompt_is_measured(aws):
    [execution] = aws.finished(aws.upload(RECORDS, evaluation=EVALUATION))
    print(execution.get("error"), execution.get("cause"))
    folder = aws.folder_of(execution)
    (search,) = json.loads(aws.read(f"{folder}/prompts/search.json"))["searches"]
    print(search)
    assert json.loads(aws.read(f"{folder}/scorecard.json"))["cost_usd"]["prompt_search"] is None
