"""A place whose runs nobody executes, keys of several callers, and an API that stands on both."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from evaldrop.api.answers import ProgressAnswer, UploadAnswer
from evaldrop.api.doors import local_door
from evaldrop.api.operations import Service
from evaldrop.api.router import Api
from evaldrop.api.throttle import Throttle
from evaldrop.api.used import UNKNOWN
from evaldrop.errors import AwsError
from evaldrop.run.request import Owner
from evaldrop.steps.validate_dataset.caps import NO_CAPS
from evaldrop.store.model import Key, Limits
from evaldrop.store.sqlite import SqliteStore

NOW = "2026-11-30T12:00:00+00:00"
FREE = Limits(requests_per_second=1e6, burst=1_000_000, requests_per_day=None, runs_per_month=None)
ARTICLE = {
    "article": "The bridge was closed on Monday.",
    "models": ["amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"],
    "prompt": "Summarise this article.",
}


@dataclass
class FakePlace:
    """Keeps what is put, and says of every run that goes on that one of two records is done."""

    folder: Path
    out: str = "/runs"
    simulated: bool = True
    region: str | None = "us-east-1"
    caps = NO_CAPS
    function_arn: str | None = None
    fails: bool = False
    ends: Callable[[str], None] = lambda run_id: None
    puts: list = field(default_factory=list)
    stopped: list = field(default_factory=list)
    known_evaluations: dict = field(default_factory=dict)
    known_uploads: dict = field(default_factory=dict)

    def dataset_uri(self, run_id, name):
        return f"s3://drop/datasets/api/{run_id}/{name}"

    def evaluations(self):
        return tuple(self.known_evaluations)

    def evaluation(self, name):
        return self.known_evaluations.get(name)

    def uploaded(self, uri, caller):
        return self.known_uploads.get((uri, caller.account))

    def upload(self, name, caller):
        return UploadAnswer(url="https://drop/x", dataset=f"s3://drop/{name}", expires_in_s=900, headers={})

    def is_put(self, run_id, dataset):
        return any(start.run_id == run_id for start in self.puts)

    def put(self, start):
        if self.fails:
            raise AwsError("s3://drop/secret-name was not written")
        self.puts.append(start)
        self.ends(start.run_id)

    def progress(self, run):
        return ProgressAnswer(done=1, total=2, failed=0, cost_usd=0.5)

    def stop(self, run):
        self.stopped.append(run.run_id)
        return UNKNOWN

    def report_link(self, run, uri):
        return f"https://reports/{run.run_id}"

    def link(self, uri):
        return None


def key(name: str, *, role="runner", limits: Limits = FREE, user=None, customer=None, customers=()) -> Key:
    """A key whose secret is `secret-NAME`."""
    return Key(
        key_id=name,
        name=name,
        digest=hashlib.sha256(f"secret-{name}".encode()).hexdigest(),
        owner=Owner(user=user, customer=customer),
        role=role,
        customers=customers,
        limits=limits,
        created_at=NOW,
    )


@dataclass
class Standing:
    """An API with what it stands on; `lines` is its access log, `faults` are its own."""

    api: Api
    store: SqliteStore
    place: FakePlace
    lines: list
    faults: list


def standing(folder: Path, *, throttle: Throttle | None = None, now=lambda: NOW) -> Standing:
    """An API over a new store in a folder, with the key `own` (an admin's) and no other."""
    store, place = SqliteStore(folder / "runs.sqlite"), FakePlace(folder)
    lines, faults = [], []
    own = key("own", role="admin")
    api = Api(
        Service(store=store, place=place, now=now),
        local_door(store, own, now, throttle),
        log=lines.append,
        fault=faults.append,
    )
    return Standing(api=api, store=store, place=place, lines=lines, faults=faults)
