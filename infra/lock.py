"""
The lock: `constraints.txt` names one version of every package, with the hash of each of its files.

Nothing but the standard library is imported, for make asks this module what to install before anything is.
pip takes hashes from a list of requirements, and before pip 25 not from constraints: hence a list for each
purpose, cut out of the one lock.
"""

import argparse
import hashlib
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "constraints.txt"
PROJECT = "evaldrop"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VIA = re.compile(r"#\s+(?:via\s+)?(\S+)( \(pyproject\.toml\))?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """
    A package in the lock.

    Attributes:
        requirement: Such as `uvloop==0.23.0 ; sys_platform != 'win32'`.
        hashes: Of each file that may be installed, such as `sha256:…`.
        needed_by: The packages that require it; not this project.
    """

    name: str
    requirement: str
    hashes: tuple[str, ...]
    needed_by: tuple[str, ...]

    @property
    def version(self) -> str:
        """The pinned version."""
        return self.requirement.partition("==")[2].partition(" ")[0]

    def __str__(self) -> str:
        hashes = (f"--hash={each}" for each in self.hashes)
        return " \\\n    ".join([self.requirement, *hashes])


def read_lock(text: str) -> dict[str, Pin]:
    """
    Return the pins of a lock by name, as `make lock` writes them.

    Raises:
        ValueError: A package has no version or no hash: pip would say so only after downloading others.
    """
    pins = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
        requirement = block.partition("\n")[0].rstrip("\\ ")
        name = normal_name(requirement)
        hashes = tuple(re.findall(r"--hash=(sha256:[0-9a-f]{64})", block))
        if "==" not in requirement or not hashes:
            raise ValueError(f"{name}: a lock has its version and its hashes. make lock writes both.")
        needed_by = tuple(normal_name(found) for found in _needed_by(block))
        pins[name] = Pin(name=name, requirement=requirement, hashes=hashes, needed_by=needed_by)
    return pins


def _needed_by(block: str) -> Iterator[str]:
    for line in block.splitlines():
        found = _VIA.search(line.strip())
        if found and not found[2] and found[1] != "via":
            yield found[1]


def normal_name(requirement: str) -> str:
    """
    Return the name of what is required, as indexes compare names.

    Raises:
        ValueError: There is no name.
    """
    found = _NAME.match(requirement.strip())
    if not found:
        raise ValueError(f"{requirement!r} does not begin with a package's name")
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def closure(pins: Mapping[str, Pin], wanted: Iterable[str]) -> list[Pin]:
    """
    Return the pins of packages and of all that they need, in the lock's order.

    Raises:
        ValueError: One is not in the lock.
    """
    found: set[str] = set()
    left = {normal_name(each) for each in wanted}
    if missing := sorted(left - pins.keys()):
        raise ValueError(
            f"{', '.join(missing)}: not in {LOCK.name}. make lock adds what pyproject.toml names."
        )
    while left:
        found |= left
        left = {pin.name for pin in pins.values() if found & {*pin.needed_by}} - found
    return [pin for pin in pins.values() if pin.name in found]


def parts_of(project: Mapping[str, Any], parts: Iterable[str]) -> Iterator[str]:
    """
    Yield what parts of pyproject.toml's `project` require: `evaldrop` itself, or the name of an extra.

    Raises:
        ValueError: There is no such part.
    """
    known: dict[str, list[str]] = {PROJECT: project["dependencies"], **project["optional-dependencies"]}
    for part in parts:
        if part not in known:
            raise ValueError(f"{part} is no part of {PROJECT}; there are {', '.join(known)}")
        for requirement in known[part]:
            own = re.match(rf"{PROJECT}\[(\w+)\]", requirement)
            # An extra that takes in another one.
            yield from parts_of(project, [own[1]]) if own else [requirement]


def requirements(wanted: Iterable[str]) -> str:
    """Return what pip installs with `--require-hashes`: packages by name, and all that they need."""
    return as_file(closure(read_lock(LOCK.read_text(encoding="utf-8")), wanted))


def as_file(pins: Iterable[Pin]) -> str:
    """Return pins as a file of requirements."""
    return "".join(f"{pin}\n" for pin in pins)


def wheel_requirement(wheel: Path) -> str:
    """Return what installs a wheel that is in the folder where pip runs, and no other file of its name."""
    return f"./{wheel.name} \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def behind(pins: Mapping[str, Pin], newest: Mapping[str, Pin]) -> list[str]:
    """Return a line for each pin of which there is a newer version that goes with all others."""
    return [
        f"{name}: {pin.version} is pinned, {newest[name].version} is the newest"
        for name, pin in pins.items()
        if name in newest and newest[name].version != pin.version
    ]


def main() -> int:
    """Write the requirements of parts of the project; or compare the lock with a newer one."""
    parser = argparse.ArgumentParser(prog="python -m infra.lock", description=main.__doc__)
    parser.add_argument("parts", nargs="*", help="evaldrop, or extras of it, whose needs are written")
    parser.add_argument("--wheel", metavar="FILE", type=Path, help="a wheel of evaldrop to install with them")
    parser.add_argument("--compare", metavar="FILE", type=Path, help="a lock with the newest versions")
    given = parser.parse_args()
    if given.compare is None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        wheel = wheel_requirement(given.wheel) if given.wheel else ""
        sys.stdout.write(wheel + requirements(parts_of(project, given.parts)))
        return 0
    lines = behind(*(read_lock(file.read_text(encoding="utf-8")) for file in (LOCK, given.compare)))
    sys.stdout.write("".join(f"{line}\n" for line in lines) or "every pin is the newest that fits\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
