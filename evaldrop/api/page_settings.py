"""What the page of the API is told when it is served."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """
    The hosted sign-in of a user pool.

    Attributes:
        client_id: Of the page, as the pool knows it.
        sign_in: Its address, such as `https://example.auth.eu-central-1.amazoncognito.com`.
        addresses: Where the page may be for a sign-in to lead back to it; any where none is named.
    """

    client_id: str
    sign_in: str
    addresses: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what an environment variable says."""
        return TypeAdapter(cls).validate_json(text)

    @property
    def origin(self) -> str:
        """Whom the page asks for tokens."""
        parts = urlsplit(self.sign_in)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """
    What the page is told.

    Attributes:
        sign_in: None where there are keys alone.
        uploads_to: Origins beside the API's own that uploads are put to.
    """

    sign_in: SignIn | None = None
    uploads_to: tuple[str, ...] = ()
