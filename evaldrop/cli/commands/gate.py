"""`evaldrop gate`: a run's gate, judged again."""

from typing import Annotated

import typer

from evaldrop.cli import exits
from evaldrop.cli.naming import finished_run
from evaldrop.cli.next_steps import say_next
from evaldrop.cli.options import AsJson, RunFolder, RunsIn
from evaldrop.cli.output import print_json, shown, stdout
from evaldrop.cli.prose import print_prose
from evaldrop.run.place import DEFAULT_OUT


def gate(
    run: RunFolder,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule", "-r", metavar="RULE", help="Judge by this rule instead of the evaluation's; repeatable."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="An inconclusive gate fails: the exit code is 1, not 2.")
    ] = False,
    out: RunsIn = DEFAULT_OUT,
    as_json: AsJson = False,
) -> int:
    """
    Judge a finished run by its gate. Nothing is called and nothing is written.

    The exit code is 0 when the gate passed (or there is none), 1 when it failed, 2 when it is inconclusive, 3
    when somebody answered nothing.

    Examples:

        evaldrop gate latest --strict

        evaldrop gate support-answers --rule "correctness.pass_rate >= 0.9" --rule "no regression in tone"
    """
    from evaldrop.cli.tables.scorecard import DECISION_COLOURS
    from evaldrop.scorecard.gate import evaluate_gate
    from evaldrop.scorecard.read import read_run
    from evaldrop.scorecard.recommendation import recommend

    folder = finished_run(run, out)
    card = read_run(folder).scorecard
    # The scorecard's own verdict is not judged anew: an evaluation.yaml that changed since must not change
    # it.
    found = evaluate_gate(rule, card) if rule else card.gate
    # By these rules: another gate may leave another candidate to ship.
    judged = card.model_copy(update={"gate": found})
    code, said = exits.of_scorecard(judged, strict=strict), recommend(judged).reason
    if as_json:
        document = {"run_id": card.run_id, "simulated": card.simulated, "strict": strict, "exit_code": code}
        print_json({**document, "recommendation": said, **found.model_dump(mode="json")})
        return code
    # A gate that passed in a rehearsal says nothing about a model: it is marked wherever it is shown.
    if card.simulated and not said.startswith("SIMULATED"):
        stdout().print("[bold yellow]SIMULATED[/bold yellow]")
    strictly = ", which fails a strict gate" if strict and found.decision == "inconclusive" else ""
    print_prose(stdout(), shown(said))
    stdout().print(f"gate: [bold {DECISION_COLOURS[found.decision]}]{found.decision}[/]{strictly}")
    for reason in found.reasons:
        print_prose(stdout(), shown(reason), indent=2)
    say_next(judged, folder)
    return code
