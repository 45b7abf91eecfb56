"""BLEU and chrF are sacrebleu's sentence scores; METEOR is worked by hand, and by its documented example."""

import random
import re
import time

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.checks.overlap import bleu, chrf, gleu, meteor, rouge_1, rouge_2
from evaldrop.checks.similarity import UNSPACED

PIECES = (
    *("the", "cat", "sat", "on", "a", "mat", ".", ",", "!", "1,234.5", "3-4", "(see)", "don't", '"quoted"'),
    *(
        "U.S.",
        "e.g.",
        "Straße",
        "naïve",
        "&amp;",
        "&quot;",
        "a/b",
        "{x}",
        "[y]",
        "50%",
        "well-known\n",
        "-\n",
    ),
    *("<skipped>", "—", "…", "привет", "мир", "cat", "the", "on"),
)
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join),
)


EACH = (bleu, chrf, gleu, meteor, rouge_1, rouge_2)

UNSPACED_SIGN = re.compile(f"[{UNSPACED}]")


def is_spaced(text):
    """Tell whether a text has no Han or kana: their characters are tokens here, and not there."""
    return not UNSPACED_SIGN.search(text)


def drawn(count):
    draw = random.Random(19)
    for _ in range(count):
        texts = [" ".join(draw.choices(PIECES, k=draw.randint(0, 20))) for _ in range(draw.randint(2, 4))]
        # A response that shares long runs with its reference, as real ones do.
        start = draw.randint(0, 3)
        yield texts[1][start : start + draw.randint(0, 120)] + draw.choice(["", " more words"]), texts[1:]
        yield texts[0], texts[1:]


def their_bleu(response, references):
    return sacrebleu.sentence_bleu(response, references).score


def their_chrf(response, references):
    return sacrebleu.sentence_chrf(response, references).score


def test_bleu_and_chrf_are_sacrebleus_on_eight_hundred_texts():
    for response, references in drawn(400):
        assert 100 * bleu(response, references) == pytest.approx(their_bleu(response, references), abs=1e-7)
        assert 100 * chrf(response, references) == pytest.approx(their_chrf(response, references), abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(response=TEXTS.filter(is_spaced), references=st.lists(TEXTS.filter(is_spaced), min_size=1, max_size=3))
def test_bleu_and_chrf_are_sacrebleus_on_any_text(response, references):
    assert 100 * bleu(response, references) == pytest.approx(their_bleu(response, references), abs=1e-7)
    assert 100 * chrf(response, references) == pytest.approx(their_chrf(response, references), abs=1e-7)


def test_a_japanese_sentence_is_more_than_one_token():
    assert 0.3 < bleu("東京は日本の首都です", ["東京は日本の大きな首都です"]) < 1


GUIDE = "It is a guide to action which ensures that the military always obeys the commands of the party"
PARTY = "It is a guide to action that ensures that the military will forever heed Party commands"


def test_meteor_is_that_of_nltks_documented_example():
    """
    Twelve words match, of 18 and of 16, in the four runs that are the fewest.

    NLTK's page says 0.6944: it matches from the end, in six runs, where the paper asks for the fewest.
    """
    mean = (12 / 18) * (12 / 16) / (0.9 * 12 / 18 + 0.1 * 12 / 16)
    assert meteor(GUIDE, [PARTY]) == pytest.approx(mean * (1 - 0.5 * (4 / 12) ** 3))
    assert mean * (1 - 0.5 * (6 / 12) ** 3) == pytest.approx(0.6944, abs=1e-4)


@pytest.mark.parametrize(
    ("response", "reference", "score"),
    [
        # Four words in one run: no more than the cut of (1/4)^3 / 2.
        ("the cat sat down", "the cat sat down", 1 - 0.5 / 64),
        # The same words, each a run of its own.
        ("down sat cat the", "the cat sat down", 0.5),
        # Stems: runs ~ running.
        ("running", "runs", 0.5),
        ("dog", "cat", 0.0),
        # Precision 1, recall 1/2: 0.5 / (0.9 + 0.05), two words in one run.
        ("the cat", "the cat sat down", 0.5 / (0.9 * 1 + 0.1 * 0.5) * (1 - 0.5 / 8)),
        ("", "cat", 0.0),
        ("", "", 1.0),
    ],
)  # fmt: skip
def test_meteor_is_what_its_formula_gives_by_hand(response, reference, score):
    assert meteor(response, [reference]) == pytest.approx(score)


@pytest.mark.parametrize(
    ("compute", "response", "reference", "score"),
    [
        # Of the reference's 5 words, 4 pairs, 3 threes, 2 fours: 3 and 1 are shared.
        (gleu, "the cat sat", "the cat is on mat", 3 / 14),
        (gleu, "the cat sat down", "The cat sat down.", 1.0),
        # A response that says it twice has the more n-grams.
        (gleu, "a b a b", "a b", 3 / 10),
        (gleu, "dog", "cat", 0.0),
        (gleu, "", "cat", 0.0),
        (gleu, "!", "", 1.0),
        # Three of three and of six: 2 * 3 / 9.
        (rouge_1, "the cat sat", "on the mat the cat sat", 2 * 3 / 9),
        (rouge_2, "the cat sat", "on the mat the cat sat", 2 * 2 / 7),
        (rouge_1, "the the the", "the cat", 2 / 5),
        (rouge_2, "cat", "cat", 1.0),
        (rouge_2, "dog", "cat", 0.0),
        (rouge_2, "dog", "a cat", 0.0),
    ],
)  # fmt: skip
def test_gleu_and_rouge_are_what_their_formulas_give_by_hand(compute, response, reference, score):
    assert compute(response, ["nothing of it", reference]) == pytest.approx(score)


def test_gleu_of_nltks_documented_example():
    """Twelve words, eight pairs, six threes and four fours are shared, of the 66 n-grams of the response."""
    assert gleu(GUIDE, [PARTY]) == pytest.approx(29 / 66, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(response=st.text(max_size=80), references=st.lists(st.text(max_size=80), max_size=3))
def test_each_is_a_fraction_of_any_text_and_nothing_without_references(response, references):
    for compute in EACH:
        score = compute(response, references)

        assert score is None if not references else 0 <= score <= 1


@pytest.mark.parametrize("compute", EACH)
@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "a " * 500_000, "abc def. " * 110_000], ids=["one", "words", "text"]
)
def test_a_megabyte_takes_no_longer_than_a_second(compute, text):
    began = time.process_time()
    compute(text, [text])

    assert time.process_time() - began < 1.0
