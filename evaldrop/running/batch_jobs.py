"""What a workflow's Tasks call of Bedrock's batch inference."""

from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.protocol import BedrockJobs
from evaldrop.engine import Integration, ServiceError, sdk_integration

NO_JOBS = (
    "a run on one machine has batch jobs in a rehearsal alone (--bedrock simulated). Use delivery: flex, or "
    "run it in a stack."
)


def job_integrations(jobs: BedrockJobs | None) -> Mapping[str, Integration]:
    """Return the integrations of jobs; where there are none, those that refuse."""
    kept = jobs or _NoJobs()
    return {
        "aws-sdk:bedrock:createModelInvocationJob": sdk_integration(
            "bedrock", "CreateModelInvocationJob", kept.create_model_invocation_job
        ),
        "aws-sdk:bedrock:getModelInvocationJob": sdk_integration(
            "bedrock", "GetModelInvocationJob", kept.get_model_invocation_job
        ),
        "aws-sdk:bedrock:stopModelInvocationJob": sdk_integration(
            "bedrock", "StopModelInvocationJob", kept.stop_model_invocation_job
        ),
    }


class _NoJobs:
    """Refuses whatever is asked, as a service does that an account has no access to."""

    async def create_model_invocation_job(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        raise ServiceError("AccessDeniedException", NO_JOBS)

    get_model_invocation_job = create_model_invocation_job
    stop_model_invocation_job = create_model_invocation_job
    list_model_invocation_jobs = create_model_invocation_job

    async def close(self) -> None:
        """Hold nothing."""
