"""BuildScorecard: result files in; scorecard, tables, report and the gate's decision out."""

import os
from typing import Any

from evaldrop.run.definition import RunDefinition
from evaldrop.run.part_sizes import PartSizes
from evaldrop.run.parts import PartTask
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.steps.build_scorecard.build import score_run
from evaldrop.steps.build_scorecard.cloudwatch import publish_metrics
from evaldrop.steps.build_scorecard.in_parts import score_in_parts, score_part
from evaldrop.steps.lifecycle.scored import tell_finished
from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.steps.report_failure.notices import scorecard_notice
from evaldrop.steps.services import log_step
from evaldrop.storage import uri_of


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Read a run's raw replies and write everything people read; of a large run, do so in parts."""
    run = event["run"]
    if "part" in event:
        task = PartTask.read(event)
        score_part(RunDefinition.load(run["folder"]), task)
        log_step("BuildScorecard", run_id=run["run_id"], stage=task.stage, part=task.number)
        return {}
    # The newest Map run first: that of all records, then that of the first ones.
    places = [event["results"], *event.get("earlier", ())]
    manifests = [uri_of(place["Bucket"], place["Key"]) for place in places]
    definition = RunDefinition.load(run["folder"])
    if (parts := event.get("parts")) is None:
        scorecard = score_run(definition, *manifests)
    else:
        sizes = PartSizes.from_environment(os.environ)
        made = score_in_parts(definition, manifests, parts.get("stage"), sizes)
        if not isinstance(made, Scorecard):
            return {**event, "parts": made}
        scorecard = made
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
