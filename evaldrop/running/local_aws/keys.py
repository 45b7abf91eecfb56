"""
Who may ask the local AWS for anything: the access keys of one start, drawn at random.

They are as long as AWS's. Nobody who was not given one can guess it; the next start has others.
"""

import base64
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from moto.sts.models import sts_backends

from evaldrop.running.local_aws.clients import ACCOUNT, AccessKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """
    Whose an access key is.

    Attributes:
        secret: What its requests are signed with.
        role: ARN of the role that they are held to; None for a person and the local AWS's own parts, to whom
            nothing is refused.
        token: What a session's requests carry besides.
    """

    secret: str = field(repr=False)
    role: str | None = None
    token: str | None = field(default=None, repr=False)


Sessions = Callable[[str], Holder | None]
"""Takes an access key's ID, returns the session of a role that has it."""


def new_access_key() -> AccessKey:
    """Return a key of the form that AWS's have: 20 and 40 characters, of 80 and 240 random bits."""
    name = base64.b32encode(secrets.token_bytes(10)).decode()
    return AccessKey(id=f"AKIA{name}", secret=base64.b64encode(secrets.token_bytes(30)).decode())


def sessions_in_sts(access_key: str) -> Holder | None:
    """Return who holds the key of a role that was assumed in the local STS."""
    # From moto itself: its API takes these keys, and does not tell whose they are.
    for session in sts_backends[ACCOUNT]["aws"].assumed_roles:
        if session.access_key_id == access_key:
            return Holder(
                secret=session.secret_access_key, role=session.role_arn, token=session.session_token
            )
    return None


class Keys:
    """
    The keys of one start: a person's, the local AWS's own, one for each role.

    Attributes:
        person: What `evaldrop local env` prints.
        operator: The local AWS's own parts sign with it.
    """

    def __init__(self, sessions: Sessions = sessions_in_sts) -> None:
        self.person, self.operator = new_access_key(), new_access_key()
        self._holders = {key.id: Holder(secret=key.secret) for key in (self.person, self.operator)}
        self._roles: dict[str, AccessKey] = {}
        self._sessions = sessions
        self._lock = threading.Lock()

    def of_role(self, role_arn: str) -> AccessKey:
        """Return the key that a role's requests are signed with; made when first asked for."""
        with self._lock:
            if role_arn not in self._roles:
                key = self._roles[role_arn] = new_access_key()
                self._holders[key.id] = Holder(secret=key.secret, role=role_arn)
            return self._roles[role_arn]

    def find(self, access_key: str) -> Holder | None:
        """Return who holds a key, None when nobody does."""
        return self._holders.get(access_key) or self._sessions(access_key)
