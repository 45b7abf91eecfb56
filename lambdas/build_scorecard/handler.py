"""BuildScorecard: result files in; scorecard, tables, report and the gate's decision out."""

from typing import Any

from evaldrop.definition import RunDefinition
from evaldrop.notices import scorecard_notice
from evaldrop.scorecard import build_scorecard
from evaldrop.storage import uri_of


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Read a run's raw replies and write everything people read."""
    run, results = event["run"], event["results"]
    scorecard = build_scorecard(run["folder"], uri_of(results["Bucket"], results["Key"]))
    notify = RunDefinition.load(run["folder"]).evaluation.notify
    return {"run": run, **scorecard_notice(scorecard, folder=run["folder"], notify=notify)}
