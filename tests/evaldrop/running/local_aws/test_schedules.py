"""Schedules against a clock of the test's."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from evaldrop.running.local_aws.schedules import Schedules, next_due

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:StartRun"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
START = datetime(2026, 11, 26, 16, 20, tzinfo=UTC)


def schedule(name="weekly", expression="cron(0 6 ? * MON *)", arn=FUNCTION, **more):
    return {
        "Name": name,
        "GroupName": "default",
        "Arn": f"arn:aws:scheduler:us-east-1:123456789012:schedule/default/{name}",
        "ScheduleExpression": expression,
        "CreationDate": START,
        "Target": {
            "Arn": arn,
            "Input": '{"datasets": ["d"], "scheduled_time": "<aws.scheduler.scheduled-time>"}',
        },
        **more,
    }


class Scheduler:
    """A scheduler with schedules, and Step Functions."""

    def __init__(self, *schedules):
        self.schedules = {each["Name"]: each for each in schedules}
        self.started = []

    def __call__(self, service):
        assert service in {"scheduler", "stepfunctions"}
        return self

    def get_paginator(self, name):
        assert name == "list_schedules"
        return self

    def paginate(self, State):  # noqa: N803 - boto3's name
        found = [each for each in self.schedules.values() if each.get("State", "ENABLED") == State]
        yield {"Schedules": [{"Name": each["Name"], "GroupName": each["GroupName"]} for each in found]}

    def get_schedule(self, Name, GroupName):  # noqa: N803
        return self.schedules[Name]

    def delete_schedule(self, Name, GroupName):  # noqa: N803
        del self.schedules[Name]

    def start_execution(self, stateMachineArn, input):  # noqa: A002, N803
        self.started.append((stateMachineArn, json.loads(input)))


class Called(list):
    def invoke_async(self, name, event):
        self.append((name, event))


@pytest.fixture
def clock():
    class Clock:
        now = START

        def __call__(self):
            return self.now

        def go(self, **how_long):
            self.now += timedelta(**how_long)

    return Clock()


def test_a_schedule_fires_once_when_it_is_due_with_its_time_in_its_input(clock):
    called = Called()
    schedules = Schedules(Scheduler(schedule()), called, now=clock)
    clock.go(days=3)
    schedules.tick()
    assert called == []
    clock.go(days=1)
    schedules.tick()
    schedules.tick()
    assert called == [(FUNCTION, {"datasets": ["d"], "scheduled_time": "2026-11-30T06:00:00Z"})]


def test_every_moment_between_two_ticks_is_fired(clock):
    called = Called()
    schedules = Schedules(Scheduler(schedule()), called, now=clock)
    clock.go(days=15)
    schedules.tick()
    assert [event["scheduled_time"][:10] for _, event in called] == ["2026-11-30", "2026-12-07"]


def test_a_schedule_that_is_disabled_or_outside_its_dates_does_not_fire(clock):
    called = Called()
    scheduler = Scheduler(
        schedule("off", State="DISABLED"),
        schedule("later", StartDate=START + timedelta(days=10)),
        schedule("over", EndDate=START + timedelta(days=1)),
    )
    schedules = Schedules(scheduler, called, now=clock)
    clock.go(days=5)
    schedules.tick()
    assert called == []


def test_a_state_machine_can_be_started(clock):
    scheduler = Scheduler(schedule(expression="at(2026-11-26T17:00:00)", arn=MACHINE))
    schedules = Schedules(scheduler, Called(), now=clock)
    clock.go(hours=1)
    schedules.tick()
    assert scheduler.started == [(MACHINE, {"datasets": ["d"], "scheduled_time": "2026-11-26T17:00:00Z"})]


def test_a_schedule_that_is_to_be_deleted_afterwards_is(clock):
    scheduler = Scheduler(schedule(expression="at(2026-11-26T17:00:00)", ActionAfterCompletion="DELETE"))
    schedules = Schedules(scheduler, Called(), now=clock)
    schedules.tick()
    assert scheduler.schedules
    clock.go(hours=1)
    schedules.tick()
    assert not scheduler.schedules


def test_a_target_that_cannot_be_fired_is_told(clock, caplog):
    scheduler = Scheduler(schedule(expression="at(2026-11-26T17:00:00)", arn="arn:aws:sqs:us-east-1:1:q"))
    schedules = Schedules(scheduler, Called(), now=clock)
    clock.go(hours=1)
    schedules.tick()
    assert "fires functions and state machines, not arn:aws:sqs" in caplog.text


NOW = datetime(2026, 11, 26, 16, 20, tzinfo=UTC)  # a Thursday


def due(expression, zone="UTC", after=NOW, since=NOW):
    return next_due(expression, zone, after=after, since=since)


def test_a_cron_expression_is_of_the_clock_in_its_time_zone():
    assert due("cron(0 6 ? * MON *)") == datetime(2026, 11, 30, 6, tzinfo=UTC)
    assert due("cron(0 6 ? * MON *)", "Europe/Berlin") == datetime(2026, 11, 30, 5, tzinfo=UTC)
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    assert due("cron(0 6 ? * MON *)", "Europe/Berlin", summer) == datetime(2026, 7, 6, 4, tzinfo=UTC)


def test_the_moment_itself_is_over():
    monday = datetime(2026, 11, 30, 6, tzinfo=UTC)
    assert due("cron(0 6 ? * MON *)", after=monday) == monday + timedelta(days=7)
    assert due("at(2026-11-30T06:00:00)", after=monday) is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0/15 * * * ? *", datetime(2026, 11, 26, 16, 30, tzinfo=UTC)),
        ("0 9 L * ? *", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("0 9 ? * 6#1 *", datetime(2026, 12, 4, 9, tzinfo=UTC)),
        ("0 9 1 1 ? 2030", datetime(2030, 1, 1, 9, tzinfo=UTC)),
    ],
)
def test_what_only_aws_cron_can_say(fields, expected):
    assert due(f"cron({fields})") == expected


def test_a_cron_expression_may_be_over():
    assert due("cron(0 9 1 1 ? 2020)") is None


def test_a_rate_counts_from_when_the_schedule_was_made():
    assert due("rate(5 minutes)") == NOW + timedelta(minutes=5)
    assert due("rate(1 hour)", after=NOW + timedelta(minutes=150)) == NOW + timedelta(hours=3)


def test_a_single_moment_is_of_its_time_zone():
    assert due("at(2026-11-27T10:00:00)", "America/New_York") == datetime(2026, 11, 27, 15, tzinfo=UTC)


@pytest.mark.parametrize("expression", ["weekly", "rate(5 weeks)", "0 6 * * *"])
def test_anything_else_is_told(expression):
    with pytest.raises(ValueError, match=r"neither at\(\), rate\(\) nor cron\(\)"):
        due(expression)
