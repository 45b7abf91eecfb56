"""
Runs as people name them, looked up below the folder that runs are kept in.

`latest` · `latest:EVALUATION` · `previous` · an evaluation's name · a run's ID, or how it begins · a path or
an `s3://` URI of a run's folder, of a file in it, or of its evaluation's folder; and `~N` behind any name but
a path's: the Nth run before it, of the same evaluation.

Names of folders are read and no files, but of runs whose ID does not tell when they began.
"""

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple, NoReturn

from evaldrop import storage
from evaldrop.errors import InputError, StorageError
from evaldrop.nearest import did_you_mean
from evaldrop.run.place import RUN_FILE, has_begun, run_folder

LATEST, PREVIOUS = "latest", "previous"

_WORD = re.compile(rf"({LATEST}|{PREVIOUS})(?::(.+))?", re.DOTALL)
_BACK = re.compile(r"(.+?)~(\d{0,6})", re.DOTALL)
# As `new_run_id` writes them.
_DATED_ID = re.compile(r"(\d{8}T\d{6}Z)-")
_STARTED_AT = re.compile(rb'"started_at":\s*"([^"]{19,40})"')
# It is among run.json's first keys; what a prompt says comes later.
_HEAD_BYTES = 4096
_AT_A_TIME = 16
# results/<map run>/<file> is as deep as a run's files are.
_MOST_UP = 4
_MOST_SHOWN = 5
_MOST_GUESSED = 500
_MOST_CHARACTERS = 200


class KeptRun(NamedTuple):
    """A run by the names of its folders."""

    evaluation: str
    run_id: str

    def __str__(self) -> str:
        return f"{self.evaluation}/{self.run_id}"


class RunsBelow:
    """The runs below a folder, `<out>/<evaluation>/<run_id>`; what was listed is not listed again."""

    def __init__(self, out: str) -> None:
        self.out = out.rstrip("/") or out
        self._ids = cache(lambda evaluation: storage.list_folders(storage.join(self.out, evaluation)))

    @cached_property
    def evaluations(self) -> list[str]:
        """Names of the folders that may be evaluations', sorted."""
        return storage.list_folders(self.out)

    def names(self, beginning: str = "") -> list[KeptRun]:
        """Return folders that may be runs', of IDs that begin so, the last by name first; nothing is read."""
        named = (run for run in self._named(None) if run.run_id.startswith(beginning))
        return sorted(named, key=lambda run: run.run_id, reverse=True)

    def folder(self, run: KeptRun) -> str:
        """Return the URI of a run's folder."""
        return run_folder(self.out, *run)

    def newest_first(self, evaluation: str | None = None) -> Iterator[KeptRun]:
        """Yield the runs that have begun, of one evaluation or of all, the newest first."""
        for run in self._sorted(self._named(evaluation)):
            if has_begun(self.folder(run)):
                yield run

    def beginning(self, beginning: str, evaluation: str | None = None) -> list[KeptRun]:
        """Return the runs whose ID begins so, the newest first; of this very ID alone if there are any."""
        named = [run for run in self._named(evaluation) if run.run_id.startswith(beginning)]
        found = [run for run in self._sorted(named) if has_begun(self.folder(run))]
        return [run for run in found if run.run_id == beginning] or found

    def _named(self, evaluation: str | None) -> list[KeptRun]:
        names = self.evaluations if evaluation is None else [evaluation]
        return [KeptRun(each, run_id) for each in names for run_id in self._ids(each)]

    def _sorted(self, runs: Sequence[KeptRun]) -> list[KeptRun]:
        """Return runs the newest first, by when they began and then by ID, as stores of runs list them."""
        began = dict(zip(runs, self._began(runs), strict=True))
        return sorted(runs, key=lambda run: (began[run], run.run_id), reverse=True)

    def _began(self, runs: Sequence[KeptRun]) -> list[str]:
        """Return when runs began, as their IDs say it; "" of a folder that is no run's."""
        began = [match[1] if (match := _DATED_ID.match(run.run_id)) else None for run in runs]
        undated = [self.folder(run) for run, when in zip(runs, began, strict=True) if when is None]
        # Objects come one round trip at a time; files at once.
        if storage.is_s3(self.out):
            with ThreadPoolExecutor(_AT_A_TIME) as workers:
                read = iter(list(workers.map(_started_at, undated)))
        else:
            read = map(_started_at, undated)
        return [next(read) if when is None else when for when in began]


def find_run(name: str, out: str) -> str:
    """
    Return the URI of the folder of the run that is meant.

    Args:
        name: As the module's first lines have it. `latest` and `previous` are these words whatever else is
            called so; `./latest` is a folder, `latest:latest` an evaluation.
        out: The folder that runs are kept in.

    Raises:
        InputError: There is no such run, or several; the message says what there is.
        StorageError: S3 or the file system would not say.
    """
    if not name.strip():
        raise InputError(f"RUN is empty. Name a run: {LATEST}, an evaluation, an ID, or a folder.")
    runs = RunsBelow(out)
    if (found := _BACK.fullmatch(name)) and not (storage.is_s3(name) or _is_there(name)):
        return _before(_found(found[1], runs), int(found[2] or 1), name)
    return _found(name, runs)


def find_named_run(name: str, out: str) -> str | None:
    """
    Return the URI of the folder of the run that is meant by a word, an evaluation or an ID, and by no place.

    None where nothing is called so: of a stack's runs one that is named may not have begun.

    Raises:
        InputError: There are several such runs; or there is none where a word says that there are.
    """
    runs = RunsBelow(out)
    found = _BACK.fullmatch(name)
    base = found[1] if found else name
    folder = _by_word(base, runs) or _by_name(base, runs)
    return _before(folder, int(found[2] or 1), name) if folder and found else folder


def is_word(name: str) -> bool:
    """Tell whether a name says which run is meant by when it ran, and not where it is."""
    found = _BACK.fullmatch(name)
    return bool(_WORD.fullmatch(found[1] if found else name))


def _found(name: str, runs: RunsBelow) -> str:
    if folder := _by_word(name, runs):
        return folder
    if storage.is_s3(name):
        place = name.rstrip("/")
        above = storage.parent(storage.parent(place) or place)
        runs = RunsBelow(above or place)
        return _at(place) or _by_name(place, runs) or _refuse(place, runs)
    if name.startswith("file://"):
        name = str(storage.local_path(name))
    return (_at(name) if _is_there(name) else None) or _by_name(name, runs) or _refuse(name, runs)


def _by_word(name: str, runs: RunsBelow) -> str | None:
    word = _WORD.fullmatch(name)
    if word is None:
        return None
    newest = runs.folder(_newest(name, word[2], runs))
    return newest if word[1] == LATEST else _before(newest, 1, name)


def _newest(name: str, evaluation: str | None, runs: RunsBelow) -> KeptRun:
    if evaluation is not None and evaluation not in runs.evaluations:
        raise _unknown(f'no evaluation "{evaluation}" has run below {runs.out}/.', evaluation, runs)
    newest = next(runs.newest_first(evaluation), None)
    if newest is None:
        raise _unknown(f'no run "{name}" below {runs.out}/.', "", runs)
    return newest


def _before(folder: str, back: int, name: str) -> str:
    """Return the run so many before another, of its evaluation."""
    place = storage.absolute(folder).rstrip("/")
    evaluation, run_id = storage.parent(place), place.rpartition("/")[2]
    above = storage.parent(evaluation) if evaluation else None
    if not (evaluation and above):
        raise InputError(f"{name}: {folder} is in no evaluation's folder, and no run is before it.")
    kept = list(RunsBelow(above).newest_first(evaluation.rpartition("/")[2]))
    later = next(place for place, run in enumerate(kept) if run.run_id == run_id)
    if later + back >= len(kept):
        before = len(kept) - later - 1
        said = f"{before} runs are" if before > 1 else "one run is" if before else "no run is"
        raise InputError(f"{name}: {said} before {run_id} in {evaluation}; give a smaller number.")
    earlier = kept[later + back].run_id
    # As the later one was given, so that what is printed can be pasted.
    return storage.join(evaluation, earlier) if storage.is_s3(folder) else str(Path(folder).parent / earlier)


def _is_there(path: str) -> bool:
    # A NUL, or a name that is too long, is no path at all.
    with suppress(OSError, ValueError, StorageError):
        return storage.local_path(path).exists()
    return False


def _at(place: str) -> str | None:
    """Return the run that a path or S3 URI is of: its folder, a file in it, or its evaluation's folder."""
    for each in _upwards(place):
        if has_begun(each):
            return each
    if not storage.is_s3(place) and not storage.local_path(place).is_dir():
        return None
    above = storage.parent(place)
    evaluation = storage.absolute(place).rstrip("/").rpartition("/")[2]
    if above and (newest := next(RunsBelow(above).newest_first(evaluation), None)):
        return storage.join(place, newest.run_id)
    inside = RunsBelow(place)
    if newest := next(inside.newest_first(), None):
        raise InputError(f"{place}: a folder of runs. {_there(inside)} Name one: {inside.folder(newest)}")
    return None


def _upwards(place: str) -> Iterator[str]:
    """Yield a place and the folders it is in, as deep as a run's files are."""
    if storage.is_s3(place):
        each: str | None = place
        for _ in range(_MOST_UP):
            if not each:
                return
            yield each
            each = storage.parent(each)
        return
    path, whole = Path(place).expanduser(), Path(os.path.normpath(storage.local_path(place)))
    given = [path, *path.parents] if ".." not in path.parts else []
    for depth, absolute in enumerate(islice((whole, *whole.parents), _MOST_UP)):
        # As it was given, so that what is printed can be pasted; but a dot is no name of a run.
        yield str(given[depth]) if depth < len(given) and given[depth].name else str(absolute)


def _by_name(name: str, runs: RunsBelow) -> str | None:
    """Return the run of a name below the folder of runs; a path there may break off within the ID."""
    within = name.rstrip("/").removeprefix(f"{runs.out}/").removeprefix("./")
    if within in runs.evaluations and (newest := next(runs.newest_first(within), None)):
        return runs.folder(newest)
    evaluation, _, beginning = within.rpartition("/")
    is_path = "/" in evaluation or bool(evaluation and evaluation not in runs.evaluations)
    found = [] if is_path or not beginning else runs.beginning(beginning, evaluation or None)
    if len(found) > 1:
        shown = ", ".join(map(str, found[:_MOST_SHOWN])) + (", …" if len(found) > _MOST_SHOWN else "")
        raise InputError(f'"{name}" may be {len(found):,} runs below {runs.out}/: {shown}. Give more of it.')
    return runs.folder(found[0]) if found else None


def _refuse(name: str, runs: RunsBelow) -> NoReturn:
    shown = name if len(name) <= _MOST_CHARACTERS else f"{name[:_MOST_CHARACTERS]}…"
    if "/" in name or _is_there(name):
        raise _unknown(f"{shown}: no run.json there.{_kind(name)}", name.rpartition("/")[2], runs)
    raise _unknown(f'no run "{shown}" below {runs.out}/.', name, runs)


def _kind(name: str) -> str:
    if storage.is_s3(name):
        return " S3 has no such folder of a run."
    if not _is_there(name):
        return " There is no such file or folder."
    return f" It is a {'folder' if storage.local_path(name).is_dir() else 'file'} of no run."


def _unknown(what: str, meant: str, runs: RunsBelow) -> InputError:
    """Return the error of a name that is none: what was probably meant, and what there is."""
    known = [*runs.evaluations, LATEST, PREVIOUS, *(run.run_id for run in runs.names()[:_MOST_GUESSED])]
    guess = did_you_mean(meant, known) if meant else ""
    return InputError(f"{what}{guess} {_there(runs)}")


def _there(runs: RunsBelow) -> str:
    """Say which runs there are."""
    newest = next(every := runs.newest_first(), None)
    if newest is None:
        return f"No run is below {runs.out}/ yet: evaldrop run DATASET makes one, --out DIR looks elsewhere."
    # In S3 each would cost a request.
    if storage.is_s3(runs.out):
        return f"Below {runs.out}/ {LATEST} is {newest}."
    number = 1 + sum(1 for _ in every)
    counted = f"{number:,} runs are" if number > 1 else "One run is"
    return f"{counted} below {runs.out}/; {LATEST} is {newest}."


def _started_at(folder: str) -> str:
    """Return when a run began, as dated IDs have it; "" where the folder is no run's."""
    try:
        head = storage.read_bytes(storage.join(folder, RUN_FILE), most=_HEAD_BYTES)
        found = _STARTED_AT.search(head)
        began = datetime.fromisoformat(found[1].decode()) if found else datetime.fromtimestamp(0, UTC)
    except (StorageError, ValueError):
        return ""
    began = began if began.tzinfo else began.replace(tzinfo=UTC)
    return f"{began.astimezone(UTC):%Y%m%dT%H%M%SZ}"
