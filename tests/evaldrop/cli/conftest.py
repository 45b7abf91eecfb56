"""Fixtures of the commands for a deployed stack: Step Functions is the test's to give, the rest moto's."""

import pytest

from evaldrop.cli import deployed_progress
from evaldrop.running.deployed import clients
from tests.evaldrop.running.deployed.stacks import States


@pytest.fixture
def states(deployed, monkeypatch, tmp_path):
    """Step Functions of the deployed stack, without executions yet; looks follow one another at once."""
    fake, real = States(), clients.client
    monkeypatch.setattr(
        clients, "client", lambda name, **more: fake if name == "stepfunctions" else real(name, **more)
    )
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("EVALDROP_STACK", raising=False)
    monkeypatch.setattr(deployed_progress, "LOOK_EVERY_S", 0)
    monkeypatch.chdir(tmp_path)
    return fake
