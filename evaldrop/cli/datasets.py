"""The dataset that a command was given: a file, the only one of a folder, or the one beside an evaluation."""

from itertools import islice
from typing import NamedTuple

from evaldrop import storage
from evaldrop.cli.advice import near_file
from evaldrop.cli.next_steps import command
from evaldrop.cli.output import shown, stderr
from evaldrop.cli.prose import print_prose
from evaldrop.datasets.files.formats import DATASET_ENDINGS, ENDINGS_IN_WORDS, has_ending, stem_of
from evaldrop.errors import DatasetError

_EVALUATION_ENDINGS = (".yaml", ".yml")
# Beside datasets, and none.
_OTHERS = (".schema.json",)
# A prefix in S3 may hold a million objects, which are listed a thousand at a time.
_MOST_LISTED = 1_000
_MOST_SHOWN = 8


class GivenDataset(NamedTuple):
    """A dataset's URI, and the evaluation's where it was given."""

    dataset: str
    evaluation: str | None


def given_dataset(given: str, evaluation: str | None = None) -> GivenDataset:
    """
    Return the dataset that is meant by a file, by a folder that holds one, or by an evaluation beside one.

    Raises:
        DatasetError: There is no such file; or none or several in the folder, which it names.
    """
    if _is_file(given):
        if not has_ending(given, _EVALUATION_ENDINGS):
            return GivenDataset(given, evaluation)
        found = GivenDataset(_beside(given), evaluation or given)
    elif _is_folder(given):
        found = GivenDataset(_only_one(given), evaluation)
    else:
        raise DatasetError(f"{given}: no such file.{near_file(given)}")
    print_prose(stderr(), f"[dim]the dataset is {shown(found.dataset)}[/dim]")
    return found


def datasets_in(folder: str) -> list[str]:
    """Return the names of the datasets right in a folder, sorted; anchors and schemas are none."""
    if storage.is_s3(folder):
        start = folder.rstrip("/") + "/"
        listed = (uri.removeprefix(start) for uri in islice(storage.list_files(folder), _MOST_LISTED))
        names = [name for name in listed if "/" not in name]
    else:
        names = sorted(path.name for path in storage.local_path(folder).iterdir() if path.is_file())
    found = [
        name
        for name in names
        if has_ending(name, DATASET_ENDINGS) and not has_ending(name, _OTHERS) and not name.startswith(".")
    ]
    return [name for name in found if name not in _anchors(folder)] if len(found) > 1 else found


def _anchors(folder: str) -> set[str]:
    """Return the files of frozen responses that the evaluation of a folder names."""
    from evaldrop.evaluation.finding import FILE_NAME
    from evaldrop.evaluation.load import read_loosely

    uri = storage.join(folder, FILE_NAME)
    anchors = read_loosely(uri).get("anchors") if storage.exists(uri) else None
    return {str(value) for value in (anchors.values() if isinstance(anchors, dict) else (anchors,))}


def _is_file(given: str) -> bool:
    # What is asked first of S3 is whether the object is there: most give a file.
    return storage.exists(given)


def _is_folder(given: str) -> bool:
    if storage.is_s3(given):
        return any(True for _ in storage.list_files(given))
    return storage.local_path(given).is_dir()


def _only_one(folder: str) -> str:
    names = datasets_in(folder)
    if len(names) == 1:
        return storage.join(folder, names[0])
    if names:
        more = f" and {len(names) - _MOST_SHOWN:,} more" if len(names) > _MOST_SHOWN else ""
        raise DatasetError(
            f"{folder}: {len(names):,} datasets: {', '.join(names[:_MOST_SHOWN])}{more}. "
            f"Say which: {storage.join(folder, names[0])}"
        )
    raise DatasetError(
        f"{folder}: a folder without a dataset. Looked for: a file that ends with {ENDINGS_IN_WORDS}, right "
        "in it. evaldrop init DIR writes an example."
    )


def _beside(evaluation: str) -> str:
    folder = storage.parent(evaluation) or "."
    if not storage.is_s3(evaluation):
        # As it was given, so that messages name it so.
        folder = evaluation.rpartition("/")[0] or ("/" if evaluation.startswith("/") else ".")
    names = datasets_in(folder)
    stem = stem_of(evaluation).rpartition("/")[2]
    own = [name for name in names if stem_of(name) == stem] or names
    if len(own) == 1:
        return own[0] if folder == "." else storage.join(folder, own[0])
    there = f"Beside it: {', '.join(own[:_MOST_SHOWN])}." if own else "No dataset is beside it."
    raise DatasetError(
        f"{evaluation}: an evaluation, and no dataset. {there} Give the dataset: "
        f"`{command('run', 'DATASET', '--evaluation', evaluation)}`"
    )
