"""Bedrock's evaluation jobs in the local AWS: rehearsed, behind permissions of who asks and of their role."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from evaldrop.bedrock.protocol import BedrockEvaluations, ServiceError
from evaldrop.evaluation.model_ids import model_arns
from evaldrop.running.batch_jobs import NoJobs
from evaldrop.running.local_aws.batch_jobs import BEDROCK
from evaldrop.running.local_aws.clients import ACCOUNT, REGION
from evaldrop.running.local_aws.permissions import Permissions, trust_in_iam, trusts

OF_EVALUATIONS = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:evaluation-job/"


class Evaluations:
    """
    Creates evaluation jobs and looks at them, as far as a role may, by roles that Bedrock may take.

    Args:
        jobs: The control plane; None where `--bedrock` names a Bedrock that has none here.
        permissions: Of the roles.
        trust: Takes a role's ARN, returns the policy that says who may take it; None where there is no role.
    """

    def __init__(
        self,
        jobs: BedrockEvaluations | None,
        permissions: Permissions,
        trust: Callable[[str], str | None] = trust_in_iam,
    ) -> None:
        self._jobs = jobs or NoJobs()
        self._permissions = permissions
        self._trust = trust
        self._loop: asyncio.AbstractEventLoop | None = None

    async def create(self, role_arn: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Begin a job.

        Raises:
            ServiceError: Who asks may not, or the job's role may not what it needs.
        """
        given = request["roleArn"]
        self._need(role_arn, "bedrock:CreateEvaluationJob", f"{OF_EVALUATIONS}*")
        self._need(role_arn, "iam:PassRole", given, {"iam:PassedToService": BEDROCK})
        source = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"{OF_EVALUATIONS}*"}
        policy = self._trust(given)
        if policy is None or not trusts(policy, BEDROCK, source):
            raise ServiceError("ValidationException", f"Bedrock is not able to assume the role {given}")
        here = {"partition": "aws", "region": REGION, "account": ACCOUNT}
        for model in _judges_in(request):
            for arn in model_arns(model, **here):
                profile = {"bedrock:InferenceProfileArn": model}
                for action in ("bedrock:InvokeModel", "bedrock:CreateModelInvocationJob"):
                    # On AWS the job would fail, a while later.
                    self._need(given, action, arn, profile)
        self._loop = asyncio.get_running_loop()
        return await self._jobs.create_evaluation_job(request)

    async def get(self, role_arn: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Look at a job, as `create` begins one."""
        self._need(role_arn, "bedrock:GetEvaluationJob", request["jobIdentifier"])
        return await self._jobs.get_evaluation_job(request)

    def close(self) -> None:
        """Leave off, in the loop that the jobs are answered in."""
        if self._loop is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._jobs.close(), self._loop).result(timeout=10)

    def _need(
        self, role_arn: str, action: str, resource: str, context: Mapping[str, str] | None = None
    ) -> None:
        if denial := self._permissions.denial(role_arn, action, resource, context):
            raise ServiceError("AccessDeniedException", denial)


def _judges_in(request: Mapping[str, Any]) -> list[str]:
    evaluator = request["evaluationConfig"].get("automated", {}).get("evaluatorModelConfig", {})
    return [each["modelIdentifier"] for each in evaluator.get("bedrockEvaluatorModels", ())]
