"""Strengths against choix, evalica and statsmodels, and candidates that never lose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.bradley_terry import bradley_terry, elo_scale

# Oracle bradley_terry_3: choix 0.4.1 ilsr_pairwise, evalica 0.4.2, statsmodels 0.15.0 GLM, which all agree.
WINS = np.array([[0.0, 8.0, 9.0], [2.0, 0.0, 7.0], [1.0, 3.0, 0.0]])

# Oracle elo_sequence: outcome of the first against the second.
GAMES = [(0, 1, 1), (1, 2, 1), (0, 2, 0.5), (2, 0, 1), (1, 0, 1)]


def test_strengths_match_three_libraries():
    strengths = bradley_terry(WINS)
    expected = [1.1972185597527822, -0.17885851465611552, -1.0183600450966668]
    assert strengths == pytest.approx(expected, abs=1e-9)
    elo = [1207.9781656531168, 968.9290936173749, 823.0927407295084]
    assert elo_scale(strengths) == pytest.approx(elo, abs=1e-6)


def test_two_candidates_have_the_log_odds_of_their_wins():
    """Oracle bradley_terry_2_closed_form: t1 - t2 = ln(w1/w2)."""
    first, second = bradley_terry([[0, 7], [3, 0]])
    assert first - second == pytest.approx(0.8472978603872037, abs=1e-9)
    elo = elo_scale([first, second])
    assert elo[0] - elo[1] == pytest.approx(147.19071411783779, abs=1e-9)


def test_strengths_do_not_depend_on_the_order_of_games():
    """Online Elo does: oracle elo_sequence ends at other numbers when its games are turned round."""
    forward = _strengths(GAMES)
    assert _strengths(GAMES[::-1]) == pytest.approx(forward)
    assert _elo(GAMES) == pytest.approx([981.2975, 1016.5703, 1002.1326], abs=1e-3)
    assert _elo(GAMES[::-1]) != pytest.approx(_elo(GAMES), abs=1)


def test_a_tie_is_half_a_win_for_each():
    ties = comparison_wins([0, 0], [1, 1], [0.5, 0.5], candidates=2).sum(axis=0)
    assert ties.tolist() == [[0, 1], [1, 0]]
    assert bradley_terry(ties) == pytest.approx([0, 0])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=12, max_size=12), st.permutations(range(4)))
def test_strengths_solve_the_likelihood_equations_under_any_numbering(cells, order):
    wins = np.zeros((4, 4))
    wins[~np.eye(4, dtype=bool)] = cells
    strengths = bradley_terry(wins)
    chances = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    assert ((wins + wins.T) * chances).sum(axis=1) - (wins + wins.T).diagonal() / 2 == pytest.approx(
        wins.sum(axis=1), abs=1e-7
    )
    assert strengths.mean() == pytest.approx(0, abs=1e-12)
    shuffled = wins[np.ix_(order, order)]
    assert bradley_terry(shuffled) == pytest.approx(strengths[list(order)], abs=1e-7)


@pytest.mark.parametrize(
    "wins",
    [
        [[0, 5], [0, 0]],  # wins everything
        [[0, 1, 0], [1, 0, 0], [0, 0, 0]],  # one is never compared
        [[0, 1, 3, 3], [1, 0, 3, 3], [0, 0, 0, 1], [0, 0, 1, 0]],  # two never lose to the other two
    ],
)
def test_infinite_strengths_are_refused_without_a_prior_and_finite_with_one(wins):
    with pytest.raises(NotEnoughData, match="prior"):
        bradley_terry(wins)
    assert np.isfinite(bradley_terry(wins, prior=0.01)).all()


def test_prior_has_its_closed_form_for_two_candidates():
    first, second = bradley_terry([[0, 1000], [0, 0]], prior=0.01)
    assert first - second == pytest.approx(np.log(1000.01 / 0.01))


def test_lopsided_sparse_games_settle_although_a_full_newton_step_would_overshoot():
    wins = np.zeros((5, 5))
    wins[1, 4], wins[2, 0], wins[3, 0], wins[3, 1], wins[4, 2] = 11, 57, 175, 1, 3182
    strengths = bradley_terry(wins, prior=0.01)
    with_prior = wins + 0.01 * ~np.eye(5, dtype=bool)
    chances = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    np.fill_diagonal(chances, 0)
    expected = ((with_prior + with_prior.T) * chances).sum(axis=1)
    assert expected == pytest.approx(with_prior.sum(axis=1), abs=1e-6)


@pytest.mark.parametrize("wins", [[[0, 1]], [[0, -1], [1, 0]], [[0, float("nan")], [1, 0]]])
def test_tables_that_are_none_are_refused(wins):
    with pytest.raises(ValueError, match="wins"):
        bradley_terry(wins)


def test_one_candidate_has_no_strength():
    with pytest.raises(NotEnoughData, match="two candidates"):
        bradley_terry([[0]])


def comparison_wins(a, b, outcomes, *, candidates):
    """One table per comparison, as the scorecard makes them: a tie is half a win for each."""
    rows, won = np.arange(len(outcomes)), np.asarray(outcomes, dtype=float)
    tables = np.zeros((won.size, candidates, candidates))
    tables[rows, a, b], tables[rows, b, a] = won, 1 - won
    return tables


def _strengths(games):
    a, b, outcomes = zip(*games, strict=True)
    return bradley_terry(comparison_wins(a, b, outcomes, candidates=3).sum(axis=0), prior=0.01)


def _elo(games):
    ratings = [1000.0] * 3
    for a, b, outcome in games:
        gain = 32 * (outcome - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400)))
        ratings[a], ratings[b] = ratings[a] + gain, ratings[b] - gain
    return ratings
