"""Estimates of few records say what they have, and why they lack the rest."""

import numpy as np

from evaldrop.steps.build_scorecard.estimates import mean_of, rate_of

ONE = np.zeros(1, np.int32), np.ones(1)


def test_a_share_of_one_record_has_an_interval_and_no_reason_for_having_none():
    found = rate_of(*ONE, None, 0.95)
    assert found.interval is not None
    assert found.reason is None


def test_a_mean_of_one_record_and_a_share_of_one_group_say_why_they_have_no_interval():
    group = np.zeros(1, np.int32)
    for found in (mean_of(*ONE, None, 0.95), rate_of(*ONE, group, 0.95)):
        assert found.interval is None
        assert found.reason.startswith("no interval: ")
