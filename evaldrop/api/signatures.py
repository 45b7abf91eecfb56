"""Addresses that are good for a while without a key, by a signature in them."""

import hmac
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import urlencode


class Signatures:
    """
    Signatures of paths, by a secret that ends with the process.

    Args:
        clock: Seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)

    def signed(self, path: str, *, lasts_s: int) -> str:
        """Return a path with its signature behind it."""
        until = str(int(self._clock()) + lasts_s)
        return f"{path}?{urlencode({'until': until, 'signature': self._signature(path, until)})}"

    def hold(self, path: str, query: Mapping[str, str]) -> bool:
        """Tell whether what stands behind a path is its signature, and not too old."""
        until, signature = query.get("until", ""), query.get("signature", "")
        is_own = hmac.compare_digest(signature.encode(), self._signature(path, until).encode())
        return is_own and self._clock() < int(until)

    def _signature(self, path: str, until: str) -> str:
        return hmac.new(self._secret, f"{path}\n{until}".encode(), "sha256").hexdigest()
