"""What to do after a run: at most three commands, each on a line of its own that can be pasted as it is."""

import shlex
from typing import TYPE_CHECKING

from evaldrop import storage
from evaldrop.cli.output import say_commands
from evaldrop.errors import EvaldropError
from evaldrop.run.naming import find_run

if TYPE_CHECKING:
    from evaldrop.scorecard.model.scorecard import Scorecard

MOST = 3


def say_next(scorecard: "Scorecard", folder: str, *, again: str | None = None) -> None:
    """Print what to do next with a run; `again` is the command that calls again what failed in it."""
    say_commands("next:", next_steps(scorecard, folder, again=again))


def pages_of(scorecard: "Scorecard", folder: str) -> str:
    """Return where a run's pages are, a line each."""
    pages = ["report", *(["prompts"] if scorecard.prompts else [])]
    return "\n".join(f"{page}: {storage.join(folder, f'{page}.html')}" for page in pages)


def next_steps(scorecard: "Scorecard", folder: str, *, again: str | None = None) -> list[str]:
    """
    Return the commands, the most pressing first: go on or call again, open, adopt a prompt that is shown to
    be better, compare, and by the gate what became worse, how many records would decide, or bless.
    """
    from evaldrop.scorecard.model.scorecard import NO_GATE

    # Of a run that was stopped a scorecard may be made, too.
    again = resume(folder) if _is_stopped(folder) else again
    steps = [again] if again else []
    steps.append(command("report", folder, "--open"))
    if found := _better_prompt(scorecard):
        steps.append(command("adopt", folder, found))
    if earlier := _earlier(scorecard, folder):
        steps.append(command("compare", folder, earlier))
        if scorecard.gate.decision == "fail":
            steps.append(command("diff", folder, earlier, "--only", "worse"))
    if not again and scorecard.gate.decision == "inconclusive" and (plan := _plan(scorecard, folder)):
        steps.append(plan)
    # What did not pass its gate is not held up to later runs, and what is incomplete not yet.
    if not again and scorecard.gate.decision in {"pass", NO_GATE} and not _is_blessed(scorecard, folder):
        steps.append(command("bless", folder))
    return steps[:MOST]


def command(*words: str) -> str:
    """Return a command of evaldrop as a shell reads it, whatever the names of folders hold."""
    return shlex.join(("evaldrop", *words))


def resume(folder: str) -> str:
    """Return the command that goes on with a run."""
    return command("run", "--resume", folder)


def _earlier(scorecard: "Scorecard", folder: str) -> str | None:
    """Return the folder of the run that this one is held to, or else that was before it; None without one."""
    if scorecard.baseline is not None and scorecard.baseline.comparable:
        return scorecard.baseline.uri if _has_scorecard(scorecard.baseline.uri) else None
    # Not in S3, which would be listed for a mere hint.
    if storage.is_s3(folder):
        return None
    from evaldrop.scorecard.answers import silences
    from evaldrop.scorecard.read import read_scorecard

    try:
        before = find_run(f"{folder.rstrip('/')}~1", folder)
        earlier = read_scorecard(before)
    except EvaldropError:
        return None
    # Of other records, or of none that was answered, there is nothing to compare.
    is_like = earlier.dataset.sha256 == scorecard.dataset.sha256 and not silences(earlier)
    return before if is_like else None


def _better_prompt(scorecard: "Scorecard") -> str | None:
    """Return the first candidate whose prompt is shown to be better; None where the run failed."""
    from evaldrop.scorecard.answers import silences

    better = (name for name, made in scorecard.prompts.items() if made.test.decision == "better")
    found = next(better, None)
    return found if found is not None and not silences(scorecard) else None


def _is_stopped(folder: str) -> bool:
    from evaldrop.bedrock.journal import journal_of

    return not storage.is_s3(folder) and journal_of(folder).exists()


def _plan(scorecard: "Scorecard", folder: str) -> str | None:
    """Return the command that says how many records would decide; None where its files have gone."""
    from evaldrop.run.definition import RunDefinition
    from evaldrop.steps.validate_dataset.sensitivity import variance_like

    # Not in S3, which would be asked for a mere hint.
    if storage.is_s3(folder):
        return None
    try:
        definition = RunDefinition.load(folder)
    except EvaldropError:
        return None
    dataset, evaluation = definition.dataset.uri, definition.evaluation_uri
    if any(judge.api == "evaluation_job" for judge in definition.judges):
        # Nobody can ask such a judge for more, so there is nothing to plan.
        return None
    if evaluation is None or not (_is_file_here(dataset) and _is_file_here(evaluation)):
        return None
    try:
        variance_like(scorecard)
    except EvaldropError:
        return command("plan", dataset, "--evaluation", evaluation)
    return command("plan", dataset, "--evaluation", evaluation, "--like", folder)


def _is_file_here(uri: str) -> bool:
    return not storage.is_s3(uri) and storage.exists(uri)


def _has_scorecard(folder: str) -> bool:
    return storage.exists(storage.join(folder, "scorecard.json"))


def _is_blessed(scorecard: "Scorecard", folder: str) -> bool:
    from evaldrop.scorecard.baseline.blessing import blessed_run

    above = storage.parent(folder.rstrip("/"))
    try:
        blessed = blessed_run(above, simulated=scorecard.simulated) if above else None
    except EvaldropError:
        return False
    return blessed is not None and blessed.rstrip("/").endswith(f"/{scorecard.run_id}")
