"""`evaldrop serve`: its address and key, said once; and its end by Ctrl-C."""

import re
import signal
import subprocess
import sys
import urllib.request

from tests.whole_runs import environment


def test_it_says_where_it_answers_and_with_which_key_and_ends_by_ctrl_c(tmp_path):
    command = [sys.executable, "-m", "evaldrop", "serve", "--bedrock", "simulated"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        address = re.match(r"(http://127\.0\.0\.1:\d+)/  ", server.stdout.readline())[1]
        token = re.match(r"x-api-key: (\S+)", server.stdout.readline())[1]
        request = urllib.request.Request(f"{address}/runs", headers={"x-api-key": token})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            assert answer.read() == b'{"runs":[],"after":null}'
        server.send_signal(signal.SIGINT)
        rest, said = server.communicate(timeout=20)

    assert (server.returncode, rest) == (0, "")
    assert said.endswith("stopped.\n")
    # The key is kept nowhere.
    assert not [
        path for path in tmp_path.rglob("*") if path.is_file() and token.encode() in path.read_bytes()
    ]
