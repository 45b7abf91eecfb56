"""A run that goes on, in a browser: the page fills by events, and what models wrote stays text."""

import json
import threading

import pytest

from evaldrop.report.live import live_routes
from evaldrop.report.serving import LIVE, LOOPBACK, Folder, open_server
from evaldrop.run.lock import locked
from evaldrop.running.live import LiveRun
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import (
    MAP_RUN,
    judgement,
    record,
    response,
    row,
    run_json,
    verdict,
    write_results,
    write_run,
)

MARKUP = '<img src=x onerror="document.title=1"> مرحبا'
GOOD, BAD = {"correctness": 1, "tone": 5}, {"correctness": 0, "tone": 2}


def judged(name, scores):
    return response(name, judgements=[judgement(scores, rationale=MARKUP)])


def preferred(n):
    """Lite over haiku in two records of three, shown first in every other."""
    pair = {"judge": "pro", "candidate": "lite", "baseline": "haiku", "first": ("lite", "haiku")[n % 2]}
    choice = ("first", "second")[n % 2 ^ (n % 3 == 0)]
    return {**pair, "api": "converse", "reply": verdict({"rationale": MARKUP, "preferred": choice})}


ROWS = [
    row(
        f"r{n}",
        judged("lite", BAD if n % 3 == 0 else GOOD) | {"retries": n % 2},
        judged("haiku", GOOD if n % 8 else BAD),
        comparisons=(preferred(n),),
    )
    for n in range(24)
]
STATUS = "document.getElementById('progress').textContent"
SPANS = "[...document.querySelectorAll('.live .span')].map((span) => parseFloat(span.style.width))"
PAIR = """
[...document.querySelectorAll("#preferences tbody td b, #preferences tbody td:nth-child(3)")]
    .map((each) => each.textContent).join(" ")
"""
FACTS = """
Object.fromEntries([...document.querySelectorAll("#facts div")].map((pair) =>
    [...pair.children].map((each) => each.textContent)))
"""
ESTIMATE = "document.querySelector('.live tbody td b').textContent"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve a run that goes on; give its folder and the page's address."""
    folder = tmp_path_factory.mktemp("runs") / "support" / "run-1"
    pairs = {"baseline": "haiku", "orders": "drawn"}
    run = run_json(simulated=True, evaluation={"budget_usd": 2, "pairwise": pairs})
    write_run(folder, run=run, records=[record(f"r{n}") for n in range(24)], succeeded=ROWS[:6])
    (folder / "results" / MAP_RUN / "manifest.json").unlink()
    routes = live_routes(
        LiveRun(str(folder)).look, resume="evaldrop run --resume run-1", report="run-1/report.html"
    )
    with open_server(Folder(str(folder), str, routes)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://{LOOPBACK}:{server.server_port}{LIVE}"
        server.shutdown()
        thread.join()


def test_the_page_fills_stops_and_leads_to_the_report(browser, served, tmp_path):
    folder, address = served
    with (
        locked(str(folder), doing="evaldrop run"),
        browser.page(
            address, width=390, height=844, dark=True, ready=f"{STATUS}.includes('6 of 24')"
        ) as page,
    ):
        page.screenshot(tmp_path / "live-390.png")
        assert page.run(ESTIMATE) == "66.7 %"
        assert page.run("document.documentElement.scrollWidth") <= 390
        assert MARKUP in page.run("document.getElementById('failures').textContent")
        assert page.run("document.images.length") == 0
        assert page.run(PAIR) == "66.7 % 4 / 2 / 0"
        facts = page.run(FACTS)
        assert facts["retries"] == "3"
        assert facts["time left"].endswith((" s", " min"))
        before = page.run(SPANS)
        (results,) = (folder / "results").glob("*/SUCCEEDED_0.jsonl")
        with results.open("a") as file:
            file.writelines(f"{json.dumps(each)}\n" for each in ROWS[6:])
        page.wait(f"{STATUS}.includes('24 of 24')")
        after = page.run(SPANS)
        # An interval of each candidate's two criteria, and of the pair.
        assert len(before) == len(after) == 5
        assert all(now < then for now, then in zip(after, before, strict=True))
        assert page.run(PAIR) == "66.7 % 16 / 8 / 0"
        assert page.run(FACTS)["retries"] == "12"
        assert page.complaints == []
    with browser.page(address, ready="!document.getElementById('end').hidden") as page:
        page.screenshot(tmp_path / "live-1300.png")
        assert "evaldrop run --resume run-1" in page.run("document.getElementById('end').textContent")
        build_scorecard(str(folder), write_results(str(folder), succeeded=ROWS))
        page.wait("!!document.querySelector('#end a')")
        assert page.run("document.querySelector('#end a').href").endswith("/report.html")
        page.click("#end a")
        page.wait("document.title.includes('support') && !document.getElementById('progress')")
