"""
Makes the pictures of README and docs from runs of the sample dataset: `make pictures`.

    python -m tests.browser.pictures
    python -m tests.browser.pictures --to DIR

The runs are simulated, of three weeks, the first of them blessed. It is here because the browser is driven
here, and `test_pictures` holds what it makes. Where a page no longer has what a picture is of, it says so.
"""

import argparse
import base64
import binascii
import struct
import sys
import tempfile
import zlib
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

from evaldrop.api.local import serving
from evaldrop.cli.dispatch import main as evaldrop
from evaldrop.scorecard.read import read_run
from tests.browser.api_page import sign_in
from tests.browser.chromium import Browser, Page, find_chromium, running

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "docs" / "pictures"
DATASET = ROOT / "datasets" / "support-faq" / "records.jsonl"
EVALUATION = "support-answers"
MOST_BYTES = 200_000
MOST_COLOURS = 256

REPORT_READY = "document.documentElement.dataset.ready"
COMPARED = ("lite", "haiku")


class Shot(NamedTuple):
    """
    A picture: a window of a page.

    Attributes:
        of: What must be on the page, a CSS selector.
        shows: What a reader sees, for the message when it is not there.
        at: What is brought to the top of the window; nothing leaves the page where it opens.
    """

    name: str
    width: int
    height: int
    of: str
    shows: str
    at: str = ""


REPORT = Shot("report", 1440, 900, "h1", "the report's first screen")
BENCH = Shot(
    "bench", 1440, 900, "#record ins", "a record with what differs between two responses", at="#record"
)
PHONE = Shot("phone", 390, 844, "h1", "the report on a phone")
HISTORY = Shot("history", 1440, 900, "svg.trend", "the history of runs")
PAGE = Shot("page", 1440, 900, ".recommendation", "a finished run on the page of the API")
SHOTS = (REPORT, BENCH, PHONE, HISTORY, PAGE)


def write_runs(out: Path) -> Path:
    """Evaluate the sample three times, as in three weeks; return the last run's folder."""
    for seed in (2, 1, 0):
        code = evaldrop(
            ["run", str(DATASET), "--bedrock", f"simulated:seed={seed}", "--out", str(out), "--yes"]
        )
        if code > 2:
            raise SystemExit(f"the sample run ended with exit code {code}")
        latest = max(run for run in (out / EVALUATION).iterdir() if (run / "report.html").is_file())
        if seed == 2:
            evaldrop(["bless", str(latest)])
    return latest


def telling_record(folder: Path) -> str:
    """Return the record on which one of two candidates passed and the other failed by the fewest words."""
    run, (one, other) = read_run(str(folder)), COMPARED
    passed = run.verdicts.pivot_table(index="record_id", columns="candidate", values="passed", aggfunc="min")
    texts = run.responses.pivot(index="record_id", columns="candidate", values="response")
    decided = passed.index[(passed[one] != passed[other]).to_numpy()]
    return str(max(sorted(decided), key=lambda name: _likeness(texts[one][name], texts[other][name])))


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.split(), other.split()).ratio()


def take_all(browser: Browser, out: Path, place: Path) -> None:
    """Write every picture into a folder."""
    run = write_runs(out)
    report, index = (run / "report.html").as_uri(), (out / "index.html").as_uri()
    # The address of a record with its first two candidates' differences.
    bench = f"{report}#record={quote(telling_record(run), safe='')}&diff=0-1"
    place.mkdir(parents=True, exist_ok=True)
    for shot, url in zip((REPORT, BENCH, PHONE, HISTORY), (report, bench, report, index), strict=True):
        ready = "true" if shot is HISTORY else REPORT_READY
        with browser.page(url, width=shot.width, height=shot.height, ready=ready) as page:
            _write(place, shot, take(page, shot))
    evaldrop(["history", "rebuild", "--out", str(out)])
    with (
        serving(out=str(out), bedrock="simulated", evaluations="none") as api,
        browser.page(
            f"{api.address}/#/runs/{run.name}", width=PAGE.width, height=PAGE.height, ready=REPORT_READY
        ) as page,
    ):
        sign_in(page, api.token)
        page.wait(f"document.querySelector({PAGE.of!r}) !== null")
        _write(place, PAGE, take(page, PAGE))


def _write(place: Path, shot: Shot, content: bytes) -> None:
    (place / f"{shot.name}.png").write_bytes(content)
    sys.stdout.write(f"{place / shot.name}.png: {len(content) / 1000:.0f} kB\n")


def take(page: Page, shot: Shot) -> bytes:
    """
    Return the picture as PNG.

    Raises:
        SystemExit: The page has not what the picture is of, or the picture is too large.
    """
    if not page.run(f"document.querySelector({shot.of!r}) !== null"):
        raise SystemExit(
            f"{shot.name}: no {shot.of} on the page, so this would not be {shot.shows}. "
            "Say in SHOTS of tests/browser/pictures.py where that is now."
        )
    if shot.at:
        page.run(f"document.querySelector({shot.at!r})?.scrollIntoView()")
    picture = page.call("Page.captureScreenshot", optimizeForSpeed=False)["data"]
    content = with_few_colours(pixels(page, picture))
    if len(content) > MOST_BYTES:
        raise SystemExit(
            f"{shot.name}: {len(content):,} bytes, and {MOST_BYTES:,} are the most that README is to load"
        )
    return content


def pixels(page: Page, picture: str) -> np.ndarray:
    """Return a PNG's pixels, rows by columns by red, green and blue. The browser decodes it."""
    # Away from the page first: its policy lets no picture in.
    page.call("Page.navigate", url="about:blank")
    page.wait("location.href === 'about:blank' && document.readyState === 'complete'")
    width, height, data = page.run(f"""(async () => {{
        const image = new Image();
        image.src = "data:image/png;base64,{picture}";
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
        canvas.drawImage(image, 0, 0);
        const bytes = canvas.getImageData(0, 0, image.width, image.height).data;
        let text = "";
        for (let at = 0; at < bytes.length; at += 32768) {{
            text += String.fromCharCode(...bytes.subarray(at, at + 32768));
        }}
        return [image.width, image.height, btoa(text)];
    }})()""")
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[:, :, :3]


def with_few_colours(image: np.ndarray) -> bytes:
    """
    Return an image, rows by columns by red, green and blue, as PNG with a palette of 256 colours.

    Of colours that are nearly alike the commonest stays, then the commonest of all; every other becomes the
    nearest of them. Of a page nothing is seen to change, and a third of the bytes is left.
    """
    height, width, _ = image.shape
    packed = image.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    found, places, counts = np.unique(packed, return_inverse=True, return_counts=True)
    # The commonest of all would be shades of letters, and the dot of a legend, of a few pixels, another's.
    by_count = found[np.argsort(-counts, kind="stable")]
    _, firsts = np.unique(by_count & 0xF0F0F0, return_index=True)
    firsts.sort()
    order = np.concatenate([firsts, np.setdiff1d(np.arange(len(by_count)), firsts)])
    palette = _colours(by_count[order[:MOST_COLOURS]])
    # In parts: 10,000 colours by 256 would be as many distances at once.
    nearest = np.concatenate([
        ((_colours(part)[:, None] - palette[None]) ** 2).sum(axis=2).argmin(axis=1)
        for part in np.array_split(found, len(found) // 1_000 + 1)
    ])  # fmt: skip
    indices = nearest[places].reshape(height, width).astype(np.uint8)
    # Every row begins with its filter, and 0 is none: among numbers of colours a difference means nothing.
    rows = np.concatenate([np.zeros((height, 1), np.uint8), indices], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join((
        _chunk(b"IHDR", header), _chunk(b"PLTE", palette.astype(np.uint8).tobytes()),
        _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""),
    ))  # fmt: skip


def _colours(packed: np.ndarray) -> np.ndarray:
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.int64)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", binascii.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def main() -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=PLACE, help="the folder for them (default: docs/pictures)")
    place = parser.parse_args().to
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no Chromium: apt-get install chromium, or name one in EVALDROP_CHROMIUM")
    with tempfile.TemporaryDirectory() as folder, running(chromium) as browser:
        take_all(browser, Path(folder) / "runs", place)


if __name__ == "__main__":
    main()
