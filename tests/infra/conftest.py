"""Fixtures of the stack's tests; without the infra extra only those tests are collected that need no CDK."""

import importlib.util

import pytest

WITHOUT_CDK = {
    "test_costs.py",
    "test_deploying_page.py",
    "test_settings.py",
    "test_workflow.py",
    "test_workflow_source.py",
}


def pytest_ignore_collect(collection_path):
    """Leave out what cannot be imported."""
    if importlib.util.find_spec("aws_cdk") is None and collection_path.name.startswith("test_"):
        return collection_path.name not in WITHOUT_CDK
    return None


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """The template that cdk.json leads to."""
    from tests.infra.synthesis import CONTEXT, synthesise

    return synthesise(CONTEXT["evaldrop"], tmp_path_factory.mktemp("default"))


@pytest.fixture(scope="session")
def full_template(tmp_path_factory):
    """The template with every setting turned on."""
    from tests.infra.synthesis import EVERYTHING, synthesise

    return synthesise(EVERYTHING, tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="session", params=["default", "everything"])
def either_template(request):
    """Each of the two."""
    return request.getfixturevalue("template" if request.param == "default" else "full_template")
