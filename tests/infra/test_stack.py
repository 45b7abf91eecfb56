"""What would hurt to lose in the template."""

import copy
import hashlib
import json
import re

import pytest

from evaldrop.datasets.files.formats import DATASET_ENDINGS
from evaldrop.running.local_aws.events import Created, matches, object_created
from evaldrop.shipped import workflow_path
from evaldrop.steps.steer_runs.account import LABEL
from infra.workflow import KNOWN_JOB, MAP_LABEL, PROMPT_JOB
from tests.infra.synthesis import ROOT, one, resources

MACHINE = "AWS::StepFunctions::StateMachine"
FUNCTION = "AWS::Lambda::Function"
STEPS = (
    "ValidateDataset", "ChoosePrompts", "PrepareRecords", "CheckFirstCalls", "PrepareJobs",
    "PrepareEvaluationJobs", "PrepareScores", "BuildScorecard", "ReportFailure",
)  # fmt: skip
POLICY = "AWS::IAM::Policy"

# Types that moto 5.2.5 skips without a word; `evaldrop local` lists them to its user.
NOT_IN_MOTO = {
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::Authorizer",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::Budgets::Budget",
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::Alarm",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolGroup",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Logs::QueryDefinition",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
}
IN_MOTO = {
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::RestApi",
    "AWS::CloudWatch::Dashboard",
    "AWS::DynamoDB::Table",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::VPCEndpoint",
    "AWS::Events::Rule",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::StepFunctions::StateMachine",
}


def statements(template):
    for name, policy in resources(template, POLICY).items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            yield name, statement


def as_list(value):
    return value if isinstance(value, list) else [value]


def granted(template, action):
    """Return the resources an action is allowed on, as text."""
    return {
        json.dumps(resource)
        for _, statement in statements(template)
        if action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


# The definition


def test_the_workflow_is_deployed_byte_for_byte(either_template):
    deployed = one(either_template, MACHINE)["DefinitionString"]
    assert hashlib.sha256(deployed.encode()).digest() == hashlib.sha256(workflow_path().read_bytes()).digest()


@pytest.mark.parametrize(("which", "children"), [("template", "EXPRESS"), ("full_template", "STANDARD")])
def test_every_placeholder_is_filled(request, which, children):
    machine = one(request.getfixturevalue(which), MACHINE)
    substitutions = machine["DefinitionSubstitutions"]
    for name in STEPS:
        assert name in json.dumps(substitutions[name])
    assert substitutions["ChildType"] == children
    assert substitutions["ResultsTopic"]["Ref"].startswith("Notifications")
    assert substitutions["Partition"] == {"Ref": "AWS::Partition"}
    assert substitutions["JobsRole"]["Fn::GetAtt"][0].startswith("BatchJobsRole")
    assert substitutions["EvaluationJobsRole"]["Fn::GetAtt"][0].startswith("JudgeJobsRole")
    # Where nobody says by: bedrock_job, an action that Step Functions surely knows.
    assert substitutions["PromptJob"] == (PROMPT_JOB if which == "full_template" else KNOWN_JOB)
    assert len(substitutions) == 6 + len(STEPS)


def test_errors_are_logged_and_executions_traced(template):
    machine = one(template, MACHINE)
    assert machine["LoggingConfiguration"]["Level"] == "ERROR"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert machine["TracingConfiguration"] == {"Enabled": True}


# No custom resources, and nothing that a machine without an account could not load


def test_there_is_no_custom_resource_and_no_type_that_nobody_has_looked_at(either_template):
    types = {each["Type"] for each in either_template["Resources"].values()}
    assert not {each for each in types if each.startswith(("Custom::", "AWS::CloudFormation::"))}
    assert types <= IN_MOTO | NOT_IN_MOTO


# Least privilege

# Statements on every resource, by their actions, and why.
ON_EVERYTHING = {
    ("bedrock:ListFoundationModels",): ("it lists what Bedrock has, and names no resource"),
    (
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ): ("X-Ray has no resources to name"),
    (
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ): "Step Functions' log delivery has no resources to name",
    ("bedrock:ListModelInvocationJobs",): "the jobs of a stopped run are listed by their names",
    ("bedrock:ListEvaluationJobs",): "likewise",
    ("bedrock:ListAdvancedPromptOptimizationJobs",): "likewise, and no name narrows the list down",
}
OF_A_NETWORK = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
"""Lambda's network interfaces have no names beforehand; test_network.py says who may not use it."""


def test_no_permission_is_on_everything_but_those_with_a_reason(either_template):
    found = {
        tuple(sorted(as_list(statement["Action"])))
        for _, statement in statements(either_template)
        if "*" in as_list(statement["Resource"])
    }
    merged = {action for actions in found for action in actions}
    network = OF_A_NETWORK if resources(either_template, "AWS::EC2::SecurityGroup") else set()
    # It is given a prompt's text, and names no resource.
    optimizer = {"bedrock:OptimizePrompt"} if granted(either_template, "bedrock:OptimizePrompt") else set()
    metrics = {"cloudwatch:GetMetricData"} if "SteerRuns" in json.dumps(either_template) else set()
    reasoned = {action for actions in ON_EVERYTHING for action in actions}
    assert merged == reasoned | network | metrics | optimizer


def test_no_permission_is_for_every_action(either_template):
    for name, statement in statements(either_template):
        assert not [action for action in as_list(statement["Action"]) if "*" in action], name


def test_no_role_has_a_managed_policy(either_template):
    """But the one that API Gateway writes logs by, which is the account's."""
    for name, role in resources(either_template, "AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in role["Properties"] or "ApiLogRole" in name, name


def test_models_are_those_of_the_evaluations_and_their_profiles(template):
    arns = "".join(sorted(granted(template, "bedrock:InvokeModel")))
    for model in ("amazon.nova-lite-v1:0", "amazon.nova-pro-v1:0", "amazon.nova-micro-v1:0"):
        assert f":bedrock:*::foundation-model/{model}" in arns
        # The Region is not known, and with it the geography; the model is.
        assert f":inference-profile/*.{model}" in arns
    assert len(granted(template, "bedrock:InvokeModel")) == 8
    assert "foundation-model/*" not in arns


def test_other_models_are_allowed_as_the_settings_say(full_template):
    arns = granted(full_template, "bedrock:InvokeModel")
    for end in ("::foundation-model/anthropic.claude-sonnet-4-6", "imported-model/def456"):
        assert any(end in arn for arn in arns)
    conditions = [
        statement["Condition"]
        for _, statement in statements(full_template)
        if "foundation-model/*" in json.dumps(statement["Resource"])
    ]
    assert conditions == [
        {
            "ArnEquals": {
                "bedrock:InferenceProfileArn": [
                    "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123"
                ]
            }
        }
    ]


def test_bedrocks_optimiser_may_be_asked_only_where_somebody_does(template, full_template):
    assert not granted(template, "bedrock:OptimizePrompt")
    assert granted(full_template, "bedrock:OptimizePrompt")


def test_guardrails_may_be_applied_only_when_there_are_some(template, full_template):
    assert not granted(template, "bedrock:ApplyGuardrail")
    assert len(granted(full_template, "bedrock:ApplyGuardrail")) == 2


def test_only_the_scorers_that_are_named_may_be_called(template, full_template):
    """Of all functions of the account; and a stack without scorers calls its own alone."""
    called = granted(full_template, "lambda:InvokeFunction") - granted(template, "lambda:InvokeFunction")
    assert json.dumps("arn:aws:lambda:eu-west-1:123456789012:function:grade:live") in called
    assert any(":function:brevity" in each for each in called)
    assert not any("*" in each for each in called)


def test_the_map_may_run_and_redrive_its_own_children(template):
    assert granted(template, "states:StartExecution") == {json.dumps({"Ref": machine_id(template)})}
    for action in ("states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"):
        assert any("/Records:*" in arn and machine_id(template) in arn for arn in granted(template, action))


def machine_id(template):
    return next(iter(resources(template, MACHINE)))


def test_the_machine_reads_and_writes_only_where_runs_are_kept(template):
    (role,) = [name for name in resources(template, POLICY) if "EvaluateDatasetRole" in name]
    for name, statement in statements(template):
        if name == role and any(action.startswith("s3:") for action in as_list(statement["Action"])):
            assert "StorageOutput" in json.dumps(statement["Resource"])
            # A listing is of the bucket, and its condition says below what.
            where = statement["Condition" if statement["Action"] == "s3:ListBucket" else "Resource"]
            assert "runs/*" in json.dumps(where)


def test_a_stack_says_from_which_size_on_a_dataset_goes_in_parts(template, full_template):
    for stack, size in ((template, "256000000"), (full_template, "2000000")):
        told = [
            each["Properties"]["Environment"]["Variables"].get("EVALDROP_PARTS_ABOVE")
            for each in resources(stack, "AWS::Lambda::Function").values()
            if "Environment" in each["Properties"]
        ]
        assert [each for each in told if each] == [size]


# Coming in


def test_the_input_bucket_keeps_versions_and_tells_eventbridge(template):
    bucket = one(template, "AWS::S3::Bucket", "Input")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


@pytest.mark.parametrize("name", ["Input", "Output"])
def test_buckets_are_private_encrypted_and_cleaned_up(either_template, name):
    bucket = one(either_template, "AWS::S3::Bucket", name)
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["BucketEncryption"]
    assert bucket["LifecycleConfiguration"]["Rules"]


def test_nothing_is_sent_in_the_clear(either_template):
    for kind in ("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"):
        for name, policy in resources(either_template, kind).items():
            assert '"aws:SecureTransport": "false"' in json.dumps(policy), name


def test_a_key_of_ones_own_is_a_setting(template, full_template):
    assert not resources(template, "AWS::KMS::Key")
    assert one(full_template, "AWS::KMS::Key")["EnableKeyRotation"] is True
    kinds = ("S3::Bucket", "SNS::Topic", "SQS::Queue", "DynamoDB::Table", "Logs::LogGroup")
    for kind in kinds:
        for name, each in resources(full_template, f"AWS::{kind}").items():
            # CloudTrail's own files are not evaldrop's.
            assert "StorageKey" in json.dumps(each["Properties"]) or "Audit" in name, name


def test_uploads_of_datasets_start_runs_and_are_kept_when_that_fails(template):
    rule = one(template, "AWS::Events::Rule", "DatasetUploaded")
    pattern = copy.deepcopy(rule["EventPattern"])
    assert pattern["source"] == ["aws.s3"]
    assert pattern["detail-type"] == ["Object Created"]
    bucket = "drop"
    pattern["detail"]["bucket"]["name"] = [bucket]

    def announced(key):
        created = Created(bucket=bucket, key=key, version="v1", reason="PutObject")
        return matches(pattern, object_created(created, size=1, etag="e"))

    for ending in DATASET_ENDINGS:
        assert announced(f"datasets/faq{ending}"), ending
    # What starts no run is told, and for that StartRun has to hear of it.
    for key in ("elsewhere/x.json", "datasets/UPPER.Jsonl", "x.CSV", "datasets/faq.XLSX", "a/faq.Csv.gz"):
        assert announced(key), key
    for key in ("datasets/faq.yaml", "datasets/prompts/candidate/answer.v1.md", "datasets/", "datasets/json"):
        assert not announced(key), key
    # EventBridge takes no longer pattern.
    assert len(json.dumps(pattern)) < 2_048
    (target,) = rule["Targets"]
    assert "DeadLetters" in json.dumps(target["DeadLetterConfig"])
    assert "DeadLetters" in json.dumps(one(template, FUNCTION, "StartRun")["DeadLetterConfig"])


def test_an_uploads_metadata_is_read_from_its_very_version(template):
    reading = [
        statement
        for policy in resources(template, "AWS::IAM::Policy").values()
        if "StartRun" in json.dumps(policy["Properties"]["Roles"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "s3:GetObjectVersion" in statement["Action"]
    ]
    (statement,) = reading
    assert "/datasets/*" in json.dumps(statement["Resource"])


def test_runs_that_failed_are_told_of_where_the_workflow_catches_nothing(template):
    rule = one(template, "AWS::Events::Rule", "RunFailed")
    assert rule["EventPattern"]["source"] == ["aws.states"]
    assert rule["EventPattern"]["detail"] == {
        "stateMachineArn": [{"Ref": machine_id(template)}],
        "status": ["FAILED", "TIMED_OUT", "ABORTED"],
    }
    (target,) = rule["Targets"]
    assert "ReportFailure" in json.dumps(target["Arn"])
    assert "DeadLetters" in json.dumps(target["DeadLetterConfig"])
    function = one(template, FUNCTION, "ReportFailure")
    assert "EVALDROP_TOPIC" in function["Environment"]["Variables"]


def test_the_week_has_a_time_zone_a_window_and_its_moment_in_the_input(template):
    schedule = one(template, "AWS::Scheduler::Schedule")
    assert schedule["ScheduleExpression"] == "cron(0 6 ? * MON *)"
    assert schedule["ScheduleExpressionTimezone"] == "Etc/UTC"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    target = schedule["Target"]
    sent = json.loads(target["Input"])
    assert sent == {
        "datasets": ["datasets/support-faq/records.jsonl"],
        "scheduled_time": "<aws.scheduler.scheduled-time>",
    }
    assert "StartRun" in json.dumps(target["Arn"])
    assert "DeadLetters" in json.dumps(target["DeadLetterConfig"])


# Functions


def test_functions_run_on_arm_with_the_newest_python_and_log_as_json(either_template):
    functions = resources(either_template, FUNCTION)
    has_api = bool(resources(either_template, "AWS::ApiGateway::RestApi"))
    steers = any("SteerRuns" in name for name in functions)
    scorers = [name for name in functions if name.startswith("Scorers")]
    assert len(functions) == len(STEPS) + 1 + has_api + steers + len(scorers)  # StartRun
    for name, each in functions.items():
        properties = each["Properties"]
        assert properties["Architectures"] == ["arm64"], name
        assert properties["Runtime"] == "python3.13", name
        assert properties["LoggingConfig"]["LogFormat"] == "JSON", name


def test_functions_have_the_time_their_state_waits_for_them(template):
    definition = json.loads(workflow_path().read_bytes())
    for name in STEPS:
        assert one(template, FUNCTION, name)["Timeout"] == definition["States"][name]["TimeoutSeconds"]


def test_the_validating_function_is_told_of_its_caps(either_template):
    variables = one(either_template, FUNCTION, "ValidateDataset")["Environment"]["Variables"]
    assert variables["EVALDROP_CAPS"] == "caps.json"


def test_an_output_tells_submit_the_caps_and_fits(either_template):
    stated = either_template["Outputs"]["Caps"]["Value"]
    assert json.loads(stated) == {
        "max_run_usd": 25.0,
        "max_calls": 200_000,
        "default_budget_usd": None,
        "whose_prices": "stack",
    }
    assert len(stated) <= 1_024


def test_memory_is_a_setting(template, full_template):
    assert one(template, FUNCTION, "BuildScorecard")["MemorySize"] == 3008
    assert one(full_template, FUNCTION, "BuildScorecard")["MemorySize"] == 10240


def test_large_files_find_room(template):
    for name in ("PrepareRecords", "BuildScorecard"):
        assert one(template, FUNCTION, name)["EphemeralStorage"] == {"Size": 10240}


# Watching

ALARMS = {
    "RunsFailed",
    "DeadLetters",
    "ScheduleSilent",
    "QualityBelowGate",
    "JudgeNotTrusted",
    "Regressions",
    "JudgeDrift",
    "RunsWithoutAnswers",
    "NotNoted",
    "ApiErrors",
}
OF_A_MODEL = {"Latency", "ServerErrors", "Failing", "Throttled"}


@pytest.fixture(scope="module")
def alarms(full_template):
    """The alarms' properties; the models are two: geo.'s own are not known without a Region."""
    return {
        name: each["Properties"] for name, each in resources(full_template, "AWS::CloudWatch::Alarm").items()
    }


def test_every_alarm_reaches_the_topic_and_says_what_to_do(alarms):
    for name in ALARMS:
        assert len([each for each in alarms if f"Monitoring{name}" in each]) == 1, name
    for name, alarm in alarms.items():
        assert "Topic" in json.dumps(alarm["AlarmActions"]), name
        assert len(alarm["AlarmDescription"]) > 40, name
        # Only where something comes by itself is silence an alarm.
        wanted = "breaching" if "ScheduleSilent" in name else "notBreaching"
        assert alarm["TreatMissingData"] == wanted, name


def metrics_of(alarm):
    metrics = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    return metrics or [alarm]


def test_the_costs_of_alarms_are_as_the_page_says(template, alarms):
    """Each metric of an alarm is billed: $0.10 a month."""
    of_models = sum(len(metrics_of(each)) for each in alarms.values() if "AWS/Bedrock" in json.dumps(each))
    own = [each["Properties"] for each in resources(template, "AWS::CloudWatch::Alarm").values()]
    metrics = sum(len(metrics_of(each)) for each in own)
    page = (ROOT / "docs" / "costs.md").read_text()
    assert (len(own), metrics) == (9, 10)
    assert f"Nine alarms over ten metrics are ${metrics / 10:.2f} a month" in page
    assert of_models / 3 == 7
    assert "over seven metrics $0.70 a model" in page


def test_each_model_has_its_alarms_and_bedrock_is_asked_for_nothing_that_it_does_not_publish(alarms):
    of_bedrock = {
        name: metrics_of(each)
        for name, each in alarms.items()
        if metrics_of(each)[0]["Namespace"] == "AWS/Bedrock"
    }
    models = {each["Dimensions"][0]["Value"] for metrics in of_bedrock.values() for each in metrics}
    assert models == {"anthropic.claude-sonnet-4-6", "abc123", "def456"}
    assert len(of_bedrock) == len(models) * len(OF_A_MODEL)
    for name, metrics in of_bedrock.items():
        # "ModelId - all metrics": there is none without.
        assert all([one["Name"] for one in each["Dimensions"]] == ["ModelId"] for each in metrics), name
        assert len(metrics) <= 10, name


def test_an_alarm_on_a_share_knows_it_when_only_one_side_of_it_is_published(alarms):
    """A model of which every call fails or is throttled publishes no Invocations."""
    shares = [
        each
        for each in alarms.values()
        for one in each.get("Metrics", [])
        if "100 *" in one.get("Expression", "")
    ]
    assert len(shares) == 6
    for alarm in shares:
        (expression,) = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]
        ids = {each["Id"] for each in alarm["Metrics"] if "MetricStat" in each}
        assert set(re.findall(r"FILL\((\w+), 0\)", expression)) == ids
        # Each is filled wherever it is named.
        assert not re.search(rf"(?<!FILL\()\b({'|'.join(ids)})\b", expression)


def test_a_schedule_that_starts_nothing_in_a_week_is_an_alarm(alarms):
    (silent,) = [each for name, each in alarms.items() if "ScheduleSilent" in name]
    assert silent["MetricName"] == "ExecutionsStarted"
    # CloudWatch looks back seven days, and no further.
    assert silent["Period"] * silent["EvaluationPeriods"] == 7 * 24 * 3600
    assert (silent["ComparisonOperator"], silent["Threshold"]) == ("LessThanThreshold", 1)


@pytest.mark.parametrize(
    "metric",
    [
        "ExecutionsStarted", "ExecutionsFailed", "ApproximateOpenMapRunCount", "ApproximateMapRunBacklogSize",
        "Invocations", "InvocationLatency", "InvocationClientErrors", "InvocationServerErrors",
        "InvocationThrottles", "InputTokenCount", "OutputTokenCount", "PassRate", "CostUsd",
        "CostPerThousandRecordsUsd",
    ],
)  # fmt: skip
def test_the_dashboard_shows(template, metric):
    assert metric in json.dumps(one(template, "AWS::CloudWatch::Dashboard"))


def test_slow_and_failed_invocations_have_saved_queries(template):
    queries = resources(template, "AWS::Logs::QueryDefinition").values()
    assert {query["Properties"]["Name"].removeprefix("evaldrop/") for query in queries} == {
        "FailedInvocations",
        "FailedRuns",
        "FailedSteps",
        "LatencyByModel",
        "SlowInvocations",
        "SlowSteps",
        "StepsOfRuns",
    }
    assert "put-model-invocation-logging-configuration" in json.dumps(template["Outputs"]["LogInvocations"])


def test_budgets_warn_at_ten_and_twenty_five_dollars(template, full_template):
    for each, kind in ((template, "SNS"), (full_template, "EMAIL")):
        budgets = resources(each, "AWS::Budgets::Budget").values()
        assert {budget["Properties"]["Budget"]["BudgetLimit"]["Amount"] for budget in budgets} == {10, 25}
        for budget in budgets:
            for told in budget["Properties"]["NotificationsWithSubscribers"]:
                assert [subscriber["SubscriptionType"] for subscriber in told["Subscribers"]] == [kind]


def test_an_address_given_as_parameter_is_subscribed(template):
    (subscription,) = resources(template, "AWS::SNS::Subscription").values()
    assert subscription["Condition"] in template["Conditions"]
    assert subscription["Properties"]["Endpoint"] == {"Ref": "NotificationEmail"}


def test_deleting_the_stack_keeps_buckets_unless_told_otherwise(template, full_template):
    for each, policy in ((template, "Retain"), (full_template, "Delete")):
        for bucket in resources(each, "AWS::S3::Bucket").values():
            assert bucket["DeletionPolicy"] == policy


def test_outputs_name_what_a_user_needs(template):
    assert {
        "InputBucket",
        "OutputBucket",
        "StateMachine",
        "StartRunFunction",
        "ResultsTopic",
        "DeadLetterQueue",
        "MaxDatasetBytes",
    } <= template["Outputs"].keys()


# Steering


def test_only_who_asks_for_it_has_runs_steered_each_minute(template, full_template):
    assert not [name for name in resources(template, FUNCTION) if "SteerRuns" in name]
    rules = resources(full_template, "AWS::Events::Rule").values()
    (rule,) = [each["Properties"] for each in rules if "ScheduleExpression" in each["Properties"]]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    (target,) = rule["Targets"]
    assert "SteerRuns" in json.dumps(target["Arn"])
    assert target["RetryPolicy"]["MaximumRetryAttempts"] == 0


def test_steering_may_change_this_machines_map_runs_of_records_and_nothing_else(full_template):
    (changed,) = granted(full_template, "states:UpdateMapRun")
    assert f"/{MAP_LABEL}:*" in changed
    assert MAP_LABEL == LABEL, "the function leaves other Maps alone"
    steering = [statement for name, statement in statements(full_template) if "Steering" in name]
    actions = {action for each in steering for action in as_list(each["Action"])}
    assert {action for action in actions if action.startswith("states:")} == {
        "states:DescribeMapRun",
        "states:GetExecutionHistory",
        "states:ListExecutions",
        "states:ListMapRuns",
        "states:UpdateMapRun",
    }


def test_models_that_are_leaving_are_looked_at_each_day_and_when_health_tells(full_template, template):
    look = one(full_template, "AWS::Scheduler::Schedule", "Leaving")
    assert look["ScheduleExpression"] == "rate(1 day)"
    health = one(full_template, "AWS::Events::Rule", "HealthOfBedrock")
    assert health["EventPattern"] == {"source": ["aws.health"], "detail": {"service": ["BEDROCK"]}}
    (target,) = health["Targets"]
    asked = json.loads(target["Input"])
    assert asked == json.loads(look["Target"]["Input"])
    assert asked["leaving"] == {"amazon.nova-lite-v1:0": ["geo.amazon.nova-2-lite-v1:0"]}
    assert not [name for name in resources(template, "AWS::Scheduler::Schedule") if "Leaving" in name]
