"""JSON Schemas beside an evaluation: embedded when it is read, bounded, and named where they are wrong."""

import json

import pytest

from evaldrop.checks.schema_limits import MOST_BYTES
from evaldrop.errors import EvaluationError
from evaldrop.evaluation import read_evaluation
from evaldrop.evaluation.schema_files import schema_files

SCHEMA = {"type": "object", "required": ["total"]}


def write(folder, checks):
    content = {"name": "n", "candidates": [{"name": "a", "model": "m"}], "checks": checks}
    (folder / "evaluation.yaml").write_text(json.dumps(content))
    return str(folder / "evaluation.yaml")


@pytest.mark.parametrize("key", ["json", "not_json", "contains_json"])
def test_a_schemas_file_is_embedded_and_the_rest_stays_as_it_is(tmp_path, key):
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "invoice.schema.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(SCHEMA).encode())
    uri = write(
        tmp_path, ["json", {"name": "form", key: "schemas/invoice.schema.json"}, {"contains": "a.json"}]
    )

    assert read_evaluation(uri).checks == ("json", {"name": "form", key: SCHEMA}, {"contains": "a.json"})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, r"there is no s\.json beside"),
        ("{", "is no JSON"),
        ("[]", "holds no JSON Schema"),
        (" " * (MOST_BYTES + 1), "more than 262,144 bytes"),
    ],
    ids=["none", "no JSON", "a list", "large"],
)
def test_a_file_that_cannot_be_used_is_named_with_its_check(tmp_path, content, told):
    if content is not None:
        (tmp_path / "s.json").write_text(content)

    with pytest.raises(EvaluationError, match=rf"^evaluation\.yaml: checks\[1\]\.json: .*{told}"):
        read_evaluation(write(tmp_path, ["json", {"json": "s.json"}]))


@pytest.mark.parametrize(
    "checks", [None, 1, {"json": "a"}, [1, None, "json", {1: "a"}, {"json": 2}, {"regex": "a"}]]
)
def test_what_names_no_file_names_none_however_wrong_it_is(checks):
    assert list(schema_files(checks)) == []
