"""Perturbed copies: deterministic, close to the prompt, clustered with it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from evaldrop.datasets import Message, Record
from evaldrop.evaluation import Robustness
from evaldrop.evaluation.definition import PERTURBATIONS
from evaldrop.steps.prepare_records.perturbations import TEMPLATES, is_copy_id, perturb, perturbed_copies

PROMPT = "How long may I return the watering can, and who pays for the parcel?"


def copies(record=None, **settings_):
    record = record or Record(id="r1", prompt=PROMPT, reference=("30 days",), responses={"old": "a month"})
    return list(perturbed_copies(record, Robustness(**settings_)))


def test_each_perturbation_makes_n_copies_with_their_own_ids():
    made = copies(n=2)
    assert [copy.record.id for copy in made] == [
        f"r1~{name}-{number}" for name in PERTURBATIONS for number in (1, 2)
    ]
    assert {copy.of for copy in made} == {"r1"}
    assert all(is_copy_id(copy.record.id) for copy in made)
    assert not is_copy_id("r1")


def test_copies_are_the_same_every_time_and_others_with_another_seed():
    assert copies(seed=1) == copies(seed=1)
    assert copies(seed=1) != copies(seed=2)


def test_a_copy_is_clustered_with_its_record_and_keeps_all_but_the_prompt_and_the_responses():
    (copy,) = copies(perturbations=["typos"], n=1)
    assert copy.record.group == "r1"
    assert copy.record.reference == ("30 days",)
    assert copy.record.responses == {}
    assert copy.record.prompt != PROMPT
    (grouped,) = copies(Record(id="r1", prompt=PROMPT, group="returns"), perturbations=["typos"], n=1)
    assert grouped.record.group == "returns"


@pytest.mark.parametrize("number", range(1, 9))
def test_typos_change_about_one_word_in_ten(number):
    changed = perturb(PROMPT, "typos", number, seed="s")
    pairs = list(zip(PROMPT.split(), changed.split(), strict=True))
    different = [(before, after) for before, after in pairs if before != after]
    assert len(different) == 1
    ((before, after),) = different
    assert before[0] == after[0]
    assert abs(len(before) - len(after)) <= 1


def test_typos_leave_numbers_code_and_addresses_as_they_are():
    text = (
        "Email help@example.com about order A1234 via https://example.com/orders using `reset cart` or {name}"
    )
    for number in range(1, 40):
        changed = perturb(text, "typos", number, seed="s")
        for kept in ("help@example.com", "A1234", "https://example.com/orders", "`reset cart`", "{name}"):
            assert kept in changed


def test_case_changes_nothing_but_case():
    changed = [perturb(PROMPT, "case", number, seed="s") for number in range(1, 5)]
    assert changed[:2] == [PROMPT.lower(), PROMPT.upper()]
    assert {text.lower() for text in changed} == {PROMPT.lower()}
    assert len(set(changed)) == 4


def test_whitespace_changes_nothing_but_whitespace():
    changed = perturb(PROMPT, "whitespace", 1, seed="s")
    assert changed != PROMPT
    assert changed.split() == PROMPT.split()


def test_paraphrase_templates_hold_the_prompt_whole_and_differ_from_copy_to_copy():
    made = [perturb("{0} and {name}?", "paraphrase_template", number, seed="s") for number in range(1, 9)]
    assert len(set(made)) == len(TEMPLATES) == 8
    assert all("{0} and {name}?" in text for text in made)


def test_copies_that_come_out_alike_are_there_once_and_unchanged_ones_not_at_all():
    """ "ok" has no word long enough for a typo and no space; its two cases are "ok" itself and "OK"."""
    made = copies(Record(id="r1", prompt="ok"), perturbations=["typos", "case", "whitespace"], n=3)
    assert {copy.record.prompt for copy in made} <= {"OK", "Ok", "oK"}
    assert len(made) == len({copy.record.prompt for copy in made})


def test_of_a_conversation_the_last_message_of_the_user_is_perturbed():
    messages = (
        Message(role="user", content="First question about returns"),
        Message(role="assistant", content="An answer"),
        Message(role="user", content="Second question about parcels"),
    )
    (copy,) = copies(Record(id="r1", messages=messages), perturbations=["case"], n=1)
    assert copy.record.messages[:2] == messages[:2]
    assert copy.record.messages[2].content == "second question about parcels"
    assert copy.record.prompt is None


def test_a_conversation_without_a_user_is_perturbed_as_its_transcript():
    record = Record(id="r1", messages=(Message(role="assistant", content="How May I Help"),))
    (copy,) = copies(record, perturbations=["case"], n=1)
    assert copy.record.prompt == "how may i help"
    assert copy.record.messages == ()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.sampled_from(PERTURBATIONS), st.integers(1, 8))
def test_any_text_can_be_perturbed_and_never_becomes_blank(text, name, number):
    changed = perturb(text, name, number, seed="s")
    assert isinstance(changed, str)
    assert bool(changed.strip()) or not text.strip()
    if name == "whitespace":
        assert re.sub(r"\s", "", changed) == re.sub(r"\s", "", text)


@pytest.mark.parametrize("wrong", [
    {"perturbations": []}, {"perturbations": ["typos", "typos"]}, {"perturbations": ["synonyms"]}, {"n": 0},
    {"n": 9}, {"seed": -1}, {"copies": 3},
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(wrong):
    with pytest.raises(ValidationError):
        Robustness(**wrong)
