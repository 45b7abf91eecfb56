"""`mask_identity` in a job's rows is the workflow's own."""

import time

import pytest

from evaldrop.steps.prepare_jobs.masking import RULES, with_identity_masked
from tests.evaldrop.steps.prepare_records.test_blindness import KEPT, MASKED, masked
from tests.test_structure import STATES


@pytest.mark.parametrize("state", ["MaskIdentity", "MaskPairIdentity"])
def test_the_rules_are_the_workflows_in_its_order(state):
    places = [STATES[state]["Output"].find(f"/{rule}/") for rule in RULES]
    assert -1 not in places
    assert places == sorted(places)
    assert STATES[state]["Output"].count("[name withheld]") == len(RULES)


def test_every_text_is_masked_as_the_workflow_masks_it():
    texts = [*MASKED, *KEPT, *(f"{one} {other}" for one, other in zip(MASKED, KEPT, strict=False))]
    assert len(texts) > 40
    assert {text: with_identity_masked(text) for text in texts} == {text: masked(text) for text in texts}


def test_masking_takes_no_longer_than_the_text_is():
    text = ("I am a model and as an I am " * 8000)[:200_000]
    start = time.process_time()
    assert with_identity_masked(text) == text
    assert time.process_time() - start < 0.5
