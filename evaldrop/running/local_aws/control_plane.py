"""
Bedrock's REST API for batch, evaluation and prompt optimisation jobs, as `aws bedrock` and boto3 ask it.

Of the jobs that executions have, and of those that are created by it.
"""

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

import orjson

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.running.local_aws.batch_jobs import RoleJobs
from evaldrop.running.local_aws.evaluation_jobs import Evaluations
from evaldrop.running.local_aws.prompt_optimizations import Optimizations
from evaldrop.running.local_aws.requests import Environ, body_of, path_of

Wait = Callable[[Coroutine[Any, Any, Mapping[str, Any]]], Mapping[str, Any]]
"""Runs a coroutine on the loop that jobs are answered in, and returns what it returns."""

# An ARN has a slash, which the server has decoded.
_JOBS = re.compile(r"/model-invocation-job(?:(?P<all>s)|/(?P<id>.+?)(?P<stop>/stop)?)?")
_EVALUATIONS = re.compile(r"/evaluation-job(?:s(?:/(?P<id>.+))?|/(?P<stopped>.+)/stop)")
_OPTIMIZATIONS = re.compile(r"/advanced-prompt-optimization-jobs(?:/(?P<id>.+?)(?P<stop>/stop)?)?")
_STATUS = {
    "ValidationException": 400,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ConflictException": 409,
}


_Asked = tuple[int, Coroutine[Any, Any, Mapping[str, Any]]]
"""The status of an answer that is no error, and what gives it."""


class RestAnswer(NamedTuple):
    """What is sent back: a status, a JSON body, and headers."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class ControlPlane:
    """Answers requests for batch, evaluation and prompt optimisation jobs."""

    def __init__(
        self, jobs: RoleJobs, evaluations: Evaluations, optimizations: Optimizations, wait: Wait
    ) -> None:
        self._jobs = jobs
        self._evaluations = evaluations
        self._optimizations = optimizations
        self._wait = wait

    def answer(self, environ: Environ, role_arn: str | None) -> RestAnswer | None:
        """Return the answer to a request of a role's, or of a person's; None where it is about no job."""
        asked = self._call(environ, role_arn)
        if asked is None:
            return None
        status, call = asked
        try:
            answered = self._wait(call)
        except ServiceError as error:
            text = orjson.dumps({"message": error.message})
            return RestAnswer(_STATUS.get(error.code, 500), text, (("x-amzn-ErrorType", error.code),))
        return RestAnswer(status, orjson.dumps(answered, option=orjson.OPT_UTC_Z))

    def _call(self, environ: Environ, role_arn: str | None) -> _Asked | None:
        path = path_of(environ)
        if found := _JOBS.fullmatch(path):
            return self._of_batch(found, environ, role_arn)
        if found := _EVALUATIONS.fullmatch(path):
            return self._of_evaluations(found, environ, role_arn)
        if found := _OPTIMIZATIONS.fullmatch(path):
            return self._of_optimizations(found, environ, role_arn)
        return None

    def _of_batch(self, found: re.Match[str], environ: Environ, role_arn: str | None) -> _Asked | None:
        job = _job(found["id"])
        match environ["REQUEST_METHOD"], found["all"], found["id"], found["stop"]:
            case "POST", None, None, None:
                return 200, self._jobs.create(role_arn, orjson.loads(body_of(environ)))
            case "GET", None, str(), None:
                return 200, self._jobs.get(role_arn, job)
            case "POST", None, str(), str():
                return 200, self._jobs.stop(role_arn, job)
            case "GET", str(), None, None:
                return 200, self._jobs.list_all(role_arn, _filters(environ))
        return None

    def _of_optimizations(
        self, found: re.Match[str], environ: Environ, role_arn: str | None
    ) -> _Asked | None:
        job = _job(found["id"])
        match environ["REQUEST_METHOD"], found["id"], found["stop"]:
            case "POST", None, None:
                return 200, self._optimizations.create(role_arn, orjson.loads(body_of(environ)))
            case "GET", str(), None:
                return 200, self._optimizations.get(role_arn, job)
            case "POST", str(), str():
                return 200, self._optimizations.stop(role_arn, job)
            case "GET", None, None:
                return 200, self._optimizations.list_all(role_arn, _filters(environ))
        return None

    def _of_evaluations(self, found: re.Match[str], environ: Environ, role_arn: str | None) -> _Asked | None:
        match environ["REQUEST_METHOD"], found["id"], found["stopped"]:
            case "POST", None, None:
                # Only here Bedrock says that it has accepted something.
                return 202, self._evaluations.create(role_arn, orjson.loads(body_of(environ)))
            case "GET", str(), None:
                return 200, self._evaluations.get(role_arn, _job(found["id"]))
            case "POST", None, str():
                return 200, self._evaluations.stop(role_arn, _job(found["stopped"]))
            case "GET", None, None:
                return 200, self._evaluations.list_all(role_arn, _filters(environ))
        return None


def _job(identifier: str | None) -> dict[str, str]:
    return {"jobIdentifier": unquote(identifier or "")}


def _filters(environ: Environ) -> dict[str, Any]:
    given = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    most = {"maxResults": int(given["maxResults"])} if "maxResults" in given else {}
    return {**given, **most}
