"""Functions that the stack makes of scorers' code: each with its own packages, and a role that may log."""

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.bundles import Target, add_bytecode, check_size, files_of
from infra.functions import Shape, Step
from infra.settings import ROOT, Settings
from infra.settings_parts import ScorerCode

_MODULE = "evaldrop_scorer"

# Of evaldrop what a scorer's function imports; none of it needs a package.
_EVALDROP = ("__init__.py", "shipped.py", "scorers")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerBundle:
    """A scorer's code: its source, what it requires, and the little of evaldrop that calls it."""

    code: ScorerCode

    @property
    def handler(self) -> str:
        """What Lambda calls."""
        return f"{_MODULE}.handler"

    @property
    def folder(self) -> Path:
        """Where its own source is."""
        source = ROOT / self.code.source
        return source if source.is_dir() else source.parent

    @property
    def entry(self) -> str:
        """The module that Lambda imports."""
        return (
            "from evaldrop.scorers import as_lambda\n"
            "from evaldrop.scorers.finding import find_scorer\n\n"
            f"handler = as_lambda(find_scorer({self.code.python!r}))\n"
        )

    def sources(self) -> dict[str, Path]:
        """Return the files that are copied, by their place in the bundle."""
        own = ROOT / self.code.source
        copied = {file.relative_to(own.parent).as_posix(): file for file in files_of(own)}
        for name in _EVALDROP:
            copied |= {file.relative_to(ROOT).as_posix(): file for file in files_of(ROOT / "evaldrop" / name)}
        return copied

    def digest(self, target: Target) -> str:
        """Return what changes when, and only when, the bundle would."""
        digest = hashlib.sha256(repr((target, self.entry)).encode())
        if self.code.requirements:
            digest.update((ROOT / self.code.requirements).read_bytes())
        for place, file in sorted(self.sources().items()):
            digest.update(f"{place}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\0".encode())
        return digest.hexdigest()

    def build(self, folder: Path, target: Target) -> None:
        """
        Put the bundle into a folder.

        Raises:
            CalledProcessError: pip found no wheel of a requirement for the target.
            ValueError: It is larger than Lambda takes.
        """
        if self.code.requirements:
            _pip_install(ROOT / self.code.requirements, folder, target)
        for place, file in self.sources().items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / place)
        (folder / f"{_MODULE}.py").write_text(self.entry, encoding="utf-8")
        add_bytecode(folder, target)
        check_size(self.code.python, folder, target)


def _pip_install(requirements: Path, folder: Path, target: Target) -> None:
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
        # Of wheels alone: nothing is compiled for another machine, and no package's code runs here.
        *("--only-binary=:all:", "--target", str(folder), *target.pip_options()),
        *("--requirement", str(requirements)),
    ]
    # On standard error, for CDK reads standard output.
    subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603 - whoever deploys wrote the file


class Scorers(Construct):
    """The scorers' functions, by name. They may write to their logs, and nothing else."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        settings: Settings,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, id)
        self.steps = {
            name: Step(
                self,
                name,
                bundle=ScorerBundle(code=code),
                shape=Shape(memory_mb=code.memory_mb, timeout_s=code.timeout_s),
                environment={},
                settings=settings,
                key=key,
                name=name,
            )
            for name, code in settings.own_scorers.items()
        }
