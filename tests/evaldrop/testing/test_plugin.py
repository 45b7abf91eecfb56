"""`pytest --evaldrop-run RUN` and `@evaldrop.case`, each in a pytest of its own."""

import subprocess
import sys
import tomllib
from xml.etree import ElementTree as ET

import pytest

from evaldrop.scorecard.read import read_scorecard
from tests.whole_runs import ROOT, called, environment, only_run, write_evaluation

GATED = """
name: small
candidates:
  - {name: first, model: "test.first-v1:0"}
  - {name: second, model: "test.second-v1:0"}
judges: [{name: judge, model: "amazon.nova-pro-v1:0"}]
criteria: [correctness]
gate:
  - correctness.pass_rate >= 0.01 for every candidate
  - correctness.pass_rate >= 0.99 for every candidate
"""


def outcomes_of(*arguments, cwd, file=None):
    """Run pytest in a folder, with the plugin; return its exit code, output and outcomes by name."""
    if file is not None:
        (cwd / "test_it.py").write_text(file, encoding="utf-8")
    # The plugin is named, and no other is loaded: whether this checkout is installed must not matter.
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "evaldrop.testing.plugin", "-p", "no:cacheprovider"),
            *("--junitxml", "outcomes.xml", *map(str, arguments)),
        ],
        cwd=cwd,
        env={**environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = cwd / "outcomes.xml"
    outcomes = {}
    if found.is_file():
        for each in ET.parse(found).iter("testcase"):
            said = [child.tag for child in each]
            outcomes[each.get("name")] = said[0] if said else "passed"
        found.unlink()
    return done.returncode, done.stdout + done.stderr, outcomes


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A rehearsed run of eight records, two candidates and a gate of two rules."""
    folder = tmp_path_factory.mktemp("plugin")
    dataset = write_evaluation(folder, records=8, evaluation=GATED)
    called("run", dataset, "--bedrock", "simulated", "--out", folder / "runs", "--yes", cwd=folder)
    return only_run(folder / "runs")


def test_each_rule_of_the_gate_and_each_response_is_a_test(run, tmp_path):
    code, _, outcomes = outcomes_of("--evaldrop-run", run, cwd=tmp_path)
    gate = {name: said for name, said in outcomes.items() if name.startswith("gate[")}
    records = {name for name in outcomes if name.startswith("record[")}
    scorecard = read_scorecard(str(run))
    words = {"pass": "passed", "fail": "failure", "inconclusive": "skipped"}

    assert code == 1
    assert sorted(gate.values()) == sorted(words[check.decision] for check in scorecard.gate.checks)
    assert records == {f"record[record-{n}-{name}]" for n in range(8) for name in ("first", "second")}


def test_a_records_test_fails_by_its_criteria_and_says_the_rationale(run, tmp_path):
    verdicts = {
        (row.record_id, row.candidate): row
        for row in _read(run).verdicts.itertuples()
        if row.passed is False or row.passed == False  # noqa: E712 - pandas' own false
    }
    _, output, outcomes = outcomes_of("--evaldrop-run", run, cwd=tmp_path)
    failed = {name for name, said in outcomes.items() if said == "failure" and name.startswith("record[")}

    assert verdicts
    assert failed == {f"record[{record}-{candidate}]" for record, candidate in verdicts}
    shown = next(iter(verdicts.values()))
    assert f"correctness: {shown.score:g}: {shown.rationale[:60]}" in output
    assert "Traceback" not in output


def _read(run):
    from evaldrop import read_run

    return read_run(str(run))


def test_the_gate_alone_when_asked_and_k_chooses_among_a_runs_tests(run, tmp_path):
    _, _, gate = outcomes_of("--evaldrop-run", run, "--evaldrop-records", "none", cwd=tmp_path)
    assert gate
    assert all(name.startswith("gate[") for name in gate)

    _, _, chosen = outcomes_of("--evaldrop-run", run, "-k", "record-3", cwd=tmp_path)
    assert set(chosen) == {"record[record-3-first]", "record[record-3-second]"}


def test_an_inconclusive_rule_is_skipped_and_fails_where_it_is_strict(tmp_path):
    gate = "gate: ['correctness.pass_rate >= 0.75 for every candidate']\n"
    dataset = write_evaluation(tmp_path, records=3, evaluation=GATED[: GATED.index("gate:")] + gate)
    called("run", dataset, "--bedrock", "simulated", "--out", tmp_path / "runs", "--yes", cwd=tmp_path)
    run = only_run(tmp_path / "runs")
    decisions = {check.decision for check in read_scorecard(str(run)).gate.checks}
    assert "inconclusive" in decisions

    asked = ("--evaldrop-run", run, "--evaldrop-records", "none")
    _, _, outcomes = outcomes_of(*asked, cwd=tmp_path)
    _, _, strict = outcomes_of(*asked, "--evaldrop-strict", cwd=tmp_path)

    assert "skipped" in outcomes.values()
    assert "skipped" not in strict.values()


@pytest.mark.parametrize("name", ["no-such-run", "latest"])
def test_a_run_that_is_not_there_is_wrong_use_and_no_traceback(name, tmp_path):
    code, output, outcomes = outcomes_of("--evaldrop-run", name, cwd=tmp_path)
    assert code == 4  # pytest's exit code of wrong use
    assert "--evaldrop-run" in output
    assert "Traceback" not in output
    assert not outcomes


CASES = """
import evaldrop, pytest

@pytest.fixture
def app():
    return lambda prompt: "You have 30 days.\\x1b[2J" if "return" in prompt else "No."

@evaldrop.case(prompt="How long may I return it?", reference="30 days", checks="contains")
def test_right(prompt, app):
    return app(prompt)

@evaldrop.case(prompt="How long may I return it?", reference="14 days", checks=["contains"])
async def test_wrong(prompt, app):
    return {"response": app(prompt), "cost_usd": 0.01}

@evaldrop.case(prompt="May I?", checks=["contains"])
def test_nothing_to_compare_with(record, app):
    assert record.prompt == "May I?"
    return app(record.prompt)

@evaldrop.case(prompt="May I?", checks=["not_contains"], reference="Yes")
def test_no_text(prompt):
    return None

@evaldrop.case(dataset="records.jsonl", checks=[{"not_contains": "sorry"}])
def test_records(record, prompt, app):
    assert record.prompt == prompt
    return app(prompt)
"""


def test_a_case_is_held_to_its_checks_with_fixtures_and_for_each_record_of_a_dataset(tmp_path):
    (tmp_path / "records.jsonl").write_text(
        '{"id": "a", "prompt": "Can I return?", "checks": [{"contains": "30"}]}\n'
        '{"id": "b", "prompt": "Hm?"}\n'
    )
    code, output, outcomes = outcomes_of(cwd=tmp_path, file=CASES)
    assert code == 1
    assert outcomes == {
        "test_right[case]": "passed",
        "test_wrong[case]": "failure",
        "test_nothing_to_compare_with[case]": "failure",
        "test_no_text[case]": "failure",
        "test_records[a]": "passed",
        "test_records[b]": "passed",
    }
    assert "response: You have 30 days.<U+001B>[2J" in output
    assert "\x1b[2J" not in output
    assert "no check could be made" in output
    assert "return the response as a text" in output


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("prompt='x'", "no checks to hold"),
        ("checks='contains'", "give either prompt or dataset"),
        ("prompt='x', checks='contians'", "Did you mean"),
        ("dataset='none.jsonl', checks='contains'", "none.jsonl"),
    ],
)
def test_a_case_that_cannot_be_made_says_what_is_wrong_when_it_is_collected(call, words, tmp_path):
    file = f"import evaldrop\n\n@evaldrop.case({call})\ndef test_it(prompt):\n    return prompt\n"
    code, output, _ = outcomes_of(cwd=tmp_path, file=file)
    assert code == 2
    assert words in output


def test_the_plugin_is_declared_and_costs_other_projects_nothing():
    """pytest imports it wherever evaldrop is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"evaldrop": "evaldrop.testing.plugin"}

    code = (
        "import sys, pytest; before = set(sys.modules); import evaldrop.testing.plugin; "
        "print(*(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    others = {name for name in done.stdout.split() if name.split(".")[0] not in sys.stdlib_module_names}
    assert others == {"evaldrop", "evaldrop.shipped", "evaldrop.testing", "evaldrop.testing.plugin"}
