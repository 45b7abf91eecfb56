"""A state goes through JSON and comes out as it was; nothing of a class that is not named is made."""

from array import array
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import pytest

from evaldrop.plain_state import Frozen, PlainState, from_json, to_json
from evaldrop.steps.build_scorecard.tally import ByKey, Columns, Labels, Money, Occurrences


class Place(NamedTuple):
    line: int
    name: str


@dataclass(slots=True)
class Seen:
    count: int
    lines: list[int]


def through_json(state, owner, made):
    made_as_frozen, made_as_thawed = made(), made()
    state.thaw(made_as_thawed, from_json(to_json(state.freeze(owner, made_as_frozen))))
    return made_as_thawed


def tallies():
    money, labels, said = Money(), Labels(), Occurrences()
    money.add(3, 0.1)
    money.add(1, None)
    labels.add(2, "b")
    labels.add(0, "a")
    said.add("Throttled", 4, lambda: "too many")
    by_key = ByKey(partial(Columns, "d"))
    by_key.at(("x", 1), 5).append(5, 0.5)
    by_key.at(("y", 2), 2).append(2, 0.25)
    return (
        (money, Money, lambda each: (each.spent, [*each.by_record(5)])),
        (labels, Labels, lambda each: [[*map(str, part)] for part in each.in_order()]),
        (said, Occurrences, lambda each: (each.counts, each.example, each.n)),
        (
            by_key,
            partial(ByKey, partial(Columns, "d")),
            lambda each: {
                key: [[*column] for column in part.in_order()] for key, part in each.in_order().items()
            },
        ),
    )


@pytest.mark.parametrize("place", range(4))
def test_a_tally_is_the_same_behind_a_file(place):
    owner, made, read = tallies()[place]
    assert read(through_json(PlainState(), owner, made)) == read(owner)


class Holder:
    """Holds one of each kind of what a state may be."""

    __module__ = "evaldrop.tests"

    def __init__(self):
        self.name = "as made"
        self.counts = Counter()
        self.found = {}
        self.parts = ([], set(), frozenset(), ())
        self.numbers = array("d")


def test_every_kind_of_value_comes_out_as_it_was():
    holder = Holder()
    holder.counts["é\u2028"] += 2
    holder.found = {Place(3, "a"): Seen(1, [3]), (1, None): True, None: 0.1}
    holder.parts = ([1, [2]], {"b", "a"}, frozenset({1}), (None, "x"))
    holder.numbers = array("d", [0.1, float("inf")])
    thawed = through_json(PlainState(Place, Seen), holder, Holder)
    assert vars(thawed) == vars(holder)
    assert type(thawed.counts) is Counter
    assert [type(key) for key in thawed.found] == [Place, tuple, type(None)]


def test_what_an_object_has_by_the_way_it_is_made_is_not_in_its_state():
    holder = Holder()
    holder.counts["a"] += 1
    assert PlainState().freeze(holder, Holder()).tree == {"counts": {"d": [["a", 1]]}}


def test_a_class_that_nobody_named_is_not_frozen():
    holder = Holder()
    holder.found = {"a": object()}
    with pytest.raises(TypeError, match="object is no plain state"):
        PlainState().freeze(holder, Holder())


@pytest.mark.parametrize(
    "tree",
    [
        {"found": {"v": "Place", "of": [1, "a"]}},
        {"found": {"v": "os.system", "of": ["true"]}},
        {"elsewhere": 1},
        {"numbers": {"a": 7}},
        {"parts": {"l": 3}},
        {"found": {"x": []}},
        [],
    ],
)
def test_a_state_of_something_else_is_refused(tree):
    with pytest.raises(ValueError, match="no state of a Holder"):
        PlainState(Seen).thaw(Holder(), Frozen(tree, []))


@pytest.mark.parametrize("content", [b"", b"[]", b'{"tree": {}}', b'{"tree": {}, "arrays": [["d", "!"]]}'])
def test_what_is_no_state_at_all_is_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011 - a decoder's own words
        from_json(content)
