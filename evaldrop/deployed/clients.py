"""boto3's clients, configured as boto3 is: by profile, Region and AWS_ENDPOINT_URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from evaldrop.aws_faults import explain, is_aws_fault
from evaldrop.errors import ServiceError


def client(service: str, *, region: str | None = None) -> Any:
    """
    Return a client of a service.

    Args:
        service: As boto3 names it.
        region: Where an ARN says; boto3's own choice when not given.

    Raises:
        ServiceError: There is no Region, or no such profile.
    """
    import boto3

    with told(f"{service} cannot be called"):
        client: Any = boto3.client
        return client(service, region_name=region)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what boto3 and botocore raise into a ServiceError: what did not happen, why, and what to do."""
    try:
        yield
    except Exception as error:
        if is_aws_fault(error):
            raise ServiceError(f"{what}: {explain(error)}") from error
        raise
