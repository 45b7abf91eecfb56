"""`evaldrop calibrate`: the judge held against people."""

from typing import Annotated

import typer

from evaldrop.cli.naming import finished_run
from evaldrop.cli.next_steps import command
from evaldrop.cli.options import AsJson, RunFolder, RunsIn
from evaldrop.cli.output import print_json, say_commands, stdout
from evaldrop.errors import InputError
from evaldrop.run.place import DEFAULT_OUT


def calibrate(
    run: RunFolder,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Build the scorecard and its reports anew: labels decide in them."),
    ] = False,
    out: RunsIn = DEFAULT_OUT,
    as_json: AsJson = False,
) -> None:
    """
    Say how far the judges agree with people's labels, and what people would have given on all records.

    Means and differences are corrected by labels of a random sample of this run (`evaldrop review
    export`), or of all of it; others tell about the judge alone. With --apply they decide headline, pairs and
    gate.

    Examples:

        evaldrop calibrate latest

        evaldrop calibrate support-answers --apply
    """
    from evaldrop.cli.tables.calibration import print_calibration
    from evaldrop.run.definition import RunDefinition
    from evaldrop.run.lock import locked
    from evaldrop.scorecard.calibration import calibrate as held_against_people
    from evaldrop.scorecard.read import read_scorecard
    from evaldrop.steps.build_scorecard.build import score_run
    from evaldrop.steps.build_scorecard.by_people import differences_by_people, with_people

    folder = finished_run(run, out)
    definition = RunDefinition.load(folder)
    if apply:
        with locked(folder, doing="evaldrop calibrate --apply"):
            score_run(definition)
    found = held_against_people(definition)
    if found is None:
        write, store = command("review", "export", folder), command("review", "import", "FILE", folder)
        raise InputError(
            f"{folder}: people have scored none of its responses. `{write}` writes a page for them, "
            f"`{store}` stores what they say."
        )
    # Without --apply nothing is written: the correction is laid over the scorecard in memory alone.
    scorecard = with_people(read_scorecard(folder), found)
    differences = differences_by_people(scorecard, found)
    if as_json:
        print_json(
            {
                "run_id": scorecard.run_id,
                "evaluation": scorecard.evaluation,
                "simulated": scorecard.simulated,
                "confidence": scorecard.confidence,
                "preferences": [each.model_dump(mode="json") for each in found.preferences],
                "calibration": {name: each.model_dump(mode="json") for name, each in found.criteria.items()},
                "candidates": {
                    name: {
                        criterion: card.criteria[criterion].model_dump(
                            mode="json", include={"n_scored", "mean", "interval", "calibrated"}
                        )
                        for criterion in found.criteria
                        if criterion in card.criteria
                    }
                    for name, card in scorecard.candidates.items()
                },
                "differences": {
                    name: [pair._asdict() for pair in pairs] for name, pairs in differences.items()
                },
            }
        )
    else:
        print_calibration(stdout(), scorecard, differences)
        if not apply and any(each.random_sample for each in found.criteria.values()):
            say_commands(
                "to have labels decide headline, pairs and gate:", [command("calibrate", folder, "--apply")]
            )
