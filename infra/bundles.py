"""
The functions' code: evaldrop, one handler and what it imports, put together by pip for Lambda. No Docker.

A zip may hold 250 MB unzipped (262,144,000 bytes); BuildScorecard has 349 million as pip installs it, so what
no function imports is left out, and 257 million remain.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import jsii
from aws_cdk import BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import lock
from infra.settings import ROOT

MAX_UNZIPPED_BYTES = 250 * 1024 * 1024

# Left free by bytecode, so that a patch release of a library is no surprise.
_SPARE_BYTES = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    A machine that a bundle runs on.

    Attributes:
        python: Such as `3.13`.
        platforms: pip's names of it, the newest first; none for the machine this runs on.
    """

    python: str
    platforms: tuple[str, ...] = ()

    def pip_options(self) -> list[str]:
        """Return what tells pip to choose wheels for this machine."""
        if not self.platforms:
            return []
        chosen = [option for platform in self.platforms for option in ("--platform", platform)]
        return [*chosen, "--implementation", "cp", "--python-version", self.python]


# Both platform names: with the older one alone pip falls back to old releases without saying so.
LAMBDA = Target(python="3.13", platforms=("manylinux_2_28_aarch64", "manylinux2014_aarch64"))
THIS_MACHINE = Target(python=f"{sys.version_info.major}.{sys.version_info.minor}")

KEPT = ROOT / "cdk.out" / "installed"
"""What pip installed for rehearsals, by what it was asked for."""

REHEARSED = "evaldrop:rehearsed"
"""CDK context that `evaldrop local` sets: functions are bundled for the machine that synthesises."""

# What a function never imports of evaldrop.
_NOT_IN_LAMBDA = ("api", "cli", "engine", "evaluation_jobs", "running", "testing", "bedrock", "__main__.py")

# Functions call no model, but PrepareRecords writes models' requests, and BuildScorecard reads replies and
# prices them; it and CheckFirstCalls say what to do about errors.
_EVEN_SO = (
    "bedrock/__init__.py",
    "bedrock/billing.py",
    "bedrock/families/",
    "bedrock/error_names.py",
    "bedrock/passing.py",
)

# Patterns below the bundle; what they match is removed. Everything else stays: an import decides, not a list.
_PRUNED = (
    "bin",
    "**/__pycache__",
    "**/tests",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.pxi",
    "numpy/_core/include",
    "numpy/_core/lib",
    # The parts of scipy that neither scipy.special nor scipy.stats imports.
    "scipy/datasets",
    "scipy/fftpack",
    "scipy/io",
    "scipy/misc",
    "scipy/odr",
    "scipy/signal",
    "pyarrow/include",
    "pyarrow/src",
    # Arrow's own S3 client and Flight: evaldrop reads and writes S3 with boto3, and asks no other server.
    "pyarrow/libarrow_flight*",
    "pyarrow/libarrow_python_flight*",
    "pyarrow/_flight*",
    "pyarrow/flight.py",
    "pyarrow/libarrow_s3*",
    "pyarrow/_s3fs*",
    # Stores and formats that no run has, and what tests of Arrow and NumPy import.
    "pyarrow/_azurefs*",
    "pyarrow/_gcsfs*",
    "pyarrow/_hdfs*",
    "pyarrow/_orc*",
    "pyarrow/_dataset_orc*",
    "pyarrow/_pyarrow_cpp_tests*",
    "pyarrow/tests",
    "pyarrow/_substrait*",
    "numpy/_core/*_tests*.so",
    "numpy/_core/_simd*",
    "scipy/stats/_unuran/unuran_wrapper*",
    "jsonschema/benchmarks",
    # Fast forms of what nobody calls; where they are not there, slow ones are imported.
    "rapidfuzz/fuzz_cpp*",
    "rapidfuzz/process_cpp_impl*",
    # Keys of encrypted Parquet files, which nobody gives.
    "pyarrow/_parquet_encryption*",
)


class Bundled(Protocol):
    """Code that CDK has put together for a function."""

    @property
    def handler(self) -> str:
        """What Lambda calls: module, a dot, the function's name."""

    @property
    def folder(self) -> Path:
        """Where its own source is."""

    def digest(self, target: Target) -> str:
        """Return what changes when, and only when, the bundle would."""

    def build(self, folder: Path, target: Target) -> None:
        """Put the bundle into a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """
    One function's code.

    Attributes:
        name: Its folder below lambdas/.
        data: Files and folders by the place they take below `evaldrop/_data`, as in the wheel.
        texts: Texts by the place they take there.
        also: How the paths of evaldrop's modules begin that this one imports, and others do not.
    """

    name: str
    also: tuple[str, ...] = ()
    data: Mapping[str, Path] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def handler(self) -> str:
        """What Lambda calls."""
        return f"lambdas.{self.name}.handler.handler"

    @property
    def folder(self) -> Path:
        """Where its own source is."""
        return ROOT / "lambdas" / self.name

    @property
    def requirements(self) -> Path:
        """What it needs beside the runtime; may not exist."""
        return self.folder / "requirements.txt"

    def packages(self) -> str:
        """Return what pip installs of it: versions and hashes, and all that the packages need."""
        lines = self.requirements.read_text(encoding="utf-8").splitlines()
        return lock.requirements(line for line in lines if not line.startswith("#"))

    def sources(self) -> dict[str, Path]:
        """Return the files that are copied, by their place in the bundle."""
        own = [ROOT / "lambdas" / "__init__.py", *files_of(self.folder)]
        package = [
            file
            for file in files_of(ROOT / "evaldrop")
            if _is_in_lambda(file.relative_to(ROOT / "evaldrop").as_posix(), self.also)
        ]
        copied = {file.relative_to(ROOT).as_posix(): file for file in (*own, *package)}
        for place, origin in self.data.items():
            for file in files_of(origin):
                below = file.relative_to(origin).as_posix()
                copied[f"evaldrop/_data/{place}{'' if below == '.' else '/' + below}"] = file
        return copied

    def digest(self, target: Target) -> str:
        """Return what changes when, and only when, the bundle would."""
        compiled = bool(target.platforms and interpreter_of(target))
        about = (target, _PRUNED, compiled, sorted(self.texts.items()))
        digest = hashlib.sha256(repr(about).encode())
        if self.requirements.is_file():
            digest.update(self.packages().encode())
        for place, file in sorted(self.sources().items()):
            digest.update(f"{place}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\0".encode())
        return digest.hexdigest()

    def build(self, folder: Path, target: Target) -> None:
        """
        Put the bundle into a folder.

        Raises:
            CalledProcessError: pip found no wheel for the target, or one whose hash is not in the lock.
            ValueError: It is larger than Lambda takes.
        """
        if self.requirements.is_file():
            _install(self.packages(), folder, target)
        for place, file in self.sources().items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / place)
        for place, text in self.texts.items():
            written = folder / "evaldrop" / "_data" / place
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(text, encoding="utf-8")
        prune(folder)
        add_bytecode(folder, target)
        check_size(self.name, folder, target)


def check_size(name: str, folder: Path, target: Target) -> None:
    """
    Refuse what Lambda would.

    Raises:
        ValueError: The bundle in the folder is larger than Lambda takes.
    """
    size = unzipped_bytes(folder)
    # Of another machine's wheels the size says nothing: those of x86_64 are larger.
    if target == LAMBDA and size > MAX_UNZIPPED_BYTES:
        raise ValueError(f"{name}: {size:,} bytes unzipped; Lambda takes {MAX_UNZIPPED_BYTES:,}")


def add_bytecode(folder: Path, target: Target) -> None:
    """Add a bundle's bytecode, as far as it fits, where there is a Python here to compile it."""
    if target.platforms and (python := interpreter_of(target)):
        compile_bytecode(folder, python, most_bytes=MAX_UNZIPPED_BYTES - _SPARE_BYTES)


def files_of(path: Path) -> list[Path]:
    """Return a file itself, or all that a folder holds but bytecode."""
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _install(packages: str, folder: Path, target: Target) -> None:
    if target.platforms:
        _pip_install(packages, folder, target)
        return
    # A rehearsal follows every edit: what pip installed is kept, and linked into the bundle.
    kept = KEPT / hashlib.sha256(repr((target, packages)).encode()).hexdigest()[:16]
    if not kept.is_dir():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as fresh:
            _pip_install(packages, Path(fresh) / "site", target)
            with suppress(OSError):  # another synthesis was quicker
                (Path(fresh) / "site").rename(kept)
    shutil.copytree(kept, folder, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)


def _pip_install(packages: str, folder: Path, target: Target) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as requirements:
        requirements.write(packages)
        requirements.flush()
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-compile", "--target", str(folder), *target.pip_options()),
            # The lock names all that is needed: pip looks for nothing more.
            *("--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement", requirements.name),
        ]
        # On standard error, for CDK reads standard output.
        subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603 - every part is ours


def prune(folder: Path) -> None:
    """Remove what no function imports, and the second and third copies of a shared library."""
    for pattern in _PRUNED:
        for path in list(folder.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    for path in _unneeded_copies((folder / "pyarrow").glob("*.so*")):
        path.unlink()


def interpreter_of(target: Target) -> str | None:
    """Return a Python of the target's version on this machine: bytecode is of one version alone."""
    if target.python == THIS_MACHINE.python:
        return sys.executable
    name = f"python{target.python}"
    # pyenv's own command of this name runs a version only once somebody has chosen it.
    installed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/*/bin/{name}")
    found = (shutil.which(name), *map(str, sorted(installed)))
    return next((python for python in found if python and _is_version(python, target.python)), None)


@cache
def _is_version(python: str, version: str) -> bool:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(  # noqa: S603 - a Python of this machine
            [python, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
        )
    except OSError:
        return False
    return done.stdout.strip() == version


def bytecode_note(target: Target) -> str | None:
    """Say that functions will start more slowly than they could, or None."""
    if not target.platforms or interpreter_of(target):
        return None
    return (
        f"there is no python{target.python} here to compile the functions' bytecode with, and a function "
        "takes a second or more longer to start. Put one on PATH, or synthesise with it."
    )


def compile_bytecode(folder: Path, python: str, *, most_bytes: int) -> None:
    """
    Add the bytecode of a bundle, its smallest packages first, as long as the whole is no larger than said.

    Lambda's file system cannot be written to: without it every start of a function compiles all that it
    imports. It is not checked against its source, for a zip's times are not those of the files, and it names
    files as they will be in Lambda.
    """
    with tempfile.TemporaryDirectory() as other:
        # Apart at first: where the limit is met is not known before.
        command = [
            *(python, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"),
            *("-s", str(folder), "-p", "/var/task", str(folder)),
        ]
        # What a library ships and does not parse (a template, a file of another Python) is left as it is.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": other}
        subprocess.run(command, check=False, stdout=sys.stderr, env=environment)  # noqa: S603 - every part is ours
        compiled = Path(other) / folder.relative_to(folder.anchor)
        left = most_bytes - unzipped_bytes(folder)
        for package in sorted(compiled.iterdir(), key=_bytes_below):
            left -= _bytes_below(package)
            if left < 0:
                return
            for file in _files_below(package):
                place = folder / file.relative_to(compiled)
                cache = place.parent / "__pycache__"
                cache.mkdir(exist_ok=True)
                shutil.copyfile(file, cache / place.name)


def _files_below(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def _bytes_below(path: Path) -> int:
    return sum(file.stat().st_size for file in _files_below(path))


def _unneeded_copies(libraries: Iterable[Path]) -> list[Path]:
    """
    Return the names under which a library lies there once more.

    A wheel holds no symbolic links: `libarrow.so`, `.so.2600` and `.so.2600.1.0` are three files, of which
    the second, the SONAME, is the one that is looked for.
    """
    names = {path.name: path for path in libraries if ".so." in path.name or path.name.startswith("lib")}
    sonames = {name for name in names if name.count(".") == name.partition(".so.")[0].count(".") + 2}
    stems = {name.partition(".so")[0] for name in sonames}
    return [path for name, path in names.items() if name not in sonames and name.partition(".so")[0] in stems]


def unzipped_bytes(folder: Path) -> int:
    """Return the size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@jsii.implements(ILocalBundling)
class _PipBundling:
    """CDK's hook: puts a bundle together on this machine."""

    def __init__(self, bundle: Bundled, target: Target) -> None:
        self._bundle = bundle
        self._target = target

    def try_bundle(self, output_dir: str, *, image: DockerImage, **_options: Any) -> bool:
        """Build into CDK's folder."""
        del image
        self._bundle.build(Path(output_dir), self._target)
        return True


def target_of(scope: Construct) -> Target:
    """Return what a synthesis bundles for: Lambda, but for a rehearsal (`evaldrop local`), which says so."""
    return THIS_MACHINE if scope.node.try_get_context(REHEARSED) else LAMBDA


def code_of(bundle: Bundled, target: Target) -> lambda_.Code:
    """Return a function's code as an asset; it is put together again only when its sources changed."""
    return lambda_.Code.from_asset(
        str(bundle.folder),
        asset_hash=bundle.digest(target),
        bundling=BundlingOptions(
            image=DockerImage.from_registry("never-used: bundled without Docker"),
            local=_PipBundling(bundle, target),
        ),
    )


def _is_in_lambda(module: str, also: tuple[str, ...]) -> bool:
    return module.partition("/")[0] not in _NOT_IN_LAMBDA or module.startswith((*_EVEN_SO, *also))
