"""`evaldrop prove`: would the judges and checks of a run have noticed that responses are worse?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from evaldrop.cli import exits
from evaldrop.cli.naming import finished_run
from evaldrop.cli.options import AsJson, Budget, MaxInFlight, RunFolder, Yes, without_credentials
from evaldrop.cli.output import complain, print_json, shown, stderr, stdout
from evaldrop.cli.prose import print_prose
from evaldrop.errors import InputError

if TYPE_CHECKING:
    from evaldrop.proving.edits import FaultKind
    from evaldrop.running.here import LocalRun
    from evaldrop.scorecard.model.proof import Proof


def prove(
    run: RunFolder,
    faults: Annotated[
        bool, typer.Option("--faults", help="Have copies judged; without it, what was judged is shown.")
    ] = False,
    candidate: Annotated[
        str | None,
        typer.Option("--candidate", metavar="NAME", help="Whose responses; by default who is recommended."),
    ] = None,
    records: Annotated[
        int, typer.Option("--records", min=1, help="The most records; categories keep their shares.")
    ] = 200,
    kinds: Annotated[
        str | None, typer.Option("--kinds", metavar="A,B", help="Kinds of faults; all by default.")
    ] = None,
    drop: Annotated[
        list[float] | None,
        typer.Option(
            "--drop",
            min=0.001,
            max=1.0,
            help="Drop of the pass rate that is asked about, 0.05 being five points; may be given again. "
            "0.02, 0.05 and 0.1 by default.",
        ),
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
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Write the copies, say what judging them is likely to cost, and call nobody."
        ),
    ] = False,
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

        evaldrop prove latest --faults --dry-run

        evaldrop prove latest --faults --kinds wrong_number,padding --records 50
    """
    from evaldrop.cli.reporting import scored
    from evaldrop.cli.running import run_and_show
    from evaldrop.running.proof import DROPS, proof_run, proved_candidate, read_proof

    folder = finished_run(run)

    def show() -> int:
        found = read_proof(folder, drops=drop or DROPS)
        if as_json:
            print_json(found.model_dump(mode="json"))
        else:
            for sentence in _sentences(found):
                print_prose(stdout(), shown(sentence))
        # Scorecard, gate and report tell of it too.
        scored(folder, rebuild=True)
        return exits.PASSED

    if not faults and not dry_run:
        return show()
    wanted = proof_run(
        folder,
        candidate=candidate or proved_candidate(folder),
        kinds=_kinds(kinds),
        records=records,
        bedrock=bedrock,
        max_in_flight=max_in_flight,
        budget_usd=budget,
    )
    if dry_run:
        return _say_price(wanted, as_json=as_json)
    return run_and_show(wanted, yes=yes, as_json=as_json, show=show)


def _say_price(run: "LocalRun", *, as_json: bool) -> int:
    from evaldrop.cli.advice import problem_with_advice
    from evaldrop.cli.running import show_plan
    from evaldrop.steps.validate_dataset.validate import check_dataset

    check = check_dataset(run.request)
    if check.plan is None:
        complain("\n".join(map(problem_with_advice, check.problems)))
        return exits.WRONG_USE
    if as_json:
        print_json(check.plan.to_json())
    else:
        show_plan(stdout(), check)
    print_prose(stderr(), f"nothing was called (--dry-run). The copies: {shown(run.request.dataset)}")
    return exits.PASSED


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
    from evaldrop.proving.words import kind_in_words
    from evaldrop.scorecard import figures

    if proof.simulated:
        yield "SIMULATED: judges of a rehearsal; this says nothing of real ones."
    yield f"{proof.records:,} responses of {proof.candidate}, with planted faults and without:"
    yield from proof.sentences
    for each in proof.noticed:
        if each.judge is None and each.share is not None and each.interval is not None:
            chance = "" if each.by_chance is None else f"; by chance {figures.percent(each.by_chance)}"
            yield (
                f"{each.criterion}, {kind_in_words(each.kind)}: {each.decision}; worse in "
                f"{figures.percent(each.share)} of {figures.count(each.n)} "
                f"({figures.percent_interval(each.interval)}{chance})"
            )
