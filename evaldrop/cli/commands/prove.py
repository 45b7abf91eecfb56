"""`evaldrop prove`: would the judges and checks of a run have noticed that responses are worse?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from evaldrop.cli import exits
from evaldrop.cli.naming import finished_run
from evaldrop.cli.options import AsJson, Budget, MaxInFlight, RunFolder, Yes, without_credentials
from evaldrop.cli.output import print_json, shown, stdout
from evaldrop.cli.prose import print_prose
from evaldrop.errors import InputError

if TYPE_CHECKING:
    from evaldrop.proving.edits import FaultKind
    from evaldrop.scorecard.model.proof import Proof


def prove(
    run: RunFolder,
    faults: Annotated[
        bool, typer.Option("--faults", help="Have copies judged; without it, what was judged is shown.")
    ] = False,
    candidate: Annotated[
        str | None,
        typer.Option("--candidate", metavar="NAME", help="Whose responses; by default the first's."),
    ] = None,
    records: Annotated[
        int, typer.Option("--records", min=1, help="The most records; categories keep their shares.")
    ] = 200,
    kinds: Annotated[
        str | None, typer.Option("--kinds", metavar="A,B", help="Kinds of faults; all by default.")
    ] = None,
    bedrock: Annotated[
        str | None,
        typer.Option(
            "--bedrock",
            callback=without_credentials,
            metavar="RUNTIME",
            help="Who answers; by default as in the run.",
        ),
    ] = None,
    max_in_flight: MaxInFlight = None,
    budget: Budget = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """
    Have a run's judges and checks judge its own responses again, unchanged and with planted faults.

    Candidates are not called. Judges are, for every copy, and do not see which copy is which. One that was
    stopped goes on by `evaldrop run --resume`; without --faults its result is then read.

    Examples:

        evaldrop prove latest --faults

        evaldrop prove latest --faults --kinds wrong_number,padding --records 50
    """
    from evaldrop.cli.reporting import scored
    from evaldrop.cli.running import run_and_show
    from evaldrop.run.definition import RunDefinition
    from evaldrop.running.proof import proof_run, read_proof

    folder = finished_run(run)

    def show() -> int:
        found = read_proof(folder)
        if as_json:
            print_json(found.model_dump(mode="json"))
        else:
            for sentence in _sentences(found):
                print_prose(stdout(), shown(sentence))
        # Scorecard, gate and report tell of it too.
        scored(folder, rebuild=True)
        return exits.PASSED

    if not faults:
        return show()
    wanted = proof_run(
        folder,
        candidate=candidate or RunDefinition.load(folder).evaluation.candidates[0].name,
        kinds=_kinds(kinds),
        records=records,
        bedrock=bedrock,
        max_in_flight=max_in_flight,
        budget_usd=budget,
    )
    return run_and_show(wanted, yes=yes, as_json=as_json, show=show)


def _kinds(names: str | None) -> "tuple[FaultKind, ...]":
    from evaldrop.proving.edits import FAULT_KINDS

    if names is None:
        return FAULT_KINDS
    wanted = {name.strip() for name in names.split(",")}
    unknown = sorted(wanted - set(FAULT_KINDS))
    if unknown:
        raise InputError(f"--kinds {unknown[0]}: no kind of fault. There are {', '.join(FAULT_KINDS)}.")
    return tuple(kind for kind in FAULT_KINDS if kind in wanted)


def _sentences(proof: "Proof") -> Iterator[str]:
    if proof.simulated:
        yield "SIMULATED: judges of a rehearsal; this says nothing of real ones."
    yield f"{proof.records:,} responses of {proof.candidate}, with planted faults and without:"
    for each in proof.noticed:
        if each.judge is None and each.share is not None and each.interval is not None:
            low, high = each.interval
            chance = "" if each.by_chance is None else f", by chance {each.by_chance:.0%}"
            yield (
                f"{each.criterion}, {each.kind}: {each.decision}; worse in {each.share:.0%} of {each.n:,} "
                f"({low:.0%} to {high:.0%}{chance})"
            )
    for power in proof.power:
        if power.kind is None and power.look == "single":
            what = f"{power.criterion}, a drop of {power.drop:.0%}"
            if power.share is None or power.interval is None:
                yield f"{what}: cannot be told{f', {power.reason}' if power.reason else ''}"
            else:
                low, high = power.interval
                yield f"{what}: found in {power.share:.0%} of tries ({low:.0%} to {high:.0%})"
