"""docs/events.md is what other programs are written by."""

import json
import re
from pathlib import Path

from evaldrop.running.local_aws.events import matches
from evaldrop.steps.lifecycle.events import (
    EVENTS,
    SOURCE,
    CriterionDrop,
    Event,
    Links,
    QualityDropped,
    RunFinished,
)

PAGE = (Path(__file__).parents[4] / "docs" / "events.md").read_text()


def keys_in(text):
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_every_event_has_its_keys_on_the_page_and_no_others():
    common, *_ = PAGE.split("and besides, `Run Started`:")
    assert keys_in(common.partition("## What is in them")[2]) == set(Event.model_fields)
    for event in EVENTS:
        part = PAGE.rpartition(f"`{event.detail_type}`:\n")[2].partition("\n\n`")[0].partition("\n## ")[0]
        assert keys_in(part) == set(event.model_fields) - set(Event.model_fields), event.detail_type
    assert all(f"`{name}`" in PAGE for name in Links.model_fields)
    assert f"source `{SOURCE}`" in PAGE


def test_no_event_is_without_a_row_that_says_when_it_is_sent():
    named = re.findall(r"^\| `([A-Z][\w ]+)` \|", PAGE, re.MULTILINE)
    assert sorted(named) == sorted(event.detail_type for event in EVENTS)


LINKS = Links(folder="s3://out/runs/f/r", report="s3://out/runs/f/r/report.html", scorecard="s3://out/s")
OF_A_RUN = {"stack": "s", "run_id": "r", "dataset": "d", "evaluation": "support-faq", "links": LINKS}
SENT = [
    RunFinished(
        **OF_A_RUN, simulated=False, decision="pass", recommendation="Ship lite.", choice="lite", cost_usd=1,
        records=3,
    ),
    QualityDropped(
        **OF_A_RUN, simulated=False, drops=(CriterionDrop(candidate="lite", criterion="tone"),), n_drops=1,
        sentence="lite fell",
    ),
]  # fmt: skip


def on_the_bus(event):
    """An event as EventBridge delivers it."""
    detail = json.loads(event.model_dump_json())
    return {"source": SOURCE, "detail-type": event.detail_type, "detail": detail}


def test_each_rule_of_the_page_hears_one_kind_of_event_and_no_rehearsal():
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    patterns = [json.loads(each) for each in re.findall(r"--event-pattern '(\{.*?\})'\n", PAGE)]
    patterns += [each for each in blocks if isinstance(each, dict) and "source" in each]
    assert len(patterns) == 2
    for pattern in patterns:
        heard = [event for event in SENT if matches(pattern, on_the_bus(event))]
        assert [each.detail_type for each in heard] == pattern["detail-type"]
        rehearsed = heard[0].model_copy(update={"simulated": True})
        assert not matches(pattern, on_the_bus(rehearsed))


def test_what_goes_to_slack_is_in_the_event():
    [[target]] = [
        json.loads(block)
        for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
        if block.startswith("[")
    ]
    transformer, text = target["InputTransformer"], target["InputTransformer"]["InputTemplate"]
    for name, path in transformer["InputPathsMap"].items():
        found = on_the_bus(SENT[1])
        for part in path.removeprefix("$.").split("."):
            found = found[part]
        text = text.replace(f"<{name}>", found)
    assert json.loads(text) == {"text": f"lite fell {LINKS.report}"}
