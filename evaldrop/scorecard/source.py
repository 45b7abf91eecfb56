"""`run.json` as a type: what BuildScorecard must know of a run before it reads a result."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.bedrock.families.replies import Reply
from evaldrop.definition import Parent
from evaldrop.errors import EvaldropError, StorageError
from evaldrop.evaluation import Candidate, Evaluation, Judge
from evaldrop.evaluation.criteria import Criterion, criterion_from_config
from evaldrop.evaluation.prices import ModelPrice, Prices, cost_at, price_of
from evaldrop.verdicts.injection import InjectionFinder

RUN_FILE = "run.json"


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
