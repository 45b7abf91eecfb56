"""Metrics against hand-worked values, over scripts, and within their time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.checks.similarity import ROUGE_TOKENS, exact_match, normalise, rouge_l, token_f1, tokenise
from evaldrop.evaluation.metrics import METRICS

TEXTS = st.text(max_size=40)


def compute(name, response, *references):
    return METRICS[name].compute(response, references)


@pytest.mark.parametrize(
    ("response", "reference"),
    [
        ("Paris.", "paris"),
        ("  New\n York ", "new york"),
        ("\uff30\uff41\uff52\uff49\uff53！", "Paris"),  # full-width letters and exclamation mark
        ("STRASSE", "straße"),
        ("cafe\u0301", "café"),
        ("東京。", "東京"),
        ("Yes...", "yes"),
        ("?", "?"),
    ],
)
def test_exact_match_minds_only_what_a_reader_would(response, reference):
    assert compute("exact_match", response, reference) == 1.0


@pytest.mark.parametrize(("response", "reference"), [("C#", "C"), ("C++", "C"), ("$5", "5"), ("?", "!")])
def test_exact_match_keeps_marks_that_carry_meaning(response, reference):
    assert compute("exact_match", response, reference) == 0.0


def test_exact_match_is_any_of_the_references():
    assert compute("exact_match", "six", "6", "Six") == 1.0
    assert compute("exact_match", "seven", "6", "Six") == 0.0


def test_contains_finds_any_reference_within_the_response():
    assert compute("contains", "It is PARIS, of course", "london", "Paris.") == 1.0
    assert compute("contains", "It is Rome", "london", "Paris.") == 0.0


def test_contains_does_not_count_a_blank_reference_that_stands_everywhere():
    assert compute("contains", "anything", "  ") is None
    assert compute("contains", "anything", "", "else") == 0.0


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.needs_reference])
def test_metric_that_needs_a_reference_is_none_without_one(name):
    assert compute(name, "something") is None


def test_lengths_need_no_reference_and_have_no_better_end():
    assert compute("length_chars", "naïve 日本") == 8.0
    assert compute("length_words", "naïve, 日本") == 3.0
    assert METRICS["length_chars"].higher_is_better is None
    assert METRICS["length_words"].higher_is_better is None


# Worked by hand: shared tokens counted with multiplicity, 2·shared/(|response|+|reference|).
@pytest.mark.parametrize(
    ("response", "reference", "f1"),
    [
        ("the cat sat", "the cat sat", 1.0),
        ("the cat sat", "a dog ran", 0.0),
        ("cat the sat", "the cat sat", 1.0),  # order does not count: 3 shared of 3 and 3
        ("the the the cat", "the cat", 2 * 2 / 6),  # "the" is shared once, not three times
        ("Denver Broncos", "the Denver Broncos won", 2 * 2 / 6),
        ("", "", 1.0),
        ("", "the", 0.0),
        ("北京 is big", "北京", 2 * 2 / 6),
    ],
)
def test_token_f1_matches_hand_worked_values(response, reference, f1):
    assert compute("token_f1", response, reference) == pytest.approx(f1)


# Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries", section 3.1: the reference "police
# killed the gunman" scores "police kill the gunman" 3/4, "the gunman kill police" 2/4 and "the gunman police
# killed" 2/4.
@pytest.mark.parametrize(
    ("response", "score"),
    [("police kill the gunman", 0.75), ("the gunman kill police", 0.5), ("the gunman police killed", 0.5)],
)
def test_rouge_l_matches_lin_2004(response, score):
    assert compute("rouge_l", response, "police killed the gunman") == pytest.approx(score)


def test_rouge_l_balances_precision_and_recall():
    """LCS "a c e" is 3 of 3 and 3 of 5 tokens: 2·3/8."""
    assert compute("rouge_l", "a c e", "a b c d e") == pytest.approx(0.75)


def test_rouge_l_and_token_f1_take_the_best_reference():
    assert compute("rouge_l", "one two", "three", "one two") == 1.0
    assert compute("token_f1", "one two", "three", "two one") == 1.0


def test_rouge_l_reads_no_further_than_its_bound():
    head = " ".join(f"w{i}" for i in range(ROUGE_TOKENS))
    assert compute("rouge_l", head + " tail", head) == 1.0


@pytest.mark.parametrize("name", METRICS)
def test_metric_takes_under_a_second_for_200_kb(name):
    response = " ".join(str(i * 7919 % 9973) for i in range(41_000))
    reference = " ".join(str(i * 104729 % 9973) for i in range(41_000))
    assert len(response) > 200_000 - 5_000
    began = time.perf_counter()
    compute(name, response, reference)
    assert time.perf_counter() - began < 1.0


def test_tokens_are_words_and_single_han_or_kana_characters():
    assert tokenise("Don't stop: 東京タワー、10km!") == ["don", "t", "stop", *"東京タワー", "10km"]
    assert tokenise("한국어 문장") == ["한국어", "문장"]


def test_names_agree_with_their_keys():
    assert all(name == metric.name for name, metric in METRICS.items())


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_normalise_changes_nothing_the_second_time(text):
    assert normalise(normalise(text)) == normalise(text)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_every_referenced_metric_lies_in_0_to_1_and_binary_ones_at_its_ends(response, references):
    for metric in METRICS.values():
        value = metric.compute(response, references)
        if metric.needs_reference and value is not None:
            assert 0.0 <= value <= 1.0
            assert not metric.is_binary or value in {0.0, 1.0}


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS)
def test_a_text_agrees_fully_with_itself_and_rouge_never_beats_the_unordered_f1(text, other):
    assert exact_match(text, [other, text]) == token_f1(text, [text]) == rouge_l(text, [text]) == 1.0
    assert rouge_l(text, [other]) <= token_f1(text, [other]) + 1e-12
