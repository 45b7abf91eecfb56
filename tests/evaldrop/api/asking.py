"""Requests as events of a REST API's proxy integration (payload version 1.0), and their answers."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Answered:
    """What a request got."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def event(
    method, target, body=None, *, headers=None, gateway_key=None, claims=None, domain_path=None
) -> dict[str, Any]:
    """
    What API Gateway hands to a function for a request; a body that is no text is sent as JSON.

    It is sent to the stage `v1`, or to a custom domain's base path. Paths stay percent-encoded.
    """
    parts = urlsplit(target)
    proxy = parts.path.lstrip("/")
    resource = parts.path if parts.path in {"/", "/openapi.json"} else "/{proxy+}"
    several = parse_qs(parts.query, keep_blank_values=True)
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    sent = {"Host": "abc123.execute-api.us-east-1.amazonaws.com", "X-Forwarded-Proto": "https"}
    if text is not None:
        sent["Content-Type"] = "application/json"
    sent |= headers or {}
    return {
        "resource": resource,
        "path": f"{domain_path or ''}{parts.path}",
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": {name: values[-1] for name, values in several.items()} or None,
        "multiValueQueryStringParameters": several or None,
        "pathParameters": {"proxy": proxy} if "{" in resource else None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "111122223333",
            "apiId": "abc123",
            "authorizer": {"claims": claims} if claims else None,
            "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
            "httpMethod": method,
            "identity": {
                "apiKey": None if gateway_key is None else "not for logs",
                "apiKeyId": gateway_key,
                "sourceIp": "192.0.2.1",
                "userAgent": "curl/8",
            },
            "path": f"{'/v1' if domain_path is None else domain_path}{parts.path}",
            "protocol": "HTTP/1.1",
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTime": "30/Nov/2026:12:00:00 +0000",
            "requestTimeEpoch": 1796040000000,
            "resourcePath": resource,
            "stage": "v1",
        },
        "body": text,
        "isBase64Encoded": False,
    }


def ask(api, method, target, body=None, *, secret="secret-own", headers=None) -> Answered:
    """Ask an API by a key's secret."""
    named = {"x-api-key": secret} if secret else {}
    return answered(api.handle(event(method, target, body, headers=named | (headers or {}))))


def answered(response: dict[str, Any]) -> Answered:
    """A response of the proxy integration, read."""
    assert not response["isBase64Encoded"]
    headers = {name.lower(): values[-1] for name, values in response["multiValueHeaders"].items()}
    return Answered(response["statusCode"], headers, response["body"] or "")
