"""What a progress display can hear of a running execution."""


class Observer:
    """Hears what happens. Every method does nothing here; override those of interest, and return quickly."""

    def execution_started(self, name: str) -> None:
        """Hear that the execution began."""

    def execution_finished(self, status: str) -> None:
        """Hear how the execution ended: SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""

    def state_entered(self, name: str) -> None:
        """Hear that a state was entered, in whatever child."""

    def task_started(self, resource: str) -> None:
        """Hear that an integration is called."""

    def task_finished(self, resource: str, error: str | None, will_retry: bool) -> None:
        """Hear that a call ended: None, or its error's name (or "Cancelled") and whether it is retried."""

    def map_started(self, total: int | None) -> None:
        """Hear that a distributed Map began, and how many items it has, where that is known."""

    def child_started(self) -> None:
        """Hear that a child execution began."""

    def child_finished(self, status: str) -> None:
        """Hear how a child execution ended: SUCCEEDED, FAILED or TIMED_OUT."""

    def map_finished(self, succeeded: int, failed: int) -> None:
        """Hear that a distributed Map ended, with its numbers of children."""
