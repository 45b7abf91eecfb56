"""The functions' code as it is deployed: put together for real, measured, imported and run."""

import ast
import json
import marshal
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evaldrop.steps.start_run.uploads import run_name
from evaldrop.steps.validate_dataset.caps import Caps
from infra.api import api_bundle
from infra.bundles import (
    LAMBDA,
    MAX_UNZIPPED_BYTES,
    REHEARSED,
    ROOT,
    THIS_MACHINE,
    Bundle,
    Target,
    bytecode_note,
    compile_bytecode,
    interpreter_of,
    unzipped_bytes,
)
from infra.functions import CAPS_FILE, RUNTIME, choosing_bundle, deployed_evaluations
from infra.lock import read_lock
from infra.settings import Settings
from tests.evaldrop.run_folders import record, response, row, run_json, write_run
from tests.infra.synthesis import CONTEXT, EVERYTHING, synthesise

NAMES = tuple(sorted(path.parent.name for path in (ROOT / "lambdas").glob("*/handler.py")))

# What a handler imports only once it works.
LATER = {
    "validate_dataset": ("evaldrop.datasets.files.parquet",),
    "prepare_records": ("evaldrop.datasets.files.parquet",),
    "report_failure": ("evaldrop.steps.lifecycle.spent",),
    "build_scorecard": (
        "evaldrop.steps.build_scorecard.build",
        "evaldrop.report",
        "scipy.stats",
        "pyarrow.parquet",
    ),
}

# pip's names of the machine that the tests run on, for a Python that is not the one they run in.
HERE_PLATFORMS = tuple(f"{kind}_{platform.machine()}" for kind in ("manylinux_2_28", "manylinux2014"))

# Third-party packages a function carries; boto3 comes with the runtime.
BOTO = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"}


def bundle(name):
    if name == "api":
        return api_bundle(Settings())
    if name == "choose_prompts":
        return choosing_bundle()
    data = deployed_evaluations(Settings()) if name == "validate_dataset" else {}
    return Bundle(name=name, data=data)


@pytest.fixture(scope="session")
def here(tmp_path_factory):
    """Put a function's bundle together for this machine, once."""
    built: dict[str, Path] = {}

    def build(name):
        if name not in built:
            built[name] = tmp_path_factory.mktemp(name)
            bundle(name).build(built[name], THIS_MACHINE)
        return built[name]

    return build


def run_in(folder, code, *arguments):
    """Run code with nothing to import but a bundle and the standard library."""
    start = f"import sys; sys.path.insert(0, {str(folder)!r})\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", start + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd="/",
    )


def test_the_target_is_the_runtime_the_functions_have():
    assert RUNTIME.name == f"python{LAMBDA.python}"
    assert all("aarch64" in platform for platform in LAMBDA.platforms)


def imported_by(module):
    """Yield the project's modules that a module imports when it is itself imported."""
    for node in ast.parse(module.read_bytes()).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("evaldrop"):
            yield node.module
            # A name of a package may be a module.
            below = ROOT / node.module.replace(".", "/")
            yield from (
                f"{node.module}.{each.name}" for each in node.names if (below / f"{each.name}.py").is_file()
            )


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_holds_every_module_that_its_handler_imports(name):
    """Without pip: a module that a function begins to import is missed by no run of these tests."""
    there, seen = bundle(name).sources(), set()
    later = [f"{module.replace('.', '/')}.py" for module in LATER.get(name, ())]
    left = [f"lambdas/{name}/handler.py", *(path for path in later if (ROOT / path).is_file())]
    while left:
        if (place := left.pop()) in seen:
            continue
        seen.add(place)
        assert place in there, f"{place} is not in the bundle of {name}"
        for module in imported_by(there[place]):
            path = module.replace(".", "/")
            left.append(f"{path}.py" if (ROOT / f"{path}.py").is_file() else f"{path}/__init__.py")
    assert len(seen) > 5


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_imports_by_itself(here, name):
    folder = here(name)
    modules = (f"lambdas.{name}.handler", *LATER.get(name, ()))
    code = f"import {', '.join(modules)}\nprint(callable(lambdas.{name}.handler.handler))"
    done = run_in(folder, code)
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_holds_no_other_handler_and_no_tests_or_bytecode(here, name):
    folder = here(name)
    assert [path.name for path in (folder / "lambdas").iterdir() if path.is_dir()] == [name]
    assert not list(folder.glob("**/tests")) + list(folder.glob("**/__pycache__"))
    # Powertools, which the API is routed by, names one of boto3's own.
    unwanted = BOTO - {"jmespath"} if name == "api" else BOTO
    assert not [top for top in folder.iterdir() if top.name in unwanted | {"pandas", "aws_cdk"}]
    assert not (folder / "evaldrop" / "engine").exists()


RUN_BUILD_SCORECARD = """
import json
from lambdas.build_scorecard.handler import handler
manifest = sys.argv[2]
bucket, _, key = manifest.rpartition("/")
run = {"run_id": "r", "folder": sys.argv[1]}
state = handler({"run": run, "results": {"Bucket": bucket, "Key": key}}, None)
print(json.dumps(state))
"""


@pytest.mark.slow
def test_the_real_bundle_of_build_scorecard_writes_a_runs_files(here, tmp_path):
    folder = tmp_path / "runs" / "golden" / "run-1"
    manifest = write_run(
        folder,
        run=run_json(bedrock="aws", folder=str(folder), out=str(tmp_path / "runs"), given={}),
        records=[record("r1"), record("r2")],
        succeeded=[row("r1", response("lite")), row("r2", response("lite"))],
    )
    done = run_in(here("build_scorecard"), RUN_BUILD_SCORECARD, folder, manifest)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["decision"] in {"pass", "fail", "inconclusive"}
    files = {path.name for path in folder.iterdir()}
    assert {"responses.parquet", "scorecard.json", "report.html", "junit.xml"} <= files


RUN_VALIDATE_DATASET = """
import json, os
os.environ["EVALDROP_DEFAULT_EVALUATION"] = "support-answers"
from lambdas.validate_dataset.handler import handler
print(json.dumps(handler(json.loads(sys.argv[1]), None)))
"""


@pytest.mark.slow
def test_the_real_bundle_of_validate_dataset_carries_the_stacks_evaluation_and_its_prompts(here, tmp_path):
    dataset = tmp_path / "faq.jsonl"
    dataset.write_text(
        json.dumps({"prompt": "How long?", "reference": "30 days.", "context": "Returns: 30 days."}) + "\n"
    )
    event = {"run_id": run_name("x"), "dataset": str(dataset), "out": str(tmp_path / "runs")}
    done = run_in(here("validate_dataset"), RUN_VALIDATE_DATASET, json.dumps(event))
    assert done.returncode == 0, done.stderr
    run = json.loads((Path(json.loads(done.stdout)["run"]["folder"]) / "run.json").read_text())
    assert run["evaluation_name"] == "support-answers"
    assert "candidate/support.v1" in run["prompts"]


# A library names those it needs as zero-terminated strings; those of Arrow are in the bundle or nowhere.
ARROW = re.compile(rb"\0(lib(?:arrow|parquet)\w*\.so\.\d+)(?=\0)")


@pytest.mark.nightly
def test_the_largest_bundle_fits_lambda_and_keeps_every_library_it_needs(tmp_path):
    """As it is deployed: for arm64, with bytecode where its Python is here. It cannot be imported here."""
    bundle("api").build(tmp_path, LAMBDA)
    size = unzipped_bytes(tmp_path)
    assert 200_000_000 < size < MAX_UNZIPPED_BYTES - 5_000_000, f"{size:,} bytes"
    libraries = {path.name: path.read_bytes() for path in (tmp_path / "pyarrow").glob("*.so*")}
    assert "libarrow.so" in " ".join(libraries)
    needed = {name.decode() for content in libraries.values() for name in ARROW.findall(content)}
    assert needed
    assert needed <= libraries.keys()


def test_every_requirement_is_locked_with_all_that_it_needs():
    for file in (ROOT / "lambdas").glob("*/requirements.txt"):
        wanted = {line for line in file.read_text().splitlines() if not line.startswith("#")}
        locked = read_lock(bundle(file.parent.name).packages())
        assert wanted <= locked.keys(), file
        if "pydantic" in wanted:
            assert {"pydantic-core", "typing-extensions"} <= locked.keys(), file


def test_the_validating_function_carries_the_stacks_caps(tmp_path):
    settings = Settings(max_run_usd=7, default_budget_usd=6, models=("acme.one-v1:0",))
    made = Bundle(name="report_failure", texts={CAPS_FILE: settings.caps.model_dump_json()})
    made.build(tmp_path, THIS_MACHINE)
    carried = Caps.model_validate_json((tmp_path / "evaldrop" / "_data" / CAPS_FILE).read_bytes())
    assert carried == settings.caps
    assert (carried.max_run_usd, carried.default_budget_usd) == (7, 6)
    assert {"acme.one-v1:0", "geo.amazon.nova-pro-v1:0"} <= {*carried.models}
    other = Bundle(name="report_failure", texts={CAPS_FILE: Settings().caps.model_dump_json()})
    assert made.digest(LAMBDA) != other.digest(LAMBDA)


def test_a_bundle_is_another_when_its_sources_are(tmp_path):
    (tmp_path / "evaluation.yaml").write_text("name: one")
    one = Bundle(name="report_failure", data={"evaluations/x": tmp_path})
    digest = one.digest(LAMBDA)
    assert one.digest(LAMBDA) == digest
    (tmp_path / "evaluation.yaml").write_text("name: two")
    assert one.digest(LAMBDA) != digest
    assert one.digest(THIS_MACHINE) != one.digest(LAMBDA)


def test_a_bundle_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("infra.bundles.MAX_UNZIPPED_BYTES", 1000)
    with pytest.raises(ValueError, match=r"report_failure: .* bytes unzipped; Lambda takes 1,000"):
        bundle("report_failure").build(tmp_path, LAMBDA)


def test_a_rehearsal_differs_from_a_deployment_by_its_bundles_alone(template, tmp_path):
    rehearsed = synthesise(CONTEXT["evaldrop"], tmp_path, **{REHEARSED: True})
    assert rehearsed != template

    def without_code(synthesised):
        return re.sub(r'"S3Key": "[0-9a-f]{64}\.zip"', '"S3Key": ""', json.dumps(synthesised))

    assert without_code(rehearsed) == without_code(template)


def test_a_rehearsal_leaves_out_what_a_local_aws_cannot_make(full_template, tmp_path):
    def kinds(synthesised):
        return {each["Type"].rsplit("::", 1)[0] for each in synthesised["Resources"].values()}

    rehearsed = kinds(synthesise(EVERYTHING, tmp_path, **{REHEARSED: True}))
    # The sign-in, the web ACL, and the subnets with their endpoints.
    assert kinds(full_template) - rehearsed == {"AWS::Cognito", "AWS::WAFv2", "AWS::EC2"}


def test_the_rehearsal_is_asked_for_under_one_name():
    from evaldrop.running.local_aws import synthesis

    assert synthesis.REHEARSED == REHEARSED


@pytest.mark.nightly
def test_what_pip_installed_for_a_rehearsal_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("infra.bundles.KEPT", tmp_path / "kept")
    bundle("start_run").build(tmp_path / "one", THIS_MACHINE)
    monkeypatch.setattr("infra.bundles._pip_install", None)
    bundle("start_run").build(tmp_path / "two", THIS_MACHINE)
    names = {file.relative_to(tmp_path / "one") for file in (tmp_path / "one").rglob("*.py")}
    assert Path("pydantic/__init__.py") in names
    assert names == {file.relative_to(tmp_path / "two") for file in (tmp_path / "two").rglob("*.py")}


@pytest.fixture
def packages(tmp_path):
    """A folder with a small package and a large one."""
    for name, lines in (("small", 1), ("large", 2000)):
        (tmp_path / "code" / name).mkdir(parents=True)
        text = "\n".join(f"value_{line} = {line}" for line in range(lines))
        (tmp_path / "code" / name / "__init__.py").write_text(text)
    return tmp_path / "code"


def bytecode(folder):
    return {path.relative_to(folder).parts[0]: path for path in folder.rglob("*.pyc")}


def test_bytecode_is_taken_whatever_its_sources_times_are_and_names_lambdas_files(packages):
    compile_bytecode(packages, sys.executable, most_bytes=10_000_000)
    found = bytecode(packages)
    assert found.keys() == {"small", "large"}
    # PEP 552: bit 0 is a hash instead of a time, bit 1 that it is checked.
    assert {path.read_bytes()[4:8] for path in found.values()} == {bytes([1, 0, 0, 0])}
    code = marshal.loads(found["small"].read_bytes()[16:])
    assert code.co_filename == "/var/task/small/__init__.py"
    (packages / "small" / "__init__.py").write_text("raise ImportError")
    done = run_in(packages, "import small; print(small.value_0)")
    assert done.stdout.strip() == "0", done.stderr


def test_bytecode_for_which_a_bundle_has_no_room_is_left_out_the_largest_packages_first(packages):
    compile_bytecode(packages, sys.executable, most_bytes=unzipped_bytes(packages) + 2_000)
    assert bytecode(packages).keys() == {"small"}


def test_bytecode_is_compiled_by_the_runtimes_python_and_its_absence_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    other = Target(python="3.99", platforms=LAMBDA.platforms)
    assert interpreter_of(THIS_MACHINE) == sys.executable
    assert interpreter_of(other) is None
    assert "no python3.99 here" in bytecode_note(other)
    assert bytecode_note(THIS_MACHINE) is None
    for folder, script in (
        (tmp_path, "exit 127"),  # as pyenv's own command of a version that nobody has chosen
        (tmp_path / "pyenv" / "versions" / "3.99.0" / "bin", "echo 3.99"),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "python3.99").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "python3.99").chmod(0o755)
    assert interpreter_of(other) == str(folder / "python3.99")
    assert bytecode_note(other) is None


@pytest.fixture(scope="module")
def deployed_packages(tmp_path_factory):
    """The packages of the function that has most of them, for the runtime's own Python, installed once."""
    if interpreter_of(LAMBDA) is None:
        pytest.skip(f"there is no python{LAMBDA.python} here")
    packages = tmp_path_factory.mktemp("packages")
    bundle("api").build(packages, Target(python=LAMBDA.python, platforms=HERE_PLATFORMS))
    return packages


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_handler_imports_in_the_python_that_it_is_deployed_to(deployed_packages, tmp_path, name):
    """With its own sources, and the wheels that the runtime takes on this machine."""
    for place, file in bundle(name).sources().items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, tmp_path / place)
    modules = ", ".join((f"lambdas.{name}.handler", *LATER.get(name, ())))
    path = [str(tmp_path), str(deployed_packages)]
    code = f"import sys; sys.path[:0] = {path!r}; import {modules}"
    command = [interpreter_of(LAMBDA), "-I", "-S", "-B", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
