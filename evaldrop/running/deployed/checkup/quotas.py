"""Bedrock's quotas of models. Service Quotas knows them by English names only, which are irregular."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from evaldrop.aws_errors import is_aws_fault
from evaldrop.evaluation.model_ids import model_name
from evaldrop.running.deployed.checkup.finding import AccountFinding, Client, Limit, looked_up

_A_MINUTE: Mapping[str, Limit] = {"requests per minute": "rpm", "tokens per minute": "tpm"}
_ASK = "Ask for a higher one in Service Quotas, and keep `max_concurrency` low until then."
_LOOK = "Look under Amazon Bedrock in Service Quotas."
_CHOOSE = "Look under Amazon Bedrock in Service Quotas which one is meant, and state it under `limits`."


def check_quotas(client: Client, models: Sequence[str]) -> list[AccountFinding]:
    """Return what an account may ask of each model in a minute, held against AWS's default."""

    def look() -> list[AccountFinding]:
        quotas = client("service-quotas")
        applied = _by_name(quotas, "list_service_quotas")
        defaults = _by_name(quotas, "list_aws_default_service_quotas")
        bedrock = client("bedrock")
        return [_of_model(model, _name_of(bedrock, model), applied, defaults) for model in models]

    return looked_up("quotas of models", look) if models else []


def _by_name(quotas: Any, operation: str) -> dict[str, float]:
    pages = quotas.get_paginator(operation).paginate(ServiceCode="bedrock")
    return {quota["QuotaName"]: quota["Value"] for page in pages for quota in page["Quotas"]}


def _name_of(bedrock: Any, model: str) -> str | None:
    """Return what Bedrock calls a model, such as `Claude Haiku 4.5`; None where it does not say."""
    try:
        found = bedrock.get_foundation_model(modelIdentifier=model_name(model)[1])
    except Exception as error:
        if not is_aws_fault(error):
            raise
        return None
    return str(found["modelDetails"]["modelName"])


def _of_model(
    model: str, name: str | None, applied: Mapping[str, float], defaults: Mapping[str, float]
) -> AccountFinding:
    matching = quotas_of(model, name, applied) if name else {}
    doubtful = {kind: each for kind, each in matching.items() if len(each) > 1}
    found = {kind: each[0] for kind, each in matching.items() if len(each) == 1}
    limits = {_A_MINUTE[kind]: int(applied[quota]) for kind, quota in found.items() if applied[quota] >= 1}
    finding = partial(AccountFinding, subject=f"quotas of {model}", model=model, limits=limits)
    if doubtful:
        either = (f"{kind}: {_either(doubtful[kind], applied)}" for kind in doubtful)
        return finding(state="unknown", said="; ".join(either), way_out=_CHOOSE)
    if not found:
        return finding(state="unknown", said="no quota has this model's name", way_out=_LOOK)
    said = ", ".join(f"{applied[quota]:,.0f} {kind}" for kind, quota in found.items())
    if any(applied[quota] <= 0 for quota in found.values()):
        return finding(state="problem", said=said, way_out=_ASK)
    lower = [
        f"{defaults[quota]:,.0f} {kind}"
        for kind, quota in found.items()
        if applied[quota] < defaults.get(quota, 0)
    ]
    if lower:
        said = f"{said}; AWS's default is {', '.join(lower)}, and new accounts begin lower"
        return finding(state="note", said=said, way_out=_ASK)
    return finding(state="ok", said=said)


def _either(quotas: Iterable[str], applied: Mapping[str, float]) -> str:
    named = (f'"{quota}" ({applied[quota]:,.0f})' for quota in sorted(quotas))
    return f"{' or '.join(named)}; none is taken"


def quotas_of(model: str, name: str, names: Iterable[str]) -> dict[str, list[str]]:
    """
    Return the names of a model's quotas per minute, by kind: all that could be meant, which are not guessed.

    Args:
        model: Its ID or profile: each geography's profiles have quotas of their own.
        name: What Bedrock calls the model. A quota's name ends with it, perhaps with its version behind.
        names: Of all quotas.
    """
    geography = model_name(model)[0]
    start = {None: "on-demand", "global": "global cross-region"}.get(geography, "cross-region")
    pattern = re.compile(
        rf"{start} (?:model )?(?:inference )?(?P<kind>{'|'.join(_A_MINUTE)}) for (?:\w+ )?{re.escape(name)}"
        r"(?: V\d+(?:\.\d+)?)?",
        re.IGNORECASE,
    )
    found: dict[str, list[str]] = {}
    for each in names:
        if match := pattern.fullmatch(each):
            found.setdefault(match["kind"].lower(), []).append(each)
    return found
