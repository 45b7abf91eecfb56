"""Batch jobs may do in the account what they need, and nobody may use their role for anything else."""

import json

from tests.infra.synthesis import one, resources
from tests.infra.test_stack import POLICY, as_list, granted, statements


def of_role(template, name):
    return [statement for policy, statement in statements(template) if policy.startswith(name)]


def test_bedrock_alone_takes_the_role_and_for_jobs_of_this_account_alone(either_template):
    trust = one(either_template, "AWS::IAM::Role", "BatchJobsRole")["AssumeRolePolicyDocument"]["Statement"]
    assert len(trust) == 1
    assert trust[0]["Principal"] == {"Service": "bedrock.amazonaws.com"}
    assert trust[0]["Action"] == "sts:AssumeRole"
    assert trust[0]["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    source = json.dumps(trust[0]["Condition"]["ArnEquals"]["aws:SourceArn"])
    assert ":model-invocation-job/*" in source
    assert ":evaluation-job/*" not in source
    assert "AWS::AccountId" in source
    assert "AWS::Region" in source


def test_jobs_read_and_write_runs_in_buckets_of_this_account_and_call_the_stack_s_models(template):
    own = of_role(template, "BatchJobsRole")
    done = {action: each for each in own for action in as_list(each["Action"])}
    assert done.keys() == {"s3:GetObject", "s3:PutObject", "s3:ListBucket", "bedrock:InvokeModel"}
    for action in ("s3:GetObject", "s3:PutObject"):
        assert "/runs/*" in json.dumps(done[action]["Resource"])
    for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket"):
        condition = done[action]["Condition"]["StringEquals"]
        assert condition == {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}
    assert done["s3:ListBucket"]["Condition"]["StringLike"] == {"s3:prefix": "runs/*"}
    machine = of_role(template, "WorkflowEvaluateDatasetRole")
    called = [each for each in machine if "bedrock:InvokeModel" in as_list(each["Action"])]
    assert done["bedrock:InvokeModel"]["Resource"] == called[0]["Resource"]


def test_a_key_of_ones_own_is_used_by_jobs_too(full_template):
    used = {action for each in of_role(full_template, "BatchJobsRole") for action in as_list(each["Action"])}
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= used


def test_the_machine_creates_jobs_of_the_stack_s_models_and_gives_them_this_role_alone(template):
    models = granted(template, "bedrock:InvokeModel")
    created = granted(template, "bedrock:CreateModelInvocationJob")
    assert models < created
    assert [arn for arn in created - models if "model-invocation-job/*" in arn] == list(created - models)
    for action in ("bedrock:GetModelInvocationJob", "bedrock:StopModelInvocationJob"):
        assert granted(template, action) == created - models
    passed = [each for _, each in statements(template) if "iam:PassRole" in as_list(each["Action"])]
    to_bedrock = [each for each in passed if "BatchJobsRole" in json.dumps(each["Resource"])]
    assert len(to_bedrock) == 1
    assert to_bedrock[0]["Condition"] == {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}


def test_children_that_watch_jobs_may_be_run_and_redriven(template):
    for action in ("states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"):
        assert any("/Jobs:*" in arn for arn in granted(template, action)), action


def test_no_other_policy_is_attached_to_the_role(template):
    names = [name for name in resources(template, POLICY) if name.startswith("BatchJobsRole")]
    assert len(names) == 1


# Evaluation jobs


def test_bedrock_takes_their_role_for_jobs_of_this_account_alone(either_template):
    [trust] = one(either_template, "AWS::IAM::Role", "JudgeJobsRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "bedrock.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    sources = [json.dumps(each) for each in trust["Condition"]["ArnEquals"]["aws:SourceArn"]]
    assert [":evaluation-job/*" in each for each in sources] == [True, False]
    assert [":model-invocation-job/*" in each for each in sources] == [False, True]
    assert all("AWS::AccountId" in each and "AWS::Region" in each for each in sources)


def test_they_call_the_stacks_models_in_batch_and_use_runs_alone(template):
    done = {action: each for each in of_role(template, "JudgeJobsRole") for action in as_list(each["Action"])}
    assert done.keys() == {
        "s3:GetObject", "s3:PutObject", "s3:ListBucket", "bedrock:InvokeModel",
        "bedrock:CreateModelInvocationJob", "bedrock:StopModelInvocationJob",
    }  # fmt: skip
    assert "/runs/*" in json.dumps(done["s3:GetObject"]["Resource"])
    [models] = [
        each
        for each in of_role(template, "BatchJobsRole")
        if "bedrock:InvokeModel" in as_list(each["Action"])
    ]
    assert done["bedrock:InvokeModel"]["Resource"] == models["Resource"]


def test_the_machine_creates_evaluation_jobs_and_gives_them_their_role_alone(template):
    for action in ("bedrock:CreateEvaluationJob", "bedrock:GetEvaluationJob"):
        [arn] = granted(template, action)
        assert ":evaluation-job/*" in arn
    passed = [each for _, each in statements(template) if "iam:PassRole" in as_list(each["Action"])]
    [own] = [each for each in passed if "JudgeJobsRole" in json.dumps(each["Resource"])]
    assert own["Condition"] == {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}
    for action in ("states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"):
        assert any("/EvaluationJobs:*" in arn for arn in granted(template, action)), action


def test_who_hears_of_a_stopped_run_may_list_jobs_and_stop_them_and_nothing_else_of_bedrock(template):
    told = {
        action: json.dumps(each["Resource"])
        for each in of_role(template, "FailuresTell")
        for action in as_list(each["Action"])
        if action.startswith("bedrock:")
    }
    kinds = (
        ("ModelInvocation", "model-invocation"),
        ("Evaluation", "evaluation"),
        ("AdvancedPromptOptimization", "advanced-prompt-optimization"),
    )
    for name, kind in kinds:
        assert told.pop(f"bedrock:List{name}Jobs") == '"*"'
        assert f":{kind}-job/*" in told.pop(f"bedrock:Stop{name}Job")
    assert not told


def test_jobs_that_make_prompts_are_created_on_the_stacks_models_and_looked_at_where_a_stack_takes_them(
    template, full_template
):
    created = granted(full_template, "bedrock:CreateAdvancedPromptOptimizationJob")
    assert created
    assert created <= granted(full_template, "bedrock:InvokeModel")
    looked = granted(full_template, "bedrock:GetAdvancedPromptOptimizationJob")
    for action in ("Create", "Get"):
        assert not granted(template, f"bedrock:{action}AdvancedPromptOptimizationJob")
    assert all(":advanced-prompt-optimization-job/*" in each for each in looked)
