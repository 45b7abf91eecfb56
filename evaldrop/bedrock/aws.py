"""
The real Bedrock runtime. boto3 decides where, as whom and how signed; the requests go over reqwest.

A boto3 call costs most of a millisecond of processor time, and a thread while it waits. An evaluation keeps
hundreds of calls in flight, so boto3 is asked once, by a request that is never sent, and answers for all.
"""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import quote

import boto3
import botocore.session
import orjson
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import BotoCoreError, InvalidEndpointConfigurationError, NoRegionError
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from evaldrop.aws_errors import REGION_HINT
from evaldrop.bedrock.answers import json_bytes, json_object, refusal
from evaldrop.bedrock.channel import Channel, HttpReply
from evaldrop.bedrock.protocol import READ_TIMEOUT_S, ServiceError, code_by_status, json_body
from evaldrop.bedrock.signing import Authorisation, BearerToken, Signature
from evaldrop.errors import InputError
from evaldrop.shipped import VERSION

ELSEWHERE = (
    "Without an AWS account use --bedrock simulated (a rehearsal: no network, no cost) or "
    "--bedrock openai=http://localhost:11434/v1 (any OpenAI-compatible server)."
)
CREDENTIALS_HINT = (
    "Set credentials as for any AWS tool: AWS_PROFILE=name, `aws configure`, `aws sso login`, "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a Bedrock API key in AWS_BEARER_TOKEN_BEDROCK."
)

# For answers that carry no name, from gateways and load balancers between here and Bedrock.
_OWN_CODES = {424: "ModelErrorException", 504: "ServiceUnavailableException"}

# What is no name is no error's: between here and Bedrock anybody may answer.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,80}")
_CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request"
)


class Access(NamedTuple):
    """
    What boto3 resolved: where requests go, under whose name, and what the client calls itself.

    Attributes:
        certificates: boto3's own bundle of authorities or the one it was given, in PEM.
        sent_headers, received_headers: InvokeModel's parameters that travel as headers, with their names.
    """

    endpoint: str
    authorisation: Authorisation
    user_agent: str
    certificates: bytes | None
    proxy: str | None
    sent_headers: Mapping[str, str]
    received_headers: Mapping[str, str]


class AwsRuntime:
    """
    Bedrock by boto3's own configuration: endpoint, region, profile, credentials, certificates, proxy.

    Raises:
        InputError: No region, no credentials, or a profile that does not exist.
    """

    is_simulated = False

    def __init__(self, *, max_in_flight: int, read_timeout_s: float = READ_TIMEOUT_S) -> None:
        self._access = access = resolve_access()
        self._urls: dict[tuple[str, str], str] = {}
        self._channel = Channel(
            max_in_flight=max_in_flight,
            headers={"User-Agent": access.user_agent},
            read_timeout_s=read_timeout_s,
            certificates=access.certificates,
            proxy=access.proxy,
        )

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Call Converse. The response is Bedrock's JSON as it came, with fields and stop reasons yet unknown.

        Raises:
            ServiceError: Under the name Bedrock gave, or the names `Channel.post` gives.
        """
        body = json_body({k: v for k, v in request.items() if k != "modelId"})
        headers = {"Content-Type": "application/json"}
        answer = await self._call("converse", request, body, headers)
        return json_object(answer.body, what="the response")

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Call InvokeModel with the model's own body.

        Raises:
            ServiceError: Under the name Bedrock gave, or the names `Channel.post` gives.
        """
        body = request.get("body", b"")
        raw = body.encode() if isinstance(body, str) else body
        sent = self._access.sent_headers.items()
        headers = {name: str(request[key]) for key, name in sent if request.get(key) is not None}
        headers.setdefault("Content-Type", "application/json")
        answer = await self._call("invoke", request, raw, headers)
        got, received = answer.headers, self._access.received_headers.items()
        # Read here already: what is no answer is better tried again than kept.
        body = json_bytes(answer.body, what="the response")
        return {"body": body} | {key: got[name] for key, name in received if name in got}

    async def invoke_guardrail_checks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Call InvokeGuardrailChecks, which names no model.

        Raises:
            ServiceError: As `converse` does.
        """
        url = f"{self._access.endpoint}/guardrail-checks/invoke"
        answer = await self._post(url, json_body(request), {"Content-Type": "application/json"})
        return json_object(answer.body, what="the response")

    async def close(self) -> None:
        """Close all connections."""
        await self._channel.close()

    async def _call(
        self, operation: str, request: Mapping[str, Any], body: bytes, headers: dict[str, str]
    ) -> HttpReply:
        return await self._post(self._url(operation, request), body, headers)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> HttpReply:
        sign = partial(self._access.authorisation.sign, url, body, headers)
        answer = await self._channel.post(url, body, sign)
        if answer.status >= 300:
            raise service_error(answer)
        return answer

    def _url(self, operation: str, request: Mapping[str, Any]) -> str:
        model = request.get("modelId")
        if not model:
            raise ServiceError("ValidationException", 'the request has no "modelId"')
        if (model, operation) not in self._urls:
            # An ARN as model ID has slashes and colons: unescaped, they would be parts of the path.
            path = f"/model/{quote(model, safe='-._~')}/{operation}"
            self._urls[model, operation] = self._access.endpoint + path
        return self._urls[model, operation]


def resolve_access() -> Access:
    """
    Ask boto3 where and as whom it would call Bedrock, by a request that is signed but never sent.

    Raises:
        InputError: boto3 has no region or credentials, or its configuration is broken.
    """
    try:
        core = botocore.session.get_session()
        settings = Config(user_agent_extra=f"evaldrop/{VERSION}")
        client = boto3.Session(botocore_session=core).client("bedrock-runtime", config=settings)
        prepared = _prepare_a_call(client)
        # From a whole request: Region, FIPS, profile and environment all have a say in where it goes.
        endpoint = prepared.url.removesuffix("/model/evaldrop/converse")
        invoke_model = client.meta.service_model.operation_model("InvokeModel")
        encrypted = endpoint.startswith("https:")
        # botocore takes True for its own bundle; the option is None where nobody set one.
        bundle = Path(str(get_cert_path(core.get_config_variable("ca_bundle") or True)))
        return Access(
            endpoint=endpoint,
            authorisation=_authorisation(core, _text(prepared.headers["Authorization"])),
            user_agent=_text(prepared.headers["User-Agent"]),
            # Without encryption nobody has to be vouched for.
            certificates=bundle.read_bytes() if encrypted else None,
            proxy=get_environ_proxies(endpoint).get("https" if encrypted else "http"),
            # Plain names: the model they are from takes four megabytes.
            sent_headers=_header_members(invoke_model.input_shape),
            received_headers=_header_members(invoke_model.output_shape),
        )
    except (BotoCoreError, OSError) as fault:
        raise InputError(_what_to_do(fault)) from fault


def service_error(answer: HttpReply) -> ServiceError:
    """
    Name a refusal: by its header, else by its body, else by its HTTP status, and never by its wording.

    Every code ends in `Exception`, as Step Functions reports it.
    """
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        body = None
    said = body if isinstance(body, dict) else {}
    # AWS protocols differ in the place: a header, `__type` or `code`.
    named = answer.headers.get("x-amzn-errortype") or said.get("__type") or said.get("code")
    # The name may come as `namespace#Name:http://…`: retries match the bare name alone.
    code = str(named).split(":", 1)[0].rsplit("#", 1)[-1]
    if not _CODE.fullmatch(code) or named is None:
        code = code_by_status(answer.status, _OWN_CODES)
    if not code.endswith("Exception"):
        code += "Exception"
    message = said.get("message") or said.get("Message") or answer.body[:500].decode(errors="replace")
    return refusal(code, str(message), answer, of_aws=True)


def _prepare_a_call(client: Any) -> AWSPreparedRequest:
    prepared: list[AWSPreparedRequest] = []

    def answer_at_once(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        prepared.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), SimpleNamespace(stream=list))  # without a body

    # First of all handlers: what it returns is taken for the answer, so that no socket is opened.
    client.meta.events.register_first("before-send.bedrock-runtime.Converse", answer_at_once)
    client.converse(modelId="evaldrop", messages=[])
    return prepared[0]


def _authorisation(core: botocore.session.Session, header: str) -> Authorisation:
    # An API key wins over credentials in boto3: its header tells which of the two it chose.
    if header.startswith("Bearer "):
        return BearerToken(header)
    # From what boto3 signed: requests to bedrock-runtime are signed for `bedrock`.
    scope = _CREDENTIAL.match(header)
    credentials = core.get_credentials()
    if scope is None or credentials is None:
        scheme = header.split(" ", 1)[0]
        raise InputError(
            f"boto3 is configured to authorise by {scheme}; use Signature Version 4 or a bearer token."
        )
    return Signature(credentials, service=scope["service"], region=scope["region"])


def _header_members(shape: Any) -> dict[str, str]:
    return {
        key: member.serialization["name"]
        for key, member in shape.members.items()
        if member.serialization.get("location") == "header"
    }


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _what_to_do(fault: Exception) -> str:
    hint = REGION_HINT if isinstance(fault, NoRegionError) else CREDENTIALS_HINT
    if isinstance(fault, InvalidEndpointConfigurationError):
        hint = "See AWS_ENDPOINT_URL_BEDROCK_RUNTIME and the profile's endpoint_url."
    return f"Bedrock cannot be called: {str(fault).rstrip('.')}. {hint} {ELSEWHERE}"
