"""What API Gateway answers by itself, before any function: problems as the function words them (RFC 9457)."""

import json
from typing import NamedTuple

from aws_cdk import aws_apigateway as apigateway


class _Problem(NamedTuple):
    """`retry_after_s`: the least that is known; a day's quota begins anew at midnight, UTC."""

    status: int
    title: str
    detail: str
    retry_after_s: int | None = None


_SLOW_DOWN = "Too Many Requests"
_PROBLEMS = {
    "THROTTLED": _Problem(429, _SLOW_DOWN, "Too many requests a second.", 1),
    "QUOTA_EXCEEDED": _Problem(429, _SLOW_DOWN, "This day's requests are used up.", 3600),
    "INVALID_API_KEY": _Problem(403, "Forbidden", "Send your API key in the header x-api-key."),
    "UNAUTHORIZED": _Problem(401, "Unauthorized", "Sign in: the token is missing or too old."),
    "WAF_FILTERED": _Problem(429, _SLOW_DOWN, "Too many requests from this address.", 300),
    # What it calls a method or a path that it has no resource for, such as POST at the page's.
    "MISSING_AUTHENTICATION_TOKEN": _Problem(
        404, "Not Found", "There is no such route. GET /openapi.json lists them."
    ),
    "REQUEST_TOO_LARGE": _Problem(413, "Content Too Large", "Upload the dataset instead: POST /uploads."),
    "INTEGRATION_TIMEOUT": _Problem(504, "Gateway Timeout", "There was no answer in time.", 5),
    "DEFAULT_5XX": _Problem(503, "Service Unavailable", "The API does not answer. Try again.", 5),
}


def add_problems(api: apigateway.RestApi) -> None:
    """Have an API answer in one form, whoever of the two refuses."""
    for name, problem in _PROBLEMS.items():
        body = {"type": "about:blank", "title": problem.title, "status": problem.status}
        headers = {"Content-Type": "'application/problem+json'"}
        if problem.retry_after_s is not None:
            headers["Retry-After"] = f"'{problem.retry_after_s}'"
        api.add_gateway_response(
            "".join(word.capitalize() for word in name.split("_")),
            type=apigateway.ResponseType.of(name),
            status_code=str(problem.status),
            response_headers=headers,
            templates={"application/json": json.dumps({**body, "detail": problem.detail})},
        )
