"""What holds the pieces together: names, layers, released prompts, documented commands, the retry budget."""

import ast
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import typer

from evaldrop.cli.app import app
from evaldrop.engine.queries import UNDEFINED, Frame, compile_expression
from evaldrop.evaluation import Candidate, Judge
from evaldrop.run.parts import Stage

ROOT = Path(__file__).parent.parent
WORKFLOW = json.loads((ROOT / "infra" / "workflow.asl.json").read_bytes())
DIGESTS = ROOT / "tests" / "prompt_digests.json"

LAMBDA = "arn:${Partition}:states:::lambda:invoke"
RESOURCES = {
    LAMBDA,
    "arn:${Partition}:states:::bedrock:invokeModel",
    "arn:${Partition}:states:::aws-sdk:bedrockruntime:converse",
    "arn:${Partition}:states:::aws-sdk:bedrockruntime:invokeGuardrailChecks",
    "arn:${Partition}:states:::aws-sdk:s3:getObject",
    "arn:${Partition}:states:::dynamodb:updateItem",
    "arn:${Partition}:states:::sns:publish",
    "arn:${Partition}:states:::aws-sdk:bedrock:createModelInvocationJob",
    "arn:${Partition}:states:::aws-sdk:bedrock:getModelInvocationJob",
    "arn:${Partition}:states:::aws-sdk:bedrock:createEvaluationJob",
    "arn:${Partition}:states:::aws-sdk:bedrock:getEvaluationJob",
    "arn:${Partition}:states:::aws-sdk:bedrock:create${PromptJob}",
    "arn:${Partition}:states:::aws-sdk:bedrock:get${PromptJob}",
}

# Handlers that start the workflow and therefore are not in it.
OUTSIDE_THE_WORKFLOW = {"api", "start_run", "steer_runs"}

LOOKING = {"LookAtJob", "LookAtEvaluationJob", "LookAtPromptJob"}
BUDGET_STATES = {
    "ReserveBudget", "IsBudgetSpent", "SettleBudget", "ReserveForJob", "SettleJobs", "BeginBudget",
    "ReserveForEvaluationJob", "SettleEvaluationJobs",
}  # fmt: skip

EXPRESS_S = 300
# A throttled call is turned away at once; only a time-out takes the whole of its limit.
TURNED_AWAY_S = 0.5


def states(definition: dict) -> Iterator[tuple[str, dict]]:
    for name, state in definition["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])
        for branch in state.get("Branches", ()):
            yield from states(branch)


STATES = dict(states(WORKFLOW))


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


# Names


def test_no_two_states_share_a_name():
    assert len(list(states(WORKFLOW))) == len(STATES)


# The functions that ScoreBatch calls are their owners'; WorkOnPart calls those that have their own state.
LAMBDA_STATES = {
    name: state
    for name, state in STATES.items()
    if state.get("Resource") == LAMBDA and name not in ("ScoreBatch", "WorkOnPart")
}


def test_a_part_is_worked_on_by_the_function_whose_stage_it_is():
    asked = STATES["WorkOnPart"]["Arguments"]["FunctionName"]
    assert set(re.findall(r"\$\{(\w+)\}", asked)) < LAMBDA_STATES.keys()
    named = set(re.findall(r"'(\w+)'", asked))
    # Whatever is none of them goes to the last function.
    assert named < set(get_args(Stage))
    assert set(get_args(Stage)) - named == {"index", "tally"}
    back = [choice["Condition"] for choice in STATES["WhoseParts"]["Choices"]]
    assert set(re.findall(r"'(\w+)'", "".join(back))) == named


@pytest.mark.parametrize("name", LAMBDA_STATES)
def test_a_lambda_state_its_placeholder_and_its_folder_have_one_name(name):
    assert LAMBDA_STATES[name]["Arguments"]["FunctionName"] == f"${{{name}}}"
    handler = ROOT / "lambdas" / snake(name) / "handler.py"
    assert handler.is_file()
    functions = [
        node.name for node in ast.parse(handler.read_text()).body if isinstance(node, ast.FunctionDef)
    ]
    assert "handler" in functions


def test_every_handler_is_a_state_of_the_workflow():
    folders = {path.parent.name for path in (ROOT / "lambdas").glob("*/handler.py")}
    assert folders - OUTSIDE_THE_WORKFLOW == {snake(name) for name in LAMBDA_STATES}


def test_every_placeholder_is_a_lambda_or_one_of_six_names_of_the_stack():
    placeholders = set(re.findall(r"\$\{(\w+)\}", json.dumps(WORKFLOW)))
    assert placeholders == {
        *LAMBDA_STATES,
        "ResultsTopic",
        "Partition",
        "ChildType",
        "JobsRole",
        "EvaluationJobsRole",
        "PromptJob",
    }


def test_a_machine_runs_the_handlers_the_workflow_names():
    from evaldrop.running.handlers import HANDLERS

    assert HANDLERS.keys() == LAMBDA_STATES.keys()
    for name, handler in HANDLERS.items():
        assert handler.__name__ == f"_{snake(name)}"
        assert f"lambdas.{snake(name)}.handler" in handler.__code__.co_names


# What the workflow's file promises to its reader


@pytest.mark.parametrize("name", STATES)
def test_every_state_and_retrier_says_what_it_is_for(name):
    assert STATES[name].get("Comment", "").strip()
    for retrier in STATES[name].get("Retry", ()):
        assert retrier.get("Comment", "").strip()


def test_a_task_calls_one_of_thirteen_operations():
    assert {state["Resource"] for state in STATES.values() if state["Type"] == "Task"} == RESOURCES


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if state["Type"] == "Task"])
def test_a_task_that_fails_is_caught_or_ends_the_run_by_design(name):
    state = STATES[name]
    caught = {error for catcher in state.get("Catch", ()) for error in catcher["ErrorEquals"]}
    # A redrive begins at the state that failed: what has been paid for must not be handed on to Fail. And of
    # a run that is over a topic that cannot be reached must not undo it silently. A job that cannot be looked
    # at may be at work: its rows must not be asked for once more.
    assert ("States.ALL" in caught) != (
        name in {"BuildScorecard", "PrepareEvaluationJobs", "PrepareScores", "Notify", "WorkOnPart", *LOOKING}
    )


def expressions_of_errors(value: object) -> Iterator[str]:
    """Give the expressions in a Catch's Output that read the error."""
    if isinstance(value, dict):
        for member in value.values():
            yield from expressions_of_errors(member)
    elif isinstance(value, str) and "errorOutput" in value:
        yield value.removeprefix("{%").removesuffix("%}")


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if "Catch" in state])
@pytest.mark.parametrize("error", [{}, {"Error": "X"}, {"Error": "X", "Cause": "why"}], ids=json.dumps)
def test_an_error_need_not_have_a_name_or_a_cause(name, error):
    """AWS leaves out what was not said; an Output that gives nothing would fail the whole record."""
    states = {"input": {"candidate": "c"}, "context": {"State": {"Name": name}}, "errorOutput": error}
    frame = Frame(
        {"states": states, "record": {"long": {"c": {"arguments": {"Output": {"S3Uri": "s3://b/k"}}}}}}
    )
    for catcher in STATES[name]["Catch"]:
        for expression in expressions_of_errors(catcher.get("Output")):
            assert compile_expression(expression).evaluate(frame) is not UNDEFINED


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if "Catch" in state])
def test_whether_all_errors_are_caught_does_not_hang_on_what_all_means(name):
    """The guide says that States.ALL leaves States.DataLimitExceeded alone, a recording that it does not."""
    *first, last = STATES[name]["Catch"]
    if name not in {"ReportFailure", "NotifyFailure", *BUDGET_STATES}:  # their results are a few lines
        assert [each["ErrorEquals"] for each in first] == [["States.DataLimitExceeded"]]
        assert {key: last[key] for key in ("Output", "Next")} == {
            key: first[0][key] for key in ("Output", "Next")
        }


JOB_STATES = [name for name, state in STATES.items() if "aws-sdk:bedrock:" in state.get("Resource", "")]


@pytest.mark.parametrize("name", JOB_STATES)
def test_what_asks_for_jobs_waits_out_a_control_plane_that_is_away(name):
    """For an hour at least, and an error that Bedrock's model lacks among it."""
    (retrier,) = (each for each in STATES[name]["Retry"] if "States.Timeout" in each["ErrorEquals"])
    assert {"Bedrock.BedrockException", "Bedrock.ThrottlingException"} <= {*retrier["ErrorEquals"]}
    waits = [min(5 * 2**n, retrier["MaxDelaySeconds"]) for n in range(retrier["MaxAttempts"])]
    assert sum(waits) / 2 > 3600


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, state in STATES.items()
        if "bedrock" in state.get("Resource", "") and name not in JOB_STATES
    ],
)
def test_an_error_that_bedrocks_model_lacks_is_tried_once_more(name):
    """A gateway's 502 comes under the SDK's one name for all of them. A reminder has no time for it."""
    tries = {
        error: retrier["MaxAttempts"] for retrier in STATES[name]["Retry"] for error in retrier["ErrorEquals"]
    }
    unnamed = {error for error in tries if error.endswith((".BedrockRuntimeException", ".BedrockException"))}
    expected = {
        "Bedrock.BedrockException",
        "Bedrock.BedrockRuntimeException",
        "BedrockRuntime.BedrockRuntimeException",
    }
    assert unnamed == (set() if name.endswith("Again") else expected)
    assert {tries[error] for error in unnamed} <= {1}


# Imports. Who may import whom, and that nothing does so in a circle, is for import-linter: `make lint`.


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, those inside functions included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def files(folder: str) -> dict[str, set[str]]:
    return {
        path.relative_to(ROOT).as_posix(): imports(path) for path in sorted((ROOT / folder).rglob("*.py"))
    }


EVALDROP = files("evaldrop")
PACKAGES = {name.removesuffix("/__init__.py") for name in EVALDROP if name.endswith("/__init__.py")}


def tops(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_no_module_imports_a_name_from_the_package_it_is_in():
    """Such a circle goes through `__init__`, and import-linter looks at siblings only."""
    for name in EVALDROP:
        around = [str(folder) for folder in Path(name).parents if str(folder) in PACKAGES]
        for node in ast.walk(ast.parse((ROOT / name).read_text())):
            if not isinstance(node, ast.ImportFrom) or node.module.replace(".", "/") not in around:
                continue
            for alias in node.names:
                place = ROOT / node.module.replace(".", "/") / alias.name
                assert place.is_dir() or place.with_suffix(".py").is_file(), f"{name}: {alias.name}"


def test_what_functions_run_in_is_of_the_standard_library_alone():
    assert tops(EVALDROP["evaldrop/running/local_aws/bootstrap.py"]) <= set(sys.stdlib_module_names)


def test_storage_imports_boto3_only_when_it_needs_s3():
    tree = ast.parse((ROOT / "evaldrop" / "storage.py").read_text())
    at_import = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert not tops(at_import) & {"boto3", "botocore"}


@pytest.mark.parametrize(("imported", "heavy"), [
    ("evaldrop.cli.app", {"numpy", "scipy", "pyarrow", "pandas", "boto3", "pyqwest"}),
    # What shows help, makes a run's calls or runs its functions does not wait for the workflow's parser.
    ("evaldrop.bedrock.other_process", {"jsonata", "botocore", "evaldrop.engine.definition"}),
    ("evaldrop.engine.invocation", {"jsonata", "botocore", "evaldrop.engine.definition"}),
    # Imported before the processes of a run are forked, and so by each of them.
    ("evaldrop.cli.running", {"jsonata", "botocore", "boto3", "numpy", "evaldrop.run.definition"}),
])  # fmt: skip
def test_what_begins_a_process_imports_nothing_heavy_that_it_may_not_need(imported, heavy):
    code = f"import sys; import {imported}; print(*sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == ""


# Released prompts


def released() -> dict[str, str]:
    folder = ROOT / "prompts"
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.md"))
    }


def test_a_released_prompt_is_never_edited():
    known = json.loads(DIGESTS.read_bytes())
    found = released()
    edited = sorted(name for name, digest in known.items() if found.get(name) != digest)
    assert not edited, (
        f"{', '.join(edited)}: a released prompt is never edited or removed, for runs name it. "
        "Copy it to the next version (answer.v2.md) and edit that. "
        "Not released yet? `python -m tests.test_structure` writes tests/prompt_digests.json anew."
    )


def test_every_prompt_is_released():
    new = sorted(released().keys() - json.loads(DIGESTS.read_bytes()).keys())
    assert not new, f"{', '.join(new)}: new. Release them with `python -m tests.test_structure`."


def test_a_prompt_is_named_by_what_it_is_and_its_version():
    assert all(
        re.fullmatch(r"(candidate|judge|proposer|fault)/[a-z0-9_-]+\.v[1-9][0-9]*\.md", name)
        for name in released()
    )


# Documented commands

COMMANDS = typer.main.get_command(app).commands


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does_and_shows_an_example(name):
    help_text = COMMANDS[name].help
    assert len(help_text.split("\n")[0]) > 20
    assert f"evaldrop {name}" in help_text.partition("Example")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_has_help(name):
    for parameter in COMMANDS[name].params:
        assert getattr(parameter, "help", "") or parameter.name == "help", f"{name} {parameter.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_documentation(name):
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    text = "\n".join(page.read_text() for page in pages if page.is_file())
    assert f"evaldrop {name}" in text, f"no page names `evaldrop {name}`"


# The retry budget


def longest_s(state: dict, timeout_s: float) -> float:
    """
    Return the longest a call can take: every attempt it has, every wait at its longest.

    A time-out takes `timeout_s` each time; any other retried error comes back at once.
    """
    timeouts, refusals, waits = 1, 0, 0.0
    for retrier in state["Retry"]:
        attempts = retrier["MaxAttempts"]
        if "States.Timeout" in retrier["ErrorEquals"]:
            timeouts += attempts
        else:
            refusals += attempts
        for attempt in range(attempts):
            wait = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt
            waits += min(wait, retrier["MaxDelaySeconds"])
    return timeouts * timeout_s + refusals * TURNED_AWAY_S + waits


# Of an Express child; of a Standard one it is another number.
WAITS_BELOW_MS = re.search(r": (\d+)\)", STATES["MayWait"]["Choices"][0]["Condition"])


@pytest.mark.parametrize(
    ("asked", "judge", "again"),
    [
        (["ConverseWithCandidate"], "ConverseWithJudge", "ConverseWithJudgeAgain"),
        (["InvokeCandidate"], "InvokeJudge", "InvokeJudgeAgain"),
        (["InvokeLongCandidate", "ReadLongReply"], "ConverseWithJudge", "ConverseWithJudgeAgain"),
    ],
)
def test_candidate_judge_and_second_asking_fit_an_express_child(asked, judge, again):
    """A child that runs out of its 300 s loses the whole record, the other candidates' responses included."""
    timeouts = {
        asked[0]: Candidate(name="c", model="m").timeout_s,
        judge: Judge(name="j", model="m").timeout_s,
        again: Judge(name="j", model="m").timeout_s,
        **{name: STATES[name]["TimeoutSeconds"] for name in asked[1:]},
    }
    longest = {name: longest_s(STATES[name], timeout) for name, timeout in timeouts.items()}
    # With a budget: what it waits for room, and the table's slowest answers.
    longest["waiting for room"] = float(WAITS_BELOW_MS[1]) / 1000 + STATES["WaitForRoom"]["Seconds"]
    for name in ("ReserveBudget", "SettleBudget"):
        longest[name] = longest_s(STATES[name], STATES[name]["TimeoutSeconds"])
    assert sum(longest.values()) < EXPRESS_S, longest


# What may not be in the repository


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, cwd=ROOT)
    if listed.returncode:
        pytest.skip("not a git checkout: there is no list of tracked files")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


# A letter in brackets: this file, too, may not hold what it looks for.
MACHINE = re.compile(
    r"(?<![\w.])(/[w]ork/|/[r]oot/|/[h]ome/\w+/|/[U]sers/\w+/|/[t]mp/(w|venv)\b|C:\\[U]sers)"
)
REGISTRY = re.compile(
    r"[i]ndex-url|registry *= *http|pypi\.org/[s]imple|registry\.[n]pmjs|files\.[p]ythonhosted|[a]rtifactory"
)


SERVERS = re.compile(
    r"\b(?:\w*HTTPServer|make_server|run_simple|start_server|create_server|start_unix_server|TCPSite)\("
    r"|\(\w*HTTPServer\):"
)


def test_what_serves_on_this_machine_stands_behind_the_one_guard():
    """Any page that is open in a browser can reach a server here; a new one must not forget it."""
    files = {file: file.read_text(encoding="utf-8") for file in (ROOT / "evaldrop").rglob("*.py")}
    serving = {str(file.relative_to(ROOT)) for file, text in files.items() if SERVERS.search(text)}
    assert serving == {
        "evaldrop/api/server.py",
        "evaldrop/report/serving.py",
        "evaldrop/running/local_aws/server.py",
    }
    guarded = {str(file.relative_to(ROOT)) for file, text in files.items() if "report.guard import" in text}
    # The local AWS's server puts its gate, which asks the guard, before all it serves.
    assert guarded == {
        "evaldrop/api/server.py",
        "evaldrop/report/serving.py",
        "evaldrop/running/local_aws/gate.py",
    }
    assert "Guard(application=signed" in files[ROOT / "evaldrop/running/local_aws/server.py"]


def test_no_two_classes_have_one_name():
    """Whoever searches for a name finds one thing."""
    names = [
        node.name
        for path in sorted((ROOT / "evaldrop").rglob("*.py"))
        # What authors of scorers import has the plainest names there are.
        if path.parts[-2:] != ("scorers", "views.py")
        for node in ast.parse(path.read_bytes()).body
        if isinstance(node, ast.ClassDef)
    ]
    assert not [name for name in set(names) if names.count(name) > 1]


def test_no_tracked_file_names_a_machines_folder_or_a_registry():
    found = []
    for path in tracked():
        if not path.is_file():
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE.search(line) or REGISTRY.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


TOP = {
    ".ci", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile",
    "README.md", "app.py", "benchmarks", "cdk.json", "constraints.txt", "datasets", "docs", "evaldrop",
    "infra", "lambdas", "prompts", "pyproject.toml", "tests",
}  # fmt: skip


def test_the_top_level_holds_what_a_visitor_looks_for_and_nothing_of_one_host():
    """A scheduled job is a script in .ci, which any host can run."""
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP


def test_no_tracked_file_is_large():
    large = [path for path in tracked() if path.is_file() and path.stat().st_size > 1_000_000]
    assert not large


@pytest.mark.parametrize(
    "words",
    [
        ("cd /", "work/main"),
        ("/", "root/.cache"),
        ("pip --ind", "ex-url x"),
        ("https://registry.", "npmjs.org/x"),
    ],
)
def test_the_search_for_machines_and_registries_finds_them(words):
    line = "".join(words)
    assert MACHINE.search(line) or REGISTRY.search(line)


if __name__ == "__main__":
    DIGESTS.write_text(json.dumps(released(), indent=2) + "\n")
    print(f"wrote {DIGESTS.relative_to(ROOT)}")  # noqa: T201 - a command's answer


PYTHONS_JSON = re.compile(r"(?<!or)json\.loads?\(")


def test_what_people_give_is_read_by_the_one_reader_of_json():
    """Python's own gives up on what nests deep, with an error that no reader of JSON expects."""
    rooms = [file for file in (ROOT / "evaldrop").rglob("*.py") if "local_aws" not in file.parts]
    reading = {
        file.relative_to(ROOT / "evaldrop").as_posix()
        for file in rooms
        # The engine stands alone, and takes Python's own where the service's answer is Python's.
        if "engine" not in file.parts and PYTHONS_JSON.search(file.read_text(encoding="utf-8"))
    }
    assert reading == {
        "json_text.py",
        "model_lives.py",  # a file of our own, where orjson is not installed
        "bedrock/journal.py",  # keeps halves of surrogate pairs; nesting is caught
        "scorers/agentcore.py",  # bundled without packages; nesting is caught
        "steps/report_failure/failures.py",  # bundled without packages; nesting is caught
        "checks/fields.py",  # members of lists, in the form that it wrote itself
        "datasets/texts.py",  # cells of a table, which stay texts where they are no JSON
        "datasets/files/opening.py",  # what is around an array; nesting is caught
        "verdicts/loose_json.py",  # escapes of four digits
        # What evaldrop or the service itself wrote, in this form alone.
        "running/deployed/checkup/stack.py",
        "running/instances.py",
        "scorers/worker.py",
        "shipped.py",
        "steps/report_failure/notices.py",
    }
