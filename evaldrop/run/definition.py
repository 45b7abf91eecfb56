"""`run.json`: what a run was asked to do, resolved so far that it can be repeated."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, field_validator

from evaldrop import storage
from evaldrop.bedrock.families.replies import Reply
from evaldrop.errors import EvaldropError, StorageError
from evaldrop.evaluation import Candidate, Evaluation, Judge
from evaldrop.evaluation.criteria import Criterion, criterion_from_config
from evaldrop.evaluation.prices import ModelPrice, Prices, cost_at, price_of
from evaldrop.evaluation.prompts import Prompt
from evaldrop.verdicts.injection import InjectionFinder

REQUESTS, REPLIES = "requests", "replies"


RUN_FILE = "run.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatasetFacts(_Frozen):
    """What was read from the dataset."""

    uri: str
    version: str | None
    sha256: str
    shape: str
    records: dict[str, int]
    notes: tuple[str, ...] = ()


class PromptFile(_Frozen):
    """A prompt as it was when the run began."""

    sha256: str
    text: str


class Parent(_Frozen):
    """
    The run whose replies another one takes over.

    A rescored run reads all of them again by other rules and calls nothing; a rejudged one takes the
    responses, and calls judges for what is new.
    """

    run_id: str
    folder: str
    how: Literal["rescored", "rejudged"]


class RunDefinition(_Frozen):
    """
    The content of `run.json`.

    Attributes:
        criteria: Every criterion of the run, those that records bring included, in `evaluation.yaml`'s form.
        given: Candidates that come with the dataset: name in the dataset to name in the run.
        nonce: Makes the fences of this run's judge requests unknowable; hexadecimal.
        estimate: The plan made before the run.
    """

    run_id: str
    evaluation_name: str
    started_at: str
    simulated: bool
    bedrock: str
    folder: str
    out: str
    dataset: DatasetFacts
    evaluation: Evaluation
    evaluation_uri: str | None
    criteria: tuple[str | dict[str, Any], ...]
    given: dict[str, str]
    prompts: dict[str, PromptFile]
    workflow_sha256: str
    prices: dict[str, Any]
    estimate: dict[str, Any] | None
    versions: dict[str, str]
    nonce: str
    options: dict[str, Any]
    baseline: str | None = None
    parent: Parent | None = None

    @field_validator("evaluation_uri")
    @classmethod
    def _from_any_folder(cls, uri: str | None) -> str | None:
        return None if uri is None else storage.absolute(uri)

    @property
    def uri(self) -> str:
        """Where this definition is kept."""
        return storage.join(self.folder, "run.json")

    def resolved_criteria(self) -> dict[str, Criterion]:
        """Return the run's criteria by name, in their order."""
        criteria = (criterion_from_config(config, path="criteria") for config in self.criteria)
        return {criterion.name: criterion for criterion in criteria}

    def prompt(self, kind: str, name: str) -> Prompt:
        """Return a prompt as it was when the run began."""
        return Prompt(name=f"{kind}/{name}", text=self.prompts[f"{kind}/{name}"].text)

    def save(self) -> None:
        """Write `run.json`."""
        storage.write_bytes(self.uri, self.model_dump_json(indent=2).encode() + b"\n")

    @classmethod
    def load(cls, folder: str) -> "RunDefinition":
        """Return the definition of the run in a folder."""
        return cls.model_validate_json(storage.read_bytes(storage.join(folder, "run.json")))


def parent_of(parent: RunDefinition, folder: str, how: Literal["rescored", "rejudged"]) -> Parent:
    """Return how a new run names its parent: by where it lies now, which may not be where it was written."""
    place = folder if storage.is_s3(folder) else str(storage.local_path(folder))
    return Parent(run_id=parent.run_id, folder=place.rstrip("/"), how=how)


def out_of(folder: str) -> str:
    """Return the folder that runs are kept in, of a run's folder `<out>/<evaluation>/<run_id>`."""
    place = folder.rstrip("/") if storage.is_s3(folder) else str(storage.local_path(folder))
    return storage.parent(storage.parent(place) or place) or place


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFile:
    """
    What was run. `content` is the whole of `run.json`, for the report.

    `prices` holds every model of the evaluation; None where unknown.
    """

    folder: str
    run_id: str
    simulated: bool
    started_at: str
    evaluation: Evaluation
    criteria: Mapping[str, Criterion]
    prices: Mapping[str, ModelPrice | None]
    prices_date: str | None
    content: Mapping[str, Any]
    parent: Parent | None = None

    @property
    def candidates(self) -> Sequence[Candidate]:
        """The candidates, in the evaluation's order."""
        return self.evaluation.candidates

    @property
    def judges(self) -> Sequence[Judge]:
        """The judges, in the evaluation's order."""
        return self.evaluation.judges

    def injection_finder(self) -> InjectionFinder:
        """Return what finds responses that are meant for this run's judges."""
        prompts: Mapping[str, Any] = self.content.get("prompts") or {}
        texts = [prompt["text"] for name, prompt in prompts.items() if name.startswith("judge/")]
        return InjectionFinder(criteria=self.criteria, judge_prompts=texts)

    def cost_usd(self, model: str, replies: Iterable[Reply]) -> float | None:
        """Return what some replies of a model cost together; None when price or tokens are unknown."""
        price = self.prices.get(model)
        if price is None:
            return None
        costs = [cost_at(price, reply.input_tokens, reply.output_tokens) for reply in replies]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    def file(self, name: str) -> str:
        """Return the URI of a file in the run's folder."""
        return storage.join(self.folder, name)


def read_run_file(folder: str) -> RunFile:
    """
    Read the `run.json` of a run's folder.

    Raises:
        StorageError: There is none, or it is not one.
    """
    uri = storage.join(folder, RUN_FILE)
    try:
        return _from_json(folder, orjson.loads(storage.read_bytes(uri)))
    except StorageError:
        raise
    except (ValueError, KeyError, TypeError, EvaldropError) as error:
        raise StorageError(f"{uri}: not a run file of this version ({error})") from error


def _from_json(folder: str, content: Mapping[str, Any]) -> RunFile:
    evaluation = Evaluation.model_validate(content["evaluation"])
    prices = Prices.from_json(content["prices"])
    models = {called.model for called in (*evaluation.candidates, *evaluation.judges)}
    criteria = [
        criterion_from_config(config, path=f"criteria[{number}]")
        for number, config in enumerate(content["criteria"])
    ]
    return RunFile(
        folder=folder,
        run_id=content["run_id"],
        simulated=bool(content["simulated"]),
        started_at=content["started_at"],
        evaluation=evaluation,
        criteria={criterion.name: criterion for criterion in criteria},
        prices={model: price_of(model, prices) for model in models},
        prices_date=prices.date,
        content=content,
        parent=Parent.model_validate(content["parent"]) if content.get("parent") else None,
    )
