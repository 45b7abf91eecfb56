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


@pytest.mark.parametrize(
    "module",
    [
        # What a run's first functions wait for.
        "lambdas.validate_dataset.handler",
        "lambdas.prepare_records.handler",
        # What a run that has ended waits for.
        "evaldrop.running.history.from_folders",
        "evaldrop.running.retrying",
        "evaldrop.cli.tables.scorecard",
    ],
)
def test_what_a_run_waits_for_has_neither_statistics_nor_the_parser_of_verdicts(module):
    program = f"""
import {module}, sys
print(sorted({{"numpy", "scipy", "pyarrow", "pandas", "evaldrop.verdicts.reading"}} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
