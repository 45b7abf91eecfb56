"""What `evaldrop adopt` reads of a run, and where the prompt is to be written."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson
from pydantic import ValidationError

from evaldrop import storage
from evaldrop.cli.next_steps import command
from evaldrop.cli.options import on_this_machine
from evaldrop.errors import InputError, StorageError, first_line
from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.evaluation.originals import improved_candidates
from evaldrop.evaluation.prompts import find_prompt
from evaldrop.nearest import did_you_mean
from evaldrop.prompt_search.adoption import Adoption, family_of, is_name, next_version
from evaldrop.prompt_search.state import SEARCH_FILE, Search, SearchFile
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.prompt_claims import claim_of
from evaldrop.shipped import resource


class Adoptable(NamedTuple):
    """A prompt that may be adopted, and whether the run shows it to be better."""

    adoption: Adoption
    is_shown: bool


def adoptable(folder: str, candidate: str) -> Adoptable:
    """
    Return the prompt that a run made for a candidate.

    Raises:
        InputError: The run made none for it, or none that is better than the first.
        StorageError: What the run kept of its search is not of this version.
    """
    definition = RunDefinition.load(folder)
    improved = _improved(definition, folder, candidate)
    search = _search(folder, candidate)
    claim = claim_of(folder, candidate)
    adoption = Adoption(
        run_id=definition.run_id,
        evaluation=definition.evaluation.name,
        simulated=definition.simulated,
        evaluation_uri=definition.evaluation_uri,
        search=search,
        improved=improved,
        claim=claim.words,
    )
    if not adoption.found_better:
        why = f" ({search.ended})" if search.ended else ""
        raise InputError(
            f"{folder}: no better prompt for {candidate} was found than {improved.improve or 'its first'}"
            f"{why}: "
            f"there is nothing to adopt. `{command('report', folder)}` shows what was tried."
        )
    return Adoptable(adoption, claim.is_better)


def _improved(definition: RunDefinition, folder: str, candidate: str) -> ImprovedPrompt:
    improved = {each.name: prompt for each, prompt in improved_candidates(definition.evaluation)}
    if not improved:
        raise InputError(
            f"{folder}: no candidate of this run has a prompt that the run made. Give one "
            "`prompt: {improve: answer.v1}` in evaluation.yaml, and run."
        )
    if candidate not in improved:
        near = did_you_mean(candidate, improved) or f" Name one of {', '.join(improved)}."
        raise InputError(f"{folder}: it made no prompt for {candidate}.{near}")
    return improved[candidate]


def _search(folder: str, candidate: str) -> Search:
    uri = storage.join(folder, SEARCH_FILE)
    if not storage.exists(uri):
        raise InputError(f"{folder}: no {SEARCH_FILE} there: the run made no prompt. Give another run.")
    text = storage.read_bytes(uri)
    try:
        searches = SearchFile.model_validate(orjson.loads(text)).searches
        found = next((each for each in searches if each.candidate == candidate), None)
        if found is not None:
            # Read here: a file that was edited may name a prompt that it does not hold.
            _ = found.proposal("original"), found.winner and found.proposal(found.winner)
            return found
    except (ValueError, StopIteration) as error:
        why = first_line(error) if isinstance(error, ValidationError) else "it is not what a run keeps"
        raise StorageError(f"{uri}: not a search of this version of evaldrop ({why}).") from error
    raise InputError(f"{uri}: no search for {candidate} in it. Give another run.")


def place_of(adoption: Adoption, to: str | None) -> Path:
    """
    Return the file that a prompt is adopted as, which is not there yet.

    Raises:
        InputError: It is there, or nobody knows where prompts are kept.
    """
    if to is None:
        path = _folder_of(adoption)
    else:
        path = Path(to).expanduser()
        on_this_machine(path)
    if path.suffix == ".md":
        return _new(path)
    family = family_of(adoption.search.candidate, adoption.improved)
    taken = [*_stems(path), *_stems(resource("prompts", "candidate")), adoption.improved.improve or ""]
    return _new(path / f"{next_version(family, taken)}.md")


def first_file(adoption: Adoption) -> str | None:
    """Return the URI of the file that the search began with; None where it is not on this machine."""
    beside = _beside(adoption)
    name = adoption.improved.improve
    return find_prompt("candidate", name, near=str(beside)) if beside and name else None


def is_changed(adoption: Adoption) -> bool:
    """Tell whether the file that the search began with has another text now."""
    found = first_file(adoption)
    return found is not None and storage.read_bytes(found).decode("utf-8-sig", "replace") != adoption.first


def _new(path: Path) -> Path:
    if not is_name(path.stem):
        raise InputError(f"{path}: a prompt's file is called like answer.v2.md. Give it such a name.")
    if path.exists():
        raise InputError(f"{path} is there, and nothing is overwritten. Give another name.")
    return path


def _folder_of(adoption: Adoption) -> Path:
    """Return the folder of the first prompt's file, or the one for such files beside the evaluation."""
    beside = _beside(adoption)
    if beside is None:
        where = adoption.evaluation_uri or "the run was given no file"
        raise InputError(f"the evaluation is not on this machine ({where}). Give a place with --to.")
    found = first_file(adoption)
    return storage.local_path(found).parent if found else beside / "prompts" / "candidate"


def _beside(adoption: Adoption) -> Path | None:
    uri = adoption.evaluation_uri
    folder = None if uri is None or storage.is_s3(uri) else storage.local_path(uri).parent
    return folder if folder is not None and folder.is_dir() else None


def _stems(folder: Path) -> Iterator[str]:
    return (each.stem for each in folder.glob("*.md")) if folder.is_dir() else iter(())
