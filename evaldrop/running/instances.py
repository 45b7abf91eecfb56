"""
Which local AWSs run on this machine, as `evaldrop local env` finds them: a file for each.

The files hold keys, so they are their user's alone, in a folder of the user's. A running one holds a lock on
its file; a file that nobody holds a lock on is what a killed one left behind.
"""

import fcntl
import json
import os
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from evaldrop.errors import InputError

DEFAULT_PORT = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A local AWS that runs, and what a person's requests to it are signed with."""

    port: int
    endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)


def env_command(port: int) -> str:
    """Return what a person types in a terminal to use the local AWS at a port."""
    which = "" if port == DEFAULT_PORT else f" --port {port}"
    return f'eval "$(evaldrop local env{which})"'


def exports_of(instance: Instance) -> str:
    """Return the lines of a shell that send everything by an AWS SDK, or the AWS CLI, to an instance."""
    variables = {
        "AWS_ACCESS_KEY_ID": instance.access_key,
        "AWS_SECRET_ACCESS_KEY": instance.secret_key,
        "AWS_DEFAULT_REGION": instance.region,
        "AWS_ENDPOINT_URL": instance.endpoint,
    }
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    # A token of other credentials would go along with these.
    return f"export {exports}\nunset AWS_SESSION_TOKEN"


def state_folder() -> Path:
    """Return the folder of the files, by the XDG base directory specification."""
    # A relative path there is to be ignored, says the specification.
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    state = named if named.is_absolute() else Path.home() / ".local" / "state"
    return state / "evaldrop" / "local"


@contextmanager
def announced(instance: Instance, folder: Path | None = None) -> Iterator[None]:
    """
    Have an instance found while the context lasts.

    Raises:
        InputError: There is no place for its file.
    """
    folder = folder or state_folder()
    file = folder / f"{secrets.token_hex(8)}.json"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)  # an older one may have been made by hand
        handle = os.open(file.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError(
            f"{folder}: {error.strerror}. The keys of evaldrop local are kept there while it runs; "
            "XDG_STATE_HOME names another place."
        ) from error
    with os.fdopen(handle, "w", encoding="utf-8") as lines:
        fcntl.flock(lines, fcntl.LOCK_EX)
        json.dump(asdict(instance), lines)
        lines.flush()
        # Seen from now on: whole, and locked.
        file.with_suffix(".new").rename(file)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def running_instances(folder: Path | None = None) -> list[Instance]:
    """Return the instances that run, by port; what killed ones left behind is removed."""
    files = sorted((folder or state_folder()).glob("*.json"))
    return sorted(filter(None, map(_running, files)), key=lambda instance: instance.port)


def _running(file: Path) -> Instance | None:
    # Gone between being listed and being read: it has ended.
    with suppress(FileNotFoundError), file.open(encoding="utf-8") as lines:
        try:
            fcntl.flock(lines, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return Instance(**json.load(lines))
        file.unlink(missing_ok=True)
    return None


def find_instance(port: int | None, folder: Path | None = None) -> Instance:
    """
    Return the instance at a port, or the one that runs.

    Raises:
        InputError: None runs, none there, or several and no port was said.
    """
    found = running_instances(folder)
    if not found:
        raise InputError("no evaldrop local runs. Start one in another terminal, with: evaldrop local")
    ports = ", ".join(str(instance.port) for instance in found)
    if port is None and len(found) > 1:
        raise InputError(f"several run, at the ports {ports}. Say which, with --port.")
    for instance in found:
        if port in {None, instance.port}:
            return instance
    raise InputError(f"--port {port}: no evaldrop local runs there; at {ports} one does.")
