"""The API's page for the browser's tests: what is in its history, and what a reader does with it."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaldrop.scorecard.read import read_run
from evaldrop.store.model import ChosenCandidate, Ending, StoredCandidate, StoredRun
from evaldrop.store.protocol import Store
from tests.browser.chromium import Page
from tests.browser.pages import write_baseline, write_hostile, write_varied

SIGNED_IN = "!!document.getElementById('article')"
PRICED = "!!document.getElementById('priced')"


def fill(page: Page, name: str, value: str) -> None:
    """Write into a control, as somebody who types."""
    page.run(
        f"""(() => {{
            const box = document.getElementById({json.dumps(name)});
            box.value = {json.dumps(value)};
            for (const kind of ["input", "change"]) box.dispatchEvent(new Event(kind, {{ bubbles: true }}));
        }})()"""
    )


def press(page: Page, words: str) -> None:
    """Press the button with these words; a reader's press may open a tab."""
    button = (
        f"[...document.querySelectorAll('button')].find((each) => each.textContent === {json.dumps(words)})"
    )
    page.call("Runtime.evaluate", expression=f"{button}.click()", userGesture=True)


def drop(page: Page, name: str, content: str) -> None:
    """Drop a file on the page."""
    page.run(
        f"""(() => {{
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([{json.dumps(content)}], {json.dumps(name)}));
            const zone = document.querySelector(".drop");
            zone.dispatchEvent(new DragEvent("drop", {{ dataTransfer, bubbles: true }}));
        }})()"""
    )


def show(page: Page, address: str, ready: str) -> None:
    """Follow an address of the page."""
    page.run(f"location.hash = {json.dumps(address)}")
    page.wait(ready)


def text(page: Page, selector: str) -> Any:
    """Return what a reader reads in an element; None where there is none."""
    return page.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? null")


def sign_in(page: Page, key: str) -> None:
    """Sign in by a key."""
    fill(page, "key", key)
    press(page, "Use this key")


def write_history(store: Store, out: Path, hostile: Sequence[str]) -> None:
    """Note two runs that can be compared, two that are hostile in every text, and 30 that failed."""
    runs = {
        "run-0": write_baseline(out / "support" / "run-0"),
        "run-1": write_varied(out / "support" / "run-1"),
        "bad-0": write_hostile(out / "hostile" / "bad-0", tuple(hostile)),
    }
    runs["bad-1"] = shutil.copytree(runs["bad-0"], str(out / "hostile" / "bad-1"))
    for day, (run_id, folder) in enumerate(runs.items(), 10):
        words = hostile if run_id.startswith("bad") else ()
        run, ending = _finished(run_id, folder, f"2026-11-{day}T10:00:00+00:00", words)
        store.end(run_id, ending, run=run)
        if words:
            store.choose(
                run_id,
                ChosenCandidate(
                    candidate="lite", chosen_at=run.started_at, chosen_by=words[2], note=words[3]
                ),
            )
    for number in range(30):
        at = f"2026-10-{number + 1:02}T09:00:00+00:00"
        why = hostile[number % len(hostile)]
        store.end(
            f"failed-{number:02}",
            Ending(state="failed", ended_at=at, why=why, cost_usd=0.5, estimated_usd=0.25),
            run=StoredRun(
                run_id=f"failed-{number:02}",
                state="running",
                started_at=at,
                dataset="faq.csv",
                evaluation="nightly",
            ),
        )


def _finished(run_id: str, folder: str, at: str, words: Sequence[str]) -> tuple[StoredRun, Ending]:
    scorecard = read_run(folder).scorecard
    said = words or ("support", "lite is enough", "", "", "")
    run = StoredRun(
        run_id=run_id,
        state="running",
        started_at=at,
        dataset=f"data/{said[0]}",
        evaluation=said[0],
        folder=folder,
        labels=tuple(each[:100] for each in words[:3]),
        simulated=False,
    )
    candidates = tuple(
        StoredCandidate(
            name=name,
            model=words[4] if words else card.model,
            overall=card.overall and card.overall.mean,
            overall_interval=card.overall and card.overall.interval,
            cost_usd=card.cost_usd.candidate,
            latency_ms_p50=card.latency_ms.p50,
        )
        for name, card in scorecard.candidates.items()
    )
    ending = Ending(
        state="finished",
        ended_at=at,
        cost_usd=scorecard.cost_usd.total,
        records=scorecard.records.evaluated,
        recommendation=said[1],
        summary=scorecard.summary,
        candidates=candidates,
    )
    return run, ending
