"""The files that travel with the code."""

import hashlib
import json

from evaldrop import resources


def test_in_a_checkout_the_files_lie_beside_the_package():
    assert resources.workflow_path().name == "workflow.asl.json"
    assert resources.resource("prompts", "judge", "criteria.v1.md").is_file()
    assert resources.resource("datasets", "support-faq", "evaluation.yaml").is_file()
    assert resources.workflow_definition()["StartAt"] == "ValidateDataset"
    digest = hashlib.sha256(resources.workflow_path().read_bytes()).hexdigest()
    assert resources.workflow_sha256() == digest


def test_an_installed_copy_carries_them_inside_the_package(tmp_path, monkeypatch):
    (tmp_path / "evaldrop" / "_data" / "prompts").mkdir(parents=True)
    (tmp_path / "evaldrop" / "_data" / "workflow.asl.json").write_text(json.dumps({"StartAt": "Here"}))
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "evaldrop")
    assert resources.workflow_definition() == {"StartAt": "Here"}
    assert resources.resource("prompts") == tmp_path / "evaldrop" / "_data" / "prompts"
    assert resources.resource("datasets") == tmp_path / "datasets"
