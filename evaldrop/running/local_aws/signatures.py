"""
Who signed a request, and that they did: the signature is computed again, with the secret of the key it names.

Signatures are taken where AWS takes them: in the `Authorization` header by any service; in the query
(presigned URLs, also those of version 2, which boto3 makes) and in a form's fields by S3 alone. What is not
read: the conditions of a form's policy, but for its expiry, and the signatures of a stream's single chunks.
"""

import base64
import hashlib
import hmac
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qs, urlsplit, urlunsplit

from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest, HTTPHeaders
from botocore.credentials import Credentials
from werkzeug.formparser import parse_form_data

from evaldrop.running.local_aws.clients import REGION
from evaldrop.running.local_aws.keys import Holder
from evaldrop.running.local_aws.requests import Environ, Signer, body_of, object_of
from evaldrop.running.local_aws.responses import Codes

SKEW = timedelta(minutes=15)
"""How far a request's time may be off, as at AWS."""

LONGEST = timedelta(days=7)
"""As long as a presigned URL can last."""

UNSIGNED = Codes("AccessDenied", "MissingAuthenticationToken", "MissingAuthenticationTokenException")
UNKNOWN = Codes("InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException")
WRONG = Codes("SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException")
EXPIRED = Codes("AccessDenied", "RequestExpired", "InvalidSignatureException")

FindHolder = Callable[[str], Holder | None]


class NotSignedError(Exception):
    """A request is not signed as it must be; `codes` are AWS's names for why, `service` whom it is for."""

    def __init__(self, codes: Codes, message: str, service: str = "") -> None:
        self.codes, self.service = codes, service
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a request says of its signature; `recompute` takes the secret and returns what it must be."""

    access_key: str
    service: str
    signature: str
    ends: datetime
    token: str | None
    recompute: Callable[[str], str]
    begins: datetime | None = None
    body_hash: str | None = None


def signer_of(environ: Environ, find: FindHolder, now: datetime | None = None) -> Signer:
    """
    Return who signed a request.

    Raises:
        NotSignedError: Nobody did, nobody known, not with their secret, not this request, or too long ago.
    """
    claim = _claim(environ)
    if claim is None:
        raise NotSignedError(UNSIGNED, "The request is not signed.")
    holder = find(claim.access_key)
    if holder is None:
        raise NotSignedError(
            UNKNOWN,
            f"{claim.access_key} is no access key of this start; every start has its own.",
            claim.service,
        )
    _check(claim, holder, environ, now or datetime.now(UTC))
    return Signer(claim.access_key, claim.service, holder.role)


def _check(claim: Claim, holder: Holder, environ: Environ, now: datetime) -> None:
    def wrong(message: str) -> NotSignedError:
        return NotSignedError(WRONG, message, claim.service)

    if holder.token is not None and not hmac.compare_digest(
        holder.token.encode(), (claim.token or "").encode()
    ):
        raise wrong("The session's token is missing or another's.")
    if not hmac.compare_digest(claim.recompute(holder.secret).encode(), claim.signature.encode()):
        raise wrong("The signature is not what the access key's secret makes of this request.")
    if now > claim.ends or (claim.begins is not None and now < claim.begins):
        raise NotSignedError(EXPIRED, "The signature is of another time: it has expired.", claim.service)
    if claim.body_hash is not None and hashlib.sha256(body_of(environ)).hexdigest() != claim.body_hash:
        raise wrong("The body is not the one that was signed.")


def as_header(signer: Signer) -> str:
    """Return an `Authorization` by which everything behind takes a request for this signer's."""
    scope = f"{signer.access_key}/19700101/{REGION}/{signer.service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=verified"


def _claim(environ: Environ) -> Claim | None:
    if "HTTP_AUTHORIZATION" in environ:
        return _in_header(environ)
    query = {name: values[-1] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    if "X-Amz-Signature" in query:
        return _in_query(environ, query)
    if {"AWSAccessKeyId", "Signature", "Expires"} <= query.keys():
        return _in_old_query(environ, query)
    is_form = environ.get("CONTENT_TYPE", "").startswith("multipart/form-data")
    return _in_form(environ) if is_form and environ["REQUEST_METHOD"] == "POST" else None


# One spelling only: what is behind reads this header as well, and must read the same.
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<credential>[^,\s]+), ?SignedHeaders=(?P<signed>[^,\s]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
# Plain words: moto makes a host of Region and service, and routes by that.
_SCOPE = re.compile(r"(\w+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request", re.ASCII)
_SHA256 = re.compile("[0-9a-f]{64}")


def _in_header(environ: Environ) -> Claim | None:
    found = _HEADER.fullmatch(environ["HTTP_AUTHORIZATION"])
    scope = _scope_of(found["credential"]) if found else None
    moment = _moment(environ.get("HTTP_X_AMZ_DATE", ""))
    if found is None or scope is None or moment is None:
        return None
    said = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    return Claim(
        access_key=scope.access_key,
        service=scope.service,
        signature=found["signature"],
        begins=moment - SKEW,
        ends=moment + SKEW,
        token=environ.get("HTTP_X_AMZ_SECURITY_TOKEN"),
        recompute=lambda secret: _version_4(
            environ,
            scope,
            secret,
            signed=found["signed"],
            at=moment,
            body_hash=said or hashlib.sha256(body_of(environ)).hexdigest(),
        ),
        # "UNSIGNED-PAYLOAD" and "STREAMING-…" are no hashes.
        body_hash=said if _SHA256.fullmatch(said) else None,
    )


def _in_query(environ: Environ, query: Mapping[str, str]) -> Claim | None:
    scope, moment = _scope_of(query.get("X-Amz-Credential", "")), _moment(query.get("X-Amz-Date", ""))
    lasts = query.get("X-Amz-Expires", "")
    if scope is None or moment is None or scope.service != "s3" or not lasts.isdecimal():
        return None
    return Claim(
        access_key=scope.access_key,
        service="s3",
        signature=query["X-Amz-Signature"],
        begins=moment - SKEW,
        ends=moment + min(timedelta(seconds=min(int(lasts), 10**9)), LONGEST),
        token=query.get("X-Amz-Security-Token"),
        recompute=lambda secret: _version_4(
            environ,
            scope,
            secret,
            signed=query.get("X-Amz-SignedHeaders", ""),
            at=moment,
            body_hash="UNSIGNED-PAYLOAD",
        ),
    )


def _in_old_query(environ: Environ, query: Mapping[str, str]) -> Claim | None:
    ends = _since_1970(query["Expires"])
    if ends is None:
        return None
    split = urlsplit(_url(environ))
    bucket, _ = object_of(environ)
    in_host = not split.path.startswith(f"/{bucket}")

    def recompute(secret: str) -> str:
        headers = HTTPHeaders()
        # boto3 moves what it signs into the query.
        for name in ("content-md5", "content-type", *_amazons(environ)):
            headers[name] = _header(environ, name)
        for name, value in query.items():
            if name.lower().startswith("x-amz-") or name.lower() in {"content-md5", "content-type"}:
                del headers[name]
                headers[name] = value
        signed: str = _OldQueryAuth(
            Credentials(query["AWSAccessKeyId"], secret), ends=query["Expires"]
        ).get_signature(
            environ["REQUEST_METHOD"],
            split,
            cast("Mapping[str, Any]", headers),
            auth_path=f"/{bucket}{split.path}" if in_host else split.path,
        )
        return signed

    return Claim(
        access_key=query["AWSAccessKeyId"],
        service="s3",
        signature=query["Signature"],
        ends=ends,
        token=query.get("x-amz-security-token"),
        recompute=recompute,
    )


def _in_form(environ: Environ) -> Claim | None:
    content = body_of(environ)
    copy = {**environ, "wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
    # The file's part is held here as well: moto reads it again.
    _, form, _ = parse_form_data(copy, stream_factory=lambda *_, **__: io.BytesIO())
    fields = {name.lower(): value for name, value in form.items()}
    policy = fields.get("policy", "")
    ends = _policy_ends(policy)
    if ends is None:
        return None
    scope = _scope_of(fields.get("x-amz-credential", ""))
    if scope is None or scope.service != "s3":
        return Claim(
            access_key=fields.get("awsaccesskeyid", ""),
            service="s3",
            signature=fields.get("signature", ""),
            ends=ends,
            token=fields.get("x-amz-security-token"),
            recompute=lambda secret: _of_old_policy(policy, secret),
        )
    return Claim(
        access_key=scope.access_key,
        service="s3",
        signature=fields.get("x-amz-signature", ""),
        ends=ends,
        token=fields.get("x-amz-security-token"),
        recompute=lambda secret: scope.auth(secret).signature(policy, scope.dated()),
    )


class Scope(NamedTuple):
    """What a signature of version 4 is for: whose, of which day, for which Region and service."""

    access_key: str
    day: str
    region: str
    service: str

    def auth(self, secret: str) -> SigV4Auth:
        """Return botocore's way of signing for the service, but for the headers: those that were signed."""
        return (_S3Auth if self.service == "s3" else _Auth)(
            Credentials(self.access_key, secret), self.service, self.region
        )

    def dated(self, moment: datetime | None = None) -> AWSRequest:
        """Return a request at a moment, or at any of the day."""
        request = AWSRequest()
        request.context["timestamp"] = f"{moment:%Y%m%dT%H%M%SZ}" if moment else self.day
        return request


class _SignedHeaders:
    """The headers that the request says are signed; botocore would leave some out that other SDKs sign."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return request.headers


class _Auth(_SignedHeaders, SigV4Auth):
    """Signature Version 4 of a request that was received."""


class _S3Auth(_SignedHeaders, S3SigV4Auth):
    """The same for S3, whose paths are taken as they are."""


class _OldQueryAuth(HmacV1QueryAuth):
    """Signature Version 2 of a URL: it carries the moment at which it ends, not how long it lasts."""

    def __init__(self, credentials: Credentials, *, ends: str) -> None:
        super().__init__(credentials)
        self._ends = ends

    def _get_date(self) -> str:
        return self._ends


def _version_4(
    environ: Environ, scope: Scope, secret: str, *, signed: str, at: datetime, body_hash: str
) -> str:
    names = signed.split(";")
    # What is behind obeys these; who only has a URL must not be able to add any. S3's metadata may have "_".
    needed = {"host", *_amazons(environ)} - {"x-amz-content-sha256"}
    if needed - {name.replace("_", "-") for name in names}:
        return "some headers are not signed"
    request = AWSRequest(method=environ["REQUEST_METHOD"], url=_url(environ))
    request.context["timestamp"] = f"{at:%Y%m%dT%H%M%SZ}"
    for name in names:
        request.headers[name] = _header(environ, name)
    auth = scope.auth(secret)
    # Beside the headers: it may be unsigned itself.
    canonical = auth.canonical_request(request).rpartition("\n")[0] + f"\n{body_hash}"
    recomputed: str = auth.signature(auth.string_to_sign(request, canonical), request)
    return recomputed


def _of_old_policy(policy: str, secret: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), policy.encode(), "sha1")).decode()


def _url(environ: Environ) -> str:
    target = urlsplit(str(environ["REQUEST_URI"]))
    # A presigned URL is signed before its signature is added to it.
    query = "&".join(part for part in target.query.split("&") if not part.startswith("X-Amz-Signature="))
    return urlunsplit(("http", str(environ.get("HTTP_HOST", "")), target.path, query, ""))


def _header(environ: Environ, name: str) -> str:
    key = name.upper().replace("-", "_")
    value: str = environ.get(key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}", "")
    return value.encode("latin-1").decode("utf-8", errors="replace")  # as WSGI hands it over


def _amazons(environ: Environ) -> set[str]:
    return {
        key.removeprefix("HTTP_").lower().replace("_", "-")
        for key in environ
        if key.startswith("HTTP_X_AMZ_")
    }


def _scope_of(credential: str) -> Scope | None:
    found = _SCOPE.fullmatch(credential)
    return Scope(*found.groups()) if found else None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _since_1970(seconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _policy_ends(policy: str) -> datetime | None:
    try:
        ends = datetime.fromisoformat(json.loads(base64.b64decode(policy))["expiration"])
    except (ValueError, KeyError, TypeError):
        return None
    return ends if ends.tzinfo else None
