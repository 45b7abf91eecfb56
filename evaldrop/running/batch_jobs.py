"""What a workflow's Tasks call of Bedrock's control plane: batch inference, evaluation and prompt jobs."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from evaldrop.bedrock.protocol import BedrockEvaluations, BedrockJobs, BedrockOptimizations
from evaldrop.engine import Integration, ServiceError, sdk_integration
from evaldrop.evaluation.delivery import NO_JOBS
from evaldrop.run.job_names import job_prefix

Call = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def integrations_of_jobs(
    jobs: BedrockJobs | None,
    evaluations: BedrockEvaluations | None = None,
    optimizations: BedrockOptimizations | None = None,
) -> Mapping[str, Integration]:
    """Return the integrations of jobs of all three kinds; where there are none, those that refuse."""
    kept, judging, optimizing = jobs or NoJobs(), evaluations or NoJobs(), optimizations or NoJobs()
    batch = job_integrations(
        create=kept.create_model_invocation_job,
        get=kept.get_model_invocation_job,
        stop=kept.stop_model_invocation_job,
    )
    create, get = judging.create_evaluation_job, judging.get_evaluation_job
    optimization = optimization_integrations(
        create=optimizing.create_advanced_prompt_optimization_job,
        get=optimizing.get_advanced_prompt_optimization_job,
    )
    return {**batch, **evaluation_integrations(create=create, get=get), **optimization}


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


def optimization_integrations(*, create: Call, get: Call) -> Mapping[str, Integration]:
    """Return the integrations of prompt optimisation jobs, by who creates them and looks at them."""
    name = "AdvancedPromptOptimizationJob"
    return {
        f"aws-sdk:bedrock:create{name}": sdk_integration("bedrock", f"Create{name}", create),
        f"aws-sdk:bedrock:get{name}": sdk_integration("bedrock", f"Get{name}", get),
    }


async def stop_prompt_jobs(jobs: BedrockOptimizations, run_id: str) -> None:
    """
    Stop the prompt optimisation jobs of a run that is stopped, as a stack does; going on begins them anew.

    Raises:
        ServiceError: Bedrock would not.
    """
    for job in (await jobs.list_advanced_prompt_optimization_jobs({}))["jobSummaries"]:
        if job["jobName"].startswith(job_prefix(run_id)) and job["jobStatus"] == "InProgress":
            await jobs.stop_advanced_prompt_optimization_job({"jobIdentifier": job["jobArn"]})


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

    async def create_advanced_prompt_optimization_job(
        self, request: Mapping[str, Any], **_caller: str | None
    ) -> dict[str, Any]:
        """
        Refuse.

        Raises:
            ServiceError: Always.
        """
        return await self.create_model_invocation_job(request)

    get_advanced_prompt_optimization_job = create_model_invocation_job
    stop_advanced_prompt_optimization_job = create_model_invocation_job
    list_advanced_prompt_optimization_jobs = create_model_invocation_job

    async def close(self) -> None:
        """Hold nothing."""
