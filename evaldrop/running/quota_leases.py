"""
Which runs on this machine call a model at once, so that they share what the account may call of it.

Each holds a lease on a model: a file in a folder of the user's, locked by the system (flock). The lock is
gone with its process, however that ended, and a file that nobody holds is removed by whoever sees it next.
Where there are no locks (Windows, some file systems), or no such folder, each run takes the whole.
"""

import hashlib
import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

_SUFFIX = ".lease"


def leases_folder() -> Path:
    """Return the folder of the leases, by the XDG base directory specification."""
    # A relative path there is to be ignored, says the specification.
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    state = named if named.is_absolute() else Path.home() / ".local" / "state"
    return state / "evaldrop" / "quotas"


class QuotaLeases:
    """
    The leases of one run.

    Args:
        account: Whose quotas they are: runs that name it alike share.
        say: Gets what is worth a look, when another number of runs share a model.
        folder: Where all runs' leases are.
    """

    def __init__(self, account: str, say: Callable[[str], None], folder: Path | None = None) -> None:
        self._account, self._say, self._folder = account, say, folder
        self._held = ExitStack()
        self._places: dict[str, Path] = {}
        self._told: dict[str, int] = {}

    def sharers(self, model: str) -> int:
        """Take a lease on a model, if there is none yet; return how many runs hold one, this one included."""
        if fcntl is None:
            return 1
        try:
            place = self._places.get(model) or self._take(model)
            others = sum(map(_is_held, place.parent.glob(f"*{_SUFFIX}"))) - 1
        except (OSError, RuntimeError):  # such as without a home
            return 1
        n = 1 + max(0, others)
        if n != self._told.get(model, 1):
            self._tell(model, n)
        self._told[model] = n
        return n

    def close(self) -> None:
        """Give the leases back."""
        self._held.close()
        for place in self._places.values():
            with suppress(OSError):
                place.unlink(missing_ok=True)
        self._places = {}

    def _take(self, model: str) -> Path:
        digest = hashlib.blake2b(f"{self._account}\0{model}".encode(), digest_size=12).hexdigest()
        folder = (self._folder or leases_folder()) / digest
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = folder / f"{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
        file = self._held.enter_context(place.with_suffix(".new").open("w", encoding="utf-8"))
        fcntl.flock(file, fcntl.LOCK_EX)
        # Seen from now on, and locked.
        place.with_suffix(".new").rename(place)
        self._places[model] = place
        return place

    def _tell(self, model: str, n: int) -> None:
        if n == 1:
            self._say(f"no other run on this machine calls {model} now: this one takes all of its limits.")
            return
        others = "another run on this machine calls" if n == 2 else f"{n - 1} other runs on this machine call"
        self._say(f"{others} {model}: this one takes 1/{n} of its limits.")


def _is_held(place: Path) -> bool:
    """Tell whether a process holds a lease; one that nobody holds is removed."""
    with suppress(FileNotFoundError), place.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        place.unlink(missing_ok=True)
    return False
