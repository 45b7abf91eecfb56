"""A run's scorers on one machine: what the workflow calls as functions, answered by processes."""

from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

from evaldrop import storage
from evaldrop.checks.scorers import HERE
from evaldrop.engine import Integration, TaskContext
from evaldrop.run.scores import SCORES
from evaldrop.scorers.batches import RESPONSES

if TYPE_CHECKING:
    from evaldrop.scorers.processes import ScorerProcesses

LOG_FILE = f"{SCORES}/scorers.log"
"""What scorers print, in the run's folder."""


class RunScorers:
    """
    The scorers of one run; their processes begin with the first batch.

    Args:
        folder: The run's.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._processes: ScorerProcesses | None = None
        self._log: IO[bytes] | None = None

    def around(self, invoke: Integration) -> Integration:
        """Return an integration of functions that answers for scorers, too."""

        async def integration(arguments: Any, context: TaskContext) -> Any:
            name = arguments.get("FunctionName") if isinstance(arguments, dict) else None
            if not isinstance(name, str) or not name.startswith(HERE):
                return await invoke(arguments, context)
            results = await self.results(name.removeprefix(HERE), arguments["Payload"])
            return {"ExecutedVersion": "$LATEST", "Payload": {"results": results}, "StatusCode": 200}

        return integration

    async def results(self, reference: str, event: dict[str, Any]) -> Sequence[dict[str, Any]]:
        """Return the results of a batch."""
        # Without an await between: batches come side by side, and share the processes.
        if self._processes is None:
            # Most runs have no scorers.
            from evaldrop.run.definition import RunDefinition
            from evaldrop.scorers.processes import ScorerProcesses
            from evaldrop.steps.prepare_scores.folders import import_folders

            run = RunDefinition.load(self._folder)
            self._log = storage.local_path(storage.join(self._folder, LOG_FILE)).open("ab")
            self._processes = ScorerProcesses(import_folders(run.evaluation_uri), self._log)
        return await self._processes.results(
            reference, event[RESPONSES], limit_s=float(event["timeoutSeconds"])
        )

    async def close(self) -> None:
        """End the processes."""
        if self._processes is not None:
            await self._processes.close()
        if self._log is not None:
            self._log.close()
