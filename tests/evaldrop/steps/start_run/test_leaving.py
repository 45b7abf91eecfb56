"""Models that are leaving start runs with their successors, each once."""

from datetime import UTC, datetime, timedelta

import pytest

from evaldrop.errors import InputError
from evaldrop.model_lives import Lives, ModelLife
from evaldrop.steps.start_run.events import start_runs
from evaldrop.storage import ObjectFacts
from tests.evaldrop.steps.start_run.test_events import FAQ, INTAKE, Services

LITE, PRO = "amazon.nova-lite-v1:0", "amazon.nova-pro-v1:0"
EVENT = {"leaving": {LITE: ["m2"], PRO: ["m3", "m4"]}, "datasets": ["datasets/faq.jsonl"]}


def lives(**days):
    """Return the lives of models by their days to live."""
    today = datetime.now(UTC).date()
    named = {"lite": LITE, "pro": PRO}
    models = {named[name]: (ModelLife(end=today + timedelta(days=left)),) for name, left in days.items()}
    return Lives(models=models, read="2026-12-01", is_account=True)


def started(services, event=EVENT, **days):
    """Return what a look does."""
    return start_runs(event, INTAKE, services, delivery="d", look=lambda: lives(**days))


def services():
    return Services(objects={FAQ: ObjectFacts(size=10, version="v7")})


def test_a_model_that_is_leaving_starts_a_run_with_its_successors():
    stack = services()
    assert started(stack, lite=300, pro=30)["started"] == [FAQ]
    (request,) = stack.started.values()
    assert request.successors == {PRO: ("m3", "m4")}
    assert (request.dataset, request.dataset_version) == (FAQ, "v7")


def test_the_next_days_look_starts_none_and_another_end_does():
    stack = services()
    started(stack, pro=30)
    assert started(stack, pro=30)["already_started"] == [FAQ]
    started(stack, pro=29)
    assert len(stack.started) == 2


def test_without_one_that_is_leaving_nothing_starts():
    stack = services()
    assert started(stack, lite=61) == {"started": [], "already_started": [], "refused": [], "ignored": []}
    assert not stack.started


def test_an_event_of_another_form_is_told():
    with pytest.raises(InputError, match="leaving"):
        started(services(), {"leaving": {LITE: "m2"}, "datasets": []})


def test_what_has_no_successors_has_the_input_that_it_always_had():
    stack = services()
    start_runs({"datasets": ["datasets/faq.jsonl"]}, INTAKE, stack, delivery="d")
    (request,) = stack.started.values()
    assert "successors" not in request.model_dump_json()
