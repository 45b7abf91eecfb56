"""Decided differences within categories: signs and words agree, the largest first, the rest on demand."""

from evaldrop.report.columns import PAGE, text_of
from evaldrop.report.slices import MOST_WINS, category_wins
from evaldrop.scorecard.model.scorecard import Comparison, CriterionInfo, SliceComparisons
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard

TONE = CriterionInfo(question="?", kind="range", low=1, high=5, pass_at=4, higher_is_better=True)


def pair(a, b, difference, criterion="tone", better=None):
    bounds = (difference - 0.1, difference + 0.1)
    return Comparison(a=a, b=b, criterion=criterion, n=30, difference=difference, interval=bounds,
                      decisive=better is not None, better=better)  # fmt: skip


def wins(**slices):
    found = scorecard({name: card((0.5, 0.7)) for name in ("lite", "haiku")})
    criteria = found.criteria | {"tone": TONE}
    return category_wins(found.model_copy(update={"criteria": criteria, "slices": slices}))


def rows(table):
    return [[text_of(column.cells[row]) for column in table.columns_in(PAGE)] for row in range(len(table))]


def test_the_interval_has_the_sign_of_who_is_better():
    """It read "better by 3.72  −4.44 to −3.01"."""
    both = (pair("lite", "haiku", -3.0, better="haiku"), pair("haiku", "lite", 2.0, better="haiku"))
    (found,) = wins(emoji=SliceComparisons(n=30, comparisons=both))
    assert rows(found.first) == [
        ["haiku", "lite", "tone", "3.00", "2.90 to 3.10", "30"],
        ["haiku", "lite", "tone", "2.00", "1.90 to 2.10", "30"],
    ]
    assert found.largest == "haiku over lite by 3.00 on tone"


def test_where_low_is_good_the_better_one_is_better_by_how_much_lower_it_is():
    low = TONE.model_copy(update={"higher_is_better": False})
    found = scorecard({name: card((0.5, 0.7)) for name in ("lite", "haiku")})
    slices = {"a": SliceComparisons(n=30, comparisons=(pair("lite", "haiku", -1.0, better="lite"),))}
    (found,) = category_wins(found.model_copy(update={"criteria": {"tone": low}, "slices": slices}))
    assert rows(found.first) == [["lite", "haiku", "tone", "1.00", "0.90 to 1.10", "30"]]


def test_the_largest_share_of_a_scale_comes_first_and_small_categories_last():
    # 0.6 of 1 is more than 2 of 4
    some = (pair("lite", "haiku", 2.0, better="lite"), pair("lite", "haiku", 0.6, "correctness", "lite"))
    found = wins(
        few=SliceComparisons(n=6, warning="6 records are few.", comparisons=some),
        less=SliceComparisons(n=30, comparisons=some[:1]),
        more=SliceComparisons(n=30, comparisons=some),
        none=SliceComparisons(n=30, comparisons=(pair("lite", "haiku", 0.1),)),
    )
    assert [each.category for each in found] == ["more", "less", "few"]
    assert [row[2] for row in rows(found[0].first)] == ["correctness", "tone"]


def test_of_many_only_the_largest_are_shown_at_once():
    many = tuple(pair("lite", "haiku", 1 + n / 10, better="lite") for n in range(MOST_WINS + 5))
    (found,) = wins(all=SliceComparisons(n=30, comparisons=many))
    assert (found.decided, len(found.first), len(found.rest)) == (MOST_WINS + 5, MOST_WINS, 5)
    (few,) = wins(all=SliceComparisons(n=30, comparisons=many[:3]))
    assert few.rest is None
