"""`run.json`: what a run was asked to do, resolved so far that it can be repeated."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator

from evaldrop import storage
from evaldrop.checks import check_from_config
from evaldrop.errors import EvaldropError, StorageError, first_line
from evaldrop.evaluation import Candidate, Evaluation, Judge
from evaldrop.evaluation.called_checks import CalledCheck, called_checks
from evaldrop.evaluation.criteria import Criterion, checked_criterion, criterion_from_config
from evaldrop.evaluation.definition import GIVEN, proposers
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.originals import improved_candidates, original_of
from evaldrop.evaluation.prices import ModelPrice, Prices, load_prices, price_of
from evaldrop.evaluation.prompts import Prompt
from evaldrop.run.request import NOBODY, RUN_FILE, Owner, out_of

REQUESTS, REPLIES = "requests", "replies"


class _Frozen(BaseModel):
    # A later version's keys are none of ours: its runs stay readable, as baselines for one.
    model_config = ConfigDict(frozen=True, extra="ignore")


class DatasetFacts(_Frozen):
    """What was read from the dataset. `alarms` are what a reader has to know before trusting a number."""

    uri: str
    version: str | None = None
    sha256: str | None = None
    shape: str | None = None
    records: dict[str, int]
    notes: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()


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
    The content of `run.json`, and what is derived from it.

    Attributes:
        written_to: The run's folder when it began. Where the files are read from now is `folder`.
        criteria_configs: Every criterion of the run, those that records bring included, in
            `evaluation.yaml`'s form.
        check_configs: Every check of the run in the same form: the evaluation's own, then for each name that
            only records bring one of theirs.
        given: Candidates that come with the dataset: name in the dataset to name in the run.
        price_list: The prices of the run's models, None where unknown, with their date and source.
        nonce: Makes the fences of this run's judge requests unknowable; hexadecimal.
        estimate: The plan made before the run.
        labels: What the run is to be found by, as whoever started it said.
        owner: Who started it, by what key, on whose account.
        budget_usd: What the run may cost, held while it goes; None: anything.
        deliveries: How calls are delivered, `auto` resolved, by "candidate/NAME" or "judge/NAME"; on demand
            where there is none.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    run_id: str
    evaluation_name: str
    started_at: str
    simulated: bool
    bedrock: str
    # The file's key is `folder`. A run that was copied is read from another place, which is the property's.
    written_to: str = Field(alias="folder")
    out: str
    dataset: DatasetFacts
    evaluation: Evaluation
    evaluation_uri: str | None = None
    criteria_configs: tuple[str | dict[str, Any], ...] = Field(alias="criteria")
    check_configs: tuple[str | dict[str, Any], ...] = Field(default=(), alias="checks")
    given: dict[str, str] = {}
    prompts: dict[str, PromptFile] = {}
    workflow_sha256: str | None = None
    price_list: dict[str, Any] = Field(alias="prices")
    estimate: dict[str, Any] | None = None
    versions: dict[str, str] = {}
    nonce: str
    options: dict[str, Any] = {}
    baseline: str | None = None
    parent: Parent | None = None
    labels: tuple[str, ...] = ()
    owner: Owner = NOBODY
    deliveries: dict[str, Delivery] = {}
    budget_usd: float | None = None

    @field_validator("evaluation_uri")
    @classmethod
    def _from_any_folder(cls, uri: str | None) -> str | None:
        # A relative path would name another file when the run is scored again from another directory.
        return None if uri is None else storage.absolute(uri)

    @cached_property
    def folder(self) -> str:
        """Where the run's files are: the folder it was read from, which may be a copy of the first one."""
        return self.written_to

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The whole of `run.json` as it is in the file, for the report."""
        # By way of JSON, so that it is what the file says: its keys, and lists for tuples.
        content: dict[str, Any] = orjson.loads(self.model_dump_json())
        return content

    @cached_property
    def criteria(self) -> Mapping[str, Criterion]:
        """The run's criteria by name, in their order: those that judges are asked for, then the checks."""
        return {**self.judged_criteria, **checks_by_name(self.check_configs, path="checks")}

    @cached_property
    def judged_criteria(self) -> Mapping[str, Criterion]:
        """The criteria that judges are asked for, by name."""
        return criteria_by_name(self.criteria_configs, path="criteria")

    @property
    def free_checks(self) -> tuple[str, ...]:
        """Names of the criteria that code answers here: no call, no cost."""
        checks = ((name, criterion.check) for name, criterion in self.criteria.items())
        return tuple(name for name, check in checks if check is not None and not check.kind.is_called)

    @cached_property
    def prices(self) -> Mapping[str, ModelPrice | None]:
        """The price of every model of the evaluation; None where unknown."""
        known = Prices.from_json(self.price_list)
        asked: tuple[Candidate | Judge | CalledCheck, ...]
        asked = (*self.candidates, *self.judges, *self.called_checks)
        called = [each.model for each in asked]
        return {model: price_of(model, known) for model in (*called, *proposers(self.evaluation))}

    @property
    def prices_date(self) -> str:
        """The day the prices were read."""
        return str(self.price_list["date"])

    def delivery_of(self, kind: Literal["candidate", "judge"], name: str) -> Delivery:
        """Return how the calls of a candidate or judge are delivered."""
        return self.deliveries.get(f"{kind}/{name}", "on_demand")

    def asked_delivery(self, called: Candidate | Judge | CalledCheck, answer: Mapping[str, Any]) -> Delivery:
        """Return how the call of an answer was asked for: what a job did not answer, on demand."""
        if answer.get("delivery") == "batch":
            return "batch"
        if isinstance(called, CalledCheck):
            return "on_demand"
        # A tier is asked for in Converse alone: a request that is too long for it goes without.
        is_converse = (answer.get("api") or called.api) == "converse"
        delivery = self.delivery_of("judge" if isinstance(called, Judge) else "candidate", called.name)
        return "flex" if is_converse and delivery == "flex" else "on_demand"

    @property
    def candidates(self) -> Sequence[Candidate]:
        """The candidates, in the evaluation's order."""
        return self.evaluation.candidates

    @property
    def judges(self) -> Sequence[Judge]:
        """The judges, in the evaluation's order."""
        return self.evaluation.judges

    @cached_property
    def called_checks(self) -> tuple[CalledCheck, ...]:
        """The evaluation's checks that call somebody."""
        return called_checks(self.evaluation.checks)

    @property
    def answering(self) -> Mapping[str, Judge | CalledCheck]:
        """Who is asked about responses, by name: judges and called checks."""
        judges: dict[str, Judge | CalledCheck] = {judge.name: judge for judge in self.judges}
        return judges | {check.name: check for check in self.called_checks}

    def prompt(self, kind: str, name: str) -> Prompt:
        """Return a prompt as it was when the run began."""
        # Never from the prompt's file: it may have been edited since, and replies are to what was sent.
        return Prompt(name=f"{kind}/{name}", text=self.prompts[f"{kind}/{name}"].text)

    @cached_property
    def prompts_now(self) -> Mapping[str, PromptFile]:
        """Every prompt by name; in the place of one that the run has not made yet, what it is made from."""
        return {**dict(self._first_prompts()), **self.prompts}

    def _first_prompts(self) -> Iterator[tuple[str, PromptFile]]:
        for candidate, _ in improved_candidates(self.evaluation):
            original = original_of(self.evaluation, candidate)
            name = original and f"candidate/{self.evaluation.prompt_of(original)}"
            if name in self.prompts:
                yield f"candidate/{self.evaluation.prompt_of(candidate)}", self.prompts[name]

    @property
    def prompt_files(self) -> dict[str, str]:
        """The texts of prompts that have files, by name; those that a run makes itself have none."""
        return {name: file.text for name, file in self.prompts.items() if "+" not in name}

    @property
    def is_searching(self) -> bool:
        """Whether a prompt is not made yet."""
        return not self.prompts.keys() >= self.prompts_now.keys()

    def file(self, name: str) -> str:
        """Return the URI of a file in the run's folder."""
        return storage.join(self.folder, name)

    def as_parent(self, how: Literal["rescored", "rejudged"]) -> Parent:
        """Return how a new run names this one: by where it is now, which outlives where it was written."""
        return Parent(run_id=self.run_id, folder=storage.absolute(self.folder).rstrip("/"), how=how)

    def changed(self, **fields: Any) -> "RunDefinition":
        """Return a definition with other values of some fields; `folder` is where it will be written."""
        # Not model_copy alone: it would take over the views that were derived from the old values.
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_construct(**(kept | fields))

    def save(self) -> None:
        """Write `run.json`."""
        storage.write_bytes(self.file(RUN_FILE), self.model_dump_json(indent=2).encode() + b"\n")

    @classmethod
    def load(cls, folder: str, name: str = RUN_FILE) -> "RunDefinition":
        """
        Read the `run.json` of a run's folder, or another file of it that is one.

        Raises:
            StorageError: There is none, or it is not one.
        """
        uri = storage.join(folder, name)
        text = storage.read_bytes(uri)
        try:
            content = orjson.loads(text)
            # For run files without these keys; what a file does say comes before them.
            absent = {
                "folder": storage.absolute(folder),
                "out": out_of(storage.absolute(folder)),
                # Never "aws" for a rehearsal: going on with it would cost money.
                "bedrock": "simulated" if content["simulated"] else "aws",
            }
            run = cls.model_validate(absent | content)
            # Past the frozen fields, into the cached properties: what the file says of itself must not change
            # with its place.
            vars(run).update(folder=folder, content=content)
            # Read here, so that messages about them name the file.
            _ = run.criteria, run.prices
        except (ValueError, KeyError, TypeError, EvaldropError) as error:
            raise StorageError(
                f"{uri}: not a run file of this version ({first_line(error)}). The evaldrop that wrote it "
                "can read it; or start a new run."
            ) from error
        return run


def criteria_by_name(configs: Iterable[str | dict[str, Any]], *, path: str) -> dict[str, Criterion]:
    """Return criteria by name from their form in `evaluation.yaml`; `path` is where messages place them."""
    criteria = (criterion_from_config(config, path=f"{path}[{n}]") for n, config in enumerate(configs))
    return {criterion.name: criterion for criterion in criteria}


def checks_by_name(configs: Iterable[str | dict[str, Any]], *, path: str) -> dict[str, Criterion]:
    """Return checks, as criteria, by name; `path` is where messages place them."""
    checks = (check_from_config(config, path=f"{path}[{n}]") for n, config in enumerate(configs))
    return {check.name: checked_criterion(check) for check in checks}


def prices_for(evaluation: Evaluation, prices: Prices | None = None) -> dict[str, Any]:
    """
    Return what `run.json` keeps of prices: those of the models that an evaluation calls.

    Without any given they are today's, with the evaluation's own.
    """
    # A response that comes with the dataset has no model, hence no price that could be unknown.
    checks = called_checks(evaluation.checks)
    asked = (*evaluation.candidates, *evaluation.judges)
    called = (
        *(each.model for each in asked),
        *(check.model for check in checks),
        *proposers(evaluation),
    )
    prices = prices or load_prices(evaluation.prices)
    return prices.to_json(model for model in called if model != GIVEN)
