"""What the scorecard says in words."""

import pytest

from evaldrop.scorecard.model.scorecard import Comparison
from evaldrop.steps.build_scorecard.words import _undecided


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (8, "(8 records are too few to say what could be seen)"),
        (10, "(with 10 records only differences above 0.06 can be seen)"),
    ],
)
def test_what_could_be_seen_is_said_only_where_the_spread_is_known(records, said):
    """Eight records of which one differs have a tiny spread, and could show nothing all the same."""
    pair = Comparison(a="lite", b="haiku", criterion="tone", n=records, minimum_detectable=0.06)
    assert _undecided(pair) == f"the order of lite and haiku is not decided {said}"
