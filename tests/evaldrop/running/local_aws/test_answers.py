"""What simulated candidates know in a local AWS."""

import io
import json

from evaldrop.running.local_aws.answers import Answers
from evaldrop.running.local_aws.events import Created


class Store:
    def __init__(self):
        self.opened = []

    def open_read(self, bucket, key):
        self.opened.append(key)
        record = {"prompt": "Why?", "reference": [f"because of {key}"], "calls": {"requests": {}}}
        return io.BytesIO(json.dumps(record).encode() + b"\n")


def written(answers, key):
    answers.written(Created(bucket="out", key=key, version=None, reason="PutObject"))


def test_the_references_of_prepared_runs_are_known_the_newest_first():
    store = Store()
    answers = Answers(store)
    assert answers("Why?") is None
    written(answers, "runs/faq/run-1/records.jsonl")
    assert answers("Why?") == "because of runs/faq/run-1/records.jsonl"
    written(answers, "runs/faq/run-2/records.jsonl")
    assert answers("Why?") == "because of runs/faq/run-2/records.jsonl"
    assert answers("Where?") is None


def test_a_dataset_is_no_run():
    store = Store()
    answers = Answers(store)
    written(answers, "datasets/records.jsonl")
    written(answers, "runs/faq/run-1/report.html")
    assert answers("Why?") is None
    assert store.opened == []
