"""
Deploy a stack of its own, try what only AWS can show, and take it down again: `make aws-acceptance`.

Without --account nothing is done but to say what would be, and what it would cost.
"""

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import boto3

from evaldrop.aws_errors import as_service_error
from evaldrop.errors import AwsError
from evaldrop.running.deployed.stack import find_stack
from tests.aws_acceptance.steps import DATASET, RECORDS, STEPS, Account
from tests.whole_runs import ROOT

STACK = "evaldrop-acceptance"
CDK = ("npx", "--yes", "aws-cdk@2.1148.1")
SYNTHESISED = ROOT / "cdk.out" / "acceptance"
SETTINGS = {
    "stack_name": STACK,
    "evaluations": ["datasets/support-faq"],
    "default_evaluation": "support-answers",
    "budgets_usd": [],
    "delete_with_stack": True,
}
RUNS = 4
"""That call models: one each by drop and redrive, two by on-demand."""


def main() -> int:
    """Return 0 when every step was seen to hold."""
    parser = argparse.ArgumentParser(prog="make aws-acceptance", description=__doc__)
    parser.add_argument("--account", help="the ID of the account that pays; without it nothing is done")
    parser.add_argument("--keep", action="store_true", help="leave the stack there")
    asked = parser.parse_args()
    region = boto3.Session().region_name
    print(f"stack {STACK} in {region or 'no Region: set AWS_DEFAULT_REGION'}: deployed, tried by")
    for name, step in STEPS.items():
        print(f"  {name}: {step.__doc__}")
    print("  batch: not tried, for the project has no batch delivery yet")
    print(
        f"and destroyed. Models: {RUNS} runs of {RECORDS} records, at most {RUNS * cost_of_run():.2f} USD. "
        "Alarms, logs and storage of an hour: cents. It takes about an hour, most of it for the alarm."
    )
    if not asked.account:
        print("Nothing was done. To do it: make aws-acceptance ACCOUNT=<the account's ID>")
        return 0
    try:
        with as_service_error("the account cannot be looked up"):
            own = boto3.client("sts").get_caller_identity()["Account"]
    except AwsError as error:
        print(error)
        return 64
    if own != asked.account:
        print(f"These credentials are of account {own}, not {asked.account}: nothing was done.")
        return 64
    deploy()
    try:
        return try_all()
    finally:
        if not asked.keep:
            destroy()


def cost_of_run() -> float:
    """Return at most what a run's models cost in USD, as `evaldrop plan` says it."""
    planned = subprocess.run(
        [sys.executable, "-m", "evaldrop", "plan", str(DATASET), "--limit", str(RECORDS), "--json"],
        check=True,
        stdout=subprocess.PIPE,
    )
    return float(json.loads(planned.stdout)["cost_usd"]["high"])


def deploy() -> None:
    """Synthesise the stack with settings of its own and deploy it."""
    context = {"CDK_CONTEXT_JSON": json.dumps({"evaldrop": SETTINGS})}
    subprocess.run(
        [sys.executable, "app.py", str(SYNTHESISED)], cwd=ROOT, env={**os.environ, **context}, check=True
    )
    subprocess.run(
        [*CDK, "deploy", "--app", str(SYNTHESISED), "--require-approval", "never"], cwd=ROOT, check=True
    )


def try_all() -> int:
    """Try each step, also after one that did not hold; print what was seen."""
    cloudformation = boto3.client("cloudformation")
    (described,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    kept = Path("acceptance") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    account = Account(
        stack=find_stack(STACK, cloudformation),
        start_run=outputs["StartRunFunction"],
        client=boto3.client,
        kept=kept,
    )
    failed = 0
    for name, step in STEPS.items():
        try:
            print(f"held    {name}: {step(account)}", flush=True)
        except AssertionError as fault:
            failed += 1
            print(f"BROKEN  {name}: {fault}", flush=True)
    print(f"histories of all executions, as AWS told them: {kept}")
    return 3 if failed else 0


def destroy() -> None:
    """Empty the buckets, old versions too, and delete the stack."""
    stack = find_stack(STACK, boto3.client("cloudformation"))
    for name in (stack.input_bucket, stack.output_bucket):
        boto3.resource("s3").Bucket(name).object_versions.delete()
    subprocess.run([*CDK, "destroy", "--app", str(SYNTHESISED), "--force"], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
