"""
Run the conformance cases: `cases/*.json`.

A case has a name, a comment (the rule, and where it is documented), a definition, perhaps substitutions, an
input, `integrations` (replies in turn per resource: result | error, cause | echo, each perhaps after delay_s;
the last is repeated), `files` (bucket/key: text), and what is expected: `output`, or `error` with perhaps
`cause`; perhaps `calls` (arguments per resource), `files` (bucket/key: rows, how many rows, or null for none)
and `waits` (seconds). A map run's UUID is written <run>.

A case of `redrive.json` has `attempts`, each with its own integrations, files and expectations: the
execution, then its redrives. `stop_after_s` stops an attempt, `pause_s` passes before one; `map_runs` is how
many Map Runs wrote results.
"""

import asyncio
import json
import re
from pathlib import Path

import orjson
import pytest

from evaldrop.engine import DefinitionError, Execution, Progress, execute, load
from tests.evaldrop.engine.scripted import Objects, Script
from tests.evaldrop.engine.virtual_time import VirtualClock, run_virtual

CASES = Path(__file__).parent / "cases"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def cases(pattern):
    return list(read_cases(pattern))


def read_cases(pattern):
    for path in sorted(CASES.glob(pattern)):
        for case in json.loads(path.read_text())["cases"]:
            yield pytest.param(case, id=f"{path.stem}: {case['name']}")


def machine_of(case):
    definition = case["definition"]
    if "States" not in definition:
        definition = {"StartAt": next(iter(definition)), "States": definition}
    return {"QueryLanguage": "JSONata", **definition}


@pytest.mark.parametrize("case", cases("run_*.json"))
def test_a_machine_does_what_the_case_documents(case):
    objects, clock = Objects(expand(case.get("files", {}))), VirtualClock()
    machine = load(machine_of(case), case.get("substitutions", {}))
    script = Script(expand(case.get("integrations", {})))
    given = expand(case.get("input", {}))
    before = orjson.dumps(given)

    ended = run_virtual(
        execute(
            machine,
            given,
            integrations=script.integrations(),
            store=objects,
            name="case",
            clock=clock,
            seed=7,
            max_file_bytes=case.get("max_file_bytes", 5_000_000_000),
        )
    )

    assert orjson.dumps(given) == before, "the input was changed"
    check(case["expected"], ended, script, clock, objects)


@pytest.mark.parametrize("case", cases("redrive.json"))
def test_a_redrive_does_what_the_case_documents(case):
    objects, clock = Objects(), VirtualClock()
    machine, given, progress = load(machine_of(case)), expand(case.get("input", {})), Progress()

    async def attempt(script, planned):
        await asyncio.sleep(planned.get("pause_s", 0))
        running = asyncio.create_task(
            execute(
                machine,
                given,
                integrations=script.integrations(),
                store=objects,
                name="case",
                clock=clock,
                seed=7,
                progress=progress,
            )
        )
        if "stop_after_s" in planned:
            await asyncio.sleep(planned["stop_after_s"])
            running.cancel()
        try:
            return await running
        except asyncio.CancelledError:
            return Execution(status="ABORTED")

    async def all_attempts():
        for planned in case["attempts"]:
            script = Script(expand(planned.get("integrations", {})))
            objects.put(expand(planned.get("files", {})))
            clock.waits.clear()
            ended = await attempt(script, planned)
            check(planned["expected"], ended, script, clock, objects)

    run_virtual(all_attempts())


def check(expected, ended, script, clock, objects):
    assert objects.open_streams == 0, "a file was left open"
    assert {"status": ended.status, "error": ended.error} == {
        "status": expected.get("status", "FAILED" if "error" in expected else "SUCCEEDED"),
        "error": expected.get("error"),
    }, ended.cause
    if "output" in expected:
        assert normalised(ended.output) == expand(expected["output"])
    if "cause" in expected:
        assert expected["cause"] in (ended.cause or "")
    for resource, calls in expected.get("calls", {}).items():
        assert script.calls[resource] == calls
    if "waits" in expected:
        assert clock.waits == expected["waits"]
    check_files(expected.get("files", {}), objects)
    if "map_runs" in expected:
        folders = {key.split("/")[1] for bucket, key in objects.files if bucket == "out"}
        assert len(folders) == expected["map_runs"]


def expand(value):
    """Fill {"$repeat": [text, times]} and {"$concat": [texts]}, so that a case can hold 256 KiB."""
    if isinstance(value, dict):
        if set(value) == {"$repeat"}:
            return value["$repeat"][0] * value["$repeat"][1]
        if set(value) == {"$concat"}:
            return "".join(map(expand, value["$concat"]))
        return {key: expand(member) for key, member in value.items()}
    return [expand(element) for element in value] if isinstance(value, list) else value


def normalised(value):
    if isinstance(value, str):
        return UUID.sub("<run>", value)
    if isinstance(value, dict):
        return {key: normalised(member) for key, member in value.items()}
    return [normalised(element) for element in value] if isinstance(value, list) else value


def check_files(expected, objects):
    written = {
        normalised("/".join(name)): text.decode(errors="replace") for name, text in objects.files.items()
    }
    for name, content in expected.items():
        if content is None:
            assert name not in written
            continue
        assert name in written, f"{name} is not among {sorted(written)}"
        lines = name.endswith(".jsonl")
        found = list(map(json.loads, written[name].splitlines())) if lines else json.loads(written[name])
        if isinstance(content, int):
            assert len(found) == content
        elif isinstance(content, list) and any(isinstance(row, dict) and "$has" in row for row in content):
            assert [
                {key: row.get(key) for key in want["$has"]} for row, want in zip(found, content, strict=True)
            ] == [want["$has"] for want in content]
        else:
            assert normalised(found) == content


@pytest.mark.parametrize("case", cases("load_*.json"))
def test_a_bad_machine_is_refused_with_every_problem_named(case):
    definition = case["definition"] if case.get("whole") else machine_of(case)
    with pytest.raises(DefinitionError) as refused:
        load(definition, case.get("substitutions", {}))
    assert list(refused.value.problems) == case["problems"]


def test_there_are_at_least_a_hundred_cases():
    assert len(cases("*.json")) >= 100
