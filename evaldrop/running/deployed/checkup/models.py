"""Access to models, by the only proof there is: a call."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from evaldrop.aws_errors import code_of, explain, is_aws_fault
from evaldrop.evaluation.prices import Prices, TokenUsage, cost_usd
from evaldrop.evaluation.regions import region_problem, resolved_model
from evaldrop.running.deployed.checkup.finding import NOT_ANSWERED, AccountFinding
from evaldrop.steps.check_first_calls.refusals import way_out

_ASKED = "Hi"
_INPUT_TOKENS = 20
"""At most: one word, and what models put around a message."""

# Bedrock checks access before it looks at a request: who is told of a parameter has been let in.
_LET_IN = "ValidationException"
_OF_THE_MODEL = ("model identifier", "on-demand throughput", "model id", "not supported in")


class ModelsHere(NamedTuple):
    """
    What models are called by from a Region.

    Attributes:
        called: IDs, inference profiles or ARNs, in order.
        findings: One for each that is called by another name than the evaluation's, or not at all.
    """

    called: tuple[str, ...]
    findings: tuple[AccountFinding, ...]


def models_here(models: Iterable[str], region: str) -> ModelsHere:
    """Resolve models as a run does, and find those that are not called from a Region."""
    called: list[str] = []
    findings: list[AccountFinding] = []
    for model in models:
        subject = f"model {model}"
        if problem := region_problem(model, region):
            findings.append(AccountFinding(subject=subject, state="problem", said=problem))
            continue
        resolved = resolved_model(model, region)
        if resolved != model:
            said = f"is {resolved} in {region}"
            findings.append(AccountFinding(subject=subject, state="ok", said=said))
        called.append(resolved)
    return ModelsHere(tuple(dict.fromkeys(called)), tuple(findings))


def price_of_calls(models: Iterable[str], prices: Prices) -> float | None:
    """Return at most what a call of one token to each model costs in USD; None where a price is unknown."""
    costs = [cost_usd(model, TokenUsage(_INPUT_TOKENS, 1), prices) for model in models]
    return None if None in costs else sum(cost for cost in costs if cost is not None)


def check_models(runtime: Any, models: Sequence[str]) -> list[AccountFinding]:
    """
    Call each model for one token.

    Always by Converse: who may call a model by one API may by the other.

    Args:
        runtime: boto3's client `bedrock-runtime`, which retries as it is configured to.
        models: IDs, inference profiles or ARNs.
    """
    return [_check_model(runtime, model) for model in models]


def _check_model(runtime: Any, model: str) -> AccountFinding:
    subject = f"model {model}"
    try:
        runtime.converse(
            modelId=model,
            messages=[{"role": "user", "content": [{"text": _ASKED}]}],
            inferenceConfig={"maxTokens": 1},
        )
    except Exception as error:
        if not is_aws_fault(error):
            raise
        return _of_error(subject, model, error)
    return AccountFinding(subject=subject, state="ok", said="answered")


def _of_error(subject: str, model: str, error: Exception) -> AccountFinding:
    name = code_of(error)
    if not name:
        return AccountFinding(subject=subject, state="problem", said=explain(error))
    said = str(getattr(error, "response", {}).get("Error", {}).get("Message", "")) or str(error)
    if name == _LET_IN and not any(words in said.lower() for words in _OF_THE_MODEL):
        return AccountFinding(
            subject=subject,
            state="note",
            said=f"may be called, but takes no call of one token: {said}",
            way_out="A run asks for more; its first calls are looked at before it goes on.",
        )
    if name == NOT_ANSWERED:
        return AccountFinding(subject=subject, state="unknown", said=said)
    hint = way_out({"Error": name, "Cause": said}, model=model, bedrock="aws")
    return AccountFinding(subject=subject, state="problem", said=f"{name}: {said}", way_out=hint)
