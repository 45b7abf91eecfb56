"""`cdk synth` and `python app.py` alike: the stack, as cdk.json says."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.bundles import REHEARSED
from infra.settings import Settings  # first: importing infra finds Node for CDK
from infra.stack import EvaldropStack

import aws_cdk as cdk  # isort: skip

ROOT = Path(__file__).parent


def build(outdir: str | None = None) -> cdk.App:
    """Return the app; cdk.json's context is given here because only CDK's own command line reads it."""
    context = json.loads((ROOT / "cdk.json").read_bytes())["context"]
    app = cdk.App(context=context, outdir=outdir)
    settings = Settings.from_context(app.node.try_get_context("evaldrop"))
    # A local AWS is in a Region of its own, whatever the shell says.
    region = None if app.node.try_get_context(REHEARSED) else likely_region(os.environ)
    stack = EvaldropStack(app, settings.stack_name, settings=settings, region=region)
    for note in stack.notes:
        sys.stderr.write(f"note {note}\n")
    return app


def likely_region(environment: Mapping[str, str]) -> str | None:
    """Return the Region that a deployment from here goes to: CDK's command line says what it found."""
    names = ("CDK_DEFAULT_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")
    return next((environment[name] for name in names if environment.get(name)), None)


if __name__ == "__main__":
    build(sys.argv[1] if len(sys.argv) > 1 else None).synth()
