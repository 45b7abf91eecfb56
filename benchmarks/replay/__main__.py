"""Prints published numbers beside ours: `python -m benchmarks.replay vicuna80 PATH`."""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.replay import __doc__ as about
from benchmarks.replay import llmbar, vicuna80
from benchmarks.replay.running import Replayed

REPLAYS: dict[str, Callable[[Path, Path], Replayed]] = {"vicuna80": vicuna80.replay, "llmbar": llmbar.replay}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.replay",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=REPLAYS)
    parser.add_argument("data", type=Path, help="folder of the recorded data")
    parser.add_argument("--out", type=Path, help="keep the runs in this folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        print_replayed(REPLAYS[asked.name](asked.data, asked.out or Path(temporary)))


def print_replayed(replayed: Replayed) -> None:
    print(f"{'published':>12} {'ours':>12}")
    for figure in replayed.figures:
        mark = "" if figure.is_exact else "  differs"
        print(f"{figure.published:>12.6g} {figure.ours:>12.6g}  {figure.name}{mark}")
    exact = sum(figure.is_exact for figure in replayed.figures)
    print(f"\n{exact} of {len(replayed.figures)} exact.")
    if replayed.readings:
        print(f"\n{len(replayed.readings)} replies are read otherwise than their authors recorded them:")
        ways = Counter((one.where, one.recorded, one.read) for one in replayed.readings)
        for (where, recorded, read), n in ways.items():
            print(f"  {n:>4}  {where}: recorded {recorded}, read {read}")
        exact = sum(figure.is_exact for figure in replayed.as_recorded)
        print(f"With these replies as recorded, {exact} of {len(replayed.as_recorded)} figures are exact.")


if __name__ == "__main__":
    main()
