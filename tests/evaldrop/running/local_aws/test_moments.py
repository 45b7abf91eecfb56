"""When schedules are due."""

from datetime import UTC, datetime, timedelta

import pytest

from evaldrop.running.local_aws.moments import next_due

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
