"""boto3 clients of the local AWS, for its own parts."""

import threading
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
ACCOUNT = "123456789012"
"""What moto takes for the account, and what ARNs therefore carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """What requests are signed with."""

    id: str
    secret: str = field(repr=False)


class Clients:
    """One client per service of the local AWS, made when first used, for requests by an access key."""

    def __init__(self, endpoint: str, key: AccessKey) -> None:
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._made: dict[str, Any] = {}
        self._session = boto3.Session(
            aws_access_key_id=key.id, aws_secret_access_key=key.secret, region_name=REGION
        )

    def __call__(self, service: str) -> Any:
        """Return the client of a service."""
        with self._lock:  # sessions are not safe to share between threads; clients are
            if service not in self._made:
                self._made[service] = self._session.client(
                    service,  # type: ignore[call-overload] # known at run time only
                    endpoint_url=self.endpoint,
                    config=Config(
                        # The machine itself: never by way of a proxy, and buckets have no names in DNS.
                        proxies={},
                        max_pool_connections=50,
                        s3={"addressing_style": "path"},
                        retries={"mode": "standard", "max_attempts": 2},
                    ),
                )
            return self._made[service]
