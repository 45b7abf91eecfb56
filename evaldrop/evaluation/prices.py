"""
What tokens cost: a dated price file, overridden by the evaluation, looked up by model ID.

A price that is not known is None and reads "unknown"; it is never 0.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.model_ids import ANYWHERE, model_name

if TYPE_CHECKING:
    from evaldrop.evaluation.definition import Price

TOKENS_PER_PRICE = 1_000_000

# What may follow a model's name: -20251001, -v1, -v1:0, -1:0, -v1:0:200k
_VERSION = re.compile(r"(-\d{8})?(-v\d+|-v?\d+:\d+(:\w+)?)?$")


FACTORS = ("flex", "batch", "cache_read", "cache_write")
"""What a price on demand is multiplied by: both prices by delivery, that of input by cached tokens."""


class TokenUsage(NamedTuple):
    """Tokens of a call; None where they are not known. `input` holds the cached ones, read and written."""

    input: int | None
    output: int | None
    cache_read: int = 0
    cache_write: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrice:
    """
    USD per 1,000,000 tokens on demand, and what other tokens cost of it.

    Attributes:
        input, output: USD per 1,000,000 tokens.
        regional_factor: Multiplies both when the model is called through a geographic inference profile
            (`us.`, `eu.` …).
        flex, batch: Factors of both prices in another delivery.
        cache_read, cache_write: Factors of the input price for tokens of a prompt cache, in any delivery.
        assumed: Those of the factors that no source tells for this model.
    """

    input: float
    output: float
    regional_factor: float = 1.0
    # What files of earlier versions say nothing of was priced as any other token.
    flex: float = 1.0
    batch: float = 1.0
    cache_read: float = 1.0
    cache_write: float = 1.0
    assumed: tuple[str, ...] = ()

    def factor(self, delivery: Delivery) -> float:
        """Return what both prices are multiplied by in a delivery."""
        return {"on_demand": 1.0, "flex": self.flex, "batch": self.batch}[delivery]

    def to_json(self) -> dict[str, Any]:
        """Return the price as `run.json` keeps it: as it is paid, without the regional factor."""
        content = {name: value for name, value in asdict(self).items() if name != "regional_factor"}
        return {**content, "assumed": list(self.assumed)}


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
        # run.json has none: what was assumed is in each of its prices.
        assumed = content.get("factors", {}).get("assumed", {})
        models = {
            model: None if price is None else _model_price(price, assumed)
            for model, price in content["models"].items()
        }
        return cls(date=content["date"], source=content["source"], models=models)

    def to_json(self, models: Iterable[str]) -> dict[str, Any]:
        """Return the prices of some models as `run.json` keeps them, an unknown one as null."""
        prices = {model: price_of(model, self) for model in models}
        return {
            "date": self.date,
            "source": self.source,
            "models": {model: price and price.to_json() for model, price in prices.items()},
        }


def _model_price(price: Mapping[str, Any], assumed: Mapping[str, float]) -> ModelPrice:
    missing = {name: factor for name, factor in assumed.items() if price.get(name) is None}
    known = {name: value for name, value in price.items() if value is not None}
    return ModelPrice(**{**known, **missing, "assumed": tuple(price.get("assumed", missing))})


def load_prices(overrides: "Mapping[str, Price] | None" = None) -> Prices:
    """
    Return the price file's prices, with an evaluation's own where it has some.

    Of factors that those do not state, the price file's hold.
    """
    shipped = _shipped_prices()
    if not overrides:
        return shipped
    own = {model: _stated(price, price_of(model, shipped)) for model, price in overrides.items()}
    source = f"{shipped.source}; {', '.join(sorted(own))}: the evaluation"
    return Prices(date=shipped.date, source=source, models={**shipped.models, **own})


def _stated(price: "Price", shipped: ModelPrice | None) -> ModelPrice:
    stated = price.model_dump(exclude_none=True)
    if shipped is None:
        return _model_price(stated, _assumed_factors())
    assumed = tuple(name for name in shipped.assumed if name not in stated)
    return replace(shipped, **stated, regional_factor=1.0, assumed=assumed)


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
    return replace(
        base,
        input=round(base.input * factor, 9),
        output=round(base.output * factor, 9),
        regional_factor=1.0,
    )


def base_model(model: str) -> str:
    """Return a model's name without ARN, profile, date and version: `anthropic.claude-haiku-4-5`."""
    return _VERSION.sub("", model_name(model)[1])


def cost_usd(model: str, usage: TokenUsage, prices: Prices, delivery: Delivery = "on_demand") -> float | None:
    """Return what a call cost in USD, or None when its price or its tokens are unknown."""
    price = price_of(model, prices)
    return None if price is None else cost_at(price, usage, delivery)


def cost_at(price: ModelPrice, usage: TokenUsage, delivery: Delivery = "on_demand") -> float | None:
    """Return what a call cost in USD at a price, or None when its tokens are unknown."""
    if usage.input is None or usage.output is None:
        return None
    # As so many tokens more or fewer at the full price.
    cached = usage.cache_read * (price.cache_read - 1) + usage.cache_write * (price.cache_write - 1)
    whole = (usage.input + cached) * price.input + usage.output * price.output
    return whole * price.factor(delivery) / TOKENS_PER_PRICE


def _assumed_factors() -> dict[str, float]:
    return dict(_price_file()["factors"]["assumed"])


@cache
def _shipped_prices() -> Prices:
    return Prices.from_json(_price_file())


@cache
def _price_file() -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(files("evaldrop.evaluation").joinpath("prices.json").read_bytes())
    return content
