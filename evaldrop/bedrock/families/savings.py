"""
What makes calls of Converse cheaper: the flex tier, and a cache for what a judge's requests have in common.

Both are fields of the request alone. That Step Functions hands `ServiceTier` and `CachePoint` on was never
tried on AWS: where it does not, the first calls of a run fail and say so, and `delivery: on_demand` or
`cache: off` is the way out.
"""

from typing import Any

import orjson

from evaldrop.bedrock.families.family import JSON
from evaldrop.evaluation import Judge, model_vendor
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.model_limits import limits_of

_CACHE_POINT = {"CachePoint": {"Type": "default"}}

# More bytes than a token usually has: a part that is said to be long enough should be.
_BYTES_PER_TOKEN = 5


def service_tier(delivery: Delivery) -> JSON:
    """Return what asks Converse for a delivery's tier; nothing for the default one."""
    return {"ServiceTier": {"Type": "flex"}} if delivery == "flex" else {}


def with_cache_point(request: JSON, judge: Judge, delivery: Delivery) -> JSON:
    """
    Return a judge's constant part with a cache point behind its system text, where a cache would take it.

    A model reads tools, then the system text, then messages: the point holds all that is before it. Batch
    jobs have no cache, and a part below the model's minimum is not cached.
    """
    least = limits_of(judge.model, judge.family).cache_minimum
    if least is None or judge.cache == "off" or delivery == "batch" or not request.get("System"):
        return request
    if _least_tokens(request, judge) < least:
        return request
    return {**request, "System": [*request["System"], _CACHE_POINT]}


def cached_part(request: Any) -> JSON:
    """Return what of a constant part is before its cache point; nothing where it has none."""
    if not isinstance(request, dict) or _CACHE_POINT not in request.get("System", ()):
        return {}
    return {key: request[key] for key in ("System", "ToolConfig") if key in request}


def _least_tokens(request: JSON, judge: Judge) -> int:
    # Nova's cache holds system texts and messages; its tools are not counted.
    counted = ("System", "ToolConfig") if model_vendor(judge.model) != "Amazon" else ("System",)
    return sum(len(orjson.dumps(request[key])) for key in counted if key in request) // _BYTES_PER_TOKEN
