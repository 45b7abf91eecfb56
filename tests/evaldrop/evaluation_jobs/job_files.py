"""Output of evaluation jobs as the documentation shows it, written small: rows, and where a job puts them."""

import json
from pathlib import Path
from typing import Any

NOVA = "us.amazon.nova-lite-v1:0"
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
SONNET = "us.anthropic.claude-sonnet-4-6-v1:0"


def score(
    metric: str | None, result: Any, explanation: str | None = "Because.", judge: str = SONNET
) -> dict[str, Any]:
    """A judge's score; of an algorithm without an explanation."""
    named = {} if metric is None else {"metricName": metric}
    details = [{"modelIdentifier": judge, "explanation": explanation}]
    return {**named, "result": result, **({} if explanation is None else {"evaluatorDetails": details})}


def judged_row(
    prompt: Any,
    *scores: dict[str, Any],
    response: Any = "An answer.",
    model: str | None = NOVA,
    **record: Any,
) -> dict[str, Any]:
    """A row of a judge or algorithmic job."""
    return {
        "automatedEvaluationResult": {"scores": list(scores)},
        "inputRecord": {"prompt": prompt, **record},
        "modelResponses": [] if model is None else [{"response": response, "modelIdentifier": model}],
    }


def answer(worker: str, **given: Any) -> dict[str, Any]:
    """What one worker said, by rating method."""
    return {"workerId": worker, "answerContent": {"evaluationResults": given}, "timeSpentInSeconds": 12.5}


def rated_row(
    prompt: str, *answers: dict[str, Any], metrics: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """A row of a human job about responses of two models."""
    return {
        "humanEvaluationResult": {
            "flowDefinitionArn": "arn:aws:sagemaker:us-east-1:111122223333:flow-definition/reviewers",
            "humanAnswers": list(answers),
            "inputContent": {"evaluationMetrics": metrics or []},
            "modelResponseIdMap": {"0": NOVA, "1": HAIKU},
        },
        "inputRecord": {"prompt": {"text": prompt}, "referenceResponse": {"text": "Ten days."}},
        # In the other order than the IDs': only the map tells which is which.
        "modelResponses": [
            {"text": "haiku's answer", "modelIdentifier": HAIKU},
            {"text": "nova's answer", "modelIdentifier": NOVA},
        ],
    }


def write_job(
    folder: Path,
    *rows: Any,
    name: str = "job",
    task: str = "General",
    dataset: str = "faq",
    file: str = "0a1b",
    between: str = "\n",
) -> Path:
    """Write rows where a job does, its name in the path twice; return the job's folder."""
    place = folder / name / name / "5f0c" / "models" / "a-model" / "taskTypes" / task / "datasets" / dataset
    place.mkdir(parents=True, exist_ok=True)
    text = between.join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    (place / f"{file}_output.jsonl").write_text(text + "\n")
    (folder / name / "amazon-bedrock-evaluations-permission-check").write_text("")
    return folder / name


def write_definitions(job: Path, *definitions: dict[str, Any]) -> None:
    """Write the copies of custom metrics that are beside a job's output."""
    folder = job / job.name / "5f0c" / "custom_metrics"
    folder.mkdir(parents=True)
    for number, definition in enumerate(definitions):
        (folder / f"{number}.json").write_text(json.dumps(definition))
