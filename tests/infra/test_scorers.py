"""Functions of scorers' code: what the settings refuse, what the stack makes, and that the code answers."""

import json
import re
import subprocess
import sys

import pytest
from pydantic import ValidationError

from evaldrop.scorers import Record, Response
from evaldrop.scorers.batches import batch_event, response_json
from evaldrop.scorers.handlers import as_lambda
from infra.bundles import THIS_MACHINE
from infra.scorers import ScorerBundle
from infra.settings import ROOT, Settings
from infra.settings_parts import ScorerCode
from tests.infra.synthesis import one, resources

SOURCE = "evaldrop/cli/examples/scorer/my_scorers.py"
BREVITY = ScorerCode(python="my_scorers:brevity", source=SOURCE)


def test_the_page_shows_an_entry_that_is_one_and_every_key_of_it():
    page = (ROOT / "docs" / "scorers.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    [entry] = json.loads(block)["scorers"]
    assert ScorerCode.model_validate(entry).python == "my_scorers:brevity"
    for name, field in ScorerCode.model_fields.items():
        default = "none" if field.default is None else "" if field.is_required() else field.default
        assert re.search(rf"^\| `{name}` \| {default} ?\|", page, re.MULTILINE), name


def test_the_stack_makes_the_scorers_function(full_template, template):
    made = one(full_template, "AWS::Lambda::Function", "Scorers")
    assert (made["Handler"], made["MemorySize"], made["Timeout"]) == ("evaldrop_scorer.handler", 256, 120)
    assert made["FunctionName"] == BREVITY.function_name("evaldrop")
    assert not [name for name in template["Resources"] if name.startswith("Scorers")]


def test_its_role_may_write_to_its_log_and_nothing_else(full_template):
    """But what a function in subnets needs for its interfaces, which its own code is denied."""
    policies = resources(full_template, "AWS::IAM::Policy")
    [policy] = [each for name, each in policies.items() if name.startswith("Scorers")]
    allowed = set()
    for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
        if statement["Effect"] == "Allow":
            actions = statement["Action"]
            allowed |= {actions} if isinstance(actions, str) else set(actions)
    others = {each for each in allowed if not each.startswith("ec2:")}
    assert others == {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_the_workflow_may_call_it_by_its_name(full_template):
    name = BREVITY.function_name("evaldrop")
    calling = [
        statement
        for policy in resources(full_template, "AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "CallScorers"
    ]
    assert any(f":function:{name}" in json.dumps(statement["Resource"]) for statement in calling)


def test_what_validates_and_what_prepares_know_it():
    settings = Settings(scorers=("grade", BREVITY))
    name = BREVITY.function_name("evaldrop")
    assert settings.caps.scorer_functions == {"my_scorers:brevity": name}
    assert settings.caps.scorers == tuple(sorted(("grade", name)))


def test_a_functions_name_fits_and_is_of_one_stack_and_one_scorer():
    long = ScorerCode(python=f"{'m' * 80}:{'f' * 80}", source=SOURCE)
    assert len(long.function_name("s" * 64)) <= 64
    other = ScorerCode(python="others:brevity", source=SOURCE)
    names = {each.function_name(stack) for each in (BREVITY, other) for stack in ("one", "two")}
    assert len(names) == 4


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"source": "nowhere/my_scorers.py"}, "there is no nowhere/my_scorers.py"),
        ({"python": "others:brevity"}, "has no module others"),
        ({"requirements": "nowhere.txt"}, "there is no file nowhere.txt"),
        ({"python": "evaldrop:case", "source": "evaldrop"}, "cannot be called evaldrop"),
        ({"python": "brevity"}, "python"),
        ({"timeout_s": 901}, "timeout_s"),
    ],
)
def test_settings_refuse_code_that_could_not_run(changed, told):
    entry = {"python": "my_scorers:brevity", "source": SOURCE, **changed}
    with pytest.raises(ValidationError, match=told):
        Settings.model_validate({"scorers": [entry]})


def test_settings_refuse_a_scorer_that_is_there_twice():
    with pytest.raises(ValidationError, match="twice"):
        Settings(scorers=(BREVITY, BREVITY))


def test_the_bundle_answers_without_any_package_as_the_scorer_here_does(tmp_path):
    """In a Python that sees the bundle alone; the event is the one that the workflow sends."""
    ScorerBundle(code=BREVITY).build(tmp_path, THIS_MACHINE)
    record = Record(id="r1", prompt="Why?")
    asked = [response_json(record, Response(text="word " * n, candidate="one")) for n in (3, 120)]
    event = batch_event("brevity", asked, limit_s=10)
    code = (
        f"import sys, json; sys.path.insert(0, {str(tmp_path)!r}); import evaldrop_scorer as module; "
        "print(json.dumps(module.handler(json.load(sys.stdin), None)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], input=json.dumps(event), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    from evaldrop.cli.examples.scorer.my_scorers import brevity

    assert json.loads(done.stdout) == as_lambda(brevity)(event, None)
    assert [each["value"] for each in json.loads(done.stdout)["results"]] == [1.0, 0.5]


def test_what_is_bundled_changes_with_the_scorer_and_its_settings():
    other = ScorerBundle(code=ScorerCode(python="my_scorers:keywords", source=SOURCE))
    required = ScorerBundle(code=BREVITY.model_copy(update={"requirements": "constraints.txt"}))
    digests = {each.digest(THIS_MACHINE) for each in (ScorerBundle(code=BREVITY), other, required)}
    assert len(digests) == 3
