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
    """Return a function that starts a run of some latency, and the address of its page."""
    write(tmp_path, SMALL, [{**ROW, "id": f"r{number}"} for number in range(40)])
    started = []

    def start(latency):
        command = [sys.executable, "-m", "evaldrop", "run", "faq.jsonl", "--watch", "--max-in-flight", "2",
                   "--bedrock", f"simulated:latency={latency}"]  # fmt: skip
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        for line in process.stderr:
            if found := re.fullmatch(r"live: (http://127\.0\.0\.1:\d+/live)\n", line):
                return process, found[1]
        pytest.fail(f"no address was said, exit code {process.wait(PATIENCE_S)}")

    yield start
    for process in started:
        process.kill()
        process.communicate()


def events(address):
    """Yield what a page is told."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S)
    connection.request("GET", "/live/events")
    for line in connection.getresponse():
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))
    connection.close()


def test_the_page_fills_as_records_end_and_hears_of_the_end(watched):
    process, address = watched(latency=0.6)
    told = list(events(address))
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    records = [each["records"] for each in told]
    assert records == sorted(records)
    assert any(0 < number < 40 for number in records)
    assert (told[-1]["state"], records[-1], told[-1]["total"]) == ("ended", 40, 40)
    estimates = [each["candidates"][0]["estimates"][0] for each in told if 5 < each["records"]]
    first, last = (each["interval"][1] - each["interval"][0] for each in (estimates[0], estimates[-1]))
    assert last < first


def test_ctrl_c_ends_the_run_and_the_page_with_it(watched):
    process, address = watched(latency=2)
    heard = events(address)
    next(heard)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "Go on with: evaldrop run --resume" in said
    with pytest.raises(ConnectionRefusedError):
        next(events(address))
