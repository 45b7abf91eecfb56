"""Bedrock's batch jobs in the local AWS: rehearsed, behind permissions of who asks and of their own role."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import IO, Any, BinaryIO

from evaldrop import storage
from evaldrop.bedrock.protocol import BedrockJobs, ServiceError
from evaldrop.evaluation.model_ids import model_arns
from evaldrop.running.batch_jobs import NoJobs
from evaldrop.running.local_aws.clients import ACCOUNT, REGION, Clients
from evaldrop.running.local_aws.objects import S3Objects, refused
from evaldrop.running.local_aws.permissions import Permissions, trust_in_iam, trusts

BEDROCK = "bedrock.amazonaws.com"
OF_JOBS = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:model-invocation-job/"


class RoleObjects:
    """The rows of jobs as objects, read and written with a role's keys."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._objects = S3Objects(clients)

    def list_files(self, uri: str) -> Iterator[str]:
        """Yield the URIs of all objects below a folder."""
        bucket, prefix = storage.place(uri)
        with refused():
            pages = self._clients("s3").get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=bucket, Prefix=prefix):
                yield from (storage.uri_of(bucket, each["Key"]) for each in page.get("Contents", ()))

    def open_read(self, uri: str) -> BinaryIO:
        """Open an object for reading."""
        with refused():
            return self._objects.open_read(*storage.place(uri))

    def put(self, uri: str, content: IO[bytes]) -> None:
        """Write an object."""
        bucket, key = storage.place(uri)
        with refused():
            self._clients("s3").put_object(Bucket=bucket, Key=key, Body=content)


class ByRoles:
    """
    A control plane asked by roles, as far as they may, about jobs whose own roles Bedrock may take.

    Args:
        permissions: Of the roles.
        trust: Takes a role's ARN, returns the policy that says who may take it; None where there is no role.
    """

    def __init__(self, permissions: Permissions, trust: Callable[[str], str | None] = trust_in_iam) -> None:
        self._permissions = permissions
        self._trust = trust
        self._loop: asyncio.AbstractEventLoop | None = None

    def need_passed(self, role_arn: str | None, given: str, jobs: str) -> None:
        """
        See that a role may be passed on, and that Bedrock may take it for these jobs.

        Raises:
            ServiceError: Not so.
        """
        self.need(role_arn, "iam:PassRole", given, {"iam:PassedToService": BEDROCK})
        policy = self._trust(given)
        if policy is None or not trusts(
            policy, BEDROCK, {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"{jobs}*"}
        ):
            raise ServiceError("ValidationException", f"Bedrock is not able to assume the role {given}")

    def need(
        self, role_arn: str | None, action: str, resource: str, context: Mapping[str, str] | None = None
    ) -> None:
        """
        See that a role may do something; to a person, who has none, nothing is refused.

        Raises:
            ServiceError: It may not.
        """
        if role_arn is not None and (denial := self._permissions.denial(role_arn, action, resource, context)):
            raise ServiceError("AccessDeniedException", denial)

    def close_in_loop(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Leave off, in the loop that the jobs are answered in."""
        if self._loop is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(close(), self._loop).result(timeout=10)


class RoleJobs(ByRoles):
    """
    Creates jobs and looks at them; `jobs` is None where `--bedrock` names a Bedrock that has none here.

    Other arguments as of `ByRoles`.
    """

    def __init__(
        self,
        jobs: BedrockJobs | None,
        permissions: Permissions,
        trust: Callable[[str], str | None] = trust_in_iam,
    ) -> None:
        super().__init__(permissions, trust)
        self._jobs = jobs or NoJobs()

    async def create(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Begin a job.

        Raises:
            ServiceError: Who asks may not, or the job's role may not what it needs.
        """
        given = request["roleArn"]
        here = {"partition": "aws", "region": REGION, "account": ACCOUNT}
        models = model_arns(request["modelId"], **here)
        for arn in [*models, f"{OF_JOBS}*"]:
            self.need(role_arn, "bedrock:CreateModelInvocationJob", arn)
        self.need_passed(role_arn, given, OF_JOBS)
        # On AWS the job would fail, a while later.
        for arn in models:
            self.need(given, "bedrock:InvokeModel", arn, {"bedrock:InferenceProfileArn": request["modelId"]})
        self._loop = asyncio.get_running_loop()
        return await self._jobs.create_model_invocation_job(request)

    async def get(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """Look at a job, as `create` begins one."""
        self.need(role_arn, "bedrock:GetModelInvocationJob", request["jobIdentifier"])
        return await self._jobs.get_model_invocation_job(request)

    async def stop(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """Have a job stop, as `create` begins one."""
        self.need(role_arn, "bedrock:StopModelInvocationJob", request["jobIdentifier"])
        return await self._jobs.stop_model_invocation_job(request)

    async def list_all(self, role_arn: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the jobs of a status and name, as `create` begins one."""
        self.need(role_arn, "bedrock:ListModelInvocationJobs", "*")
        return await self._jobs.list_model_invocation_jobs(request)

    def close(self) -> None:
        """Leave off, in the loop that the jobs are answered in."""
        self.close_in_loop(self._jobs.close)
