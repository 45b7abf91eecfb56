"""`cdk synth` and `python app.py` alike: the stack, as cdk.json says."""

import json
import sys
from pathlib import Path

from infra.settings import Settings  # first: importing infra finds Node for CDK
from infra.stack import EvaldropStack

import aws_cdk as cdk  # isort: skip

ROOT = Path(__file__).parent


def build(outdir: str | None = None) -> cdk.App:
    """Return the app; cdk.json's context is given here because only CDK's own command line reads it."""
    context = json.loads((ROOT / "cdk.json").read_bytes())["context"]
    app = cdk.App(context=context, outdir=outdir)
    settings = Settings.from_context(app.node.try_get_context("evaldrop"))
    EvaldropStack(app, settings.stack_name, settings=settings)
    return app


if __name__ == "__main__":
    build(sys.argv[1] if len(sys.argv) > 1 else None).synth()
