"""`evaldrop rejudge --bridge`: its price, what the new judge reads, and how the scales are linked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from evaldrop.bedrock.metered import Meter
from evaldrop.cli import exits
from evaldrop.cli.naming import finished_runs
from evaldrop.cli.output import complain, confirmed, is_attended, print_json, shown, stderr, stdout, warn
from evaldrop.cli.progress import RunProgress
from evaldrop.cli.prose import print_prose
from evaldrop.run.definition import RunDefinition
from evaldrop.run.request import out_of
from evaldrop.running.bridging import Bridging, bridging, keep_bridge, planned_calls
from evaldrop.running.here import LocalRun, execute_here
from evaldrop.running.history.noting import note_begun, note_ended
from evaldrop.running.stopping import as_ctrl_c
from evaldrop.scorecard.figures import usd
from evaldrop.scorecard.trend.bridges import BRIDGES_FILE, Bridge


class BridgeWish(NamedTuple):
    """What was asked for; see `running.bridging.bridging`."""

    judge: str
    replaces: str | None
    runs: int
    bedrock: str | None


def build_bridge(folder: str, wanted: BridgeWish, *, out: str | None, yes: bool, as_json: bool) -> int:
    """Judge the last runs again by a new judge, link both, and say how; return the exit code."""
    name = RunDefinition.load(folder).evaluation_name
    earlier = finished_runs(name, out or out_of(folder))
    made = bridging(folder, earlier, **wanted._asdict())
    code = _agreed(made, yes=yes)
    for run in made.runs if code is None else ():
        code = _execute(run)
        if code is not None:
            break
    if code is not None:
        return code
    bridge = keep_bridge(made)
    if as_json:
        print_json(bridge.model_dump(mode="json"))
    else:
        _show(bridge, name)
    linked = any(not each.score.unlinked for each in bridge.criteria.values())
    return exits.PASSED if linked else exits.RUN_FAILED


def _agreed(made: Bridging, *, yes: bool) -> int | None:
    """Say what it costs, and ask where there is somebody; None to go on."""
    costs: list[float | None] = []
    problems: list[str] = []
    for _, cost, of_run in planned_calls(made.runs):
        costs.append(cost)
        problems += of_run
    if problems:
        complain("\n".join(dict.fromkeys(problems)))
        return exits.WRONG_USE
    known = None if None in costs else sum(cost for cost in costs if cost is not None)
    runs = f"{len(made.runs)} run{'s' if len(made.runs) != 1 else ''}"
    print_prose(
        stderr(),
        f"{shown(made.new_judge)} reads the responses of {runs} in the place of {shown(made.old_judge)}; no "
        f"candidate is called. It costs about {usd(known)}.",
    )
    is_paid = any(run.request.bedrock.startswith("aws") for run in made.runs)
    if is_paid and not yes and is_attended() and not confirmed("Judge them?"):
        complain("stopped before anything was spent.")
        return exits.WRONG_USE
    return None


def _execute(run: LocalRun) -> int | None:
    progress = RunProgress(stderr())

    @contextmanager
    def watch(meter: Meter) -> Iterator[RunProgress]:
        with progress.shown(meter):
            yield progress

    note_begun(run)
    with as_ctrl_c():
        execution = execute_here(run, watch, warn)
    note_ended(run, execution, warn)
    if execution is None:
        return exits.INTERRUPTED
    if execution.status != "SUCCEEDED":
        complain(str(execution.cause or execution.error))
        return exits.RUN_FAILED
    return None


def _show(bridge: Bridge, evaluation: str) -> None:
    console = stdout()
    simulated = "SIMULATED. " if bridge.simulated else ""
    made = bridge.made_at[:10]
    print_prose(
        console, f"{simulated}{shown(bridge.old_judge)} on {shown(bridge.new_judge)}'s scale, made {made}"
    )
    for name, links in bridge.criteria.items():
        print_prose(console, f"{shown(name)}: {shown(links.score.sentence)}")
        if links.passed:
            print_prose(console, f"{shown(name)}, pass rate: {shown(links.passed.sentence)}")
    print_prose(
        console,
        f"Kept in {shown(evaluation)}/{BRIDGES_FILE}. Put {shown(bridge.new_judge)} into the evaluation: "
        "from its next run on the history shows the earlier ones on the new scale, where they are linked.",
    )
