"""Who runs evaluation jobs, by what `--bedrock` says."""

from evaldrop.errors import InputError
from evaldrop.evaluation_jobs.service import AwsEvaluationJobs, EvaluationJobs
from evaldrop.running.deployed import clients


def evaluation_service(bedrock: str, *, region: str | None = None) -> EvaluationJobs:
    """
    Return the service that runs evaluation jobs.

    Args:
        bedrock: As `--bedrock` says it.
        region: Where the jobs are; boto3's own choice when None.

    Raises:
        InputError: It runs none.
        AwsError: There is no Region, or no such profile.
    """
    if bedrock == "aws":
        return AwsEvaluationJobs(clients.client("bedrock", region=region))
    raise InputError(f"--bedrock {bedrock}: it has no evaluation jobs. Possible is: aws.")
