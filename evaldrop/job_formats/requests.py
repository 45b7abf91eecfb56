"""CreateEvaluationJob requests of all three kinds, in boto3's casing."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from evaldrop.bedrock.families.requests import candidate_call
from evaldrop.errors import EvaluationError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.definition import Candidate
from evaldrop.job_formats.asked_metrics import MetricGroup
from evaldrop.job_formats.limits import MAX_INFERENCE_PARAMS, Kind
from evaldrop.job_formats.metrics import TaskType

JSON = dict[str, Any]

_MAX_INSTRUCTIONS = 5_000
_WAY_OUT = "Evaluate it by evaldrop run, and take its responses: --responses RUN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    What is the same in all requests of a set of jobs.

    Attributes:
        role: ARN of the role that Bedrock takes for them.
        output: The s3:// URI of the folder that all output goes below.
        flow_definition: ARN of the people's work flow; None for other kinds.
    """

    kind: Kind
    task: TaskType
    role: str
    output: str
    flow_definition: str | None = None


def refuse_unlike(candidate: Candidate) -> None:
    """
    Refuse a candidate that a job would call by other means than a run does, and so measure something else.

    Raises:
        EvaluationError: The message names the way out.
    """
    who = f"candidate {candidate.name}"
    if candidate.guardrail:
        raise EvaluationError(f"{who}: an evaluation job calls no guardrail. {_WAY_OUT}")
    if candidate.api == "invoke_model" and candidate.extra:
        raise EvaluationError(
            f"{who}: an evaluation job does not send a model's own body, of which `extra` is a part. "
            f"{_WAY_OUT}"
        )


def called_model(candidate: Candidate) -> JSON:
    """
    Return a model to be called by a job, with the parameters that a run calls it with.

    Raises:
        EvaluationError: They are too long.
    """
    called = candidate.model_copy(update={"api": "converse"})
    constants = candidate_call(called, request_key="")["request"]
    config = constants.get("InferenceConfig", {})
    params: JSON = {"inferenceConfig": {name[0].lower() + name[1:]: value for name, value in config.items()}}
    if extra := constants.get("AdditionalModelRequestFields"):
        params["additionalModelRequestFields"] = extra
    text = orjson.dumps(params).decode()
    if len(text) > MAX_INFERENCE_PARAMS:
        raise EvaluationError(
            f"candidate {candidate.name}: its parameters are {len(text):,} characters of JSON; a job takes "
            f"{MAX_INFERENCE_PARAMS:,}. {_WAY_OUT}"
        )
    return {"bedrockModel": {"modelIdentifier": candidate.model, "inferenceParams": text}}


def own_responses(candidate: str) -> JSON:
    """Return a source of responses that the dataset's rows bring under a candidate's name."""
    return {"precomputedInferenceSource": {"inferenceSourceIdentifier": candidate}}


def job_request(
    target: Target,
    *,
    name: str,
    about: str,
    datasets: Mapping[str, str],
    group: MetricGroup,
    models: Sequence[JSON],
    judge: str | None = None,
    instructions: str = "",
) -> JSON:
    """
    Return the request that creates one job.

    Args:
        target: What all requests share.
        name: The job's; its token follows from it, so that asking twice creates one.
        about: Its description.
        datasets: Name to URI.
        group: Its metrics.
        models: What is evaluated.
        judge: The model that judges; None for other kinds.
        instructions: What people are told, as HTML.
    """
    configs = [
        {
            "taskType": target.task,
            "dataset": {"name": dataset, "datasetLocation": {"s3Uri": uri}},
            "metricNames": list(group.names),
        }
        for dataset, uri in datasets.items()
    ]
    request: JSON = {
        "jobName": name,
        "jobDescription": about[:200],
        "clientRequestToken": sha256(name.encode()).hexdigest(),
        "roleArn": target.role,
        "inferenceConfig": {"models": list(models)},
        "outputDataConfig": {"s3Uri": target.output},
    }
    if target.kind == "human":
        workflow = {"flowDefinitionArn": target.flow_definition, "instructions": instructions}
        return request | {
            "evaluationConfig": {
                "human": {
                    "humanWorkflowConfig": workflow,
                    "customMetrics": list(group.custom),
                    "datasetMetricConfigs": configs,
                }
            }
        }
    automated: JSON = {"datasetMetricConfigs": configs, **(judging(judge, group) if judge else {})}
    return request | {"applicationType": "ModelEvaluation", "evaluationConfig": {"automated": automated}}


def judging(model: str, group: MetricGroup) -> JSON:
    """Return what an automated job is told of its judge, and of the metrics that are not its own."""
    evaluator = {"bedrockEvaluatorModels": [{"modelIdentifier": model}]}
    if not group.custom:
        return {"evaluatorModelConfig": evaluator}
    metrics = [{"customMetricDefinition": dict(each)} for each in group.custom]
    custom = {"customMetrics": metrics, "evaluatorModelConfig": evaluator}
    return {"evaluatorModelConfig": evaluator, "customMetricConfig": custom}


def instructions_for(criteria: Iterable[Criterion]) -> str:
    """Return what people are told of the criteria, as HTML; what has no room is left out from the end."""
    # The same for all, whichever end is good: who rates answers what is asked and need not know.
    parts = [
        (
            "<p>Answer each question about each response. Thumbs up is yes, thumbs down is no. Of five "
            "points, 1 is the lowest answer and 5 the highest.</p>"
        )
    ]
    for criterion in criteria:
        points = "".join(
            f"<li>{html.escape(point.label)}: {html.escape(point.definition)}</li>"
            for point in criterion.scale.points
            if point.definition
        )
        question = f"<h4>{html.escape(criterion.name)}</h4><p>{html.escape(criterion.question)}</p>"
        parts += [question, f"<ul>{points}</ul>" if points else ""]
    kept: list[str] = []
    for part in parts:
        if sum(map(len, kept)) + len(part) <= _MAX_INSTRUCTIONS:
            kept.append(part)
    return "".join(kept)
