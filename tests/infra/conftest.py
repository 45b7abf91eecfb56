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
def synthesised(tmp_path_factory):
    """What cdk.json leads to, with the checkers' report."""
    from tests.infra.synthesis import CONTEXT, synthesise_checked

    return synthesise_checked(CONTEXT["evaldrop"], tmp_path_factory.mktemp("default"))


@pytest.fixture(scope="session")
def synthesised_full(tmp_path_factory):
    """The same with every setting turned on."""
    from tests.infra.synthesis import EVERYTHING, synthesise_checked

    return synthesise_checked(EVERYTHING, tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="session")
def template(synthesised):
    """The template that cdk.json leads to."""
    return synthesised.template


@pytest.fixture(scope="session")
def full_template(synthesised_full):
    """The template with every setting turned on."""
    return synthesised_full.template


@pytest.fixture(scope="session")
def without_history(tmp_path_factory):
    """The template with all turned off that can be."""
    from tests.infra.synthesis import CONTEXT, synthesise

    off = {**CONTEXT["evaldrop"], "history": False, "weekly": {}, "budgets_usd": []}
    return synthesise(off, tmp_path_factory.mktemp("off"))


@pytest.fixture(scope="session", params=["default", "everything"])
def either_template(request):
    """Each of the two."""
    return request.getfixturevalue("template" if request.param == "default" else "full_template")
