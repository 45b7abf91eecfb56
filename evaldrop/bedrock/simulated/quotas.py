"""What a simulated account may call of each model in a minute, counted as Bedrock's guide says it counts."""

import asyncio
from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.lanes import reserved_tokens, taken_tokens
from evaldrop.bedrock.pace import Pace

BURST_S = 3.0
"""How much of a minute's quota is there at once, in seconds of it. Bedrock does not say how much it lets."""


class Quotas:
    """
    Requests and tokens of each model; 0 is no limit.

    A call takes its input and its `max_tokens` when it begins; what it has not used comes back at its end.
    """

    def __init__(self, *, rpm: float, tpm: float) -> None:
        self._rpm = rpm
        self._tpm = tpm
        self._paces: dict[str, Pace] = {}

    def take(self, model: str, request: Mapping[str, Any]) -> float | None:
        """Return the tokens that a call reserves; None where it is more than the account may call."""
        if not (self._rpm or self._tpm):
            return 0
        now = asyncio.get_running_loop().time()
        pace = self._paces.get(model)
        if pace is None:
            limits = {"rpm": self._rpm or None, "tpm": self._tpm or None}
            pace = self._paces[model] = Pace(now, **limits, adapts=False, burst_s=BURST_S)
        reserved = reserved_tokens(request) if self._tpm else 0
        if pace.wait_s(now, reserved) > 0:
            return None
        pace.enter(now, reserved)
        return reserved

    def settle(self, model: str, reserved: float, reply: Mapping[str, Any]) -> None:
        """Give back what a call had reserved and did not take."""
        if reserved:
            self._paces[model].give_back(reserved - (taken_tokens("converse", model, reply) or 0))
