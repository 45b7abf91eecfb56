"""Where prompts of a search are drawn, beside what the test part shows."""

import pytest

from evaldrop.report.charts import BEST, FAR_BEHIND, OPEN
from evaldrop.report.search_plot import HEIGHT, WIDTH, DrawnPrompt, Shown, best_by_round, search_plot

ORIGINAL, TUNED = (
    Shown(name="lite", quality=0.5, interval=(0.4, 0.6)),
    Shown(name="tuned", quality=0.7, interval=None),
)


def tried(which, parent, number, quality, *, is_whole=True):
    return DrawnPrompt(id=which, parent=parent, round=number, quality=quality, n=8, is_whole=is_whole)


SEARCH = [
    tried("original", None, 0, 0.5),
    tried("r1p1", "original", 1, 0.8),
    tried("r1p2", "original", 1, 0.9, is_whole=False),
    tried("r2p1", "r1p1", 2, 0.6),
]


def test_the_best_so_far_never_falls_and_counts_only_who_met_all_records():
    assert best_by_round(SEARCH) == [(0, 0.5), (1, 0.8), (2, 0.8)]


def test_prompts_stand_by_round_with_a_line_to_their_parents():
    plot = search_plot(SEARCH, ORIGINAL, TUNED, "better")
    places = {node.prompt.id: node for node in plot.nodes}
    assert places["original"].from_x is None
    assert (places["r2p1"].from_x, places["r2p1"].from_y) == (places["r1p1"].x, places["r1p1"].y)
    assert places["original"].x < places["r1p1"].x < places["r1p2"].x < places["r2p1"].x < plot.edge
    assert places["r1p1"].y < places["original"].y
    assert [tick.text for tick in plot.x_ticks] == ["first", "1", "2"]


def test_what_test_shows_stands_right_of_all_rounds_with_its_interval():
    original, tuned = search_plot(SEARCH, ORIGINAL, TUNED, "better").proofs
    assert original.low > original.y > original.high
    assert tuned.low == tuned.y == tuned.high
    assert max(node.x for node in search_plot(SEARCH, ORIGINAL, TUNED, "better").nodes) < original.x < tuned.x


@pytest.mark.parametrize(
    ("decision", "tone"),
    [("better", BEST), ("worse", FAR_BEHIND), ("not shown", OPEN), ("too few", OPEN), ("same", OPEN)],
)
def test_colour_is_for_what_is_decided(decision, tone):
    original, tuned = search_plot(SEARCH, ORIGINAL, TUNED, decision).proofs
    assert (original.tone, tuned.tone) == (OPEN, tone)


@pytest.mark.parametrize("quality", [0.0, 1.0, 0.55])
def test_all_is_within_the_drawing(quality):
    alike = [tried("original", None, 0, quality)]
    shown = Shown(name="lite", quality=quality, interval=(quality, quality))
    plot = search_plot(alike, shown, shown, "same")
    ys = [node.y for node in plot.nodes] + [end for one in plot.proofs for end in (one.y, one.low, one.high)]
    ys += [tick.at for tick in plot.y_ticks]
    assert all(-1e-6 <= y <= HEIGHT + 1e-6 for y in ys)
    assert all(0 <= node.x <= WIDTH for node in plot.nodes)


def test_without_dev_scores_there_is_no_drawing():
    assert search_plot([], ORIGINAL, TUNED, "better") is None
