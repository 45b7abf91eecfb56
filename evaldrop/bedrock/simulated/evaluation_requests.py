"""What CreateEvaluationJob refuses, and what it finds wrong with a dataset: the checks of a rehearsal."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from evaldrop.bedrock.simulated.evaluation_rows import COMPUTED
from evaldrop.bedrock.simulated.job_requests import ROLE, refuse_first

MAX_DATASETS = 5
MAX_PROMPTS = 1000
MAX_PROMPT_BYTES = 4096
MAX_COMPUTED_METRICS = 3
MAX_PEOPLES_METRICS = 10

_NAME = re.compile(r"[a-z0-9](-*[a-z0-9]){0,62}")


class InvalidDatasetError(Exception):
    """A dataset cannot be evaluated, which a job says after it was created."""


def part_of(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the `automated` or `human` part of a request's or job's configuration."""
    config = request["evaluationConfig"]
    part: Mapping[str, Any] = config.get("automated") or config["human"]
    return part


def check_request(request: Mapping[str, Any]) -> None:
    """
    Refuse a request that Bedrock would refuse.

    Raises:
        ServiceError: ValidationException, with the reason.
    """
    refuse_first(_problems(request))


def _problems(request: Mapping[str, Any]) -> Iterable[str]:
    if not _NAME.fullmatch(request["jobName"]) or len(request["jobName"]) > 63:
        yield f"jobName {request['jobName']!r} is not a valid name"
    if not ROLE.fullmatch(request["roleArn"]):
        yield f"roleArn {request['roleArn']!r} is not the ARN of a role"
    config = request["evaluationConfig"]
    if ("automated" in config) == ("human" in config):
        yield "evaluationConfig is either automated or human"
        return
    asked, models = part_of(request), request["inferenceConfig"]["models"]
    is_human = "human" in config
    if not 1 <= len(models) <= (2 if is_human else 1):
        yield f"{len(models)} models: an automated job evaluates 1, a human one up to 2"
    datasets = asked["datasetMetricConfigs"]
    if not 1 <= len(datasets) <= MAX_DATASETS:
        yield f"{len(datasets)} datasets: a job has 1 to {MAX_DATASETS}"
    if any("datasetLocation" not in each["dataset"] for each in datasets):
        yield "a rehearsal has none of Bedrock's own datasets; give a datasetLocation"
    if is_human:
        yield from _of_people(asked, datasets)
        return
    yield from _of_metrics(asked, datasets)


def _of_metrics(asked: Mapping[str, Any], datasets: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    judge = asked.get("evaluatorModelConfig", {}).get("bedrockEvaluatorModels")
    custom = set(custom_metrics(asked))
    for each in datasets:
        names = each["metricNames"]
        computed = COMPUTED & set(names)
        if judge and computed:
            yield f"{', '.join(sorted(computed))}: a judge does not give it"
        if not judge and (others := set(names) - COMPUTED):
            yield f"{', '.join(sorted(others))}: it needs an evaluatorModelConfig"
        if not judge and len(names) > MAX_COMPUTED_METRICS:
            yield f"{len(names)} metrics: a dataset has up to {MAX_COMPUTED_METRICS}"
        unknown = [name for name in names if not name.startswith("Builtin.") and name not in custom]
        if judge and unknown:
            yield f"{', '.join(unknown)}: there is no customMetricDefinition of that name"
    if left := custom - {name for each in datasets for name in each["metricNames"]}:
        yield f"{', '.join(sorted(left))}: a custom metric has to be among the metricNames, too"


def _of_people(asked: Mapping[str, Any], datasets: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    metrics = asked.get("customMetrics", ())
    if not asked.get("humanWorkflowConfig", {}).get("flowDefinitionArn"):
        yield "a human job needs a humanWorkflowConfig with a flowDefinitionArn"
    if not 1 <= len(metrics) <= MAX_PEOPLES_METRICS:
        yield f"{len(metrics)} metrics: people answer 1 to {MAX_PEOPLES_METRICS}"
    known = {each["name"] for each in metrics}
    unknown = {name for each in datasets for name in each["metricNames"]} - known
    if unknown:
        yield f"{', '.join(sorted(unknown))}: there is no custom metric of that name"


def custom_metrics(asked: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the definitions of a judge's custom metrics by their names."""
    found = [
        each["customMetricDefinition"]
        for each in asked.get("customMetricConfig", {}).get("customMetrics", ())
    ]
    return {each["name"]: each for each in found}


def dataset_rows(lines: Iterable[bytes], uri: str, *, own: Sequence[str]) -> list[dict[str, Any]]:
    """
    Return a dataset's rows.

    Args:
        lines: Its file's.
        uri: Its name in messages.
        own: The identifiers of models whose responses the rows bring.

    Raises:
        InvalidDatasetError: It has too many, one is too long, or lacks what the job needs.
    """
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            rows.append(_row(line, f"{uri} line {number}", own))
    if not 1 <= len(rows) <= MAX_PROMPTS:
        raise InvalidDatasetError(f"{uri}: {len(rows)} prompts; a dataset has 1 to {MAX_PROMPTS}")
    return rows


def _row(line: bytes, place: str, own: Sequence[str]) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as fault:
        raise InvalidDatasetError(f"{place}: no JSON: {fault}") from fault
    if not isinstance(row, dict) or not isinstance(row.get("prompt"), str):
        raise InvalidDatasetError(f"{place}: a row needs a prompt, a text")
    if len(row["prompt"].encode()) > MAX_PROMPT_BYTES:
        raise InvalidDatasetError(f"{place}: the prompt is longer than {MAX_PROMPT_BYTES} bytes")
    brought = [each.get("modelIdentifier") for each in row.get("modelResponses", ())]
    if own and sorted(brought, key=str) != sorted(own):
        raise InvalidDatasetError(f"{place}: modelResponses have to be those of {', '.join(own)}, one each")
    return row
