"""The command itself: started, read, ended."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.local_aws.harness import ROOT

pytestmark = pytest.mark.slow


def test_it_prints_what_a_newcomer_needs_and_ctrl_c_ends_it_cleanly(running):
    # `running` has synthesised: what is started here is quick
    process = subprocess.Popen(
        [sys.executable, "-m", "evaldrop", "local", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "what a person's keys may do" in line:
            break
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    text = "".join(lines) + rest
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert text.startswith("SIMULATED")
    assert re.search(r"input bucket +evaldrop-storageinput", text)
    assert "s3 cp datasets/support-faq/records.jsonl s3://evaldrop-storageinput" in text
    assert "AWS::Budgets::Budget (2): not made" in text
    # names are those of the last start: commands can be pasted again
    assert running.outputs["InputBucket"] in text
