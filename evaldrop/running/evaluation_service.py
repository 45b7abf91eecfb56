"""Who runs evaluation jobs, by what `--bedrock` says."""

from evaldrop import storage
from evaldrop.bedrock.specification import parse_rehearsal
from evaldrop.errors import InputError
from evaldrop.evaluation_jobs.service import AwsEvaluationJobs, EvaluationJobs
from evaldrop.running.deployed import clients


def evaluation_service(
    bedrock: str, *, region: str | None = None, folder: str | None = None
) -> EvaluationJobs:
    """
    Return the service that runs evaluation jobs.

    Args:
        bedrock: As `--bedrock` says it.
        region: Where the jobs are; boto3's own choice when None.
        folder: Of the jobs' file, beside which a rehearsal keeps what it has created.

    Raises:
        InputError: It runs none.
        AwsError: There is no Region, or no such profile.
    """
    if bedrock == "aws":
        return AwsEvaluationJobs(clients.client("bedrock", region=region))
    name, _, rest = bedrock.strip().partition(":")
    if name != "simulated":
        raise InputError(
            f"--bedrock {name.partition('=')[0]}: it has no evaluation jobs. Say aws, or simulated."
        )
    if folder is None or storage.is_s3(folder):
        raise InputError(
            f"--bedrock {bedrock}: a rehearsal keeps its jobs on this machine. Give a folder of it."
        )
    from evaldrop.evaluation_jobs.rehearsed import RehearsedEvaluationJobs

    return RehearsedEvaluationJobs(parse_rehearsal(rest), folder)
