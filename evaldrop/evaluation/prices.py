"""
What tokens cost: a dated price file, overridden by the evaluation, looked up by model ID.

A price that is not known is None and reads "unknown"; it is never 0.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from evaldrop.evaluation.definition import Price
from evaldrop.evaluation.model_ids import ANYWHERE, model_name

TOKENS_PER_PRICE = 1_000_000

# What may follow a model's name: -20251001, -v1, -v1:0, -1:0, -v1:0:200k
_VERSION = re.compile(r"(-\d{8})?(-v\d+|-v?\d+:\d+(:\w+)?)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrice:
    """
    USD per 1,000,000 tokens, input and output.

    `regional_factor` multiplies both when the model is called through a geographic inference profile (`us.`,
    `eu.` …).
    """

    input: float
    output: float
    regional_factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """
    Prices by model ID, with the day and the place they were read. None is a price known to be
    unknown.
    """

    date: str
    source: str
    models: Mapping[str, ModelPrice | None]

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Prices":
        """Read prices as `prices.json` and `run.json` state them."""
        models = {
            model: None if price is None else ModelPrice(**price)
            for model, price in content["models"].items()
        }
        return cls(date=content["date"], source=content["source"], models=models)

    def to_json(self, models: Iterable[str]) -> dict[str, Any]:
        """Return the prices of some models as `run.json` keeps them, an unknown one as null."""
        prices = {model: price_of(model, self) for model in models}
        return {
            "date": self.date,
            "source": self.source,
            "models": {
                model: price and {"input": price.input, "output": price.output}
                for model, price in prices.items()
            },
        }


def load_prices(overrides: Mapping[str, Price] | None = None) -> Prices:
    """Return the price file's prices, with an evaluation's own where it has some."""
    shipped = _shipped_prices()
    if not overrides:
        return shipped
    own = {model: ModelPrice(input=price.input, output=price.output) for model, price in overrides.items()}
    source = f"{shipped.source}; {', '.join(sorted(own))}: the evaluation"
    return Prices(date=shipped.date, source=source, models={**shipped.models, **own})


def price_of(model: str, prices: Prices) -> ModelPrice | None:
    """
    Return the price of a model, or None when it is unknown.

    An entry under the very ID wins; then one for the base model, at its regional factor where the ID is that
    of a geographic inference profile. IDs and ARNs of foundation models and of system inference profiles are
    understood.
    """
    # Not `get`: None is a price known to be unknown, which the base model's must not replace.
    if model in prices.models:
        return prices.models[model]
    geography, name = model_name(model)
    base = prices.models.get(base_model(model)) or prices.models.get(name)
    if base is None:
        return None
    factor = base.regional_factor if geography not in (None, ANYWHERE) else 1.0
    # Rounded, so that a tenth more of 3 is 3.3 and not 3.3000000000000003.
    return ModelPrice(input=round(base.input * factor, 9), output=round(base.output * factor, 9))


def base_model(model: str) -> str:
    """Return a model's name without ARN, profile, date and version: `anthropic.claude-haiku-4-5`."""
    return _VERSION.sub("", model_name(model)[1])


def cost_usd(model: str, input_tokens: int | None, output_tokens: int | None, prices: Prices) -> float | None:
    """Return what a call cost in USD, or None when its price or its tokens are unknown."""
    price = price_of(model, prices)
    return None if price is None else cost_at(price, input_tokens, output_tokens)


def cost_of_calls(prices: Prices) -> Callable[[str, int | None, int | None], float | None]:
    """Return `cost_usd` at these prices; each model's price is looked up once."""
    price = cache(lambda model: price_of(model, prices))

    def cost(model: str, input_tokens: int | None, output_tokens: int | None) -> float | None:
        known = price(model)
        return None if known is None else cost_at(known, input_tokens, output_tokens)

    return cost


def cost_at(price: ModelPrice, input_tokens: int | None, output_tokens: int | None) -> float | None:
    """Return what a call cost in USD at a price, or None when its tokens are unknown."""
    if input_tokens is None or output_tokens is None:
        return None
    return (input_tokens * price.input + output_tokens * price.output) / TOKENS_PER_PRICE


@cache
def _shipped_prices() -> Prices:
    return Prices.from_json(orjson.loads(files("evaldrop.evaluation").joinpath("prices.json").read_bytes()))
