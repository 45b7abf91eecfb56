"""Folders of runs on this machine: finished ones, and one that has only begun."""

import json

from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import record, response, row, run_json, write_run


def begin(out, run_id, *, hour=9, evaluation="support", **changes):
    """Write a run's folder as far as ValidateDataset does."""
    folder = out / evaluation / run_id
    folder.mkdir(parents=True)
    definition = run_json(
        run_id=run_id,
        evaluation_name=evaluation,
        **{"started_at": f"2026-11-21T{hour:02}:00:00+00:00", **changes},
        evaluation={"name": evaluation},
    )
    (folder / "run.json").write_text(json.dumps(definition))
    return folder


def finish(out, run_id, *, hour=9, evaluation="support", **changes):
    """Write a run's folder with its scorecard."""
    folder = out / evaluation / run_id
    scores = {"correctness": 1, "tone": 5}
    rows = [row(f"r{n}", response("lite", scores=scores), response("haiku", scores=scores)) for n in range(3)]
    definition = run_json(
        run_id=run_id,
        evaluation_name=evaluation,
        started_at=f"2026-11-21T{hour:02}:00:00+00:00",
        evaluation={"name": evaluation},
        **changes,
    )
    write_run(str(folder), run=definition, records=[record(f"r{n}") for n in range(3)], succeeded=rows)
    build_scorecard(str(folder))
    return folder
