"""`evaldrop bless`: the run that later runs are held to."""

from evaldrop import storage
from evaldrop.cli.naming import finished_run
from evaldrop.cli.options import Force, RunFolder, RunsIn
from evaldrop.cli.output import shown, stdout, warn
from evaldrop.cli.prose import print_prose
from evaldrop.run.place import DEFAULT_OUT


def bless(run: RunFolder, out: RunsIn = DEFAULT_OUT, force: Force = False) -> None:
    """
    Make a run the baseline of its evaluation; every later run is compared with it by itself.

    Its name is kept in `baseline.json` in the evaluation's folder, beside the runs; the history,
    `index.html`, marks it.

    Examples:

        evaldrop bless latest

        evaldrop bless s3://bucket/runs/support-answers/20261121T101500Z-4f3a2b
    """
    from evaldrop.report.history_index import INDEX_FILE, renew_index
    from evaldrop.run.request import out_of
    from evaldrop.scorecard.baseline.blessing import bless as bless_run
    from evaldrop.scorecard.read import read_scorecard

    folder = finished_run(run, out)
    blessing = bless_run(folder, force=force)
    card = read_scorecard(folder)
    # A warning and no refusal: the first run of a weak candidate is a baseline that others improve on.
    if card.gate.decision in ("fail", "inconclusive"):
        warn(f"the gate of {blessing.run_id} is {card.gate.decision}; it is the baseline all the same.")
    if card.records.missing:
        warn(
            f"{card.records.missing:,} of its {card.records.read:,} records have no result: later runs are "
            "compared on the others alone."
        )
    kept_in = out_of(storage.absolute(folder))
    # A run that was copied elsewhere by itself belongs to no history.
    if storage.exists(storage.join(kept_in, INDEX_FILE)):
        renew_index(kept_in)
    print_prose(stdout(), f"baseline of {shown(card.evaluation)}: {shown(blessing.run_id)}")
