"""Who gets in: no page of another site, and nobody without a key of this start."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from evaldrop.report.guard import GUARDED, refusal
from evaldrop.running.instances import env_command
from evaldrop.running.local_aws.keys import Keys
from evaldrop.running.local_aws.requests import Environ, path_of
from evaldrop.running.local_aws.responses import (
    Application,
    ErrorAnswer,
    StartResponse,
    refusal_of,
    refuse,
)
from evaldrop.running.local_aws.signatures import NotSignedError, as_header, signer_of

SIGNER = "evaldrop.signer"
"""Where in a request's environ the application finds who signed it, a `Signer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """
    The gate before everything: no page of another site gets in, and no page at all is told that it may.

    A page that got in could have the stack's functions run on what it likes, and read what they wrote.
    """

    application: Application
    bound_to: str
    port: int

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, or refuse it."""
        keys = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in GUARDED}
        headers = {name: environ[key] for name, key in keys.items() if key in environ}
        # Buckets have names below localhost.
        refused = refusal(headers, bound_to=self.bound_to, port=self.port, has_subdomains=True)
        # moto's own pages and resets are for its tests; the stack's state is nobody's to empty.
        if refused is None and path_of(environ).lstrip("/").startswith("moto-api"):
            refused = "There is no such page."
        if refused is not None:
            return refuse(environ, start_response, ErrorAnswer(403, f"{refused}\n".encode(), "text/plain"))

        def without_leave(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            kept = [each for each in headers if not each[0].lower().startswith("access-control-")]
            return start_response(status, kept, *more)

        return self.application(environ, without_leave)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The gate behind it: what is not signed by a key of this start goes no further. `port` is told."""

    application: Application
    keys: Keys
    port: int

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, or refuse it with what to do."""
        try:
            signer = signer_of(environ, self.keys.find)
        except NotSignedError as error:
            message = f"{error} Run: {env_command(self.port)}"
            return refuse(environ, start_response, refusal_of(environ, error.service, error.codes, message))
        environ[SIGNER] = signer
        # What was signed in a URL or a form is S3's, whatever else it says: moto routes by this header.
        environ.setdefault("HTTP_AUTHORIZATION", as_header(signer))
        return self.application(environ, start_response)
