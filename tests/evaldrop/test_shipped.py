"""The files that travel with the code."""

import hashlib
import json

from evaldrop import shipped


def test_in_a_checkout_the_files_lie_beside_the_package():
    assert shipped.workflow_path().name == "workflow.asl.json"
    assert shipped.resource("prompts", "judge", "criteria.v1.md").is_file()
    assert shipped.resource("datasets", "support-faq", "evaluation.yaml").is_file()
    assert shipped.workflow_definition()["StartAt"] == "ValidateDataset"
    digest = hashlib.sha256(shipped.workflow_path().read_bytes()).hexdigest()
    assert shipped.workflow_sha256() == digest


def test_an_installed_copy_carries_them_inside_the_package(tmp_path, monkeypatch):
    (tmp_path / "evaldrop" / "_data" / "prompts").mkdir(parents=True)
    (tmp_path / "evaldrop" / "_data" / "workflow.asl.json").write_text(json.dumps({"StartAt": "Here"}))
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "evaldrop")
    assert shipped.workflow_definition() == {"StartAt": "Here"}
    assert shipped.resource("prompts") == tmp_path / "evaldrop" / "_data" / "prompts"
    assert shipped.resource("datasets") == tmp_path / "datasets"
