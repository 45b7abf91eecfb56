"""What a record of an execution can hear: its events as Step Functions' history has them, its Map Runs."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaldrop.engine.map_runs.children import Child
    from evaldrop.engine.map_runs.work import MapRun


class History:
    """
    Hears the events of an execution, those of a Map's children excepted. Every method does nothing here.

    An execution without a History does not make them: a run on one machine pays nothing.
    """

    def add(self, kind: str, details: dict[str, Any]) -> None:
        """
        Hear an event.

        Args:
            kind: Its type, "TaskFailed".
            details: The members of its details; payloads (input, output, parameters) are JSON values.
        """

    def map_run_started(self, map_run: "MapRun") -> None:
        """Hear that a Map Run begins, or is redriven. Its counts can be read as long as it runs."""

    def child_changed(self, map_run: "MapRun", child: "Child") -> None:
        """Hear that a child execution began or ended: its status says which."""
