"""Datasets, evaluations and requests for the tests of evaluation jobs."""

import json
import re
from functools import cache
from typing import Any

import botocore.session
import yaml
from botocore.validate import ParamValidator

from evaldrop.evaluation_jobs.creating import prices_of, source_of_dataset
from evaldrop.evaluation_jobs.planning import plan_jobs
from evaldrop.evaluation_jobs.wanted import WantedJobs

ROLE = "arn:aws:iam::111122223333:role/jobs"
FLOW = "arn:aws:sagemaker:us-east-1:111122223333:flow-definition/reviewers"
EVALUATION = {
    "name": "sums",
    "prompt": "bare.v1",
    "candidates": [
        {"name": "lite", "model": "us.amazon.nova-lite-v1:0"},
        {"name": "haiku", "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0"},
    ],
    "judges": [{"name": "pro", "model": "us.amazon.nova-pro-v1:0"}],
    "criteria": [
        "bedrock.helpfulness",
        {"name": "tone", "question": "Which tone?", "scale": {1: "rude", 2: "flat", 3: "warm"}},
        {"name": "brief", "question": "Is it brief?"},
    ],
}


def rows(n: int, **fields: Any) -> list[dict[str, Any]]:
    """Return records that a job can have."""
    return [
        {"id": f"q{i}", "prompt": f"What is {i} + {i}?", "reference": str(2 * i), **fields} for i in range(n)
    ]


def dataset_of(folder, records, **changes: Any) -> str:
    """Write a dataset and an evaluation beside it; return the dataset's path."""
    path = folder / "records.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    (folder / "evaluation.yaml").write_text(yaml.safe_dump(EVALUATION | changes))
    return str(path)


def source_of(folder, records, *, limit=None, **changes: Any):
    """Return a dataset's records, with the evaluation above but for some of its fields."""
    path = dataset_of(folder, records, **changes)
    return source_of_dataset(path, evaluation=None, bedrock="aws", region="us-east-1", limit=limit)


def wanted(kind="judge", **more: Any) -> WantedJobs:
    """Return what a test asks for."""
    flow = {"flow_definition": FLOW} if kind == "human" else {}
    return WantedJobs(
        **{"id": "20261130t120000z-abcdef", "kind": kind, "folder": "s3://bucket/jobs/id", "role": ROLE}
        | flow
        | more
    )


def planned(source, kind="judge", **more: Any):
    """Return the plan of a source's jobs."""
    return plan_jobs(source, wanted(kind, **more), prices_of(source))


@cache
def _input_shape():
    model = botocore.session.get_session().get_service_model("bedrock")
    return model.operation_model("CreateEvaluationJob").input_shape


def problems(request: dict[str, Any]) -> str:
    """Return what Bedrock's own model of CreateEvaluationJob has against a request, patterns included."""
    found = [ParamValidator().validate(request, _input_shape()).generate_report()]
    _against_patterns(request, _input_shape(), "request", found)
    return "\n".join(filter(None, found))


def _against_patterns(value, shape, path, found):
    if shape.type_name == "structure":
        for name, inner in value.items():
            _against_patterns(inner, shape.members[name], f"{path}.{name}", found)
    elif shape.type_name == "list":
        most = shape.metadata.get("max")
        if most and len(value) > most:
            found.append(f"{path}: {len(value)} of at most {most}")
        for inner in value:
            _against_patterns(inner, shape.member, f"{path}[]", found)
    elif shape.type_name == "string":
        pattern, most = shape.metadata.get("pattern"), shape.metadata.get("max")
        if pattern and not re.fullmatch(pattern, value):
            found.append(f"{path}: {value!r} is not {pattern}")
        if most and len(value) > most:
            found.append(f"{path}: {len(value)} characters of at most {most}")
