"""The run that a command was given, found by its name; refused in words when it has not come to its end."""

from collections.abc import Iterator

from evaldrop import storage
from evaldrop.cli.next_steps import command, resume
from evaldrop.cli.output import shown, stderr
from evaldrop.cli.prose import print_prose
from evaldrop.errors import InputError
from evaldrop.run.naming import RunsBelow, find_run, is_word
from evaldrop.run.place import DEFAULT_OUT


def begun_run(name: str, out: str | None = None) -> str:
    """
    Return the folder of a run, finished or not; of one that is named by its time say which it is.

    Raises:
        InputError: There is none of this name, or several.
    """
    folder = find_run(name, out or DEFAULT_OUT)
    if is_word(name):
        # On stderr: stdout may be read by a program. Which one it was is not to be guessed from its numbers.
        print_prose(stderr(), f"[dim]{shown(name)} is {shown(folder)}[/dim]")
    return folder


def finished_runs(evaluation: str, out: str | None = None) -> Iterator[str]:
    """Yield the folders of an evaluation's runs that have a scorecard, the newest first."""
    runs = RunsBelow(out or DEFAULT_OUT)
    for each in runs.newest_first(evaluation) if evaluation in runs.evaluations else ():
        if storage.exists(storage.join(runs.folder(each), "scorecard.json")):
            yield runs.folder(each)


def finished_run(name: str, out: str | None = None) -> str:
    """
    Return the folder of a run that has a scorecard; likewise.

    Raises:
        InputError: There is none of this name, or several, or it has not ended.
    """
    folder = begun_run(name, out)
    if not storage.exists(storage.join(folder, "scorecard.json")):
        way = (
            f"`{command('watch', folder)}` tells how far it is"
            if storage.is_s3(folder)
            else f"`{resume(folder)}` goes on with it"
        )
        raise InputError(
            f"{folder}: no scorecard.json there: this run has not ended. {way}; "
            f"`{command('report', folder)}` "
            "scores what there is."
        )
    return folder
