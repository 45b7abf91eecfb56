"""The dataset that is meant by a folder, or by an evaluation beside it."""

from pathlib import Path

import boto3
import pytest

from evaldrop.cli.datasets import GivenDataset, given_dataset
from evaldrop.errors import DatasetError
from tests.evaldrop.evaluations import ROW, SMALL, write


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("mine")
    folder.mkdir()
    write(folder, SMALL, [ROW])
    (folder / "evaluation.schema.json").write_text("{}")
    (folder / ".hidden.jsonl").write_text("")
    (folder / "notes.md").write_text("")


@pytest.mark.parametrize("given", ["mine", "mine/", "./mine", "mine/faq.jsonl"])
def test_a_folder_with_one_dataset_is_that_dataset(given):
    assert given_dataset(given).dataset.removeprefix("./") == "mine/faq.jsonl"


def test_an_evaluation_leads_to_the_dataset_beside_it_and_is_used(monkeypatch):
    assert given_dataset("mine/evaluation.yaml") == GivenDataset("mine/faq.jsonl", "mine/evaluation.yaml")
    assert given_dataset("mine/evaluation.yaml", "other.yaml").evaluation == "other.yaml"
    monkeypatch.chdir("mine")
    assert given_dataset("evaluation.yaml").dataset == "faq.jsonl"
    assert given_dataset(".").dataset == "./faq.jsonl"


def test_a_sidecar_leads_to_its_own_dataset_among_others():
    Path("mine/faq.yaml").write_text("")
    Path("mine/more.csv").write_text("")
    assert given_dataset("mine/faq.yaml").dataset == "mine/faq.jsonl"
    with pytest.raises(
        DatasetError, match=r"an evaluation, and no dataset\. Beside it: faq\.jsonl, more\.csv"
    ):
        given_dataset("mine/evaluation.yaml")


def test_anchors_beside_a_dataset_are_none():
    Path("mine/anchors.jsonl").write_text("")
    Path("mine/evaluation.yaml").write_text("anchors: {file: anchors.jsonl}")
    assert given_dataset("mine").dataset == "mine/faq.jsonl"


def test_several_datasets_are_named():
    Path("mine/more.csv.gz").write_bytes(b"")
    with pytest.raises(
        DatasetError, match=r"mine: 2 datasets: faq\.jsonl, more\.csv\.gz\. Say which: mine/faq"
    ):
        given_dataset("mine")


def test_of_none_it_is_said_what_was_looked_for():
    Path("empty").mkdir()
    with pytest.raises(DatasetError, match=r"empty: a folder without a dataset\. Looked for: .*\.parquet"):
        given_dataset("empty")


@pytest.mark.parametrize(("given", "said"), [
    ("mine/fag.jsonl", "Did you mean faq.jsonl?"),
    ("nowhere/x", "Give one that is there"),
    ("mini", "Did you mean mine?"),
])  # fmt: skip
def test_of_a_file_that_is_not_there_the_nearest_is_named(given, said):
    with pytest.raises(DatasetError, match="no such file") as refused:
        given_dataset(given)
    assert said in str(refused.value)


def test_a_folder_in_s3_likewise(bucket):
    client = boto3.client("s3")
    for key in ("faq/records.jsonl", "faq/evaluation.yaml", "faq/deeper/other.jsonl"):
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    assert given_dataset(f"s3://{bucket}/faq/").dataset == f"s3://{bucket}/faq/records.jsonl"
    assert given_dataset(f"s3://{bucket}/faq").dataset == f"s3://{bucket}/faq/records.jsonl"
    with pytest.raises(DatasetError, match="no such file"):
        given_dataset(f"s3://{bucket}/none")
