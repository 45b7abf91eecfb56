"""Which AWS Region models are called from, as boto3 will decide it."""

import os


def region_of(bedrock: str) -> str | None:
    """
    Return the Region that a runtime calls models from; None where it is none, or nothing names one.

    Args:
        bedrock: The runtime, as `--bedrock` says it.
    """
    if bedrock != "aws":
        return None
    # boto3 reads this one first; asking it takes a tenth of a second.
    return os.environ.get("AWS_DEFAULT_REGION") or _configured()


def _configured() -> str | None:
    from botocore.exceptions import BotoCoreError
    from botocore.session import get_session

    try:
        region: str | None = get_session().get_config_variable("region")
    except BotoCoreError:
        return None  # such as a profile that is not there: the first call says so, with the way out
    return region
