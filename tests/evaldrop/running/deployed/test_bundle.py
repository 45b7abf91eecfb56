"""Where a dataset goes in the input bucket, and what may lie beside it."""

from pathlib import Path

import pytest

from evaldrop.datasets.files.formats import DATASET_ENDINGS
from evaldrop.errors import InputError
from evaldrop.running.deployed.bundle import (
    SUBMITTED,
    EvaluationBundle,
    File,
    chosen_key,
    dataset_key,
    sidecar_key,
)


@pytest.mark.parametrize(
    ("dataset", "key"),
    [
        ("/somewhere/project/datasets/support-faq/records.jsonl", "datasets/support-faq/records.jsonl"),
        ("/srv/datasets/old/datasets/faq.json", "datasets/faq.json"),
        ("/somewhere/project/faq.jsonl", "datasets/faq.jsonl"),
        ("/somewhere/project/week 1/größe.jsonl", "datasets/week 1/größe.jsonl"),
        ("/srv/faq/records.jsonl", "datasets/faq/records.jsonl"),
        ("/faq.jsonl", "datasets/faq.jsonl"),
    ],
)
def test_a_dataset_goes_where_it_lies_below_a_folder_datasets_or_below_here(dataset, key):
    assert dataset_key(Path(dataset), here=Path("/somewhere/project")) == key


def test_a_key_that_starts_runs_can_be_chosen():
    assert chosen_key("datasets/a/b.json") == "datasets/a/b.json"


@pytest.mark.parametrize(
    "key", ["faq.jsonl", "datasets/faq.xlsx", "datasets/faq.JSONL", "datasets/.jsonl", "datasets/.csv.gz"]
)
def test_a_key_that_starts_none_is_refused(key):
    with pytest.raises(InputError, match=r'lies below "datasets/" and ends in \.json, \.jsonl'):
        chosen_key(key)


@pytest.mark.parametrize("ending", DATASET_ENDINGS)
def test_a_sidecar_has_the_datasets_name(ending):
    assert sidecar_key(f"datasets/v1.2/faq{ending}") == "datasets/v1.2/faq.yaml"
    assert chosen_key(f"datasets/faq{ending}") == f"datasets/faq{ending}"


BUNDLE = EvaluationBundle(
    evaluation=b"name: faq", prompts={"judge/own.v1": "Well?", "candidate/answer.v1": "Hm?"}
)


def test_an_evaluation_is_the_last_file_and_its_prompts_lie_beside_it():
    assert [file.key for file in BUNDLE.at("datasets/a/faq.yaml")] == [
        "datasets/a/prompts/candidate/answer.v1.md",
        "datasets/a/prompts/judge/own.v1.md",
        "datasets/a/faq.yaml",
    ]


def test_a_pinned_evaluation_has_a_place_of_its_own_for_each_content():
    others = [
        BUNDLE,
        EvaluationBundle(
            evaluation=b"name: faq", prompts={"judge/own.v1": "Well?", "candidate/answer.v1": "Hmm?"}
        ),
        EvaluationBundle(evaluation=b"name: FAQ", prompts=BUNDLE.prompts),
        EvaluationBundle(
            evaluation=BUNDLE.evaluation, prompts=BUNDLE.prompts, beside=(File("a.jsonl", b"{}"),)
        ),
    ]
    assert len({bundle.pinned_key for bundle in others}) == len(others)
    assert all(bundle.pinned_key.startswith(SUBMITTED) for bundle in others)
    assert (
        BUNDLE.pinned_key
        == EvaluationBundle(evaluation=b"name: faq", prompts=dict(BUNDLE.prompts)).pinned_key
    )


@pytest.mark.parametrize(("name", "starts"), [("anchors.jsonl", True), ("anchors.txt", False), (None, False)])
def test_anchors_that_would_be_taken_for_a_dataset_are_noticed(name, starts):
    bundle = EvaluationBundle(evaluation=b"", prompts={}, beside=(File(name, b"{}"),) if name else ())
    assert bundle.starts_a_run is starts
