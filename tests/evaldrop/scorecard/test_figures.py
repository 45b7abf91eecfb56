"""Numbers as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import one_line


@pytest.mark.parametrize(("text", "line"), [
    ("as it is", "as it is"), (" two\r\n lines\t", "two lines"), ("a\x1b[2Jb\x00\u2028c\u202e", "a [2Jb c"),
    ("grün 𝛼 🙂", "grün 𝛼 🙂"), ("", ""),
])  # fmt: skip
def test_breaks_and_controls_become_a_space(text, line):
    assert one_line(text) == line


def test_a_long_line_is_cut_to_its_limit():
    assert one_line("x" * 10, 10) == "x" * 10
    assert one_line("x" * 11, 10) == "xxxxxxxx …"


@pytest.mark.parametrize(("fraction", "text"), [
    (0, "0 %"), (1, "100 %"), (0.5, "50 %"), (0.004, "<1 %"), (0.006, "<1 %"), (0.994, ">99 %"),
    (0.99999, ">99 %"),
    (0.01, "1 %"), (0.99, "99 %"), (0.856, "86 %"), (None, "–"),
])  # fmt: skip
def test_a_share_is_rounded_to_percent(fraction, text):
    assert figures.percent(fraction) == text


@given(st.floats(min_value=0, max_value=1), st.integers(0, 3))
def test_only_nothing_reads_0_percent_and_only_everything_100(fraction, places):
    text = figures.percent(fraction, places)
    number = float(text.strip("<> %"))
    assert (number == 0) == (fraction == 0)
    assert (number == 100) == (fraction == 1)


@pytest.mark.parametrize(("interval", "text"), [
    ((0.301, 0.954), "30–95 %"), ((0, 0.999), "0 to >99 %"), (None, "–"),
])  # fmt: skip
def test_an_interval_of_shares(interval, text):
    assert figures.percent_interval(interval) == text


@pytest.mark.parametrize(("value", "text"), [
    (None, "unknown"), (0, "$0"), (0.19728, "$0.20"), (0.00048, "$0.00048"), (12.5, "$12.50"),
    (1234.5, "$1,234.50"),
    (0.0000001, "<$0.000001"), (0.000012, "$0.000012"),
])  # fmt: skip
def test_dollars_keep_figures_that_count_and_unknown_is_no_number(value, text):
    assert figures.usd(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(-0.001, "0.00"), (-1.5, "−1.50"), (3.14159, "3.14"), (None, "–")]
)
def test_a_number_has_fixed_places_and_a_real_minus(value, text):
    assert figures.number(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.5, "+0.50"), (-0.5, "−0.50"), (0, "0.00"), (None, "–")])
def test_a_difference_has_its_sign(value, text):
    assert figures.signed(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.21, "3.2 s"), (61, "1 min 1 s"), (7325, "2 h 2 min"), (None, "unknown")]
)
def test_a_duration(seconds, text):
    assert figures.duration(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(0.0001, "<0.001"), (0.0312, "0.031"), (None, "–")])
def test_a_p_value(value, text):
    assert figures.p_value(value) == text


@pytest.mark.parametrize(("value", "text"), [(812.4, "812 ms"), (12_300, "12.3 s"), (None, "–")])
def test_a_latency(value, text):
    assert figures.milliseconds(value) == text


@pytest.mark.parametrize(
    ("started_at", "text"),
    [
        ("2026-11-21T09:05:59+00:00", "2026-11-21 09:05 UTC"),
        ("2026-11-21T09:05:59Z", "2026-11-21 09:05 UTC"),
        ("2026-11-21T09:05:59.123+01:00", "2026-11-21 09:05 UTC+01:00"),
        ("2026-11-21T09:05:59", "2026-11-21 09:05"),
    ],
)
def test_a_moment_has_its_zone(started_at, text):
    assert figures.moment(started_at) == text


@pytest.mark.parametrize(("value", "text"), [(0.142, "0.14"), (0.0042, "0.004"), (0, "0.00"), (1.5, "1.50")])
def test_the_size_of_a_difference_keeps_a_figure_that_counts(value, text):
    assert figures.size(value) == text


def test_counts_have_their_thousands_apart():
    assert (figures.count(1234567), figures.count(None)) == ("1,234,567", "–")
    assert (figures.interval((1, 2)), figures.interval(None)) == ("1.00 to 2.00", "–")


@pytest.mark.parametrize(("value", "text"), [
    (None, "–"), (0, "0"), (0.6097, "0.610"), (1.5, "1.50"), (17.717, "17.7"),
    (-17.717, "−17.7"), (1234.5, "1,234"),
])  # fmt: skip
def test_a_metric_has_three_figures_that_count(value, text):
    assert figures.measure(value) == text


def test_a_metrics_interval_is_read_like_it():
    assert figures.measure_interval((0, 17.717)) == "0 to 17.7"
    assert figures.measure_interval(None) == "–"


def test_a_long_name_is_cut_for_a_chart():
    assert figures.label("haiku") == "haiku"
    assert figures.label("x" * 20) == "x" * 20
    assert figures.label("x" * 21) == "x" * 19 + "…"


def test_estimates_are_rough():
    assert [figures.rough_count(n) for n in (7, 1_200, 12_000, 3.4e6, 2e9)] == [
        "7",
        "1.2k",
        "12k",
        "3.4M",
        "2.0B",
    ]
    assert [figures.rough_usd(n) for n in (0.0123, 0.994, 0.996, 1234.5)] == [
        "$0.0123",
        "$0.9940",
        "$1.00",
        "$1,234.50",
    ]


def test_a_score_has_no_more_places_than_it_needs():
    assert [figures.score(n) for n in (1.0, 0.25, -2.0)] == ["1", "0.25", "-2"]
