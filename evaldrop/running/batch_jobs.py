"""What a workflow's Tasks call of Bedrock's control plane: batch inference, and evaluation jobs."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from evaldrop.bedrock.protocol import BedrockEvaluations, BedrockJobs
from evaldrop.engine import Integration, ServiceError, sdk_integration
from evaldrop.evaluation.delivered import NO_JOBS
from evaldrop.run.job_names import job_prefix

Call = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def integrations_of_jobs(
    jobs: BedrockJobs | None, evaluations: BedrockEvaluations | None = None
) -> Mapping[str, Integration]:
    """Return the integrations of jobs and evaluation jobs; where there are none, those that refuse."""
    kept, judging = jobs or NoJobs(), evaluations or NoJobs()
    batch = job_integrations(
        create=kept.create_model_invocation_job,
        get=kept.get_model_invocation_job,
        stop=kept.stop_model_invocation_job,
    )
    create, get = judging.create_evaluation_job, judging.get_evaluation_job
    return {**batch, **evaluation_integrations(create=create, get=get)}


def job_integrations(*, create: Call, get: Call, stop: Call) -> Mapping[str, Integration]:
    """Return the integrations of jobs, by who creates them, looks at them and stops them."""
    return {
        "aws-sdk:bedrock:createModelInvocationJob": sdk_integration(
            "bedrock", "CreateModelInvocationJob", create
        ),
        "aws-sdk:bedrock:getModelInvocationJob": sdk_integration("bedrock", "GetModelInvocationJob", get),
        "aws-sdk:bedrock:stopModelInvocationJob": sdk_integration("bedrock", "StopModelInvocationJob", stop),
    }


def evaluation_integrations(*, create: Call, get: Call) -> Mapping[str, Integration]:
    """Return the integrations of evaluation jobs, by who creates them and looks at them."""
    return {
        "aws-sdk:bedrock:createEvaluationJob": sdk_integration("bedrock", "CreateEvaluationJob", create),
        "aws-sdk:bedrock:getEvaluationJob": sdk_integration("bedrock", "GetEvaluationJob", get),
    }


async def stop_evaluation_jobs(jobs: BedrockEvaluations, run_id: str) -> None:
    """
    Stop the evaluation jobs of a run that is stopped, as a stack does; they are done anew when it goes on.

    Raises:
        ServiceError: Bedrock would not.
    """
    asked = {"nameContains": job_prefix(run_id).rstrip("-"), "statusEquals": "InProgress"}
    for job in (await jobs.list_evaluation_jobs(asked))["jobSummaries"]:
        await jobs.stop_evaluation_job({"jobIdentifier": job["jobArn"]})


class NoJobs:
    """Refuses whatever is asked, as a service does that an account has no access to."""

    async def create_model_invocation_job(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Refuse.

        Raises:
            ServiceError: Always.
        """
        raise ServiceError("AccessDeniedException", NO_JOBS)

    get_model_invocation_job = create_model_invocation_job
    stop_model_invocation_job = create_model_invocation_job
    list_model_invocation_jobs = create_model_invocation_job
    create_evaluation_job = create_model_invocation_job
    get_evaluation_job = create_model_invocation_job
    stop_evaluation_job = create_model_invocation_job
    list_evaluation_jobs = create_model_invocation_job

    async def close(self) -> None:
        """Hold nothing."""
