"""EvaluateDataset: Step Functions' copy of workflow.asl.json; evaldrop.engine runs the same file."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import ArnFormat, Aws, Fn, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from evaldrop.evaluation.called_checks import CHECK_GUARDRAIL, called_checks
from evaldrop.evaluation.definition import named_guardrails
from evaldrop.evaluation.model_ids import application_profiles, guardrail_arn, model_arns
from evaldrop.evaluation.scorers import function_arn
from evaldrop.shipped import workflow_path
from evaldrop.store.table import BUDGET_ITEM
from infra.functions import Step
from infra.jobs import EvaluationJobs, Jobs, prompt_jobs
from infra.log_groups import log_group
from infra.model_policies import let_use_models
from infra.notifications import Notifications
from infra.settings import Settings
from infra.storage import OF_THIS_ACCOUNT, RUNS, Storage

_BELOW_RUNS = {"StringLike": {"s3:prefix": f"{RUNS}/*"}}

MAP_LABEL = "Records"
"""The distributed Map's Label: part of its children's ARNs."""

JOBS_LABEL = "Jobs"
"""Likewise of the Map over batch jobs."""
EVALUATION_JOBS_LABEL = "EvaluationJobs"
"""And of that over evaluation jobs."""
SCORES_LABEL = "Scores"
"""Of that over batches of responses for scorers."""
PROMPTS_LABEL = "Prompts"
"""Of that over prompts that are asked for."""
PROMPT_JOBS_LABEL = "PromptJobs"
"""And of that over jobs that make some."""
PROMPT_JOB, KNOWN_JOB = "AdvancedPromptOptimizationJob", "ModelInvocationJob"
"""What the states of `by: bedrock_job` are about; the second one where a stack takes none such."""
PARTS_LABEL = "Parts"
"""Of that over parts of a large dataset."""
LABELS = (
    MAP_LABEL, PARTS_LABEL, PROMPTS_LABEL, PROMPT_JOBS_LABEL, JOBS_LABEL, EVALUATION_JOBS_LABEL, SCORES_LABEL,
)  # fmt: skip


class Workflow(Construct):
    """The state machine, its log, and the least its role needs."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        steps: Mapping[str, Step],
        storage: Storage,
        jobs: Jobs,
        evaluation_jobs: EvaluationJobs,
        notifications: Notifications,
        settings: Settings,
    ) -> None:
        super().__init__(scope, id)
        self.log_group = log_group(
            self,
            "Log",
            settings=settings,
            key=storage.encryption_key,
            name=self._vended_name(settings),
        )
        arns = {name: step.function.function_arn for name, step in steps.items()}
        self.machine = sfn.StateMachine(
            self,
            "EvaluateDataset",
            definition_body=sfn.DefinitionBody.from_string(workflow_path().read_text(encoding="utf-8")),
            definition_substitutions={
                **arns,
                "Partition": Aws.PARTITION,
                "ResultsTopic": notifications.topic.topic_arn,
                "ChildType": settings.children,
                "JobsRole": jobs.role.role_arn,
                "EvaluationJobsRole": evaluation_jobs.role.role_arn,
                "PromptJob": PROMPT_JOB if settings.has_prompt_jobs else KNOWN_JOB,
            },
            # Without data: requests hold records, and a log outlives the dataset.
            logs=sfn.LogOptions(
                destination=self.log_group, level=sfn.LogLevel.ERROR, include_execution_data=False
            ),
            tracing_enabled=True,
        )
        self._assume_for_machines_of_this_account()
        self._let_call_functions(list(arns.values()))
        self._let_call_scorers(settings)
        self._let_use_storage(storage)
        self._let_call_models(settings)
        self._let_run_jobs(jobs)
        self._let_run_evaluation_jobs(evaluation_jobs)
        if settings.has_prompt_jobs:
            self._allow("LookAtPromptJobs", [f"bedrock:Get{PROMPT_JOB}"], [prompt_jobs()])
        self._let_tell(notifications)
        self._let_map_run_children()

    @staticmethod
    def _vended_name(settings: Settings) -> str:
        # Below this prefix logs that a service delivers do not fill up the account's resource policy of logs,
        # which has 5,120 characters. By the stack's own ID, for a log outlives its stack, and a later one of
        # the same name would find the name taken.
        own = Fn.select(2, Fn.split("/", Aws.STACK_ID))
        return f"/aws/vendedlogs/states/{settings.stack_name}/{own}"

    def _assume_for_machines_of_this_account(self) -> None:
        role = self.machine.role.node.default_child
        assert isinstance(role, iam.CfnRole)
        # Not this machine's own ARN: the machine is made with the role.
        machines = Stack.of(self).format_arn(
            service="states",
            resource="stateMachine",
            resource_name="*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        condition = {**OF_THIS_ACCOUNT, "ArnLike": {"aws:SourceArn": machines}}
        # On the L1: CDK makes this role by itself, and a role of our own would be another one to it.
        role.add_property_override("AssumeRolePolicyDocument.Statement.0.Condition", condition)

    def _allow(
        self,
        sid: str,
        actions: list[str],
        resources: list[str],
        conditions: Mapping[str, Any] | None = None,
    ) -> None:
        statement = iam.PolicyStatement(sid=sid, actions=actions, resources=resources, conditions=conditions)
        self.machine.add_to_role_policy(statement)

    def _let_call_functions(self, arns: list[str]) -> None:
        self._allow("CallSteps", ["lambda:InvokeFunction"], arns)

    def _let_call_scorers(self, settings: Settings) -> None:
        here = {"partition": Aws.PARTITION, "region": Aws.REGION, "account": Aws.ACCOUNT_ID}
        # Their owners' functions, each by its name: no other of the account.
        if scorers := settings.caps.scorers:
            arns = dict.fromkeys(function_arn(scorer, **here) for scorer in scorers)
            self._allow("CallScorers", ["lambda:InvokeFunction"], list(arns))

    def _let_use_storage(self, storage: Storage) -> None:
        runs = f"{storage.output.bucket_arn}/{RUNS}/*"
        # The writer reads its own files back and uploads in parts: the actions the Map's documentation lists.
        # By this role Bedrock's integration reads long records' requests there, and writes their replies.
        writing = ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        self._allow("ReadRecordsAndWriteResults", writing, [runs])
        # A large run's records are in parts, which a listing finds.
        self._allow("ListRecords", ["s3:ListBucket"], [storage.output.bucket_arn], _BELOW_RUNS)
        if storage.key:
            self._allow(
                "UseKey", ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], [storage.key.key_arn]
            )

    def _let_call_models(self, settings: Settings) -> None:
        here = {"partition": Aws.PARTITION, "region": Aws.REGION, "account": Aws.ACCOUNT_ID}
        evaluations = [evaluation for _, evaluation in settings.load_evaluations().values()]
        models = settings.models_in(settings.region)
        arns = list(dict.fromkeys(arn for model in models for arn in model_arns(model, **here)))
        calling = ["bedrock:InvokeModel", "bedrock:CreateModelInvocationJob"]
        if settings.has_prompt_jobs:
            # A job that makes prompts is created on its models; it has no role, and calls them by this one.
            calling.append(f"bedrock:Create{PROMPT_JOB}")
        let_use_models(self, self.machine.role, calling, arns)
        checks = (check for evaluation in evaluations for check in called_checks(evaluation.checks))
        if settings.guardrail_checks or any(check.api == CHECK_GUARDRAIL for check in checks):
            # It names no resource.
            self._allow("CheckGuardrails", ["bedrock:InvokeGuardrailChecks"], ["*"])
        if profiles := application_profiles(models):
            self._let_call_profiles(profiles)
        if guardrails := named_guardrails(evaluations, settings.guardrails):
            named = dict.fromkeys(guardrail_arn(guardrail, **here) for guardrail in guardrails)
            self._allow("ApplyGuardrails", ["bedrock:ApplyGuardrail"], list(named))

    def _let_run_jobs(self, jobs: Jobs) -> None:
        # To create one needs the model, too: that is by CallModels.
        actions = ["Create", "Get", "Stop"]
        self._allow("RunJobs", [f"bedrock:{action}ModelInvocationJob" for action in actions], [jobs.arns])
        self._let_pass("GiveJobsTheirRole", jobs)

    def _let_run_evaluation_jobs(self, jobs: EvaluationJobs) -> None:
        actions = ["bedrock:CreateEvaluationJob", "bedrock:GetEvaluationJob"]
        self._allow("RunEvaluationJobs", actions, [jobs.arns])
        self._let_pass("GiveEvaluationJobsTheirRole", jobs)

    def _let_pass(self, sid: str, jobs: Jobs) -> None:
        self.machine.add_to_role_policy(
            iam.PolicyStatement(
                sid=sid,
                actions=["iam:PassRole"],
                resources=[jobs.role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}},
            )
        )

    def _let_call_profiles(self, profiles: list[str]) -> None:
        # An application profile does not tell its model: any, but only by way of the profile.
        self.machine.add_to_role_policy(
            iam.PolicyStatement(
                sid="CallModelsOfProfiles",
                actions=["bedrock:InvokeModel"],
                resources=[f"arn:{Aws.PARTITION}:bedrock:*::foundation-model/*"],
                conditions={"ArnEquals": {"bedrock:InferenceProfileArn": profiles}},
            )
        )

    def let_hold_budgets(self, table: dynamodb.ITable, storage: Storage) -> None:
        """Let children count what their run has spent: in items of budgets alone, whatever else is there."""
        self.machine.add_to_role_policy(
            iam.PolicyStatement(
                sid="HoldBudgets",
                actions=["dynamodb:UpdateItem"],
                resources=[table.table_arn],
                conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{BUDGET_ITEM}*"]}},
            )
        )
        if storage.key:
            # DynamoDB uses the key in its caller's name; what else it needs the role has for S3.
            self._allow("DescribeKey", ["kms:DescribeKey"], [storage.key.key_arn])

    def _let_tell(self, notifications: Notifications) -> None:
        self._allow("Tell", ["sns:Publish"], [notifications.topic.topic_arn])

    def _let_map_run_children(self) -> None:
        # A policy of its own: the role's default one has to exist before the machine whose name this needs.
        name = self.machine.state_machine_name
        children = [self._executions_of(f"{name}/{label}") for label in LABELS]
        policy = iam.Policy(
            self,
            "RunChildren",
            statements=[
                iam.PolicyStatement(
                    actions=["states:StartExecution"], resources=[self.machine.state_machine_arn]
                ),
                iam.PolicyStatement(
                    actions=["states:DescribeExecution", "states:StopExecution"],
                    resources=[self.executions, *children],
                ),
                iam.PolicyStatement(actions=["states:RedriveExecution"], resources=children),
            ],
        )
        policy.attach_to_role(self.machine.role)

    @property
    def executions(self) -> str:
        """ARN pattern of the machine's own executions."""
        return self._executions_of(self.machine.state_machine_name)

    @property
    def map_runs(self) -> str:
        """ARN pattern of the machine's own Map Runs."""
        return Stack.of(self).format_arn(
            service="states",
            resource="mapRun",
            resource_name=f"{self.machine.state_machine_name}/{MAP_LABEL}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _executions_of(self, name: str) -> str:
        return Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
