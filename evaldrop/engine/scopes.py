"""Workflow variables: one scope per flow, inner ones over outer ones, held to the quotas."""

from typing import Any

from evaldrop.engine.errors import DATA_LIMIT_EXCEEDED, StatesError
from evaldrop.engine.payloads import LIMIT_BYTES, size_of
from evaldrop.engine.queries import Frame

TOTAL_LIMIT_BYTES = 10 * 1024 * 1024


class Scope(Frame):
    """The variables of one flow. `budget` is shared by all scopes of an execution."""

    __slots__ = ("budget", "sizes")

    def __init__(self, parent: "Scope | None" = None) -> None:
        super().__init__(None, parent)
        self.sizes: dict[str, int] = {}
        self.budget: list[int] = [0] if parent is None else parent.budget

    def assign(self, values: dict[str, Any]) -> None:
        """
        Set variables, all or none.

        Raises:
            StatesError: States.DataLimitExceeded, over 256 KiB in one Assign or 10 MiB in the execution.
        """
        sizes = {name: size_of(value) for name, value in values.items()}
        if sum(sizes.values()) > LIMIT_BYTES:
            raise StatesError(
                DATA_LIMIT_EXCEEDED, f"Assign sets {sum(sizes.values())} bytes; the maximum is {LIMIT_BYTES}"
            )
        total = self.budget[0] + sum(sizes[name] - self.sizes.get(name, 0) for name in sizes)
        if total > TOTAL_LIMIT_BYTES:
            raise StatesError(
                DATA_LIMIT_EXCEEDED,
                f"all variables together are {total} bytes; the maximum is {TOTAL_LIMIT_BYTES}",
            )
        self.budget[0] = total
        self.sizes.update(sizes)
        self.update(values)

    def restore(self, variables: dict[str, Any]) -> None:
        """Set variables that had passed every quota before."""
        for name, value in variables.items():
            self.sizes[name] = size_of(value)
            self.budget[0] += self.sizes[name]
        self.update(variables)

    def close(self) -> None:
        """Give the scope's bytes back."""
        self.budget[0] -= sum(self.sizes.values())
        self.sizes.clear()
