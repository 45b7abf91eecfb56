"""
How fast a report of many records opens, scrolls and answers a search in Chromium.

    python -m benchmarks.report_page
    python -m benchmarks.report_page --records 1000 10000 50000

Every record has three candidates' responses and two verdicts on each. `short` records are a classifier's,
with a word as an answer: the page carries all of them. `long` ones have paragraphs: above its budget the page
carries a choice.
"""

import argparse
import json
import random
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.scorecard_rows import dumped, record, result, text, write_run
from evaldrop.report.page import html_report
from evaldrop.report.rows import ReportRows
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import read_prepared
from evaldrop.run.results import ChildFailure, Found
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.reading import ResultReader
from tests.browser.chromium import Browser, Page, find_chromium, running

# Different records; a larger page has them again under other ids.
VARIETY = 2_000
READY = "document.documentElement.dataset.ready"
SEARCHES = ("a", "ing", "record 4", "no such words", "r0012345", "zx")


class Measured(NamedTuple):
    """
    Times in ms. `opens`: until the page can be read; `ready`: until all records are listed too.

    `…_cpu` is what the page's thread computed: on a machine that does something else as well it tells more
    than the clock does. `frame_cpu` is the mean while scrolling; at 60 frames a second there are 16.7 ms.
    """

    carried: int
    size_mb: float
    opens: float
    opens_cpu: float
    ready: float
    ready_cpu: float
    search: float
    search_cpu: float
    frame: float
    frame_cpu: float


def main() -> None:
    """Print a line per kind and number of records."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, nargs="+", default=[1_000, 10_000, 50_000])
    arguments = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no Chromium: apt-get install chromium, or name one in EVALDROP_CHROMIUM")
    times = ("opens", "CPU", "ready", "CPU", "search", "CPU", "frame", "CPU")
    columns = ("kind", "records", "carried", "MB", *times)
    print("  ".join(f"{column:>7}" for column in columns))
    with tempfile.TemporaryDirectory() as folder, running(chromium) as browser:
        for kind in ("short", "long"):
            for number in arguments.records:
                found = measure(browser, write_page(Path(folder), number, kind))
                carried, size_mb, *taken = found
                cells = (kind, f"{number:,}", f"{carried:,}", f"{size_mb:.1f}", *map("{:.0f}".format, taken))
                print("  ".join(f"{cell:>7}" for cell in cells), flush=True)


def write_page(folder: Path, number: int, kind: str) -> Path:
    """Write the report of a run of `number` records, without its tables."""
    place = folder / kind / f"run-{number}"
    write_run(place, 100)
    scorecard = build_scorecard(str(place))
    run = RunDefinition.load(str(place))
    reader, rows = ResultReader(run), ReportRows(run)
    found = list(_found(kind))
    results = [reader.read(one) for one in found]
    for ordinal in range(number):
        prepared = found[ordinal % VARIETY].record._replace(record_id=f"r{ordinal:07d}")
        rows.add(ordinal, prepared, results[ordinal % VARIETY])
    chunks = rows.chunks()
    page = place / "report.html"
    page.write_text(html_report(scorecard, run.content, chunks, rows.counts()))
    return page


def _found(kind: str) -> Iterator[Found]:
    source = random.Random(7)
    words = [
        "".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(2, 9))) for _ in range(5000)
    ]
    for number in range(VARIETY):
        asked, answered = record(number, words, source), result(number, words, source)
        if kind == "short":
            asked["prompt"] = f"record {number}: " + text(words, source, 10)
            asked["reference"] = [source.choice(words[:6])]
            for given in answered["responses"]:
                _shorten(given, words, source)
        yield Found(read_prepared(dumped(asked).encode()), answered, ChildFailure("", ""))


def _shorten(given: dict[str, Any], words: list[str], source: random.Random) -> None:
    given["reply"]["Output"]["Message"]["Content"][0]["Text"] = source.choice(words[:6])
    (block,) = given["judgements"][0]["reply"]["Output"]["Message"]["Content"]
    for verdict in block["ToolUse"]["Input"].values():
        verdict["rationale"] = text(words, source, 2)


def measure(browser: Browser, page: Path) -> Measured:
    """Open a page and measure it."""
    opens_cpu = _opening_cpu(browser, page)
    with browser.page(page.as_uri(), ready=READY, measured=True) as opened:
        timing = opened.run("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        paints = opened.run(
            "performance.getEntriesByName('first-contentful-paint').map((paint) => paint.startTime)"
        )
        ready_cpu = opened.cpu_ms()
        searches = [_search(opened, words) for words in SEARCHES]
        frames = _scroll(opened)
        return Measured(
            carried=_carried(opened),
            size_mb=page.stat().st_size / 1e6,
            opens=max(timing, *paints),
            opens_cpu=opens_cpu,
            ready=float(opened.run(READY)),
            ready_cpu=ready_cpu,
            search=max(wall for wall, _ in searches),
            search_cpu=max(cpu for _, cpu in searches),
            frame=frames[0],
            frame_cpu=frames[1],
        )


def _opening_cpu(browser: Browser, page: Path) -> float:
    """Return what it takes to show the page before its script has read a record."""
    with browser.page(page.as_uri(), measured=True, scripts=False) as opened:
        return opened.cpu_ms()


def _carried(page: Page) -> int:
    return int(
        page.run("document.getElementById('found').textContent.match(/[\\d,]+/)[0].replaceAll(',', '')")
    )


def _search(page: Page, words: str) -> tuple[float, float]:
    """Return the time from a key to the drawn answer, and the thread's own part of it."""
    before = page.cpu_ms()
    wall = page.run(f"""new Promise((done) => {{
        const box = document.getElementById('search');
        box.value = {json.dumps(words)};
        const start = performance.now();
        box.dispatchEvent(new Event('input', {{ bubbles: true }}));
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    }})""")
    return float(wall), page.cpu_ms() - before


def _scroll(page: Page) -> tuple[float, float]:
    """
    Scroll through the whole list.

    Returns:
        The 95th percentile of the times between frames, and the thread's own time for a frame.
    """
    page.run("document.getElementById('clear').click()")
    before = page.cpu_ms()
    frames = page.run("""new Promise((done) => {
        const list = document.getElementById('list');
        const step = list.scrollHeight / 60;
        const times = [];
        let before = performance.now();
        const next = () => {
            const now = performance.now();
            times.push(now - before);
            before = now;
            list.scrollTop += step;
            if (times.length < 60) requestAnimationFrame(next);
            else done(times);
        };
        requestAnimationFrame(next);
    })""")
    return statistics.quantiles(frames, n=20)[-1], (page.cpu_ms() - before) / len(frames)


if __name__ == "__main__":
    main()
