"""boto3's clients, configured as boto3 is: by profile, Region and AWS_ENDPOINT_URL."""

from typing import Any

from evaldrop.aws_errors import as_service_error


def client(service: str, *, region: str | None = None, attempts: int | None = None) -> Any:
    """
    Return boto3's client of a service, in its own choice of Region when none is given.

    `attempts` is how often it tries a call, boto3's own number when it is None.

    Raises:
        AwsError: There is no Region, or no such profile.
    """
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": attempts}) if attempts else None
    with as_service_error(f"{service} cannot be called"):
        client: Any = boto3.client
        return client(service, region_name=region, config=config)


def addressing_client() -> Any:
    """
    Return boto3's client of S3 whose presigned URLs are good everywhere.

    By boto3's own choice they are signed as of old in us-east-1, which a bucket with a KMS key does not take,
    and which a browser's Content-Type breaks; elsewhere they name no Region, and a new bucket redirects them.

    Raises:
        AwsError: There is no Region, or no such profile.
    """
    import boto3
    from botocore.config import Config

    with as_service_error("s3 cannot be called"):
        config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
        made: Any = boto3.client("s3", config=config)
        return made
