"""BuildScorecard: result files in; scorecard, tables, report and the gate's decision out."""

import os
from typing import Any

from evaldrop.run.definition import RunDefinition
from evaldrop.steps.build_scorecard.build import score_run
from evaldrop.steps.build_scorecard.cloudwatch import publish_metrics
from evaldrop.steps.lifecycle.scored import tell_finished
from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.steps.report_failure.notices import scorecard_notice
from evaldrop.steps.services import log_step
from evaldrop.storage import uri_of


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Read a run's raw replies and write everything people read."""
    run = event["run"]
    # The newest Map run first: that of all records, then that of the first ones.
    places = [event["results"], *event.get("earlier", ())]
    manifests = [uri_of(place["Bucket"], place["Key"]) for place in places]
    definition = RunDefinition.load(run["folder"])
    scorecard = score_run(definition, *manifests)
    moves = publish_metrics(scorecard, definition, environment=os.environ)
    tell_finished(Lifecycle.from_environment(os.environ), scorecard, definition, moves)
    log_step("BuildScorecard", run_id=scorecard.run_id, decision=scorecard.gate.decision)
    notice = scorecard_notice(
        scorecard,
        folder=run["folder"],
        notify=definition.evaluation.notify,
        is_ending=bool(definition.dataset.alarms),
    )
    return {"run": run, **notice}
