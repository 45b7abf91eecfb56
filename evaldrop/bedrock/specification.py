"""What --bedrock says: which runtime, and how a rehearsal behaves. Nothing is opened by it."""

from base64 import b64encode
from dataclasses import fields
from typing import Any
from urllib.parse import unquote, urlsplit

from evaldrop.bedrock.protocol import AUTHORIZATION
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.errors import InputError

RATES = (
    "throttling", "errors", "malformed", "hostile", "refusals", "ceiling", "default_tier",
    "prompt_gain", "prompt_faults",
    "job_errors", "job_partial", "job_expired", "job_stopped", "job_failed",
)  # fmt: skip
WHOLE = ("seed", "job_looks")
MAX_JOB_LOOKS = 1000
POSSIBLE = (
    "Possible are: aws · simulated · "
    "simulated:throttling=0.2,errors=0.05,malformed=0.02,hostile=0.01,refusals=0.01,ceiling=0.95,seed=7,"
    "latency=1.0,rpm=600,tpm=100000,prompt_gain=0.5,prompt_faults=0.1,"
    "job_errors=0.02,job_partial=0.1,job_expired=0.1,job_stopped=0.1,job_failed=0.1,"
    "job_looks=3 · "
    "openai=http://localhost:11434/v1"
)


def is_throttled_by_load(spec: str) -> bool:
    """Tell whether calling more slowly helps against throttling: in a rehearsal it comes by chance else."""
    name, _, rest = spec.strip().partition(":")
    if name != "simulated":
        return True
    rehearsal = parse_rehearsal(rest)
    return rehearsal.rpm > 0 or rehearsal.tpm > 0


def split_credentials(spec: str) -> tuple[str, str | None]:
    """
    Take the credentials out of a specification: `openai=https://name:password@host/v1`.

    A specification is kept in run.json and shown in reports and errors, and goes to other processes.

    Returns:
        The specification without them, and the value of an `Authorization` header that has them; None where
        there are none.
    """
    start, mark, rest = spec.partition("://")
    authority, slash, path = rest.partition("/")
    credentials, at, host = authority.rpartition("@")
    if not (mark and at and start.strip().startswith("openai=")):
        return spec, None
    plain = unquote(credentials).encode()
    return f"{start}{mark}{host}{slash}{path}", f"Basic {b64encode(plain).decode()}"


def parse_rehearsal(text: str) -> Rehearsal:
    """
    Read `name=value,…` into a rehearsal; an empty text is one without faults.

    Raises:
        InputError: An unknown name, a value that is no number, or a rate outside [0, 1].
    """
    known = [field.name for field in fields(Rehearsal)]
    values: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (side.strip() for side in part.partition("="))
        if name not in known:
            raise InputError(f'--bedrock simulated: there is no "{name}". Use {", ".join(known)}. {POSSIBLE}')
        values[name] = _number(name, value)
    # Both are drawn from one number in [0, 1]: a sum above 1 would cut the second short.
    if values.get("throttling", 0) + values.get("errors", 0) > 1:
        raise InputError("--bedrock simulated: throttling and errors together are more than 1.")
    if values.get("malformed", 0) + values.get("hostile", 0) + values.get("refusals", 0) > 1:
        raise InputError("--bedrock simulated: malformed, hostile and refusals together are more than 1.")
    if sum(values.get(f"job_{end}", 0) for end in ("partial", "expired", "stopped", "failed")) > 1:
        raise InputError(
            "--bedrock simulated: job_partial, job_expired, job_stopped and job_failed together are more "
            "than 1."
        )
    whole = {name: int(values.pop(name)) for name in WHOLE if name in values}
    return Rehearsal(**values, **whole)


def _number(name: str, text: str) -> float:
    try:
        # Read as a float, a seed above 2 ** 53 would be another one.
        value = int(text) if name in WHOLE else float(text)
    except ValueError:
        kind = "a whole number" if name in WHOLE else "a number"
        raise InputError(f'--bedrock simulated: {name}="{text}" must be {kind}. {POSSIBLE}') from None
    if name in RATES and not 0 <= value <= 1:
        raise InputError(f"--bedrock simulated: {name}={text} must lie between 0 and 1; it is a fraction.")
    if name == "latency" and not 0 <= value <= 1000:
        raise InputError(f"--bedrock simulated: latency={text} must lie between 0 and 1000; it is a factor.")
    if name in ("rpm", "tpm") and not 0 <= value <= 1e12:
        raise InputError(f"--bedrock simulated: {name}={text} must lie between 0 and 1e12; 0 is no limit.")
    if name == "job_looks" and not 0 <= value <= MAX_JOB_LOOKS:
        raise InputError(f"--bedrock simulated: job_looks={text} must lie between 0 and {MAX_JOB_LOOKS}.")
    # The digest's key holds the seed in eight bytes.
    if name == "seed" and not -(2**63) <= value < 2**63:
        raise InputError(f"--bedrock simulated: seed={text} must fit in 64 bits.")
    return value


def without_secrets(spec: str) -> str:
    """Return a specification that is refused, fit to be shown: secrets are before an @, after ? or #."""
    # Cut at the last @, for what is misspelt may be what tells where a name and password begin.
    before, at, rest = spec.rpartition("@")
    rest = rest.partition("?")[0].partition("#")[0]
    kind = "openai=" if before.startswith("openai=") else ""
    return f"{kind}…@{rest}" if at else rest


def server_url(text: str) -> str:
    """
    Return the URL of `openai=URL`.

    Raises:
        InputError: It is none of http or https, or has what is to be nowhere: credentials, a query.
    """
    shown = f"--bedrock {without_secrets(f'openai={text}')}"
    # The command line has taken a name and password out (`split_credentials`). What is left is kept in
    # run.json and shown: a password with a / in it would be part of the path, a key a part of the query.
    if "@" in text or "?" in text or "#" in text:
        raise InputError(
            f"{shown}: a server's URL is needed without @, ? and #. Credentials go into {AUTHORIZATION}, "
            "or stand before the host as name:password@, each / @ ? and # of them as %2F %40 %3F and %23."
        )
    try:
        url = urlsplit(text)
        host = url.hostname
        _ = url.port  # is read only now, and may be no number
    except ValueError as fault:
        raise InputError(f"{shown}: {fault}. {POSSIBLE}") from fault
    if url.scheme not in ("http", "https") or not host:
        raise InputError(f"{shown}: a URL with http:// or https:// is needed. {POSSIBLE}")
    return text
