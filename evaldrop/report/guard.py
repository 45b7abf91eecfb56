"""
Whom a server on this machine answers: programs, and its own pages; never a page of another site.

Any site that is open in a browser may send requests to this machine. Two ways lead in: a page of the site
fetches from this address, which the browser says in `Origin` and `Sec-Fetch-Site`; or the site's own name is
made to point here, which then stands in `Host`. A program that is no browser sends neither header.
"""

import ipaddress
from collections.abc import Mapping

GUARDED = ("Host", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode")
"""The headers that tell where a request comes from. What comes twice is to be given as one, by commas."""

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


def refusal(
    headers: Mapping[str, str],
    *,
    bound_to: str,
    port: int,
    may_be_linked_to: bool = False,
    has_subdomains: bool = False,
) -> str | None:
    """
    Return why a request is not answered, None when it is.

    Args:
        headers: Those of `GUARDED` that the request has.
        bound_to: The address that the server listens on, as its user gave it.
        port: The port it listens on.
        may_be_linked_to: Whether a link on another site may lead here: to a server that only shows pages.
        has_subdomains: Whether names below localhost are its own, too. Not every system keeps them on the
            machine: to a server that asks for no keys they may lead a page of another site.
    """
    host = headers.get("Host", "").strip().lower()
    if not _is_own(host, bound_to.lower(), port, has_subdomains=has_subdomains):
        return "Not the name of this server."
    if headers.get("Origin", f"http://{host}").lower() != f"http://{host}":
        return "Pages of other sites get no answer."
    # Whatever else a browser may come to say there: only its own pages, and what a person typed.
    from_elsewhere = headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}
    is_link = may_be_linked_to and headers.get("Sec-Fetch-Mode") == "navigate"
    return "Pages of other sites get no answer." if from_elsewhere and not is_link else None


def _is_own(host: str, bound_to: str, port: int, *, has_subdomains: bool) -> bool:
    name, at_port = host, f":{port}"
    if host.endswith(at_port):
        name = host.removesuffix(at_port)
    elif port != 80:
        return False
    if name in LOOPBACK_NAMES or name == bound_to or (has_subdomains and name.endswith(".localhost")):
        return True
    # Opened to a network, by an address: no site can make its name one.
    return bound_to not in LOOPBACK_NAMES | {"::1"} and _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
