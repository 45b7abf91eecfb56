"""Whether this process may be copied, and what a copy does first."""

import gc
import signal
import sys
from pathlib import Path


def may_fork() -> bool:
    """Tell whether this is Linux and no other thread could hold a lock that its copy would wait for."""
    return sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1


def begin_copy() -> None:
    """
    Begin as a copy of another process.

    Ctrl-C, which reaches every process of a terminal, is left to the parent. What was inherited is not looked
    through for cycles, which would copy every page of it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
