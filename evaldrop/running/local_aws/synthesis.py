"""The stack's template and its functions' code: synthesised here, or already in a folder."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaldrop.errors import InputError

Tell = Callable[[str], None]

SOURCES = ("app.py", "cdk.json", "constraints.txt", "evaldrop", "infra", "lambdas", "prompts", "datasets")
"""Of a checkout, what a synthesis reads."""

UNREAD = tuple(Path("evaldrop") / name for name in ("cli", "engine", "running/local_aws"))
"""Of those, what is in no function and no template."""

REHEARSED = "evaldrop:rehearsed"
"""CDK context that makes infra/bundles.py bundle functions for this machine."""

KEPT_S = 24 * 3600
"""How long the bundles of earlier sources stay: a local AWS may be running them."""

_STAMP = "synthesised.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A synthesised stack; `assets` are folders of code by the key under which the template names them."""

    name: str
    template: dict[str, Any]
    assets: Mapping[str, Path]


def read_assembly(place: Path) -> Assembly:
    """
    Return the stack in a folder that CDK wrote, or of its template file.

    Raises:
        InputError: There is no stack, or more than one.
    """
    if place.is_file():
        template = place
    else:
        found = sorted(place.glob("*.template.json"))
        if len(found) != 1:
            raise InputError(
                f"{place}: {len(found) or 'no'} *.template.json there; one is needed. "
                "`make synth` writes cdk.out; or name the file."
            )
        template = found[0]
    name = template.name.removesuffix(".template.json")
    manifest = template.with_name(f"{name}.assets.json")
    if not manifest.is_file():
        raise InputError(f"{template}: {manifest.name} is not beside it; the functions' code is named there.")
    return Assembly(
        name=name,
        template=json.loads(template.read_bytes()),
        assets=dict(_assets(json.loads(manifest.read_bytes()), template.parent)),
    )


def _assets(manifest: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, Path]]:
    for file in manifest["files"].values():
        if file["source"]["packaging"] == "zip":
            for destination in file["destinations"].values():
                yield destination["objectKey"], folder / file["source"]["path"]


def find_checkout() -> Path:
    """
    Return the checkout that is worked in.

    Raises:
        InputError: This is none.
    """
    for place in (Path.cwd(), Path(__file__).parents[3]):
        if all((place / name).exists() for name in ("app.py", "cdk.json", "infra")):
            return place
    raise InputError(
        "there is no app.py here: evaldrop local synthesises the stack from a checkout of evaldrop. "
        "Run it there, or give --template cdk.out."
    )


def synthesise(checkout: Path, folder: Path, *, tell: Tell) -> Assembly:
    """
    Return the stack of a checkout, bundled for this machine; what did not change is not made again.

    The result is kept in the folder. `tell` is called with what takes a while.

    Raises:
        InputError: CDK is missing, or refuses.
    """
    state = _state(checkout)
    stamp = folder / _STAMP
    with _alone(folder):
        if not stamp.is_file() or stamp.read_text() != state:
            first = not any(folder.glob("asset.*"))
            tell(
                "synthesising the stack, and bundling its functions with pip: about a minute the first time"
                if first
                else "synthesising the stack again, for its sources changed"
            )
            # Before: a synthesis that is broken off must not pass for this state.
            stamp.unlink(missing_ok=True)
            _run_app(checkout, folder)
            stamp.write_text(state)
            _forget_old(folder)
    return read_assembly(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until nobody else synthesises into a folder: two at a time move each other's bundles away."""
    folder.mkdir(parents=True, exist_ok=True)
    # Beside it, since CDK may clear the folder. A process that dies gives its lock back.
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget_old(folder: Path) -> None:
    """Remove bundles that the stack no longer names, but for those that something may still run from."""
    named = {path.name for path in read_assembly(folder).assets.values()}
    for path in folder.glob("asset.*"):
        bundle = path.name.removesuffix(".bytecode")
        # With a bundle goes its bytecode, which is beside it.
        if bundle not in named and time.time() - path.stat().st_mtime > KEPT_S:
            shutil.rmtree(path)


def _state(checkout: Path) -> str:
    """Return what changes when, and only when, a source does."""
    # Bundles hold wheels of one Python: another one cannot load them.
    digest = hashlib.sha256(sys.version.encode())
    for name in SOURCES:
        top = checkout / name
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            unread = any(file.is_relative_to(checkout / each) for each in UNREAD)
            if file.is_file() and "__pycache__" not in file.parts and not unread:
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                digest.update(f"{file.relative_to(checkout)}\0{content}\0".encode())
    return digest.hexdigest()


def _run_app(checkout: Path, folder: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own app
        [sys.executable, "app.py", str(folder)],
        cwd=checkout,
        env={**os.environ, "CDK_CONTEXT_JSON": json.dumps({REHEARSED: True})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        hint = ""
        if "No module named 'aws_cdk'" in done.stderr:
            hint = " CDK is missing: pip install 'evaldrop[local]'."
        raise InputError(f"the stack could not be synthesised.{hint}\n{done.stderr.strip()[-2000:]}")
