"""What CreateAdvancedPromptOptimizationJob refuses, and what a job finds wrong with its input."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from evaldrop.bedrock.simulated.job_requests import refuse_first

MAX_TEMPLATES = 10
MAX_MODELS = 5
MAX_SAMPLES = 100
MAX_VARIABLES = 20
MAX_STEERING = 5
VERSION = "bedrock-2026-05-14"
JUDGES = re.compile(r"claude-(?:opus-4-6|sonnet-4-5|sonnet-4-6)")

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.+-]{0,99}")
_BRACED = re.compile(r"\{\{([^{}]*)\}\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SINGLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WAYS = ("steeringCriteria", "customLLMJConfig", "evaluationMetricLambdaArn")


class InvalidTemplateError(Exception):
    """An input cannot be optimised, which a job says after it was created."""


def check_request(request: Mapping[str, Any]) -> None:
    """
    Refuse a request that Bedrock would refuse.

    Raises:
        ServiceError: ValidationException, with the reason.
    """
    refuse_first(_problems(request))


def _problems(request: Mapping[str, Any]) -> Iterator[str]:
    if not _NAME.fullmatch(request["jobName"]):
        yield f"jobName {request['jobName']!r} is not a valid name"
    if not request["outputConfig"]["s3Uri"].endswith("/"):
        yield f"outputConfig.s3Uri {request['outputConfig']['s3Uri']!r} has to end in a slash"
    models = request["modelConfigurations"]
    if not 1 <= len(models) <= MAX_MODELS:
        yield f"{len(models)} models: a job has 1 to {MAX_MODELS}"


def templates(lines: Iterable[bytes], uri: str) -> list[dict[str, Any]]:
    """
    Return an input's prompts.

    Raises:
        InvalidTemplateError: It has too many, or one lacks what the job needs.
    """
    rows = [_row(line, f"{uri} line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not 1 <= len(rows) <= MAX_TEMPLATES:
        raise InvalidTemplateError(f"{uri}: {len(rows)} templates; a job has 1 to {MAX_TEMPLATES}")
    return rows


def filled(template: str, sample: Mapping[str, Any]) -> str:
    """Return a template with a sample's variables in place."""
    values = {name: text for each in sample["inputVariables"] for name, text in each.items()}
    return _BRACED.sub(lambda found: str(values.get(found[1], found[0])), template)


def _row(line: bytes, place: str) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as fault:
        raise InvalidTemplateError(f"{place}: no JSON: {fault}") from fault
    for problem in _faults(row) if isinstance(row, dict) else ("a row is an object",):
        raise InvalidTemplateError(f"{place}: {problem}")
    found: dict[str, Any] = row
    return found


def _faults(row: Mapping[str, Any]) -> Iterator[str]:
    if row.get("version") != VERSION:
        yield f"version {row.get('version')!r} is not {VERSION}"
    if not isinstance(row.get("templateId"), str) or not isinstance(row.get("promptTemplate"), str):
        yield "a row needs a templateId and a promptTemplate"
        return
    yield from _template_faults(row["promptTemplate"])
    yield from _judging_faults(row)
    yield from _sample_faults(row)


def _template_faults(template: str) -> Iterator[str]:
    names = _BRACED.findall(template)
    for name in names:
        if not _VARIABLE.fullmatch(name):
            yield f"the placeholder {{{{{name}}}}} is malformed"
    if len(set(names)) > MAX_VARIABLES:
        yield f"{len(set(names))} variables; a template has up to {MAX_VARIABLES}"
    if single := _SINGLE.search(_BRACED.sub("", template)):
        yield f"{single[0]}: a placeholder has two braces"


def _judging_faults(row: Mapping[str, Any]) -> Iterator[str]:
    ways = [way for way in _WAYS if way in row]
    if len(ways) > 1:
        yield f"{' and '.join(ways)}: a row has one of them"
    if len(row.get("steeringCriteria", ())) > MAX_STEERING:
        yield f"{len(row['steeringCriteria'])} steeringCriteria; a row has up to {MAX_STEERING}"
    config = row.get("customLLMJConfig")
    if config is None:
        return
    if not JUDGES.search(config["customLLMJModelId"]):
        yield f"{config['customLLMJModelId']} is no model that judges prompt optimisation jobs"
    if "customEvaluationMetricLabel" not in row:
        yield "a customLLMJConfig needs a customEvaluationMetricLabel"
    try:
        config["customLLMJPrompt"].format(prompt="", prediction="", gold="")
    except (KeyError, IndexError, ValueError) as fault:
        # Bedrock goes on, and scores every sample 0; a rehearsal is to find it out.
        yield f"customLLMJPrompt has braces that are no variables: {fault!r}"


def _sample_faults(row: Mapping[str, Any]) -> Iterator[str]:
    samples = row.get("evaluationSamples", ())
    if not 1 <= len(samples) <= MAX_SAMPLES:
        yield f"{len(samples)} evaluationSamples; a row has 1 to {MAX_SAMPLES}"
    wanted = set(_BRACED.findall(row["promptTemplate"]))
    for sample in samples:
        given = {name for each in sample["inputVariables"] for name in each}
        if missing := wanted - given:
            yield f"a sample lacks {', '.join(sorted(missing))}"
