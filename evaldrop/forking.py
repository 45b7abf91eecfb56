"""Whether this process may be copied, and what a copy does first."""

import signal
import sys
from pathlib import Path


def may_fork() -> bool:
    """Tell whether this is Linux and no other thread could hold a lock that its copy would wait for."""
    return sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1


def leave_ctrl_c_to_the_parent() -> None:
    """Ignore Ctrl-C, which reaches every process of a terminal; the parent decides what to do about it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
