"""What alarms and the dashboard read of evaldrop's own is what BuildScorecard publishes, to the letter."""

import json
import re

from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.read import read_run
from evaldrop.steps.build_scorecard import cloudwatch
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.cloudwatch import metric_lines
from evaldrop.steps.embedded_metrics import NAMESPACE, STEP_METRICS
from tests.evaldrop.run_folders import record, response, row, run_json, write_run
from tests.infra.synthesis import one, resources

# Published only where there is something to compare with, a chart, a guardrail: by their tables.
NOT_OF_EVERY_RUN = {
    *((frozenset(dimensions), name) for dimensions in ({"Stack"}, {"Stack", "Evaluation"})
      for name in ("Regressions", "JudgeDrift")),
    *((frozenset({"Stack"}), name) for name in STEP_METRICS),
}  # fmt: skip
SEARCHED = re.compile(r'\{evaldrop,([\w,]+)\} MetricName="(\w+)" Stack="evaldrop"')


def published(folder):
    """Return what a whole run publishes: names of dimensions, and of the metric."""
    scores = {"correctness": 1, "tone": 5}
    rows = [row(f"r{n}", response("lite", scores=scores), response("haiku", scores=scores)) for n in range(3)]
    write_run(folder, run=run_json(), records=[record(f"r{n}") for n in range(3)], succeeded=rows)
    build_scorecard(folder)
    own = frozenset(RunDefinition.load(folder).criteria)
    lines = metric_lines(read_run(folder).scorecard, stack="evaldrop", criteria=own, time_ms=1)
    directives = [each for line in lines for each in line["_aws"]["CloudWatchMetrics"]]
    assert {each["Namespace"] for each in directives} == {NAMESPACE}
    return {
        (frozenset(dimensions), metric["Name"])
        for each in directives
        for dimensions in each["Dimensions"]
        for metric in each["Metrics"]
    }


def read_by_alarms(template):
    """Return the same of the alarms on evaldrop's own metrics, whose values are checked on the way."""
    found = set()
    for alarm in resources(template, "AWS::CloudWatch::Alarm").values():
        properties = alarm["Properties"]
        if properties.get("Namespace") == NAMESPACE:
            dimensions = {each["Name"]: each["Value"] for each in properties["Dimensions"]}
            assert set(dimensions.values()) == {"evaldrop"}
            found.add((frozenset(dimensions), properties["MetricName"]))
    return found


def read_by_dashboard(template):
    body = json.dumps(one(template, "AWS::CloudWatch::Dashboard")).replace("\\", "")
    assert body.count(f"{{{NAMESPACE},") == len(SEARCHED.findall(body))
    return {(frozenset(names.split(",")), metric) for names, metric in SEARCHED.findall(body)}


def test_every_metric_that_is_watched_or_drawn_is_published_under_the_same_dimensions(template, tmp_path):
    there = published(str(tmp_path / "support" / "run-1")) | NOT_OF_EVERY_RUN
    watched, drawn = read_by_alarms(template), read_by_dashboard(template)
    assert len(watched) >= 5
    assert len(drawn) >= 12
    assert watched | drawn <= there
    assert {name for _, name in NOT_OF_EVERY_RUN} <= cloudwatch.RUN_METRICS.keys() | STEP_METRICS.keys()


def test_every_way_in_which_a_run_is_not_good_raises_an_alarm(template):
    of_runs = {name for _, name in read_by_alarms(template)}
    assert {"GateFailed", "RunsWithoutAnswers", "Regressions", "JudgeDrift", "JudgesNotTrusted"} <= of_runs
