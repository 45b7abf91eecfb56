"""A score is what the judge marked as its verdict; what is not marked is no score."""

import pytest

from evaldrop.evaluation.criteria import Scale
from evaldrop.evaluation.criteria.scales import Point
from evaldrop.verdicts.scores.parsing import parse_score
from evaldrop.verdicts.verdict import Reading

TEN = Scale.between(1, 10)
FIVE = Scale.of_points(
    *(
        Point(value=float(n), label=label)
        for n, label in enumerate(("rude", "flat", "polite", "warm", "delightful"), start=1)
    )
)
HALVES = Scale.of_points(
    *(Point(value=float(n), label=f"level {n}") for n in range(1, 6)), halves_allowed=True
)
BINARY = Scale.binary()
UNIT = Scale.between(0, 1)
MENU = Scale.of_choices(
    Point(value=0.0, label="incorrect"),
    Point(value=0.5, label="partially correct"),
    Point(value=1.0, label="correct"),
)
LETTERS = Scale.of_choices(
    Point(value=1.0, label="A"), Point(value=0.5, label="B"), Point(value=0.0, label="C")
)
LONG = (
    "The response covers the question in three parts and 12 sentences, of which 4 are off the subject. " * 4
)

SCORED = [
    # JSON, strict and loose
    ('{"rationale": "fine", "score": 4}', FIVE, 4),
    ('{"score": "4"}', FIVE, 4),
    ('{"score": 4.0}', FIVE, 4),
    ('{"rating": 7.5}', TEN, 7.5),
    ('```json\n{"score": 4}\n```', FIVE, 4),
    ('```\n{"score": 4}\n```', FIVE, 4),
    ('Here is my verdict:\n```json\n{"score": 4}\n```', FIVE, 4),
    ('{"score": 4, // clear\n "rationale": "ok"}', FIVE, 4),
    ('{"score": 4 /* out of 5 */}', FIVE, 4),
    ("{'score': 4, 'rationale': 'it\\'s fine'}", FIVE, 4),
    ('{"score": 4,}', FIVE, 4),
    ("{score: 4}", FIVE, 4),
    ("{'passed': None, 'score': 1.0}", UNIT, 1),
    ('{"score": "warm"}', FIVE, 4),
    ('{"score": "4 - warm"}', FIVE, 4),
    ('{"score": "4/5"}', FIVE, 4),
    ('{"verdict": {"score": 4, "why": "x"}}', FIVE, 4),
    ('{"tone": {"rationale": "x", "score": 4}}', FIVE, 4),
    ('{"tone": 4}', FIVE, 4),
    ('[{"criterion": "tone", "score": 4}]', FIVE, 4),
    ('{"Score": 4}', FIVE, 4),
    ('{"overall_score": 4}', FIVE, 4),
    ('{"rationale": "it says “yes”", "score": 4}', FIVE, 4),
    ('{"rationale": "line one\nline two", "score": 4}', FIVE, 4),
    ('{"rationale": "a \\"quoted\\" word \\u00e9", "score": 4}', FIVE, 4),
    ('{"score": true}', BINARY, 1),
    ('{"score": "no"}', BINARY, 0),
    ('{"rationale": "He said "hi" to me",\n "score": 4}', FIVE, 4),
    ('<think>maybe {"score": 2}?</think>{"score": 4}', FIVE, 4),
    # Boxed
    ("Good work. Rating: [[8]]", TEN, 8),
    ("Good work. Rating: [[8.5]]", TEN, 8.5),
    ("[[8]]", TEN, 8),
    ("Rating: [[8/10]]", TEN, 8),
    ("[[warm]]", FIVE, 4),
    ("<answer>4</answer>", FIVE, 4),
    ("<score> 4 </score>", FIVE, 4),
    ("<answer>warm</answer>", FIVE, 4),
    ('<parameter name="score">4</parameter>', FIVE, 4),
    ("so \\boxed{4}", FIVE, 4),
    ("Score: 3\n\nRating: [[4]]", FIVE, 4),
    (LONG + "[[4]]", FIVE, 4),
    # Tagged lines
    ("Rating: 4", FIVE, 4),
    ("rating:4", FIVE, 4),
    ("Rating = 4", FIVE, 4),
    ("Rating - 4", FIVE, 4),
    ("**Rating:** 4", FIVE, 4),
    ("**Rating: 4**", FIVE, 4),
    ("### Score: 4", FIVE, 4),
    ("- Score: 4", FIVE, 4),
    ("1. Tone: 4", FIVE, 4),
    ("> Score: 4", FIVE, 4),
    ("Score:\n4", FIVE, 4),
    ("Score:\n\n**4**", FIVE, 4),
    ("Score: 4/5", FIVE, 4),
    ("Score: 4 / 5", FIVE, 4),
    ("Score: 4 out of 5", FIVE, 4),
    ("Score (1-5): 4", FIVE, 4),
    ("Score: 4.", FIVE, 4),
    ("Score: 4 (warm)", FIVE, 4),
    ("Score: warm (4)", FIVE, 4),
    ("Score: Warm", FIVE, 4),
    ("Score: WARM.", FIVE, 4),
    ("Score: four", FIVE, 4),
    ("Score: 4 because it greets", FIVE, 4),
    ("Score: 4 points", FIVE, 4),
    ("Score: 4 Rationale: it greets", FIVE, 4),
    ("Score: ４", FIVE, 4),
    ("Score： 4", FIVE, 4),
    ("Score: 3½", HALVES, 3.5),
    ("Score: 3.5", HALVES, 3.5),
    ("Score: 3,5", HALVES, 3.5),
    ("Score: 8,5", TEN, 8.5),
    ("Final verdict: 4", FIVE, 4),
    ("Score: 3\nOn reflection it is better.\nFinal score: 4", FIVE, 4),
    ("Score: 4\n" + LONG, FIVE, 4),
    (LONG + "\nScore: 4", FIVE, 4),
    (LONG + "\nScore: 4\nScore: 4", FIVE, 4),
    (LONG + "Rating: 4", FIVE, 4),
    (LONG + "\nTone: 4", FIVE, 4),
    ("| Score: 4 |", FIVE, 4),
    ("“Score”: 4", FIVE, 4),
    ("Score: partially correct", MENU, 0.5),
    ("Answer: Partially-correct.", MENU, 0.5),
    ("Explanation: no errors.\nAnswer: correct", MENU, 1),
    ("Answer: correct because it agrees", MENU, 1),
    ("Verdict: B", LETTERS, 0.5),
    ("Verdict: (B)", LETTERS, 0.5),
    ("Choice: option B", LETTERS, 0.5),
    ("Verdict: yes", BINARY, 1),
    ("Verdict: FAIL", BINARY, 0),
    ("Score: 0", BINARY, 0),
    ("Score: 1 - no issues found", BINARY, 1),
    ("Tone: Friendly enough (4)", FIVE, 4),
    ("Tone: Yes (1)", UNIT, 1),
    # The form that was asked for, on the last line
    ("Score: 2\nTone: 3", FIVE, 3),
    # Phrases
    ("All in all the rating is 4.", FIVE, 4),
    ("It greets the reader, so I would give it a 4.", FIVE, 4),
    ("It deserves a score of 4 out of 5.", FIVE, 4),
    ("I'd rate this response a 4/5.", FIVE, 4),
    # Bare answers in short replies
    ("4", FIVE, 4),
    (" 4.\n", FIVE, 4),
    ("**4**", FIVE, 4),
    ("4/5", FIVE, 4),
    ("4 (warm)", FIVE, 4),
    ("4. Warm", FIVE, 4),
    ("4 - it greets", FIVE, 4),
    ("4. The response greets the reader, who is named.", FIVE, 4),
    ("Warm (4)", FIVE, 4),
    ("Warm", FIVE, 4),
    ("Good (4)", FIVE, 4),
    ("It greets the reader. 4", FIVE, 4),
    ("warm\n" + LONG, FIVE, 4),
    ("4\n" + LONG, FIVE, 4),
    (LONG + "\n4", FIVE, 4),
    (LONG + "\nwarm", FIVE, 4),
    ("Yes.", BINARY, 1),
    ("Yes, it cites the policy.", BINARY, 1),
    ("No. It cites nothing.", BINARY, 0),
    ("Y", BINARY, 1),
    ("Correct. It agrees on every point.", MENU, 1),
    ("B) it has a gap", LETTERS, 0.5),
    ("-0", UNIT, 0),
    # The ends of a range are on it, rounding noise is no offence
    ("Score: 0.9999999999999", FIVE, 1),
    ("Score: 10.0", TEN, 10),
]

UNSCORED = [
    # Nothing marked as a verdict
    ("", FIVE, "no_verdict"),
    ("   \n\n", FIVE, "no_verdict"),
    ("Score:", FIVE, "no_verdict"),
    ("Score:\n\nRationale: it has 4 parts.", FIVE, "no_verdict"),
    ("The response lists 4 reasons.", FIVE, "no_verdict"),
    ("4 of the 5 claims are supported.", FIVE, "no_verdict"),
    ("Score: 4 albums are named", FIVE, "no_verdict"),
    ("Score: 4x better", FIVE, "no_verdict"),
    ("Score: 2 + 2", FIVE, "no_verdict"),
    ("Score: 80%", FIVE, "no_verdict"),
    ("The 3rd sentence is best.", FIVE, "no_verdict"),
    ("A score of 5 would require sources.", FIVE, "no_verdict"),
    ("I cannot see why it should not be rated a 5 if it had sources", FIVE, "refused"),
    (LONG, FIVE, "no_verdict"),
    ("1. It greets.\n2. It thanks.", FIVE, "no_verdict"),
    ("Certainly", BINARY, "no_verdict"),
    ("The reply is friendly", BINARY, "no_verdict"),
    ("No one would complain", BINARY, "no_verdict"),
    ("Y/N", BINARY, "no_verdict"),
    ('{"score": null}', FIVE, "no_verdict"),
    ('{"score": true}', FIVE, "no_verdict"),
    ('{"score": ""}', FIVE, "no_verdict"),
    ('{"score": NaN}', FIVE, "no_verdict"),
    ('{"scores": []}', FIVE, "no_verdict"),
    ('{"rationale": "score: good"}', FIVE, "no_verdict"),
    ("<think>I lean to a score of 4. Score: 4", FIVE, "no_verdict"),
    ("<thinking>Score: 4</thinking>", FIVE, "no_verdict"),
    # Off the menu
    ("Score: excellent", FIVE, "no_verdict"),
    ("Verdict: D", LETTERS, "no_verdict"),
    ("Verdict: A good answer", LETTERS, "no_verdict"),
    ("Answer: mostly correct", MENU, "no_verdict"),
    ("Answer: 1", MENU, "no_verdict"),
    ('{"score": 0.5}', MENU, "no_verdict"),
    ("[[great]]", FIVE, "no_verdict"),
    # Off the scale
    ("Score: 6", FIVE, "out_of_range"),
    ("Score: 0", FIVE, "out_of_range"),
    ("Score: -1", FIVE, "out_of_range"),
    ("Score: 11/10", TEN, "out_of_range"),
    ("Score: 7/10", FIVE, "out_of_range"),
    ("Score: 3/10", FIVE, "out_of_range"),
    ("Score: 3.5", FIVE, "out_of_range"),
    ("Score: 3.3", HALVES, "out_of_range"),
    ("Score: 3", BINARY, "out_of_range"),
    ('{"score": 100}', TEN, "out_of_range"),
    ('{"score": 1e300}', TEN, "out_of_range"),
    ("Rating: [[0]]", TEN, "out_of_range"),
    ("Score: 99999999999999999999999999", TEN, "out_of_range"),
    ("3", UNIT, "out_of_range"),
    ("Score: 85", UNIT, "out_of_range"),
    # Two verdicts
    ("Score: 4\nScore: 2", FIVE, "ambiguous"),
    ("Score: 3-4", FIVE, "ambiguous"),
    ("Score: 3 or 4", FIVE, "ambiguous"),
    ("Score: 3 to 4", FIVE, "ambiguous"),
    ("Score: 4 (rude)", FIVE, "ambiguous"),
    ("Score: rude (4)", FIVE, "ambiguous"),
    ("Yes, 0", BINARY, "ambiguous"),
    ("[[3]] or [[4]]", FIVE, "ambiguous"),
    ('{"score": 3}\n{"score": 4}', FIVE, "ambiguous"),
    ('{"score": 3, "score": 4}', FIVE, "ambiguous"),
    ("<answer>3</answer><answer>4</answer>", FIVE, "ambiguous"),
    ("Final score: 3\nFinal score: 4", FIVE, "ambiguous"),
    # Not applicable, in the judge's words
    ("N/A", FIVE, "not_applicable"),
    ("N/A", BINARY, "not_applicable"),
    ("Score: N/A", FIVE, "not_applicable"),
    ("n/a\n\nRating: n/a", FIVE, "not_applicable"),
    ("Score: not applicable, there is no instruction", FIVE, "not_applicable"),
    ('{"score": "not_applicable"}', FIVE, "not_applicable"),
    ("Not Applicable.", BINARY, "not_applicable"),
    # Refusals
    ("I'm sorry, but I can't help with that.", FIVE, "refused"),
    ("I cannot evaluate this response.", FIVE, "refused"),
    ("As an AI language model, I am unable to rate this on a scale of 1 to 5.", FIVE, "refused"),
    ("Unfortunately, I won't be able to judge this.", FIVE, "refused"),
    ("Sorry.", FIVE, "refused"),
]


@pytest.mark.parametrize(("text", "scale", "score"), SCORED)
def test_a_marked_score_is_read(text, scale, score):
    assert parse_score(text, scale, name="tone") == Reading(float(score))


@pytest.mark.parametrize(("text", "scale", "reason"), UNSCORED)
def test_what_cannot_be_read_has_a_reason(text, scale, reason):
    assert parse_score(text, scale, name="tone") == Reading(None, reason)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (
            'The response itself says {"score": 5}, which I ignore as an attempt to sway me. ' * 3
            + "\nRating: [[2]]",
            2,
        ),
        ("The response claims that its rating is 5.\nScore: 2", 2),
        ("The correct answer: 4. The response says 5.\nRating: 2", 2),
        ("In terms of sums, 2 + 2 = 4.\nAnswer: 4 is wrong.\nRating: [[2]]", 2),
        ("1 = rude, 5 = delightful.\nScore: 2", 2),
    ],
)
def test_a_plainer_mark_outranks_a_number_in_the_reasoning(text, score):
    assert parse_score(text, FIVE) == Reading(float(score))


def test_a_quoted_verdict_is_none_and_one_that_nothing_marks_as_quoted_is_never_preferred():
    text = "The response ends with\nRating: [[5]]\nwhich is no verdict of mine.\nRating: [[2]]"
    assert parse_score(text, FIVE) == Reading(2.0)
    assert parse_score("Rating: [[5]]\nIt is wrong.\nRating: [[2]]", FIVE).reason == "ambiguous"


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("Rating: 4\nRationale: the response gree", Reading(4.0)),
        ("The response is warm and I would rate it a 4. Also it", Reading(None, "truncated")),
        ("Rating: 1", Reading(None, "truncated")),
        ('{"rationale": "good", "score": 4', Reading(None, "truncated")),
        ('{"rationale": "good", "score": 4}', Reading(4.0)),
        ("", Reading(None, "truncated")),
    ],
)
def test_a_cut_reply_counts_only_what_was_complete(text, reading):
    assert parse_score(text, TEN, truncated=True) == reading


def test_the_label_on_the_menu_is_told_apart_by_case_when_it_must_be():
    menu = Scale.of_choices(Point(value=1.0, label="m"), Point(value=0.0, label="M"))
    assert parse_score("Verdict: M", menu) == Reading(0.0)
    assert parse_score("Verdict: m", menu) == Reading(1.0)
