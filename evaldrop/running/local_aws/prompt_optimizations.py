"""Bedrock's prompt optimisation jobs in the local AWS: rehearsed, behind permissions of who asks."""

import asyncio
from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.protocol import BedrockOptimizations
from evaldrop.evaluation.model_ids import model_arns
from evaldrop.running.batch_jobs import NoJobs
from evaldrop.running.local_aws.batch_jobs import ByRoles
from evaldrop.running.local_aws.clients import ACCOUNT, REGION
from evaldrop.running.local_aws.permissions import Permissions

OF_OPTIMIZATIONS = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:advanced-prompt-optimization-job/"


class Optimizations(ByRoles):
    """
    Creates jobs, looks at them and stops them; their creator has to be allowed what a job does.

    Args:
        jobs: None where `--bedrock` names a Bedrock that has none here.
        permissions: Of the roles.
    """

    def __init__(self, jobs: BedrockOptimizations | None, permissions: Permissions) -> None:
        super().__init__(permissions)
        self._jobs = jobs or NoJobs()

    async def create(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Begin a job.

        Raises:
            ServiceError: Who asks may not, or may not call its models.
        """
        here = {"partition": "aws", "region": REGION, "account": ACCOUNT}
        for each in request["modelConfigurations"]:
            model = each["modelId"]
            for arn in model_arns(model, **here):
                self.need(role_arn, "bedrock:CreateAdvancedPromptOptimizationJob", arn)
                # On AWS the job would fail, a while later.
                self.need(role_arn, "bedrock:InvokeModel", arn, {"bedrock:InferenceProfileArn": model})
        self._loop = asyncio.get_running_loop()
        return await self._jobs.create_advanced_prompt_optimization_job(request, role_arn=role_arn)

    async def get(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """Look at a job, as `create` begins one."""
        self.need(role_arn, "bedrock:GetAdvancedPromptOptimizationJob", _arn(request))
        return await self._jobs.get_advanced_prompt_optimization_job(request)

    async def stop(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """Have a job stop, as `create` begins one."""
        self.need(role_arn, "bedrock:StopAdvancedPromptOptimizationJob", _arn(request))
        return await self._jobs.stop_advanced_prompt_optimization_job(request)

    async def list_all(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return all jobs, as `create` begins one."""
        self.need(role_arn, "bedrock:ListAdvancedPromptOptimizationJobs", "*")
        return await self._jobs.list_advanced_prompt_optimization_jobs(request)

    def close(self) -> None:
        """Leave off, in the loop that the jobs are answered in."""
        self.close_in_loop(self._jobs.close)


def _arn(request: Mapping[str, Any]) -> str:
    return f"{OF_OPTIMIZATIONS}{request['jobIdentifier'].removeprefix(OF_OPTIMIZATIONS)}"
