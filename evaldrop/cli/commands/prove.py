"""`evaldrop prove`: would the judges and checks of a run have noticed that responses are worse?"""

from collections.abc import Iterator
from functools import partial
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
    from evaldrop.steps.validate_dataset.plan import Plan


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
    written_by: Annotated[
        str | None,
        typer.Option(
            "--written-by",
            metavar="MODEL",
            help="A model that writes the faults, more smoothly than code does: its ID. What it writes is "
            "paid for, and used only where it is the response with a fault.",
        ),
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

        evaldrop prove latest --faults --written-by us.amazon.nova-pro-v1:0
    """
    from evaldrop.cli.reporting import scored
    from evaldrop.cli.running import run_and_show
    from evaldrop.running.proof import drops_asked_before, proof_run, proved_candidate, read_proof
    from evaldrop.running.written_faults import WrittenBy, writing_run

    folder = finished_run(run)

    def show() -> int:
        found = read_proof(folder, drops=drop or drops_asked_before(folder))
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
    whose, planted = candidate or proved_candidate(folder), _kinds(kinds)
    judging = partial(
        proof_run,
        folder,
        candidate=whose,
        kinds=planted,
        records=records,
        bedrock=bedrock,
        max_in_flight=max_in_flight,
    )
    written: WrittenBy | None = None
    if written_by is not None:
        writing = writing_run(
            folder,
            model=written_by,
            candidate=whose,
            kinds=planted,
            records=records,
            bedrock=bedrock,
            max_in_flight=max_in_flight,
            budget_usd=budget,
        )
        if writing.run is not None:
            print_prose(stderr(), shown(f"{written_by} writes faults:"))
            if dry_run:
                return _say_both_prices(writing.run, judging(), as_json=as_json)
            if code := run_and_show(writing.run, yes=yes, as_json=False, show=_nothing_to_show):
                return code
        written = writing.written()
        budget = _rest_of(budget, writing.cost_usd)
        print_prose(stderr(), f"{len(written.faults.planted):,} faults are written; now they are judged:")
    wanted = judging(budget_usd=budget, written=written)
    if dry_run:
        return _say_price(wanted, budget, as_json=as_json)
    return run_and_show(wanted, yes=yes, as_json=as_json, show=show)


def _nothing_to_show() -> int:
    return exits.PASSED


def _rest_of(budget: float | None, spent: float) -> float | None:
    if budget is None:
        return None
    if spent >= budget:
        raise InputError(
            f"--budget {budget:g}: writing the faults took ${spent:.4f}; nothing is left to judge them."
        )
    return budget - spent


def _say_both_prices(writing: "LocalRun", judging: "LocalRun", *, as_json: bool) -> int:
    """Say what writing costs, and what judging: of as many faults as code would plant."""
    if as_json:
        plans = {"writing": _plan_of(writing), "judging": _plan_of(judging)}
        print_json({name: plan and plan.to_json() for name, plan in plans.items()})
        return exits.PASSED if all(plans.values()) else exits.WRONG_USE
    if code := _say_price(writing, as_json=False):
        return code
    print_prose(stderr(), "and they are judged, as many as code would have planted:")
    return _say_price(judging, as_json=False)


def _plan_of(run: "LocalRun") -> "Plan | None":
    from evaldrop.steps.validate_dataset.validate import check_dataset

    return check_dataset(run.request).plan


def _say_price(run: "LocalRun", budget: float | None = None, *, as_json: bool) -> int:
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
    likely = check.plan.cost_usd.likely
    if budget is not None and likely > budget:
        complain(
            f"the likely cost is ${likely:,.4f}, above --budget {budget:g}: judging would end before "
            "all copies are judged. Take fewer --records or --kinds, or raise the budget."
        )
        return exits.WRONG_USE
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
