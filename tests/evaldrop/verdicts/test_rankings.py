"""A ranking names every response once; equal ranks are ties."""

import pytest

from evaldrop.verdicts.rankings import parse_ranking
from evaldrop.verdicts.verdict import Reading

RANKINGS = [
    ('{"ordered_models": [{"model": "M", "rank": 1}, {"model": "m", "rank": 2}]}', (("M",), ("m",))),
    ('{"ordered_models": [{"model": "M", "rank": 2}, {"model": "m", "rank": 1}]}', (("m",), ("M",))),
    ('{"ordered_models": [{"model": "m", "rank": 1}, {"model": "M", "rank": 1}]}', (("m", "M"),)),
    ('[{"model": "M", "rank": "1"}, {"model": "m", "rank": "2"}]', (("M",), ("m",))),
    ("[{'model': 'M', 'rank': 1}, {'model': 'm', 'rank': 2},]", (("M",), ("m",))),
    ('{"ranking": ["M", "m"]}', (("M",), ("m",))),
    ('{"m": 2, "M": 1}', (("M",), ("m",))),
    ("1. M\n2. m", (("M",), ("m",))),
    ("1. Model M\n2. Model m", (("M",), ("m",))),
    ("M > m", (("M",), ("m",))),
    ("Ranking: M = m", (("m", "M"),)),
]


@pytest.mark.parametrize(("text", "ranking"), RANKINGS)
def test_a_ranking_is_read(text, ranking):
    assert parse_ranking(text, ["m", "M"]) == Reading(ranking)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no_verdict"),
        ('{"ordered_models": [{"model": "m", "rank": 1}]}', "no_verdict"),
        ('{"ordered_models": [{"model": "x", "rank": 1}, {"model": "M", "rank": 2}]}', "no_verdict"),
        ('[{"model": "m", "rank": true}, {"model": "M", "rank": 2}]', "no_verdict"),
        ('[{"model": "m", "rank": 1}, {"model": "m", "rank": 2}]', "ambiguous"),
        ("M > m\nm > M", "ambiguous"),
        ("I cannot rank these.", "refused"),
    ],
)
def test_a_ranking_is_never_guessed(text, reason):
    assert parse_ranking(text, ["m", "M"]) == Reading(None, reason)


def test_three_responses_are_ranked_with_a_shared_place():
    text = '{"ranks": [{"name": "b", "rank": 1}, {"name": "a", "rank": 2}, {"name": "c", "rank": 2}]}'
    assert parse_ranking(text, ["a", "b", "c"]) == Reading((("b",), ("a", "c")))


def test_a_reply_cut_before_its_ranking_is_truncated():
    assert parse_ranking("Both", ["m", "M"], truncated=True) == Reading(None, "truncated")
