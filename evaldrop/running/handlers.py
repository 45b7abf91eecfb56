"""
The functions' handlers by name, as a run on one machine calls them.

The only module of evaldrop that imports `lambdas`, so that a local run passes through what AWS runs.
"""

import threading
from collections.abc import Callable
from typing import Any

from evaldrop import storage

_is_alone = False


def begin_alone() -> None:
    """
    Begin a process that is for a run's functions alone.

    While calls are in flight, which others make, it scores records that have ended.
    """
    global _is_alone
    _is_alone = True
    import_first_handlers()


def import_first_handlers() -> None:
    """Import what a run's first functions need, before they are asked for."""
    import lambdas.prepare_records.handler
    import lambdas.validate_dataset.handler  # noqa: F401 - imported for the import's sake


def _validate_dataset(event: Any, context: object) -> Any:
    from lambdas.validate_dataset.handler import handler

    return handler(event, context)


def _prepare_records(event: Any, context: object) -> Any:
    from lambdas.prepare_records.handler import handler

    state = handler(event, context)
    if "part" not in event:
        # numpy, scipy, pyarrow and the report's templates take half a second, while the network is waited
        # for.
        folder = event["run"]["folder"]
        # Before there are calls: of a run that goes on, earlier results are there.
        is_new = not storage.list_folders(storage.join(folder, "results"))
        threading.Thread(target=_warm_up, args=(folder if is_new else None,), daemon=True).start()
    return state


def _warm_up(folder: str | None) -> None:
    from evaldrop.report.page import template
    from evaldrop.steps.build_scorecard.ahead import score_ahead

    if _is_alone and folder is not None:
        score_ahead(folder)

    for name in ("report.html.j2", "history.html.j2"):
        template(name)
    import evaldrop.statistics.grouping  # noqa: F401 - last: scipy's clusters, by which failures are grouped


def _choose_prompts(event: Any, context: object) -> Any:
    from lambdas.choose_prompts.handler import handler

    return handler(event, context)


def _check_first_calls(event: Any, context: object) -> Any:
    from lambdas.check_first_calls.handler import handler

    return handler(event, context)


def _prepare_jobs(event: Any, context: object) -> Any:
    from lambdas.prepare_jobs.handler import handler

    return handler(event, context)


def _prepare_evaluation_jobs(event: Any, context: object) -> Any:
    from lambdas.prepare_evaluation_jobs.handler import handler

    return handler(event, context)


def _prepare_scores(event: Any, context: object) -> Any:
    from lambdas.prepare_scores.handler import handler

    return handler(event, context)


def _build_scorecard(event: Any, context: object) -> Any:
    from lambdas.build_scorecard.handler import handler

    return handler(event, context)


def _report_failure(event: Any, context: object) -> Any:
    from lambdas.report_failure.handler import handler

    return handler(event, context)


# Each handler is imported by its first call, as on AWS: a run does not wait for what its last step needs.
HANDLERS: dict[str, Callable[[Any, object], Any]] = {
    "ValidateDataset": _validate_dataset,
    "ChoosePrompts": _choose_prompts,
    "PrepareRecords": _prepare_records,
    "CheckFirstCalls": _check_first_calls,
    "PrepareJobs": _prepare_jobs,
    "PrepareEvaluationJobs": _prepare_evaluation_jobs,
    "PrepareScores": _prepare_scores,
    "BuildScorecard": _build_scorecard,
    "ReportFailure": _report_failure,
}
