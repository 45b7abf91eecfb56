"""How `evaldrop local env` finds what runs: by files that are their user's alone."""

import json
import os
import shlex
import signal
import stat
import subprocess
import sys

import pytest

from evaldrop.errors import InputError
from evaldrop.running.instances import (
    Instance,
    announced,
    env_command,
    exports_of,
    find_instance,
    running_instances,
    state_folder,
)


def instance(port=5000):
    return Instance(
        port=port,
        endpoint=f"http://localhost:{port}",
        region="us-east-1",
        access_key="AKIA",
        secret_key="a'b$c",
    )


def test_one_that_runs_is_found_and_one_that_ended_is_not(tmp_path):
    with announced(instance(), tmp_path):
        assert find_instance(None, tmp_path) == instance()
        assert find_instance(5000, tmp_path) == instance()
    assert running_instances(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="no evaldrop local runs"):
        find_instance(None, tmp_path)


def test_among_several_the_port_decides(tmp_path):
    with announced(instance(5001), tmp_path), announced(instance(5000), tmp_path):
        assert find_instance(5001, tmp_path) == instance(5001)
        with pytest.raises(InputError, match=r"at the ports 5000, 5001\. Say which, with --port"):
            find_instance(None, tmp_path)
        with pytest.raises(
            InputError, match=r"--port 7: no evaldrop local runs there; at 5000, 5001 one does"
        ):
            find_instance(7, tmp_path)


def test_only_its_user_can_read_the_keys_whatever_the_umask(tmp_path):
    folder = tmp_path / "evaldrop" / "local"
    before = os.umask(0)
    try:
        with announced(instance(), folder):
            [file] = folder.iterdir()
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        os.umask(before)


KILLED = """
import sys, time
from pathlib import Path
from evaldrop.running.instances import Instance, announced
instance = Instance(port=5000, endpoint="e", region="r", access_key="a", secret_key="s")
with announced(instance, Path(sys.argv[1])):
    print("there", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_one_leaves_behind_is_taken_for_none_that_runs_and_removed(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"there\n"
    assert len(running_instances(tmp_path)) == 1
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    [left] = tmp_path.iterdir()
    assert json.loads(left.read_text())["port"] == 5000
    assert running_instances(tmp_path) == []
    assert not left.exists()


def test_the_folder_is_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "evaldrop" / "local"
    for unusable in ("", "relative"):
        monkeypatch.setenv("XDG_STATE_HOME", unusable)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert state_folder() == tmp_path / ".local" / "state" / "evaldrop" / "local"


def test_a_place_that_is_none_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match="XDG_STATE_HOME names another place"),
        announced(instance(), tmp_path / "file" / "local"),
    ):
        pass


def test_a_shell_gets_the_keys_as_they_are():
    script = f"AWS_SESSION_TOKEN=old\n{exports_of(instance())}\nenv"
    told = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "AWS_SECRET_ACCESS_KEY=a'b$c" in told
    assert "AWS_ENDPOINT_URL=http://localhost:5000" in told
    assert not [line for line in told if line.startswith("AWS_SESSION_TOKEN")]


def test_the_command_names_a_port_that_is_not_the_usual_one():
    assert env_command(5000) == 'eval "$(evaldrop local env)"'
    assert shlex.split(env_command(5001)) == ["eval", "$(evaldrop local env --port 5001)"]
