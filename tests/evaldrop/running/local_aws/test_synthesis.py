"""The stack's template and code: found, read, made again only when a source changed."""

import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from evaldrop.errors import InputError
from evaldrop.running.local_aws import synthesis
from evaldrop.running.local_aws.synthesis import read_assembly, synthesise

MANIFEST = {
    "files": {
        "a": {
            "source": {"path": "asset.a", "packaging": "zip"},
            "destinations": {"here": {"objectKey": "a.zip"}},
        },
        "t": {
            "source": {"path": "evaldrop.template.json", "packaging": "file"},
            "destinations": {"here": {"objectKey": "t.json"}},
        },
    }
}


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evaldrop.template.json").write_text('{"Resources": {}}')
    (folder / "evaldrop.assets.json").write_text(json.dumps(MANIFEST))


def test_a_folder_or_its_template_is_read_with_where_the_code_lies(tmp_path):
    write(tmp_path)
    for place in (tmp_path, tmp_path / "evaldrop.template.json"):
        assembly = read_assembly(place)
        assert (assembly.name, assembly.template) == ("evaldrop", {"Resources": {}})
        assert assembly.assets == {"a.zip": tmp_path / "asset.a"}


def test_a_folder_without_one_stack_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no \*.template.json there"):
        read_assembly(tmp_path)
    write(tmp_path)
    (tmp_path / "other.template.json").write_text("{}")
    with pytest.raises(InputError, match=r"2 \*.template.json there"):
        read_assembly(tmp_path)
    with pytest.raises(InputError, match=r"other.assets.json is not beside it"):
        read_assembly(tmp_path / "other.template.json")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout whose app.py writes a stack, and a count of how often it ran."""
    place = tmp_path / "checkout"
    place.mkdir()
    for name in synthesis.SOURCES:
        (place / name).mkdir() if "." not in name else (place / name).write_text("")
    (place / "infra" / "stack.py").write_text("one = 1")
    runs = []

    def run(command, *, cwd, env, **_more):
        assert json.loads(env["CDK_CONTEXT_JSON"]) == {"evaldrop:rehearsed": True}
        runs.append(cwd)
        write(tmp_path / "out")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(synthesis.subprocess, "run", run)
    return place, tmp_path / "out", runs


def test_what_did_not_change_is_not_made_again(checkout):
    place, out, runs = checkout
    told = []
    synthesise(place, out, tell=told.append)
    (place / "infra" / "stack.py").touch()
    (place / "evaldrop" / "cli").mkdir()
    (place / "evaldrop" / "cli" / "app.py").write_text("in no function")
    synthesise(place, out, tell=told.append)
    assert len(runs) == len(told) == 1
    assert "about a minute the first time" in told[0]
    (place / "infra" / "stack.py").write_text("one = 2")
    synthesise(place, out, tell=told.append)
    assert len(runs) == len(told) == 2


def test_two_at_a_time_synthesise_one_after_the_other(checkout, monkeypatch):
    """Each would move the other's bundles away; the second finds what the first made."""
    place, out, runs = checkout
    run, at_once, most = synthesis.subprocess.run, [], []

    def slowly(*arguments, **more):
        at_once.append(1)
        most.append(len(at_once))
        time.sleep(0.2)
        at_once.pop()
        return run(*arguments, **more)

    monkeypatch.setattr(synthesis.subprocess, "run", slowly)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: synthesise(place, out, tell=lambda _line: None), range(3)))
    assert most == [1]
    assert len(runs) == 1
    assert found[0] == found[1] == found[2]


def test_bundles_of_earlier_sources_go_after_a_day(checkout):
    place, out, _ = checkout
    out.mkdir()
    for name in ("asset.a", "asset.old", "asset.old.bytecode", "asset.new"):
        (out / name).mkdir()
        if name != "asset.new":
            os.utime(out / name, (0, 0))
    synthesise(place, out, tell=lambda _line: None)
    assert {path.name for path in out.glob("asset.*")} == {"asset.a", "asset.new"}


def test_what_cdk_says_is_passed_on(checkout, monkeypatch):
    place, out, _ = checkout
    failed = subprocess.CompletedProcess([], 1, "", "ModuleNotFoundError: No module named 'aws_cdk'")
    monkeypatch.setattr(synthesis.subprocess, "run", lambda *_args, **_more: failed)
    with pytest.raises(InputError, match=r"pip install 'evaldrop\[local\]'"):
        synthesise(place, out, tell=lambda _line: None)


def test_elsewhere_than_in_a_checkout_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(synthesis, "__file__", str(tmp_path / "a" / "b" / "synthesis.py"))
    with pytest.raises(InputError, match=r"--template cdk\.out"):
        synthesis.find_checkout()
