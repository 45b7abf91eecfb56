"""Bedrock's REST API for the jobs that executions have, as `aws bedrock` and boto3 ask it."""

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

import orjson

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.running.local_aws.batch_jobs import RoleJobs
from evaldrop.running.local_aws.prompt_optimizations import Optimizations
from evaldrop.running.local_aws.requests import Environ, body_of, path_of

Wait = Callable[[Coroutine[Any, Any, Mapping[str, Any]]], Mapping[str, Any]]
"""Runs a coroutine on the loop that jobs are answered in, and returns what it returns."""

# An ARN has a slash, which the server has decoded.
_JOBS = re.compile(r"/model-invocation-job(?:(?P<all>s)|/(?P<id>.+?)(?P<stop>/stop)?)?")
_OPTIMIZATIONS = re.compile(r"/advanced-prompt-optimization-jobs(?:/(?P<id>.+?)(?P<stop>/stop)?)?")
_STATUS = {
    "ValidationException": 400,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ConflictException": 409,
}


class RestAnswer(NamedTuple):
    """What is sent back: a status, a JSON body, and headers."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class ControlPlane:
    """Answers requests for batch jobs and prompt optimisation jobs."""

    def __init__(self, jobs: RoleJobs, optimizations: Optimizations, wait: Wait) -> None:
        self._jobs = jobs
        self._optimizations = optimizations
        self._wait = wait

    def answer(self, environ: Environ, role_arn: str | None) -> RestAnswer | None:
        """Return the answer to a request of a role's, or of a person's; None where it is about no job."""
        call = self._call(environ, role_arn)
        if call is None:
            return None
        try:
            answered = self._wait(call)
        except ServiceError as error:
            text = orjson.dumps({"message": error.message})
            return RestAnswer(_STATUS.get(error.code, 500), text, (("x-amzn-ErrorType", error.code),))
        return RestAnswer(200, orjson.dumps(answered, option=orjson.OPT_UTC_Z))

    def _call(self, environ: Environ, role_arn: str | None) -> Coroutine[Any, Any, Mapping[str, Any]] | None:
        path = path_of(environ)
        if found := _JOBS.fullmatch(path):
            return self._batch_call(found, environ, role_arn)
        if found := _OPTIMIZATIONS.fullmatch(path):
            return self._optimization_call(found, environ, role_arn)
        return None

    def _batch_call(
        self, found: re.Match[str], environ: Environ, role_arn: str | None
    ) -> Coroutine[Any, Any, Mapping[str, Any]] | None:
        job = {"jobIdentifier": unquote(found["id"] or "")}
        match environ["REQUEST_METHOD"], found["all"], found["id"], found["stop"]:
            case "POST", None, None, None:
                return self._jobs.create(role_arn, orjson.loads(body_of(environ)))
            case "GET", None, str(), None:
                return self._jobs.get(role_arn, job)
            case "POST", None, str(), str():
                return self._jobs.stop(role_arn, job)
            case "GET", str(), None, None:
                return self._jobs.list_all(role_arn, _filters(environ))
        return None

    def _optimization_call(
        self, found: re.Match[str], environ: Environ, role_arn: str | None
    ) -> Coroutine[Any, Any, Mapping[str, Any]] | None:
        job = {"jobIdentifier": unquote(found["id"] or "")}
        match environ["REQUEST_METHOD"], found["id"], found["stop"]:
            case "POST", None, None:
                return self._optimizations.create(role_arn, orjson.loads(body_of(environ)))
            case "GET", str(), None:
                return self._optimizations.get(role_arn, job)
            case "POST", str(), str():
                return self._optimizations.stop(role_arn, job)
            case "GET", None, None:
                return self._optimizations.list_all(role_arn, _filters(environ))
        return None


def _filters(environ: Environ) -> dict[str, Any]:
    given = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    most = {"maxResults": int(given["maxResults"])} if "maxResults" in given else {}
    return {**given, **most}
