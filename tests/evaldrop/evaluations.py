"""Small evaluations on disk, checked and prepared through the real steps."""

import json

import yaml

from evaldrop.run.request import RunRequest
from evaldrop.steps.prepare_records.prepare import prepare_records
from evaldrop.steps.validate_dataset.validate import DatasetCheck, check_dataset, validate_dataset

LITE = {"name": "lite", "model": "us.amazon.nova-lite-v1:0"}
PRO = {"name": "pro", "model": "us.amazon.nova-pro-v1:0"}
JUDGE = {"name": "judge", "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0"}
ROW = {"id": "r1", "prompt": "How long may I return it?", "reference": "30 days"}

SMALL = {"name": "small", "candidates": [LITE], "judges": [JUDGE], "criteria": ["correctness"]}


def write(folder, evaluation, rows, prompts=None):
    """Write a dataset with its evaluation and prompts (`judge/own.v1`: text); return the dataset's path."""
    (folder / "evaluation.yaml").write_text(yaml.safe_dump(evaluation), encoding="utf-8")
    for name, text in (prompts or {}).items():
        file = folder / "prompts" / f"{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    dataset = folder / "faq.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return dataset


def request(folder, **more):
    """Return the request of a run of `faq.jsonl`."""
    given = {"run_id": "run-1", "dataset": str(folder / "faq.jsonl"), "out": str(folder / "runs"), **more}
    return RunRequest(**{"bedrock": "simulated", **given})


def check(folder, evaluation=SMALL, rows=(ROW,), prompts=None, **more) -> DatasetCheck:
    """Check a dataset with its evaluation."""
    write(folder, evaluation, rows, prompts)
    return check_dataset(request(folder, **more))


def prepare(folder, evaluation=SMALL, rows=(ROW,), prompts=None, **more):
    """Validate and prepare a run; return the state of EvaluateRecords and the lines of records.jsonl."""
    write(folder, evaluation, rows, prompts)
    asked = request(folder, **more)
    run = validate_dataset(asked)["run"]
    state = prepare_records(asked, run["folder"])
    return state, lines(folder, "records.jsonl")


def lines(folder, name, run="small/run-1"):
    """Return the lines of a file of the run."""
    text = (folder / "runs" / run / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
