"""A line per step in the functions' logs; Lambda writes `extra` as JSON fields for Logs Insights."""

import logging
from typing import Any

_logger = logging.getLogger("evaldrop")


def log_step(step: str, *, run_id: str | None = None, **facts: Any) -> None:
    """
    Log what a step did.

    Args:
        step: The state's name.
        run_id: The run; the saved queries look for it.
        facts: Counts and names; no text of a record, for logs outlive datasets.
    """
    _logger.info("%s done", step, extra={"step": step, "run_id": run_id, **facts})
