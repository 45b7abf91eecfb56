"""Prompts that Bedrock makes itself, in a stack that was not set to have any made so."""

import pytest

from tests.local_aws.outcomes import records

pytestmark = pytest.mark.slow

EVALUATION = """
name: tuned
candidates:
  - {name: lite, model: us.amazon.nova-lite-v1:0}
  - {name: tuned, model: us.amazon.nova-lite-v1:0, prompt: {improve: answer.v1, by: bedrock_job}}
  - {name: asked, model: us.amazon.nova-lite-v1:0, prompt: {improve: answer.v1, by: bedrock}}
judges: [{name: pro, model: us.amazon.nova-pro-v1:0}]
criteria: [helpfulness]
"""


def test_a_stack_that_takes_none_says_so_before_any_call(aws):
    [execution] = aws.finished(aws.upload(records(24), evaluation=EVALUATION))
    assert execution["status"] == "FAILED"
    for setting in ("prompt_jobs", "prompt_optimizer"):
        assert f"set {setting} (cdk.json)" in execution["cause"]
    assert "claude-sonnet-4-6" in execution["cause"]
    assert "judges in the jobs of by: bedrock_job" in execution["cause"]
    assert aws.client("bedrock").list_advanced_prompt_optimization_jobs()["jobSummaries"] == []
