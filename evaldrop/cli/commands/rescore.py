"""`evaldrop rescore`: a run's replies read again by other rules, without a call."""

import asyncio

from evaldrop.cli.naming import begun_run
from evaldrop.cli.next_steps import say_next
from evaldrop.cli.options import AsJson, OtherEvaluation, OutOfRun, RunFolder


def rescore(
    run: RunFolder,
    evaluation: OtherEvaluation = None,
    out: OutOfRun = None,
    as_json: AsJson = False,
) -> int:
    """
    Read a run's raw replies again: other pass marks, weights, metrics, prices, confidence, gate.

    Nothing is called but scorers of your own on this machine. A new run is written, which names its parent.

    Examples:

        evaldrop rescore latest

        evaldrop rescore support-answers --evaluation stricter.yaml
    """
    from evaldrop.cli.output import warn
    from evaldrop.cli.running import show_scorecard
    from evaldrop.running.history.noting import note_folder
    from evaldrop.running.rescoring import score_again
    from evaldrop.steps.build_scorecard.rescore import rescore as read_again
    from evaldrop.steps.build_scorecard.rescore import rescored_scorecard

    definition = read_again(begun_run(run, out), evaluation=evaluation, out=out)
    asyncio.run(score_again(definition.folder))
    scorecard = rescored_scorecard(definition)
    note_folder(definition.folder, warn)
    code = show_scorecard(scorecard, definition.folder, {"run": definition.folder} if as_json else None)
    if not as_json:
        say_next(scorecard, definition.folder)
    return code
