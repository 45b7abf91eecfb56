"""A password in the URL of a server reaches the server, and no file and no screen."""

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

from tests.whole_runs import called, environment, evaldrop, only_run

PASSWORD = "correct-horse-battery"
BASIC = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
EVALUATION = {
    "name": "guarded",
    "candidates": [{"name": "lite", "model": "m"}],
    "judges": [{"name": "pro", "model": "j", "verdict": "text"}],
    "criteria": ["helpfulness"],
}


@contextmanager
def guarded(seen):
    """Serve OpenAI's API to whoever has the password; `seen` gets the header of every call."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(self.headers["Authorization"])
            may = seen[-1] == f"Basic {BASIC}"
            message = {"role": "assistant", "content": "helpfulness: 5"}
            body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
            content = json.dumps(body if may else {"error": {"message": "Who are you?"}}).encode()
            self.send_response(200 if may else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def holding(folder):
    """The files below a folder that hold the password, as it is or as the header has it."""
    secrets = (PASSWORD.encode(), BASIC.encode())
    return [
        file.name
        for file in folder.rglob("*")
        if file.is_file() and any(secret in file.read_bytes() for secret in secrets)
    ]


def test_a_password_in_the_url_is_in_no_file_and_on_no_screen(tmp_path):
    (tmp_path / "evaluation.yaml").write_text(yaml.safe_dump(EVALUATION), encoding="utf-8")
    dataset = tmp_path / "faq.jsonl"
    dataset.write_text(
        "".join(json.dumps({"id": f"r{n}", "prompt": f"Why {n}?"}) + "\n" for n in range(3)), encoding="utf-8"
    )
    seen = []
    with guarded(seen) as host:
        url = f"openai=http://ann:{PASSWORD}@{host}"
        done = evaldrop("run", dataset, "--bedrock", url, "--out", tmp_path / "runs")
        assert done.returncode == 0, done.stderr
        assert set(seen) == {f"Basic {BASIC}"}
        # Without it every call fails, and the run ends at its first calls; gone on with by the environment.
        failed = called("run", dataset, "--bedrock", f"openai=http://{host}", "--out", tmp_path / "more")
        assert failed.returncode == 3
        env = {**environment(), "EVALDROP_OPENAI_AUTHORIZATION": f"Basic {BASIC}"}
        resumed = called("run", "--resume", only_run(tmp_path / "more"), env=env)
        assert resumed.returncode == 0, resumed.stderr
    # The server is gone: what cannot be reached is told without the password.
    gone = called("run", dataset, "--bedrock", url, "--out", tmp_path / "gone")
    misspelt = called("run", dataset, "--bedrock", f"openai=ftp://ann:{PASSWORD}@host", "--out", tmp_path)
    for ended in (done, failed, resumed, gone, misspelt):
        assert PASSWORD not in ended.stdout + ended.stderr
        assert BASIC not in ended.stdout + ended.stderr
    assert misspelt.returncode == 64
    assert holding(tmp_path) == []
    assert (
        json.loads((only_run(tmp_path / "runs") / "run.json").read_text())["bedrock"]
        == f"openai=http://{host}"
    )
