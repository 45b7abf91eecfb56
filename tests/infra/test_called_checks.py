"""What a stack may call for checks: the embedding models that are named, and guardrail checks where asked."""

import json

import pytest

from tests.infra.synthesis import CONTEXT, resources, synthesise

CHECKS = {
    "similarity": '- similarity: {model: "amazon.titan-embed-text-v2:0", pass_at: 0.6}',
    "guardrail": "- guardrail: [INSULTS, HATE]",
    "contains": "- contains: days",
}


def allowed(template):
    """Return the actions of Bedrock's runtime that the machine's role has, with their resources."""
    found = {}
    for name, policy in resources(template, "AWS::IAM::Policy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                if "EvaluateDatasetRole" in name and action.startswith("bedrock:Invoke"):
                    found.setdefault(action, []).append(json.dumps(statement["Resource"]))
    return found


@pytest.mark.parametrize("asked", [["contains"], ["similarity"], ["guardrail"], ["similarity", "guardrail"]])
def test_a_stack_may_call_what_its_checks_ask_and_no_more(asked, tmp_path):
    lines = "\n".join(f"  {CHECKS[each]}" for each in asked)
    (tmp_path / "evaluation.yaml").write_text(
        f'name: small\ncandidates: [{{name: nova, model: "amazon.nova-micro-v1:0"}}]\nchecks:\n{lines}\n',
        encoding="utf-8",
    )
    settings = {**CONTEXT["evaldrop"], "evaluations": [str(tmp_path)], "weekly": {}}
    found = allowed(synthesise(settings, tmp_path / "out"))
    models = "".join(found["bedrock:InvokeModel"])
    assert ("titan-embed-text-v2:0" in models) == ("similarity" in asked)
    assert "foundation-model/*" not in models
    assert ("bedrock:InvokeGuardrailChecks" in found) == ("guardrail" in asked)
