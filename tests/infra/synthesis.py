"""The stack as tests synthesise it: without bundling, for functions' code is a matter of test_bundles."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import aws_cdk as cdk
import cdk_nag

from infra.settings import Settings
from infra.stack import EvaldropStack

ROOT = Path(__file__).parent.parent.parent
CONTEXT = json.loads((ROOT / "cdk.json").read_bytes())["context"]

EVERYTHING = {
    **CONTEXT["evaldrop"],
    "kms": True,
    "children": "STANDARD",
    "models": [
        "anthropic.claude-sonnet-4-6",
        "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123",
        "arn:aws:bedrock:eu-west-1:123456789012:imported-model/def456",
    ],
    "guardrails": ["gr-1", "arn:aws:bedrock:eu-west-1:123456789012:guardrail/gr-2"],
    "scorers": [
        "brevity",
        "arn:aws:lambda:eu-west-1:123456789012:function:grade:live",
        {
            "python": "my_scorers:brevity",
            "source": "evaldrop/cli/examples/scorer/my_scorers.py",
            "memory_mb": 256,
            "timeout_s": 120,
        },
    ],
    "successors": {"amazon.nova-lite-v1:0": ["geo.amazon.nova-2-lite-v1:0"]},
    "prompt_optimizer": True,
    "prompt_jobs": True,
    "memory_mb": {"BuildScorecard": 10240},
    "parts_above_mb": 2,
    "budget_emails": ["someone@example.com"],
    "monthly_budget_usd": 100,
    "keep_runs_days": 20,
    "delete_with_stack": True,
    "api": True,
    "sign_in": {"domain": "evaldrop-example", "addresses": ["https://evaldrop.example.com/"]},
    "waf": 1000,
    "network": {
        "vpc": "vpc-0123456789abcdef0",
        "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "route_tables": ["rtb-0123456789abcdef0"],
    },
    "audit": True,
    "steer": True,
}


def make_app(settings, outdir, **context):
    """Return an app as app.py makes it, and its stack."""
    app = cdk.App(context={**CONTEXT, "aws:cdk:bundling-stacks": [], **context}, outdir=str(outdir))
    return app, EvaldropStack(app, "evaldrop", settings=Settings.model_validate(settings))


def synthesise(settings, outdir, **context):
    """Return a stack's template."""
    app, _ = make_app(settings, outdir, **context)
    app.synth()
    return json.loads((Path(outdir) / "evaldrop.template.json").read_bytes())


class Checked(NamedTuple):
    """A stack's template, and what cdk-nag and CDK's own rules say of it; "" for nothing."""

    template: dict
    report: str


def synthesise_checked(settings, outdir):
    """Return a stack's template and what there is to say of it: one synthesis for all who look at either."""
    app, _ = make_app(settings, outdir)
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    report = ""
    try:
        app.synth()
    except RuntimeError as error:
        report = f"{error}\n{(Path(outdir) / 'validation-report.json').read_text()}"
    return Checked(json.loads((Path(outdir) / "evaldrop.template.json").read_bytes()), report)


def resources(template, kind):
    """Return a template's resources of a type by logical ID."""
    return {name: each for name, each in template["Resources"].items() if each["Type"] == kind}


def one(template, kind, part=""):
    """Return the properties of the only resource of a type whose ID has a part."""
    found = [each for name, each in resources(template, kind).items() if part in name]
    assert len(found) == 1, found
    return found[0]["Properties"]


def python(*arguments, **environment):
    """Run Python in the checkout, without a Node on PATH."""
    env = {name: value for name, value in os.environ.items() if name not in {"PATH", "JSII_NODE"}}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env={**env, "PATH": "", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
