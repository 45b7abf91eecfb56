"""A judge that ranks the two responses has given its preference; equal ranks are a tie."""

import pytest

from evaldrop.verdicts import JudgeReply, read_preference

RANKINGS = [
    ('{"ordered_models": [{"model": "M", "rank": 1}, {"model": "m", "rank": 2}]}', "second"),
    ('{"ordered_models": [{"model": "M", "rank": 2}, {"model": "m", "rank": 1}]}', "first"),
    ('{"ordered_models": [{"model": "m", "rank": 1}, {"model": "M", "rank": 1}]}', "tie"),
    ('{"why": "m wins", "ordered_models": [{"rank": 1, "model": "M"}, {"rank": 2, "model": "m"}]}', "second"),
    ('[{"model": "M", "rank": "1"}, {"model": "m", "rank": "2"}]', "second"),
    ('[{"model": "model m", "rank": 1}, {"model": "model M", "rank": 2}]', "first"),
    ("[{'model': 'M', 'rank': 1}, {'model': 'm', 'rank': 2},]", "second"),
    ("```python\n[{'model': 'm', 'rank': 1}, {'model': 'M', 'rank': 2}]\n```", "first"),
    ("ordered_models = [\n    {'model': 'M', 'rank': 1},\n    {'model': 'm', 'rank': 2},\n]", "second"),
    ("[('M', 1), ('m', 2)]", "second"),
    ("['M', 'm']", "second"),
    ("('M', 'm')", "second"),
    ("[['m', 1], ['M', 2]]", "first"),
    ("So:\n```\n[{'model': 'M', 'rank': 1}, {'model': 'm', 'rank': 2}]\n```\nM is complete.", "second"),
    ('{"ranking": ["M", "m"]}', "second"),
    ('{"ordered_models": ["m", "M"]}', "first"),
    ('{"ordered_models": [{"model": "M"}, {"model": "m"}]}', "second"),
    ('{"ranks": {"m": 2, "M": 1}}', "second"),
    ('{"m": 2, "M": 1}', "second"),
    ('{"m": {"rank": 1}, "M": {"rank": 2}}', "first"),
    ("1. M\n2. m", "second"),
    ("Ranking:\n1. Model M\n2. Model m", "second"),
    ("M names the date.\n\nFinal ranking:\n1. M\n2. m", "second"),
    ("Rank 1: m\nRank 2: M", "first"),
    ("1st: M\n2nd: m", "second"),
    ("- model: M\n  rank: 1\n- model: m\n  rank: 2", "second"),
    ("M > m", "second"),
    ("Ranking: M > m", "second"),
    ("Ranking: M = m", "tie"),
    ("M is complete.\nRanking: m > M", "first"),
]  # fmt: skip

NO_RANKINGS = [
    '{"ordered_models": [{"model": "m", "rank": 1}]}',
    '{"ordered_models": [{"model": "x", "rank": 1}, {"model": "M", "rank": 2}]}',
    '[{"model": "m", "rank": true}, {"model": "M", "rank": 2}]',
    '[{"model": "m", "rank": 1}, {"model": "m", "rank": 2}]',
    '[{"model": "m", "rank": 1}, {"model": "M", "rank": 2}, {"model": "M", "rank": 1}]',
    '[{"model": "m", "score": 1}, {"model": "M", "score": 2}]',
    '{"scores": [{"model": "m", "rating": 1}, {"model": "M", "rating": 2}]}',
    '{"models": ["m", "M"]}',
    '{"worst_to_best": ["m", "M"]}',
    "1. Model m:\nIt is short.\n2. Model M:\nIt is long.",
    "I compare:\n1. Model m\n2. Model M\n\nBoth are fine.",
    "From worst to best:\n1. m\n2. M",
    "M > m\nm > M",
    "I cannot rank these.",
]  # fmt: skip


@pytest.mark.parametrize(("text", "better"), RANKINGS)
def test_a_ranking_in_a_reply_is_a_preference(text, better):
    assert read_preference(JudgeReply(text=text), ("m", "M")).place == better


@pytest.mark.parametrize("text", NO_RANKINGS)
def test_a_ranking_is_never_guessed(text):
    assert read_preference(JudgeReply(text=text), ("m", "M")).place is None


def test_equal_ranks_are_no_verdict_where_no_tie_was_offered():
    text = '[{"model": "m", "rank": 1}, {"model": "M", "rank": 1}]'
    found = read_preference(JudgeReply(text=text), ("m", "M"), tie=False)
    assert (found.place, found.unscored_reason) == (None, "no_verdict")


def test_a_ranking_in_the_tools_input_is_read():
    said = {
        "concise_explanation": "r",
        "ordered_models": [{"model": "M", "rank": 1}, {"model": "m", "rank": 2}],
    }
    found = read_preference(JudgeReply(tool_input=said), ("m", "M"))
    assert (found.place, found.rationale) == ("second", "")


def test_a_ranking_that_was_cut_is_none():
    text = '{"ordered_models": [{"model": "M", "rank": 1}, {"model": "m"'
    found = read_preference(JudgeReply(text=text, stop_reason="max_tokens"), ("m", "M"))
    assert found.unscored_reason == "truncated"
