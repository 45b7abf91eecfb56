"""
What was asked, checked in full before anything is counted or put: the files of the run, its plan, its faults.

The check is ValidateDataset's own, on files in a temporary folder that lie there as they will lie beside the
run's dataset: what passes here passes there.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import orjson

from evaldrop import storage
from evaldrop.api.access import Caller
from evaldrop.api.asked import RunAsked
from evaldrop.api.place import RunsPlace
from evaldrop.api.problems import ApiProblem, FieldFault
from evaldrop.api.short_forms import (
    Rows,
    Source,
    definition_of,
    is_changed,
    rows_of,
    sources_of,
)
from evaldrop.datasets.files.formats import DATASET_ENDINGS
from evaldrop.errors import EvaldropError
from evaldrop.evaluation.finding import FILE_NAME
from evaldrop.evaluation.load import read_loosely
from evaldrop.evaluation.prompts import Kind, find_prompt
from evaldrop.evaluation.schema_files import schema_files
from evaldrop.nearest import did_you_mean
from evaldrop.run.request import RunRequest
from evaldrop.steps.validate_dataset.plan import Plan, refuse_above_budget
from evaldrop.steps.validate_dataset.validate import DatasetCheck, check_dataset

DATASET: Final = "records.jsonl"
_LINE = re.compile(r" line (\d+)(?::\s*)?")
_PLACE = re.compile(r"^([a-z_]+(?:\[\d+\]|\.\w+)*):\s")
_STEP = re.compile(r"[a-zA-Z_]\w*|\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """
    A run that may start.

    Attributes:
        files: What goes beside the dataset, by path.
        content: The dataset; None where it was uploaded.
        uploaded: Where an uploaded dataset is read.
        evaluation: URI of an evaluation that is there already.
    """

    dataset: str
    content: bytes | None
    uploaded: str | None
    files: Mapping[str, bytes]
    evaluation: str | None
    evaluation_name: str
    plan: Plan
    warnings: tuple[str, ...]
    budget_usd: float | None = None

    @property
    def estimate_usd(self) -> float:
        """What is likely to be spent, on models whose price is known: no more than its budget."""
        likely = self.plan.cost_usd.likely
        return likely if self.budget_usd is None else min(likely, self.budget_usd)


def checked(asked: RunAsked, place: RunsPlace, caller: Caller, *, judge: str) -> Checked:
    """
    Return what was asked as it is to be put.

    Raises:
        ApiProblem: Something is wrong with it; all of it is told, each with its place in the request.
    """
    rows = rows_of(asked)
    uploaded, name = _uploaded(asked, place, caller)
    evaluation = _named_evaluation(asked, place)
    named = read_loosely(evaluation) if evaluation else None
    is_as_named = evaluation is not None and not is_changed(asked)
    definition = {} if is_as_named else definition_of(asked, rows, judge=judge, named=named)
    _refuse_code(definition)
    files = {} if is_as_named else dict(_files(definition, near=evaluation))
    with _put_down(rows, files) as folder:
        request = RunRequest(
            run_id="check",
            dataset=uploaded or str(folder / DATASET),
            evaluation=evaluation if is_as_named else str(folder / FILE_NAME),
            out="runs",
            limit=asked.limit,
            region=place.region,
        )
        check, plan = _check(request, place, asked)
    assert check.definition
    if not is_as_named:
        # As they were read here: what is looked for beside or above the run's dataset may be another.
        prompts = check.definition.prompt_files
        files = {f"prompts/{name}.md": text.encode() for name, text in prompts.items()} | files
    return Checked(
        dataset=name,
        content=rows.jsonl() if rows else None,
        uploaded=uploaded,
        files=files,
        evaluation=evaluation if is_as_named else None,
        evaluation_name=check.definition.evaluation_name,
        plan=plan,
        warnings=check.warnings,
        budget_usd=asked.budget_usd,
    )


def _uploaded(asked: RunAsked, place: RunsPlace, caller: Caller) -> tuple[str | None, str]:
    if asked.dataset is None:
        return None, DATASET
    uri, name = place.uploaded(asked.dataset, caller), asked.dataset.rpartition("/")[2]
    if uri is None or not name.endswith(DATASET_ENDINGS):
        raise ApiProblem.at("/dataset", "there is no dataset of yours. POST /uploads says where to put one.")
    return uri, name


def _named_evaluation(asked: RunAsked, place: RunsPlace) -> str | None:
    if not isinstance(asked.evaluation, str):
        return None
    uri = place.evaluation(asked.evaluation)
    if uri is None:
        near = did_you_mean(asked.evaluation, place.evaluations())
        raise ApiProblem.at("/evaluation", f"there is no evaluation of this name.{near}")
    return uri


def _refuse_code(definition: Mapping[str, Any]) -> None:
    """Refuse scorers that a request brings: it would choose what is imported here, with the API's rights."""
    for key in ("checks", "metrics"):
        listed = definition.get(key)
        for place, each in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(each, dict) and ("python" in each or "not_python" in each):
                why = "name an evaluation that has it: a request brings no code to be run here."
                raise ApiProblem.at(f"/evaluation/{key}/{place}/python", why)


def _files(definition: Mapping[str, Any], *, near: str | None) -> Iterator[tuple[str, bytes]]:
    """Yield an evaluation with what it reads of the folder of the one that it was made from."""
    folder = storage.parent(near) if near else None
    anchors = definition.get("anchors")
    file = anchors if isinstance(anchors, str) else anchors.get("file") if isinstance(anchors, dict) else None
    named = [] if file is None else [("anchors", str(file))]
    named += [("checks", name) for name in dict.fromkeys(schema_files(definition.get("checks")))]
    for key, name in named:
        place = PurePosixPath(name)
        # What a request names would be read here, with the rights of the API and not of who asks.
        if folder is None or place.is_absolute() or ".." in place.parts:
            what = "anchors themselves" if key == "anchors" else "schema itself"
            raise ApiProblem.at(f"/evaluation/{key}", f"give the {what}: a file is not read.")
        yield place.as_posix(), storage.read_bytes(storage.join(folder, place.as_posix()))
    for kind, name in _prompts(definition) if folder else ():
        if uri := find_prompt(kind, name, near=folder):
            yield f"prompts/{kind}/{name}.md", storage.read_bytes(uri)
    yield FILE_NAME, orjson.dumps(definition, option=orjson.OPT_INDENT_2) + b"\n"


def _prompts(definition: Mapping[str, Any]) -> Iterator[tuple[Kind, str]]:
    """Yield the prompts that an evaluation names, right or wrong."""
    named: list[tuple[Kind, Any]] = [("candidate", definition.get("prompt"))]
    kinds: Sequence[tuple[Kind, str]] = (("candidate", "candidates"), ("judge", "judges"))
    for kind, key in kinds:
        called = definition.get(key)
        listed = called if isinstance(called, list) else ()
        named += [(kind, each.get("prompt")) for each in listed if isinstance(each, dict)]
    # What a prompt that the run makes begins with.
    named += [(kind, name.get("improve")) for kind, name in named if isinstance(name, dict)]
    pairwise = definition.get("pairwise")
    named.append(("judge", pairwise.get("prompt") if isinstance(pairwise, dict) else None))
    for kind, name in named:
        # A name with a slash is no name, and refused by the check: here it would be a path.
        if isinstance(name, str) and re.fullmatch(r"[\w-]+\.v\d+", name):
            yield kind, name


@contextmanager
def _put_down(rows: Rows | None, files: Mapping[str, bytes]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="evaldrop-") as name:
        folder = Path(name)
        if rows:
            (folder / DATASET).write_bytes(rows.jsonl())
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        yield folder


def _check(request: RunRequest, place: RunsPlace, asked: RunAsked) -> tuple[DatasetCheck, Plan]:
    try:
        check = check_dataset(request, caps=place.caps, arn=place.function_arn)
        if check.problems or check.plan is None or check.definition is None:
            sources = sources_of(asked)
            name = request.dataset.rpartition("/")[2]
            raise ApiProblem.of(_fault(problem, asked, sources, dataset=name) for problem in check.problems)
        evaluation = check.definition.evaluation
        place.caps.refuse(check.plan, evaluation, budget_usd=asked.budget_usd)
        # What the request states is held while the run goes, and refuses none that is likely to cost more.
        refuse_above_budget(check.plan, None if asked.budget_usd else evaluation.budget_usd)
    except EvaldropError as error:
        raise ApiProblem.of_error(error) from error
    return check, check.plan


def _fault(problem: str, asked: RunAsked, sources: Sequence[Source], *, dataset: str) -> FieldFault:
    """Return a problem of the check with its place in the request instead of that in a file."""
    if problem.startswith((f"{dataset} line ", f"{dataset}: ")):
        return _fault_of_dataset(problem.removeprefix(dataset), asked)
    said = problem.removeprefix(f"{FILE_NAME}: ")
    found = _PLACE.match(said)
    place = found[1] if found else ""
    source = next((each for each in sources if place.startswith(each.place)), None)
    pointer = "" if source is None else source.pointer + _below(place.removeprefix(source.place))
    return FieldFault(pointer=pointer, detail=said[found.end() :] if found and source else said)


def _fault_of_dataset(said: str, asked: RunAsked) -> FieldFault:
    if asked.dataset is not None:
        return FieldFault(pointer="/dataset", detail=said.lstrip(": "))
    pointer = "/records" if asked.article is None else "/article"
    line = _LINE.match(said)
    if line is None:
        return FieldFault(pointer=pointer, detail=said.lstrip(": "))
    record = f"/{int(line[1]) - 1}" if asked.article is None else ""
    return FieldFault(pointer=pointer + record, detail=said[line.end() :])


def _below(place: str) -> str:
    return "".join(f"/{step}" for step in _STEP.findall(place))
