"""The command itself: started, read, ended."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local_aws.harness import ROOT

pytestmark = pytest.mark.slow


def test_it_prints_what_a_newcomer_needs_and_ctrl_c_ends_it_cleanly(running, tmp_path):
    # `running` has synthesised: what is started here is quick
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["XDG_STATE_HOME"] = str(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "evaldrop", "local", "--port", "0"],
        cwd=ROOT,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "what a person's keys may do" in line:
            break
    # The first of the commands, and the last word: a shell that has typed it may do everything.
    [keys] = [line.strip() for line in lines if "evaldrop local env" in line]
    script = f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; {keys}; aws s3 ls"
    listed = subprocess.run(
        ["sh", "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    text = "".join(lines) + rest
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert text.startswith("SIMULATED")
    assert re.fullmatch(r'eval "\$\(evaldrop local env --port \d+\)"', keys)
    assert running.outputs["InputBucket"] in listed.stdout, listed.stderr
    assert list((tmp_path / "evaldrop" / "local").iterdir()) == []
    assert re.search(r"input bucket +evaldrop-storageinput", text)
    assert "s3 cp datasets/support-faq/records.jsonl s3://evaldrop-storageinput" in text
    assert "AWS::Budgets::Budget (2): not made" in text
    # names are those of the last start: commands can be pasted again
    assert running.outputs["InputBucket"] in text
