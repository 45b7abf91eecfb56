"""What is left of a fault of our own: a sentence, and a file that tells those who mend it what happened."""

import platform
import re
import shlex
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from evaldrop.shipped import VERSION

# A URL on the command line may hold a password, in which a / may be, and no :// before it.
_CREDENTIALS = re.compile(r"(://|openai=)[^@\s'\"]*@")
# Frames of a recursion say the same a thousand times.
_MOST_FRAMES = 60


def crash_report(error: BaseException, arguments: list[str]) -> str:
    """Return what happened, for a file: version, platform, command and traceback; without credentials."""
    lines = [
        f"evaldrop {VERSION}, Python {platform.python_version()}, {platform.platform()}",
        f"$ evaldrop {shlex.join(arguments)}",
        "",
        "".join(traceback.format_exception(error, limit=-_MOST_FRAMES)),
    ]
    return _CREDENTIALS.sub(r"\1…@", "\n".join(lines))


def write_crash(error: BaseException, arguments: list[str] | None) -> Path | None:
    """Write a crash report here, or where temporary files are; None where neither can be written."""
    report = crash_report(error, sys.argv[1:] if arguments is None else arguments)
    name = f"evaldrop-crash-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.txt"
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        try:
            (folder / name).write_text(report, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return folder / name
    return None


def crash_in_words(error: BaseException, file: Path | None) -> str:
    """Return what to tell whoever was running a command."""
    what = "".join(traceback.format_exception_only(error)).strip().splitlines()[0]
    where = f"What happened is in {file}; please send it along with a report of the fault." if file else ""
    return (
        f"evaldrop failed through a fault of its own: {what[:300]}\n"
        f"{where}\n"
        "Nothing that was answered is lost: evaldrop run --resume RUN goes on with a run's folder."
    )
