"""Every command that a page shows exists, with its options; what needs no network is run as shown."""

import csv
import importlib.util
import json
import re
import shlex
import tomllib
import webbrowser
from pathlib import Path

import botocore.session
import jmespath
import pytest
import typer.main
from awscli.customizations.s3 import subcommands
from botocore import xform_name

from benchmarks.replay.__main__ import REPLAYS
from evaldrop.cli import main
from evaldrop.cli.app import app
from evaldrop.steps.start_run.events import Wish
from evaldrop.steps.start_run.options import UploadOptions
from tests.pages import PAGES, RUN_FOLDER, Command, blocks, commands, spans
from tests.whole_runs import ROOT

SHELL = blocks("sh", "console")
COMMANDS = [command for block in SHELL for command in commands(block)]
INLINE = [
    Command(f"{page.relative_to(ROOT)} `{span}`", tuple(shlex.split(span)))
    for page in PAGES
    for span in spans(page)
    if re.match(r"(?:evaldrop|aws|make) [a-z]", span)
]


def of(*programs, among=COMMANDS):
    found = [command for command in among if command.words and command.words[0] in programs]
    return pytest.mark.parametrize("command", found, ids=lambda command: f"{command.place} {command.shown}")


# --- evaldrop ---


def resolved(words):
    """Return a command of evaldrop, and what it was given."""
    found, rest = typer.main.get_command(app), list(words)
    while hasattr(found, "commands") and rest and not rest[0].startswith(("[", "-")):
        found = found.commands[rest.pop(0)]
    return found, rest


@of("evaldrop", among=COMMANDS + INLINE)
def test_a_command_of_evaldrop_exists_with_its_options(command):
    found, given = resolved(command.words[1:])
    known = {name for one in found.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}

    assert not [word for word in given if word.startswith("-") and word.partition("=")[0] not in known]
    if command in COMMANDS and "[OPTIONS]" not in given:
        found.make_context("evaldrop", given)


NOT_RUN = {
    "evaldrop run my-evaluation": "calls Bedrock, for money",
    "evaldrop run my-evaluation --bedrock openai=http://localhost:11434/v1": "needs a server",
    "evaldrop local": "serves until Ctrl-C; tests/local_aws runs it",
    "evaldrop serve --bedrock simulated": "serves until Ctrl-C; tests/evaldrop/cli/test_serve.py starts it",
    "evaldrop serve --bedrock simulated --port 8000": "serves until Ctrl-C",
    "evaldrop view": "serves until Ctrl-C; tests/evaldrop/report/test_serving.py asks it",
    "evaldrop view s3://bucket/runs": "serves until Ctrl-C",
    **{
        f"evaldrop {words}": "needs a deployed stack; tests/evaldrop/cli runs it against one in memory"
        for words in (
            "submit my-evaluation --wait",
            "submit datasets/support-faq/records.jsonl --stack evaldrop --wait",
            "runs", "watch RUN", "watch latest", "fetch RUN", "fetch latest", "doctor",
        )
    },
    **{
        f"evaldrop bedrock-eval {words}": "needs Bedrock; tests/evaldrop/cli runs it on jobs in memory"
        for words in (
            "create my-evaluation --role arn:aws:iam::111122223333:role/jobs --output s3://bucket/evaluations",
            "watch s3://bucket/evaluations/ID",
            "import s3://my-bucket/evals/lite-job/",
            "import lite=s3://my-bucket/evals/lite-job/ haiku=s3://my-bucket/evals/haiku-job/",
            "import s3://my-bucket/evaluations/20261130t184756z-b5a897",
            "import my-job --evaluation evaluation.yaml",
            "import my-own-responses-job --beside latest",
        )
    },
}  # fmt: skip
"""Commands that are only parsed, and why."""


class Reader:
    """Types the commands of a page one after another, with names of its own for RUN, BASELINE and FILE."""

    def __init__(self, capsys):
        self._capsys = capsys

    def runs(self):
        return sorted(file.parent for file in Path("runs").glob("*/*/run.json"))

    def types(self, command):
        words = [self._named(word) for word in command.words[1:]]
        code = main(words)
        shown = self._capsys.readouterr()
        if command.to:
            Path(command.to).write_text(shown.out, encoding="utf-8")
        return code, shown.out + shown.err

    def _named(self, word):
        if word == "FILE":
            return str(filled_sheet())
        if word in {"RUN", "BASELINE"}:
            return str(self.runs()[-1 if word == "RUN" else 0])
        return re.sub(RUN_FOLDER, lambda _: str(self.runs()[0]), word)


def filled_sheet():
    """Fill the sheet that was exported, as a person would in a spreadsheet."""
    (sheet,) = Path("runs").glob("*/*/review/*.csv")
    with sheet.open(encoding="utf-8-sig", newline="") as lines:
        header, *rows = csv.reader(lines)
    place = next(n for n, name in enumerate(header) if name in {"score", "correctness"})
    for row in rows:
        row[place] = "4"
    with sheet.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([header, *rows])
    return sheet


TYPED = [block for block in SHELL if "evaldrop " in block.text and block.page != "docs/command-line.md"]


@pytest.mark.parametrize("block", TYPED, ids=lambda block: block.place)
def test_the_commands_of_a_block_end_as_they_should_one_after_another(
    block, first_evaluation, tmp_path, monkeypatch, capsys
):
    begins = any(command.words[:2] == ("evaldrop", "init") for command in commands(block))
    monkeypatch.chdir(tmp_path if begins else first_evaluation.folder)
    monkeypatch.setattr(webbrowser, "open", lambda page: True)
    reader = Reader(capsys)
    for command in commands(block):
        if command.words[0] != "evaldrop" or command.shown in NOT_RUN:
            continue
        code, told = reader.types(command)
        # The example's gate cannot decide with eight records: 2, and 1 where that counts as failed.
        allowed = {"run": {0, 2}, "gate": {1, 2}}.get(command.words[1], {0})
        assert code in allowed, f"{command.place}: {command.shown}: {code}\n{told}"


def test_what_is_not_run_is_still_shown():
    assert NOT_RUN.keys() <= {command.shown for command in COMMANDS}


# --- the programs beside it ---


@of("make", among=COMMANDS + INLINE)
def test_a_target_of_make_exists(command):
    (target,) = command.words[1:]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def module_of(words):
    """Return the module that `python -m` runs, and what it is given."""
    assert words[1] == "-m"
    return words[2], words[3:]


@of("python", ".venv/bin/python")
def test_a_module_that_is_run_exists_and_takes_what_it_is_given(command):
    module, given = module_of(command.words)
    if module == "pytest":
        file, option, wanted = given
        cases = (ROOT / file).parent.glob("cases/*.json")
        assert option == "-k"
        assert wanted in "".join(case.read_text(encoding="utf-8") for case in cases)
        return
    found = importlib.util.find_spec(module)
    runs = importlib.util.find_spec(f"{module}.__main__") if found.submodule_search_locations else found
    program = Path(runs.origin).read_text(encoding="utf-8")
    assert '__name__ == "__main__"' in program
    assert not given or "parse_args()" in program
    for word in given:
        is_value = word.isdigit() or word == "PATH" or word in REPLAYS
        assert f'"{word}"' in program or (is_value and not word.startswith("-"))


@of("pip")
def test_what_pip_installs_is_this_project_with_extras_it_has_or_what_tests_need(command):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras, needed = project["optional-dependencies"], " ".join(project["optional-dependencies"]["dev"])
    install, *wanted = command.words[1:]
    assert install == "install"
    if wanted == ["--require-hashes", "-r", "requirements.txt"]:
        # What `make release` writes; tests/infra/test_lock.py has pip install such a file.
        assert "> dist/requirements.txt" in (ROOT / "Makefile").read_text(encoding="utf-8")
        return
    for one in wanted:
        own = re.fullmatch(r"\.(?:\[(\w+)\])?", one)
        assert one == "-e" or (own and (own[1] is None or own[1] in extras)) or one in needed


@of("npx")
def test_one_version_of_cdks_command_line_is_named_and_its_parameters_are_the_stacks(command):
    tool, do, *given = command.words[1:]
    assert tool == "aws-cdk@2.1148.1"
    assert do in {"bootstrap", "deploy", "destroy"}
    for option, value in zip(given[::2], given[1::2], strict=True):
        assert option == "--parameters"
        assert f'"{value.partition("=")[0]}"' in (ROOT / "infra" / "notifications.py").read_text()


@of("eval")
def test_what_a_shell_evaluates_is_printed_by_a_command_of_evaldrop(command):
    (printed,) = re.findall(r"^\$\((evaldrop .+)\)$", command.words[1])
    found, given = resolved(shlex.split(printed)[1:])
    assert not hasattr(found, "commands")
    found.make_context("evaldrop", given)


@of("pytest")
def test_an_option_of_the_plugin_exists(command):
    plugin = (ROOT / "evaldrop" / "testing" / "plugin.py").read_text(encoding="utf-8")
    own = [word for word in command.words if word.startswith("--evaldrop")]
    assert own
    assert [word for word in own if f'"{word}"' not in plugin] == []


@of("git", "source")
def test_a_path_that_a_shell_is_given_is_of_the_tree_or_made_by_make(command):
    path = command.words[-1]
    assert (ROOT / path).exists() or path == ".venv/bin/activate"


AWS_OPTIONS = {"--endpoint-url", "--query", "--output", "--cli-binary-format", "--region", "--profile"}
S3_COMMANDS = {
    one.NAME: one for one in (subcommands.CpCommand, subcommands.ListCommand, subcommands.RmCommand)
}


def options_of_aws(service, operation):
    """Return the options of a command of the AWS CLI; KeyError or StopIteration when there is none."""
    if service == "s3":
        return {f"--{entry['name']}" for entry in S3_COMMANDS[operation].ARG_TABLE}
    model = botocore.session.Session().get_service_model(service)
    name = next(name for name in model.operation_names if xform_name(name, "-") == operation)
    members = getattr(model.operation_model(name).input_shape, "members", {})
    return {f"--{xform_name(member, '-')}" for member in members}


@of("aws", among=COMMANDS + INLINE)
def test_a_command_of_the_aws_cli_exists_with_its_options(command):
    words = list(command.words[1:])
    while words[0] in AWS_OPTIONS:
        del words[:2]
    known = options_of_aws(*words[:2])
    given = dict(zip(words[2:], [*words[3:], ""], strict=False))

    assert not [word for word in given if word.startswith("--") and word not in known | AWS_OPTIONS]
    if query := given.get("--query"):
        outputs = "".join(file.read_text() for file in (ROOT / "infra").glob("*.py"))
        assert jmespath.compile(query)
        assert [f'"{name}"' in outputs for name in re.findall(r"OutputKey=='(\w+)'", query)] == [True]
    if payload := given.get("--payload"):
        assert [Wish.model_validate(one) for one in json.loads(payload)["datasets"]]
    if metadata := given.get("--metadata"):
        assert UploadOptions.from_metadata(dict(pair.split("=") for pair in metadata.split(",")))


def test_a_variable_is_set_on_its_page_before_it_is_used():
    unset = []
    for page in {block.page for block in SHELL}:
        known = set()
        for command in [one for block in SHELL if block.page == page for one in commands(block)]:
            used = set(re.findall(r"\$(\w+)", command.shown))
            unset += [f"{command.place}: {name}" for name in used - known]
            known |= {
                command.sets,
                *(word.partition("=")[0] for word in command.words if command.words[0] == "export"),
            }
    assert not unset


def test_every_program_that_a_page_calls_is_held_to_something():
    held = {
        "evaldrop",
        "make",
        "python",
        ".venv/bin/python",
        "pip",
        "npx",
        "git",
        "source",
        "aws",
        "eval",
        "pytest",
    }

    unheld = [one for one in COMMANDS if one.words[0] not in held]
    # DuckDB's own program; tests/evaldrop/report/test_tables.py runs the queries by its library.
    assert [one.shown for one in unheld] == ["cd tables '&&' duckdb -init queries.sql"]
