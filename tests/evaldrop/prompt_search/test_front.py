"""Which prompts a search goes on from."""

import pytest

from evaldrop.prompt_search.front import dev_quality, front, parents
from evaldrop.prompt_search.state import FIRST, Proposal, Search, Tried


def search_of(*prompts, incumbent=FIRST):
    return Search(candidate="tuned", original="haiku", by="m", proposals=prompts, incumbent=incumbent)


def prompt(which, scores, tokens=100, **kept):
    dev = {f"d{place}": Tried(quality=score) for place, score in enumerate(scores)}
    return Proposal(id=which, text=which, dev=dev, tokens=tokens, **kept)


def ids(proposals):
    return [each.id for each in proposals]


def test_the_front_has_what_no_other_is_better_and_shorter_than():
    first = prompt(FIRST, [0.5, 0.5], 100)
    best = prompt("r1p1", [1.0, 0.75], 300)
    between = prompt("r1p2", [0.75, 0.75], 200)
    worse_and_longer = prompt("r1p3", [0.5, 0.75], 250)
    twin = prompt("r1p4", [0.75, 1.0], 300)

    assert ids(front(search_of(first, best, between, worse_and_longer, twin))) == ["r1p1", "r1p2", FIRST]


def test_only_prompts_that_met_all_of_dev_are_on_the_front():
    first = prompt(FIRST, [0.5, 0.5], 100)
    dropped = prompt("r1p1", [1.0, 1.0], dropped="worse")
    refused = prompt("r1p2", [], refused="too long")
    half_way = prompt("r1p3", [1.0])

    assert ids(front(search_of(first, dropped, refused, half_way))) == [FIRST]


def test_before_anything_is_tried_the_front_is_empty_and_the_first_is_every_parent():
    search = search_of(prompt(FIRST, []))

    assert front(search) == ()
    assert parents(search, 3) == (FIRST,) * 3


def test_quality_on_dev_is_the_originals_and_what_is_gained_on_shared_records():
    first = prompt(FIRST, [1.0, 1.0, 0.0, None])
    other = prompt("r1p1", [1.0, None, 0.5, 1.0])
    failed = prompt("r1p2", [None] * 4)
    search = search_of(first, other, failed)

    assert dev_quality(search, first) == pytest.approx(2 / 3)
    assert dev_quality(search, other) == pytest.approx(2 / 3 + 0.25)
    assert dev_quality(search, failed) is None


def test_parents_are_chosen_by_the_records_that_each_is_the_best_on():
    """Of eight records the incumbent is the best on four, the next on three, the first on one."""
    incumbent = prompt("r1p1", [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.75], 300)
    knows_others = prompt("r1p2", [0.5, 0.5, 0.5, 0.5, 1, 1, 1, 0.75], 200)
    first = prompt(FIRST, [0.5] * 7 + [1], 100)
    found = parents(search_of(first, incumbent, knows_others, incumbent="r1p1"), 8)

    assert found == ("r1p1",) * 4 + ("r1p2",) * 3 + (FIRST,)


def test_one_proposal_is_the_incumbents():
    worse = prompt(FIRST, [1, 1, 1, 0], 100)
    incumbent = prompt("r1p1", [0.75, 0.75, 0.75, 1], 300)

    assert parents(search_of(worse, incumbent, incumbent="r1p1"), 1) == ("r1p1",)


def test_no_more_than_three_have_children():
    # Each better and longer than the one before, and each the best on a record.
    prompts = [
        prompt(f"r1p{row}" if row else FIRST, [1.0 if place == row else row / 10 for place in range(6)], row)
        for row in range(6)
    ]
    found = parents(search_of(*prompts, incumbent="r1p5"), 12)

    assert len(found) == 12
    assert len(set(found)) == 3
    assert found[0] == "r1p5"
