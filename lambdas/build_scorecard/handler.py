"""BuildScorecard: result files in; scorecard, tables, report and the gate's decision out."""

import os
from typing import Any

from evaldrop.run.definition import RunDefinition
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.cloudwatch import publish_metrics
from evaldrop.steps.report_failure.notices import scorecard_notice
from evaldrop.steps.services import log_step
from evaldrop.storage import uri_of


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Read a run's raw replies and write everything people read."""
    run, results = event["run"], event["results"]
    scorecard = build_scorecard(run["folder"], uri_of(results["Bucket"], results["Key"]))
    evaluation = RunDefinition.load(run["folder"]).evaluation
    publish_metrics(scorecard, evaluation, environment=os.environ)
    log_step("BuildScorecard", run_id=scorecard.run_id, decision=scorecard.gate.decision)
    return {"run": run, **scorecard_notice(scorecard, folder=run["folder"], notify=evaluation.notify)}
