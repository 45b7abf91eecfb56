"""How fast a model may be called, in made-up time."""

from itertools import pairwise

import pytest

from evaldrop.bedrock.pace import BURST_S, SLOWEST, Pace


def departures(pace, calls, *, tokens=0.0, start=0.0):
    """When so many calls leave that are all there at once."""
    now, left = start, []
    for _ in range(calls):
        now += pace.wait_s(now, tokens)
        assert pace.wait_s(now, tokens) == 0
        pace.enter(now, tokens)
        left.append(now)
    return left


def most_in_a_minute(times):
    """The most that left within any 60 s."""
    most = first = 0
    for last, time in enumerate(times):
        while time - times[first] >= 60:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("rpm", [1, 7, 60, 601, 6000])
def test_no_minute_has_more_requests_than_the_limit_and_its_burst(rpm):
    left = departures(Pace(0.0, rpm=rpm), 4 * rpm + 10)
    burst = max(1, rpm / 60 * BURST_S)
    assert rpm <= most_in_a_minute(left) <= rpm + burst
    assert left[-1] == pytest.approx((4 * rpm + 10 - burst) * 60 / rpm), "and none waits without need"


def test_tokens_of_a_minute_hold_for_calls_larger_than_the_burst():
    left = departures(Pace(0.0, tpm=60_000), 100, tokens=5_000)
    assert {round(after - before, 6) for before, after in pairwise(left[1:])} == {5.0}
    assert most_in_a_minute(left) * 5_000 <= 60_000 + 5_000


def test_what_a_call_had_reserved_and_did_not_take_lets_others_go_sooner():
    pace = Pace(0.0, tpm=60_000)
    pace.enter(0.0, 5_000)
    before = pace.wait_s(0.0, 5_000)
    pace.give_back(4_500)
    assert (before, pace.wait_s(0.0, 5_000)) == (5.0, 0.5)


def test_the_stricter_of_requests_and_tokens_holds():
    assert departures(Pace(0.0, rpm=60, tpm=600_000), 3, tokens=100)[-1] == 2.0
    assert departures(Pace(0.0, rpm=6_000, tpm=6_000), 3, tokens=200)[-1] == pytest.approx(4.0)


def test_without_limits_and_throttles_nobody_waits():
    assert departures(Pace(0.0), 1_000) == [0.0] * 1_000


def test_a_throttle_halves_the_rate_once_for_all_calls_that_had_left_before():
    pace = Pace(0.0)
    for call in range(200):
        pace.enter(call / 100, 0)
    pace.throttled(2.0, entered_at=1.99)
    pace.throttled(2.005, entered_at=1.995)
    assert pace.rate == pytest.approx(50, rel=0.05)
    pace.throttled(2.5, entered_at=2.4)
    assert pace.rate == pytest.approx(25, rel=0.05)


def test_the_rate_grows_again_by_the_second_and_never_ends():
    pace = Pace(0.0)
    for call in range(200):
        pace.enter(call / 100, 0)
    pace.throttled(2.0, entered_at=1.99)
    halved = pace.rate
    pace.wait_s(12.0, 0)
    assert pace.rate == pytest.approx(2 * halved)
    for second in range(100):
        pace.throttled(20.0 + second, entered_at=19.99 + second)
    assert pace.rate == SLOWEST


def test_where_throttles_come_by_chance_they_change_nothing():
    pace = Pace(0.0, adapts=False)
    pace.throttled(1.0, entered_at=0.5)
    assert pace.rate is None


def test_under_a_service_that_takes_ten_a_second_the_rate_settles_near_it():
    """Additive up and halved: what is used lies between half of it and all, and few calls are turned away."""
    pace, service = Pace(0.0), Pace(0.0, rpm=600, adapts=False)
    now, answered, refused = 0.0, 0, 0
    while now < 120:
        wait_s = pace.wait_s(now, 0)
        # A call every millisecond at most, as from a loop that is busy.
        now += max(wait_s, 0.001)
        pace.enter(now, 0)
        if service.wait_s(now, 0) > 0:
            refused += 1
            pace.throttled(now, entered_at=now - 0.0005)
        else:
            service.enter(now, 0)
            answered += 1
    assert 0.6 * 1_200 < answered <= 1_210
    assert refused < answered * 0.1
