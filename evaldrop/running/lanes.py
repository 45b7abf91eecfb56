"""A run's calls on this machine, in lanes by what its evaluation says of the account."""

import os
from collections.abc import Callable, Mapping
from functools import partial

import orjson

from evaldrop import storage
from evaldrop.bedrock.lanes import LanedRuntime
from evaldrop.bedrock.protocol import BedrockRuntime
from evaldrop.bedrock.specification import is_throttled_by_load
from evaldrop.evaluation.delivery import ModelQuota
from evaldrop.run.place import RUN_FILE
from evaldrop.running.quota_leases import QuotaLeases


def in_lanes(
    runtime: BedrockRuntime,
    *,
    folder: str,
    bedrock: str,
    region: str | None = None,
    say: Callable[[str], None] | None = None,
) -> LanedRuntime:
    """
    Return a runtime that calls as fast as a run's models may be called.

    Args:
        runtime: Who answers.
        folder: The run's. Its `run.json` need not be there before the first call.
        bedrock: The runtime as --bedrock says it.
        region: Where it is called.
        say: Gets who else calls its models; without it, or in a rehearsal, nobody is looked for.
    """
    shares = None
    if say is not None and not runtime.is_simulated:
        # Of two profiles nobody knows here whether they are one account's.
        account = "\0".join((bedrock, region or "", os.environ.get("AWS_PROFILE", "")))
        shares = QuotaLeases(account, say)
    adapts = is_throttled_by_load(bedrock)
    return LanedRuntime(runtime, partial(limits_of_run, folder), adapts=adapts, shares=shares)


def limits_of_run(folder: str) -> Mapping[str, ModelQuota]:
    """Return what a run's file says of the account, by model; runs of earlier versions say nothing."""
    # Without its type, which takes a tenth of a second to import.
    content = orjson.loads(storage.read_bytes(storage.join(folder, RUN_FILE)))
    limits = content["evaluation"].get("limits", {})
    return {model: ModelQuota.model_validate(quota) for model, quota in limits.items()}
