"""What tells of runs that failed where the workflow catches nothing: they can be redriven."""

from collections.abc import Mapping

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.functions import Step
from infra.jobs import EvaluationJobs, Jobs, prompt_jobs
from infra.notifications import Notifications
from infra.storage import Storage
from infra.triggers import Triggers
from infra.workflow import Workflow


class Failures(Construct):
    """The rule that calls ReportFailure with a run that failed, and what the function may do about it."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        steps: Mapping[str, Step],
        workflow: Workflow,
        notifications: Notifications,
        triggers: Triggers,
        storage: Storage,
        jobs: Jobs,
        evaluation_jobs: EvaluationJobs,
    ) -> None:
        super().__init__(scope, id)
        step = steps["ReportFailure"]
        step.function.add_environment("EVALDROP_TOPIC", notifications.topic.topic_arn)
        # A policy of its own: the role's default one has to exist before the machine that calls the function.
        statements = [
            iam.PolicyStatement(actions=["sns:Publish"], resources=[notifications.topic.topic_arn]),
            iam.PolicyStatement(actions=["states:DescribeExecution"], resources=[workflow.executions]),
            # A run that was stopped: its jobs would go on, and be paid for. Jobs are found by their
            # names alone, and to list them knows no resource.
            iam.PolicyStatement(actions=["bedrock:ListModelInvocationJobs"], resources=["*"]),
            iam.PolicyStatement(actions=["bedrock:StopModelInvocationJob"], resources=[jobs.arns]),
            iam.PolicyStatement(actions=["bedrock:ListEvaluationJobs"], resources=["*"]),
            iam.PolicyStatement(actions=["bedrock:StopEvaluationJob"], resources=[evaluation_jobs.arns]),
            iam.PolicyStatement(actions=["bedrock:ListAdvancedPromptOptimizationJobs"], resources=["*"]),
            iam.PolicyStatement(
                actions=["bedrock:StopAdvancedPromptOptimizationJob"], resources=[prompt_jobs()]
            ),
        ]
        if storage.key:
            statements.append(
                iam.PolicyStatement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[storage.key.key_arn]
                )
            )
        iam.Policy(self, "Tell", statements=statements).attach_to_role(step.role)
        events.Rule(
            self,
            "RunFailed",
            description="A run that failed, took too long, or was stopped by hand",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [workflow.machine.state_machine_arn],
                    # Of a run that was stopped nobody is told, but the store is.
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                },
            ),
            targets=[triggers.call(step)],
        )
