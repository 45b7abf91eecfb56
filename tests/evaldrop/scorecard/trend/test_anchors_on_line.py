"""Anchors tell whether the line between two judges holds where responses are seldom."""

import numpy as np
import pytest

from evaldrop.scorecard.trend.bridges import link_scores

CONFIDENCE = 0.95


def judged(true, source, bend=lambda quality: quality):
    """Return what a judge of 1 to 5 says of qualities: rounded, with half a point of noise."""
    said = bend(true) + source.normal(0, 0.35, true.size)
    return np.clip(np.rint(said), 1, 5)


def linked(source, bend, *, anchors=12, records=80):
    true = np.clip(source.normal(3.4, 0.8, records), 1, 5)
    old, new = judged(true, source), judged(true, source, bend)
    link = link_scores(old, new, [f"r{n}" for n in range(records)], low=1, high=5, confidence=CONFIDENCE)
    known = np.repeat([1.4, 4.6], anchors // 2)
    pairs = [*zip(judged(known, source), judged(known, source, bend), strict=True)]
    return link, link.held_against(pairs, scale=4)


@pytest.mark.parametrize(
    "bend",
    [lambda q: q, lambda q: q - 0.5, lambda q: 0.8 * q + 0.6],
    ids=["same", "stricter", "narrower"],
)
def test_a_line_that_is_true_is_seldom_broken_by_anchors(bend):
    source = np.random.default_rng(4)
    both = [linked(source, bend) for _ in range(300)]
    was = sum(link.is_linked for link, _ in both)
    assert was >= 280
    # Of the two sides together 5 % may be off by chance; that they are far off, too, is rarer.
    assert sum(held.is_linked for _, held in both) >= 0.95 * was


def test_a_judge_that_bends_at_the_ends_is_not_linked_and_says_where():
    source = np.random.default_rng(5)
    # It gives whatever is plainly bad a three: seen on few responses, and on every bad anchor.
    both = [linked(source, lambda quality: np.maximum(quality, 2.9)) for _ in range(200)]
    held = [each for link, each in both if link.is_linked]
    assert len(held) >= 100
    unlinked = [each for each in held if not each.is_linked]
    assert len(unlinked) >= 0.7 * len(held)
    assert all("6 anchors worse than the mean" in each.unlinked for each in unlinked[:20])
    assert unlinked[0].sentence.startswith("not linked: on 6 anchors worse than the mean the new judge gives")


def test_few_anchors_say_nothing_and_a_link_that_is_none_stays_none():
    source = np.random.default_rng(6)
    link, held = linked(source, lambda quality: quality, anchors=4)
    assert held.anchors == ()
    assert held == link
    none = link_scores(np.ones(3), np.ones(3), ["a", "b", "c"], low=1, high=5, confidence=CONFIDENCE)
    assert none.held_against([(1.0, 5.0)] * 9, scale=4) == none
