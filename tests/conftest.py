"""Fixtures that several test modules use."""

import contextlib
import functools
import gc
import signal
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import HealthCheck, settings
from moto import mock_aws

from evaldrop import storage
from tests.turns import Groups, turn_of

# A shell starts what it runs in the background deaf to Ctrl-C, and so would be what a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# As a command does: to look through all objects of twelve thousand tests for a cycle at each 700th took a
# third of the time of collecting them.
gc.set_threshold(100_000, 50, 100)

_read_model = JSONFileLoader.load_file


@functools.cache
def _model_of(path):
    return _read_model(JSONFileLoader(), path)


# botocore reads a service's model anew for each session, and each test of a bucket has a session of its own:
# a tenth of a second. Nobody changes a model, which a session hands to all its clients.
JSONFileLoader.load_file = lambda _loader, path: _model_of(path)


# A deadline would fail a test for what else the machine does. Tests marked `fuzz` take these as they are;
# what is worth more examples by day says so.
settings.register_profile("default", deadline=None, max_examples=40)
settings.register_profile("nightly", deadline=None, max_examples=100)
settings.register_profile(
    "fuzz",
    deadline=None,
    max_examples=20_000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("default")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give the tests of a file, or of what is set up once for several, to one worker."""
    return Groups(config, log)


def pytest_collection_modifyitems(items):
    """Begin with what takes longest."""
    items.sort(key=lambda item: turn_of(item.nodeid))


def pytest_collection_finish():
    """Look for no cycles among what stays until the end."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_region_of_the_shell(monkeypatch):
    """A developer's Region would say which of a test's models are to be had."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bucket(monkeypatch):
    """An empty S3 bucket of this name, in memory."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="drop")
        monkeypatch.setattr(storage, "_client", client)
        yield "drop"


@dataclass(frozen=True)
class FirstEvaluation:
    """A folder in which a reader has typed `evaldrop init my-evaluation`, and run it; `runs` are in it."""

    folder: Path
    runs: list[str]


@pytest.fixture(scope="session")
def first_evaluation(tmp_path_factory):
    """The example of `evaldrop init`, and two runs of it."""
    from evaldrop.cli import main

    folder = tmp_path_factory.mktemp("reader")
    with contextlib.chdir(folder):
        main(["init", "my-evaluation"])
        main(["run", "my-evaluation/records.jsonl", "--bedrock", "simulated:latency=0"])
        main(["run", "my-evaluation/records.jsonl", "--bedrock", "simulated:latency=0"])
        return FirstEvaluation(folder, sorted(str(file.parent) for file in Path("runs").glob("*/*/run.json")))


@pytest.fixture
def deployed(bucket):
    """A stack called evaldrop, in memory; its Step Functions is the test's to give."""
    from tests.evaldrop.running.deployed.stacks import deploy, found

    deploy()
    return found()
