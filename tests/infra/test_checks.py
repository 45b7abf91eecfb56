"""The template before other judges: cdk-nag, CDK's own rules, cfn-lint; and the way it comes to be."""

import json
import os
import re
import tomllib

import aws_cdk as cdk
import cdk_nag
import pytest
from aws_cdk import aws_s3 as s3
from cfnlint.api import ManualArgs, lint

from infra.settings import Settings
from tests.infra.synthesis import CONTEXT, ROOT, make_app, one, python

# cfn-lint knows States Language, but not that a JSONata expression may stand for any value.
EXPRESSION = "'{%"


def test_aws_solutions_has_nothing_to_say_that_was_not_answered(synthesised, synthesised_full):
    assert not synthesised.report
    assert not synthesised_full.report


def test_a_bucket_that_nobody_thought_about_and_a_property_that_is_none_are_found(tmp_path):
    app, stack = make_app(CONTEXT["evaldrop"], tmp_path)
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    s3.Bucket(stack, "Careless")
    odd = s3.Bucket(stack, "Odd", enforce_ssl=True)
    odd.node.default_child.add_property_override("VersioningConfiguration.Status", "Sometimes")
    with pytest.raises(RuntimeError, match="ValidationFailed") as raised:
        app.synth()
    assert "AwsSolutions-S10" in str(raised.value)
    assert "Sometimes" in str(raised.value)


def test_cfn_lint_finds_no_error(either_template):
    # Filled, as CloudFormation does before the definition is looked at.
    job = one(either_template, "AWS::StepFunctions::StateMachine")["DefinitionSubstitutions"]["PromptJob"]
    text = json.dumps(either_template).replace("${Partition}", "aws").replace("${PromptJob}", job)
    found = lint(text, config=ManualArgs(regions=["us-east-1", "eu-west-1"]))
    errors = [each for each in found if each.rule.id.startswith("E")]
    real = [
        each
        for each in errors
        if not (each.rule.id == "E3601" and EXPRESSION in each.message.replace('"', "'"))
    ]
    assert not real, "\n".join(map(str, real))
    assert len(errors) < 40


def test_cfn_lint_would_find_one(template):
    broken = json.loads(json.dumps(template))
    for each in broken["Resources"].values():
        if each["Type"] == "AWS::Lambda::Function":
            each["Properties"]["Timeout"] = 9000
    found = lint(json.dumps(broken), config=ManualArgs(regions=["us-east-1"]))
    assert any(each.rule.id.startswith("E") and "9000" in each.message for each in found)


def test_the_app_is_synthesised_without_node_docker_or_credentials(tmp_path):
    done = python(
        "app.py",
        tmp_path,
        CDK_CONTEXT_JSON=json.dumps({"aws:cdk:bundling-stacks": []}),
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "evaldrop.template.json").is_file()


def test_an_account_is_named_nowhere(template):
    assert "123456789012" not in json.dumps(template)


def test_the_documented_settings_are_the_settings():
    text = (ROOT / "docs" / "deploying.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert sorted(rows) == sorted(Settings.model_fields)
    for name, setting in Settings.model_fields.items():
        assert setting.description or name in {"stack_name", "weekly", "alarms", "keep_logs_days"}


def test_types_are_checked_of_every_module_of_the_library_that_is_imported():
    """A module that is not on mypy's list would be Any, and nothing said of it wrong."""
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    followed = {
        name for each in overrides if each.get("follow_imports") == "normal" for name in each["module"]
    }
    sources = "".join(path.read_text() for path in [*ROOT.glob("infra/**/*.py"), ROOT / "app.py"])
    imported = set(re.findall(r"from aws_cdk import (aws_\w+)", sources))
    assert imported
    assert {f"aws_cdk.{name}" for name in imported} <= followed
