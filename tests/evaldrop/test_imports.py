"""What a start imports: a library that a command does not use is not paid for by it."""

import subprocess
import sys

import pytest

ONLY_WHEN_USED = {
    *("regex", "jsonschema", "jinja2", "pyarrow", "numpy", "scipy", "pandas", "boto3", "botocore"),
}


@pytest.mark.parametrize(
    "module",
    [
        "evaldrop.cli.app",
        "evaldrop.cli.commands.run",
        "evaldrop.checks",
        "evaldrop.evaluation",
        "evaldrop.scorers",
    ],
)
def test_what_every_start_imports_has_no_library_that_only_some_use(module):
    program = f"import {module}, sys; print(sorted({ONLY_WHEN_USED!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
