"""Copies of this process: when one may be made, and how it begins."""

import gc
import signal
import sys
from pathlib import Path


def may_fork() -> bool:
    """Tell whether this is Linux and no other thread could hold a lock that its copy would wait for."""
    # Not `threading`: libraries' own threads, which Python does not know, hold locks as well.
    return sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1


def begin_copy() -> None:
    """
    Begin as a copy of another process.

    Ctrl-C and the end of a terminal reach every process of it, and a service manager's kill every process of
    a service: what they are to do is left to the parent. What was inherited is not looked through for cycles,
    which would copy every page of it.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()
