"""What the steps before a run import, and what is done when it has ended: it starts, and ends, at once."""

import subprocess
import sys

import pytest

HEAVY = {"numpy", "scipy", "pyarrow", "pandas", "evaldrop.verdicts.reading"}


@pytest.mark.parametrize(
    "module",
    [
        "lambdas.start_run.handler",
        "lambdas.validate_dataset.handler",
        "lambdas.prepare_records.handler",
        "lambdas.report_failure.handler",
        "evaldrop.cli.app",
        "evaldrop.running.here",
        "evaldrop.running.workflow",
        "evaldrop.running.history.from_folders",
        "evaldrop.running.retrying",
        "evaldrop.cli.tables.scorecard",
    ],
)
def test_what_a_run_waits_for_loads_neither_a_table_library_nor_the_parser_of_verdicts(module):
    program = f"import {module}, sys; print(sorted({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_start_run_loads_neither_boto3_nor_the_store_before_there_is_something_to_start():
    """What both take is paid by the first event alone, and where there is no table, half of it by none."""
    program = (
        "import lambdas.start_run.handler, sys; "
        "print(sorted({'boto3', 'evaldrop.store.opening', 'evaldrop.store.dynamodb'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
