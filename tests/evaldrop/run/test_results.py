"""Result files in every form Step Functions writes them."""

import json

import pytest

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.run.results import (
    failed_record,
    find_manifests,
    open_lines,
    parse_row,
    read_manifest,
    row_output,
)
from tests.evaldrop.run_folders import failed_row, none_form, row, write_results


def test_a_manifest_leads_to_the_files_it_names(tmp_path):
    uri = write_results(str(tmp_path), succeeded=[row("r1")], failed=[failed_row("r2")])
    manifest = read_manifest(uri)
    assert [name.rsplit("/", 1)[1] for name in manifest.succeeded] == ["SUCCEEDED_0.jsonl"]
    assert [name.rsplit("/", 1)[1] for name in manifest.failed] == ["FAILED_0.jsonl"]
    assert manifest.pending == ()


def test_files_of_a_copied_run_are_found_beside_their_manifest(tmp_path):
    write_results(str(tmp_path / "old"), succeeded=[row("r1")])
    (tmp_path / "old").rename(tmp_path / "new")
    manifest = read_manifest(find_manifests(str(tmp_path / "new"))[0])
    assert storage.exists(manifest.succeeded[0])


def test_a_file_that_is_not_beside_its_manifest_is_where_the_manifest_says(tmp_path):
    uri = write_results(str(tmp_path / "a"), succeeded=[row("r1")])
    (tmp_path / "moved.json").write_bytes(storage.read_bytes(uri))
    assert storage.exists(read_manifest(str(tmp_path / "moved.json")).succeeded[0])


@pytest.mark.parametrize(
    "text", ["{", "{}", "[]", '{"DestinationBucket": "b", "ResultFiles": {"FAILED": [{}]}}']
)
def test_what_is_no_manifest_is_refused_by_name(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(StorageError, match=r"manifest\.json: not a Map run's manifest"):
        read_manifest(str(tmp_path / "manifest.json"))


def test_the_newest_manifest_comes_first(tmp_path):
    import os

    for age, name in ((300, "a"), (100, "c"), (200, "b")):
        uri = write_results(str(tmp_path), succeeded=[row("r1")], map_run=name)
        os.utime(uri, (1_000_000 - age, 1_000_000 - age))
    assert [uri.split("/")[-2] for uri in find_manifests(str(tmp_path))] == ["c", "b", "a"]


@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize("form", [lambda output: output, none_form])
def test_every_form_of_a_succeeded_row_gives_the_childs_output(tmp_path, as_array, form):
    uri = write_results(str(tmp_path), succeeded=[form(row("r1")), form(row("r2"))], as_array=as_array)
    with open_lines(read_manifest(uri).succeeded[0]) as lines:
        assert [row_output(parse_row(line)) for line in lines] == [row("r1"), row("r2")]


def test_an_output_that_is_no_text_is_taken_as_it_is():
    assert row_output({"Output": {"record_id": "r1"}}) == {"record_id": "r1"}
    assert row_output({"Output": None}) == {}


def test_a_failed_row_tells_its_record_and_why():
    assert failed_record(failed_row("r7", "States.Timeout", "300 s")) == ("r7", ("States.Timeout", "300 s"))


@pytest.mark.parametrize(("given", "record_id"), [
    ('{"record_id": "r1"}', "r1"), ({"record": {"record_id": "r1"}}, "r1"), ("not json", None), ("[]", None),
    (None, None), ('{"record": {"record_id": 3}}', None),
])  # fmt: skip
def test_a_pending_row_may_not_tell_its_record(given, record_id):
    assert failed_record({"Input": given, "Status": "PENDING"}) == (record_id, ("PENDING", ""))


def test_half_a_surrogate_pair_is_replaced_and_costs_no_row():
    assert parse_row(b'{"text": "cut \\ud83d"}') == {"text": "cut \ufffd"}
    assert parse_row(json.dumps({"text": "\U0001f600"}).encode()) == {"text": "\U0001f600"}


def test_a_row_that_is_no_object_is_refused():
    with pytest.raises(TypeError, match="list"):
        parse_row(b"[]")
