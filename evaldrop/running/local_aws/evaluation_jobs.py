"""Bedrock's evaluation jobs in the local AWS: rehearsed, behind permissions of who asks and of their role."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from evaldrop.bedrock.protocol import BedrockEvaluations
from evaldrop.evaluation.model_ids import model_arns
from evaldrop.running.batch_jobs import NoJobs
from evaldrop.running.local_aws.batch_jobs import ByRoles
from evaldrop.running.local_aws.clients import ACCOUNT, REGION
from evaldrop.running.local_aws.permissions import Permissions, trust_in_iam

OF_EVALUATIONS = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:evaluation-job/"


class Evaluations(ByRoles):
    """
    Creates evaluation jobs and looks at them; `jobs` is None where `--bedrock` names a Bedrock without.

    Other arguments as of `ByRoles`.
    """

    def __init__(
        self,
        jobs: BedrockEvaluations | None,
        permissions: Permissions,
        trust: Callable[[str], str | None] = trust_in_iam,
    ) -> None:
        super().__init__(permissions, trust)
        self._jobs = jobs or NoJobs()

    async def create(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Begin a job.

        Raises:
            ServiceError: Who asks may not, or the job's role may not what it needs.
        """
        given = request["roleArn"]
        self.need(role_arn, "bedrock:CreateEvaluationJob", f"{OF_EVALUATIONS}*")
        self.need_passed(role_arn, given, OF_EVALUATIONS)
        here = {"partition": "aws", "region": REGION, "account": ACCOUNT}
        for model in _judges_in(request):
            for arn in model_arns(model, **here):
                profile = {"bedrock:InferenceProfileArn": model}
                for action in ("bedrock:InvokeModel", "bedrock:CreateModelInvocationJob"):
                    # On AWS the job would fail, a while later.
                    self.need(given, action, arn, profile)
        self._loop = asyncio.get_running_loop()
        return await self._jobs.create_evaluation_job(request)

    async def get(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """Look at a job, as `create` begins one."""
        self.need(role_arn, "bedrock:GetEvaluationJob", request["jobIdentifier"])
        return await self._jobs.get_evaluation_job(request)

    async def stop(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """Have a job stop, as `create` begins one."""
        self.need(role_arn, "bedrock:StopEvaluationJob", request["jobIdentifier"])
        return await self._jobs.stop_evaluation_job(request)

    async def list_all(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the jobs of a status and name, as `create` begins one."""
        self.need(role_arn, "bedrock:ListEvaluationJobs", "*")
        return await self._jobs.list_evaluation_jobs(request)

    def close(self) -> None:
        """Leave off, in the loop that the jobs are answered in."""
        self.close_in_loop(self._jobs.close)


def _judges_in(request: Mapping[str, Any]) -> list[str]:
    evaluator = request["evaluationConfig"].get("automated", {}).get("evaluatorModelConfig", {})
    return [each["modelIdentifier"] for each in evaluator.get("bedrockEvaluatorModels", ())]
