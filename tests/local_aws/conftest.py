"""A local AWS for the end-to-end tests: started once, used by all, each with keys of its own."""

import importlib.util

import pytest

NEEDED = ("aws_cdk", "flask", "aws_croniter", "awscli")


def pytest_ignore_collect(collection_path):
    """Leave out what cannot run without the infra and local extras."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        return collection_path.name.startswith("test_") or None
    return None


@pytest.fixture(scope="session")
def running():
    """The local AWS itself; tests take `aws`."""
    from tests.local_aws import harness

    started = harness.start()
    yield started
    started.close()


@pytest.fixture
def aws(running):
    """The local AWS with a runtime without faults, and nothing counted yet."""
    from tests.local_aws.harness import QUICK

    running.bedrock(QUICK)
    running.forget_calls()
    return running
