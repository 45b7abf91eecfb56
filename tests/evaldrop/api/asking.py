"""Requests as events of a REST API's proxy integration (payload version 1.0), and their answers."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

ENVELOPE: Final = Path(__file__).with_name("proxy_event.json")
"""
An event of a REST API's proxy integration with every key that its guide documents ("Input format of a Lambda
function for proxy integration"): those that no caller here has are null.
"""


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
    method,
    target,
    body=None,
    *,
    headers=None,
    gateway_key=None,
    claims=None,
    domain_path=None,
    is_binary=False,
) -> dict[str, Any]:
    """
    What API Gateway hands to a function for a request; a body that is no text is sent as JSON.

    It is sent to the stage `v1`, or to a custom domain's base path. Paths stay percent-encoded. `is_binary`:
    to an API that takes bodies for bytes.
    """
    made = json.loads(ENVELOPE.read_bytes())
    parts = urlsplit(target)
    resource = parts.path if parts.path in {"/", "/openapi.json"} else "/{proxy+}"
    several = parse_qs(parts.query, keep_blank_values=True)
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    if text is not None and is_binary:
        text = base64.b64encode(text.encode()).decode()
    sent = {
        **made["headers"],
        **({} if text is None else {"Content-Type": "application/json"}),
        **(headers or {}),
    }
    context = made["requestContext"]
    if claims:
        context["authorizer"] = {"claims": claims}
    if gateway_key is not None:
        context["identity"] |= {"apiKey": "not for logs", "apiKeyId": gateway_key}
    return {
        **made,
        "resource": resource,
        "path": f"{domain_path or ''}{parts.path}",
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": {name: values[-1] for name, values in several.items()} or None,
        "multiValueQueryStringParameters": several or None,
        "pathParameters": {"proxy": parts.path.lstrip("/")} if "{" in resource else None,
        "requestContext": {
            **context,
            "httpMethod": method,
            "path": f"{'/v1' if domain_path is None else domain_path}{parts.path}",
            "resourcePath": resource,
        },
        "body": text,
        "isBase64Encoded": is_binary and text is not None,
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
