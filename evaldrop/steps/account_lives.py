"""The lives of an account's models, as Bedrock lists them. Imports boto3 when it is used."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from evaldrop.aws_errors import explain, is_aws_fault
from evaldrop.model_lives import Lives, listed_lives, published_lives


def account_lives(bedrock: Any | None = None) -> Lives:
    """
    Return what the account lists; where that fails the shipped file, with a note: no run fails for it.

    Args:
        bedrock: boto3's client; by default that of the Region at hand, which is not waited for.
    """
    try:
        listed = (bedrock or _client()).list_foundation_models()
    except Exception as error:
        if not is_aws_fault(error):
            raise
        shipped = published_lives()
        note = (
            f"Which models are leaving Bedrock could not be listed ({explain(error)}): what is said of it "
            f"is what Amazon's documentation said, read {shipped.read}."
        )
        return replace(shipped, notes=(note,))
    return listed_lives(listed["modelSummaries"], read=datetime.now(UTC).date())


def _client() -> Any:
    import boto3
    from botocore.config import Config

    # In subnets without a way there a run begins all the same.
    config = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
    return boto3.client("bedrock", config=config)
