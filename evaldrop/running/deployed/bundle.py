"""
What goes up with a dataset, and where: its evaluation with all that it reads.

All of it has to be in the bucket before the dataset, whose event starts the run.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple, cast

from evaldrop import storage
from evaldrop.datasets.files.formats import DATASET_ENDINGS, ENDINGS_IN_WORDS, stem_of
from evaldrop.errors import EvaluationError, InputError, PromptError
from evaldrop.evaluation import find_evaluation, parse_evaluation
from evaldrop.evaluation.finding import FILE_NAME
from evaldrop.evaluation.prompts import Kind, find_prompt, load_prompt
from evaldrop.evaluation.schema_files import schema_files
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.start_run.prefixes import DATASETS, EVALUATIONS

SUBMITTED = f"{EVALUATIONS}submitted/"
"""Where evaluations go that are given for one run: each in a folder named by its content."""

_FOLDER = DATASETS.rstrip("/")


class File(NamedTuple):
    """A small file that goes up before the dataset."""

    key: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationBundle:
    """
    An evaluation with all it reads, as it is on this machine.

    Attributes:
        evaluation: The file.
        prompts: `candidate/answer.v1`: text, of all that it names.
        beside: The files it names, of anchors and of JSON Schemas, their keys relative to its folder.
    """

    evaluation: bytes
    prompts: Mapping[str, str]
    beside: tuple[File, ...] = ()

    def at(self, key: str) -> tuple[File, ...]:
        """
        Return the files that are this evaluation at a key; the evaluation itself is the last of them.

        Prompts go into its own folder, where they are looked for first: none of a folder above can take their
        place.
        """
        folder = key.rpartition("/")[0]
        prompts = [
            File(f"{folder}/prompts/{name}.md", text.encode()) for name, text in sorted(self.prompts.items())
        ]
        beside = [File(f"{folder}/{file.key}", file.content) for file in self.beside]
        return (*prompts, *beside, File(key, self.evaluation))

    @property
    def starts_a_run(self) -> bool:
        """Whether a file of it would, below `datasets/`, be taken for a dataset."""
        return any(file.key.endswith(DATASET_ENDINGS) for file in self.beside)

    @property
    def pinned_key(self) -> str:
        """Where it is put when it is meant for one run: no other has this key, and it is never replaced."""
        digest = hashlib.sha256()
        for file in self.at(f"x/{FILE_NAME}"):
            # Key and length too: without them a text moved from one file's end to the next one's begin gives
            # one digest.
            digest.update(f"{file.key}\0{len(file.content)}\0".encode() + file.content)
        return f"{SUBMITTED}{digest.hexdigest()[:32]}/{FILE_NAME}"


def read_bundle(definition: RunDefinition, evaluation: str) -> EvaluationBundle:
    """
    Return an evaluation, by its URI, with what it reads; the run as it would be has its prompts.

    Raises:
        EvaluationError: A file of it is where it cannot be taken along.
    """
    content = storage.read_bytes(evaluation)
    parsed = parse_evaluation(content, source=evaluation)
    named = [("anchors.file", parsed.anchors.file)] if parsed.anchors and parsed.anchors.file else []
    named += [("checks", name) for name in dict.fromkeys(schema_files(parsed.checks))]
    beside = tuple(_beside(evaluation, name, key) for key, name in named)
    return EvaluationBundle(evaluation=content, prompts=definition.prompt_files, beside=beside)


def _beside(evaluation: str, name: str, key: str) -> File:
    place = PurePosixPath(name)
    # Taken along it would leave the evaluation's folder in the bucket, and overwrite what is another's.
    if place.is_absolute() or ".." in place.parts:
        raise EvaluationError(
            f"{evaluation}: {key}: {name} must lie in the evaluation's folder, or below, "
            "to be uploaded with it."
        )
    return File(place.as_posix(), storage.read_bytes(storage.join(storage.parent(evaluation) or ".", name)))


def found_there(bundle: EvaluationBundle, uri: str) -> tuple[str, ...] | None:
    """Return the keys of the evaluation and prompts that the stack finds by itself, if they say the same."""
    found = find_evaluation(uri)
    # Compared by what the stack would find and not by key: an evaluation in a folder above serves as well.
    if found is None or storage.read_bytes(found) != bundle.evaluation:
        return None
    folder, uris = storage.parent(found), [found]
    for name, text in bundle.prompts.items():
        kind, _, prompt = name.partition("/")
        try:
            if load_prompt(cast("Kind", kind), prompt, near=folder).text != text:
                return None
        except PromptError:
            return None
        uris += filter(None, [find_prompt(cast("Kind", kind), prompt, near=folder)])
    for file in bundle.beside:
        there = storage.join(str(folder), file.key)
        if not storage.exists(there) or storage.read_bytes(there) != file.content:
            return None
        uris.append(there)
    return tuple(storage.place(each).key for each in uris)


def dataset_key(dataset: Path, *, here: Path) -> str:
    """
    Return the key of a dataset: below `datasets/` as it is below a folder of that name on this machine.

    Without such a folder its path from `here` counts; for one that is not below `here` its folder's name.
    Both are absolute.
    """
    parts = dataset.parts[1:]
    if _FOLDER in parts[:-1]:
        # The innermost: a checkout may itself be in a folder named datasets.
        innermost = len(parts) - 2 - parts[-2::-1].index(_FOLDER)
        return "/".join(parts[innermost:])
    if dataset.is_relative_to(here):
        return f"{DATASETS}{dataset.relative_to(here).as_posix()}"
    return f"{DATASETS}{'/'.join(parts[-2:])}"


def chosen_key(key: str) -> str:
    """
    Return a key that was asked for.

    Raises:
        InputError: No run would be started for a dataset there.
    """
    name = key.rpartition("/")[2]
    if key.startswith(DATASETS) and key.endswith(DATASET_ENDINGS) and name not in DATASET_ENDINGS:
        return key
    raise InputError(f'--key {key}: a dataset lies below "{DATASETS}" and ends in {ENDINGS_IN_WORDS}.')


def sidecar_key(key: str) -> str:
    """Return the key of the evaluation that decides for this dataset alone, before any other."""
    return f"{stem_of(key)}.yaml"
