"""`evaldrop run --watch` as a process of its own, with a plain client beside it."""

import http.client
import json
import re
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.evaldrop.evaluations import ROW, SMALL, write

PATIENCE_S = 120


@pytest.fixture
def watched(tmp_path):
    """A run of some latency, and the address of its page."""
    write(tmp_path, SMALL, [{**ROW, "id": f"r{number}"} for number in range(400)])
    command = [sys.executable, "-m", "evaldrop", "run", "faq.jsonl", "--watch", "--max-in-flight", "20",
               "--bedrock", "simulated:latency=6"]  # fmt: skip
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        found = (re.fullmatch(r"live: (http://127\.0\.0\.1:\d+/live)\n", line) for line in process.stderr)
        yield process, next(filter(None, found))[1]
        process.kill()


def events(address):
    """Yield what a page is told."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S)
    connection.request("GET", "/live/events")
    for line in connection.getresponse():
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))
    connection.close()


def test_the_page_fills_as_records_end_and_ends_with_the_run_at_ctrl_c(watched):
    process, address = watched
    told = []
    for look in events(address):
        told.append(look)
        if look["records"] > 10:
            break
    records = [each["records"] for each in told]
    assert records == sorted(records)
    assert (told[-1]["state"], told[-1]["total"]) == ("running", 400)
    assert told[-1]["calls"] > 10

    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    assert process.wait(PATIENCE_S) == 130
    assert "Go on with: evaldrop run --resume" in said.replace("\n", " ")
    with pytest.raises(ConnectionRefusedError):
        next(events(address))
