"""The line that was asked for decides over quotations and drafts; two that differ leave none."""

import pytest

from evaldrop.verdicts import JudgeReply, read_preference

LONG = "It explains each step and names its sources plainly enough for a reader to follow. " * 4

LINES = [
    ("preferred: first", "first"),
    ("Preferred: Second", "second"),
    ("**preferred:** first", "first"),
    ("**preferred: first**", "first"),
    ("`preferred: second`", "second"),
    ("preferred: first response", "first"),
    ("preferred: the first", "first"),
    ("preferred: The second one, because the first lies", "second"),
    ("preferred: first (slightly)", "first"),
    ("preferred: first (over the second)", "first"),
    ("preferred: first. Second is too long.", "first"),
    ("preferred: first, not second", "first"),
    ("preferred: first rather than second", "first"),
    ("preferred: slightly the first", "first"),
    ("preferred: [first]", "first"),
    ("preferred: <second>", "second"),
    ('preferred: "second"', "second"),
    ("preferred = first", "first"),
    ("preferred is second", "second"),
    ("preferred - first", "first"),
    ("preferred → second", "second"),
    ("preferred:\nsecond", "second"),
    ("preferred: 2", "second"),
    ("preferred: #1", "first"),
    ("preferred: 2nd", "second"),
    ("preferred: Response 2", "second"),
    ("preferred: Assistant A", "first"),
    ("preferred: number two", "second"),
    ("preferred: first (Response 1)", "first"),
    ("preferred: I think the second one is better", "second"),
    ("preferred: first > second", "first"),
    ("preferred: tie", "tie"),
    ("preferred: a tie", "tie"),
    ("preferred: tie (the first is slightly shorter)", "tie"),
    ("preferred: neither", "tie"),
    ("preferred: both", "tie"),
    ("preferred: equal", "tie"),
    ("Preferred response: first", "first"),
    ("My preference: second", "second"),
    ("Final verdict: first", "first"),
    ("Winner: second", "second"),
    ("Final answer: B", "second"),
    ("The preferred response is the second.", "second"),
    ("Better response: 1", "first"),
    ("[[A]]", "first"),
    ("My final verdict is: [[B]]", "second"),
    ("[[first]]", "first"),
    ("\\boxed{second}", "second"),
    ("<answer>first</answer>", "first"),
    ("<preferred>second</preferred>", "second"),
    ("1", "first"),
    ("2.", "second"),
    ("(B)", "second"),
    ("second", "second"),
    ("The second one.", "second"),
    ("Response 1", "first"),
    ("Tie", "tie"),
    ("Tie\nBoth say the same.", "tie"),
    (LONG + "\nsecond", "second"),
    ("Second\n\n" + LONG, "second"),
    ("Response 2, because it names the date.", "second"),
    ("<think>preferred: first</think>preferred: second", "second"),
    ("The second is better.\npreferred: first", "first"),
    ("One could say the second response is better, but I disagree.\npreferred: first", "first"),
    ("> preferred: second\n\nThat line is the response's.\npreferred: first", "first"),
    ("The response ends with this line:\npreferred: second\nThat is a lie.\npreferred: first", "first"),
    ('The second says "preferred: second".\npreferred: first', "first"),
    ("Draft: preferred: second\nThe draft overlooks the date.\npreferred: first", "first"),
    ("Initial preference: second\nFinal preference: first", "first"),
    ("preferred: second\nWait, the second misses the date.\npreferred: first", "first"),
    ("preferred: second\nOn reflection, the first names the date.\npreferred: first", "first"),
    ("preferred: second\nRevised preference: first", "first"),
    ("Options:\npreferred: first\npreferred: second\npreferred: tie\n\nNo tie.\npreferred: second", "second"),
    ("[[A]] if the first is better, [[B]] if the second is, [[C]] for a tie.\nSo:\n[[B]]", "second"),
    ("preferred: first\npreferred: first", "first"),
    ("I end with preferred: first or second as asked.\npreferred: second", "second"),
    ('{"preferred": "first"} is what it says of itself.\npreferred: second', "second"),
]  # fmt: skip

NONE = [
    "preferred: first or second",
    "preferred: first/second",
    "preferred: first and second",
    "preferred: first, second",
    "preferred: not first",
    "preferred: not the second",
    "preferred: second? No: first",
    "preferred: first?",
    "preferred: first, or maybe second",
    "preferred: first... wait, second",
    "preferred: first - actually second",
    "preferred: first (Response 2)",
    "preferred: first\npreferred: second",
    "preferred: first\nThe second is too long.\npreferred: second",
    "Winner: first\npreferred: second",
    "[[A]]\n[[B]]",
    "[[A]] [[B]]",
    "preferred: 1.5",
    "preferred: 12",
    "preferred: 1/2",
    "preferred: the first is worse than it looks, the second no better",
    "preferred: first draft",
    "preferred: unknown",
    "preferred:",
    "preferred: first or second\nFirst is better.",
    "> preferred: first",
    "The response says:\npreferred: second",
    "Initial preference: second",
    "**Response 1**\nIt is short.\n**Response 2**\nIt is long.",
    "First, the response is correct. Second, it is short.",
    "1. It is correct.\n2. It is short.",
    "First response:\n" + LONG + "\nSecond response:\n" + LONG,
    "One of the responses names the date.",
    "A good answer names the date.",
    "Both responses name the date.",
    "The verdict is not clear.",
    "",
]  # fmt: skip


def place(text, names=("first", "second"), **options):
    return read_preference(JudgeReply(text=text), names, **options).place


@pytest.mark.parametrize(("text", "better"), LINES)
def test_a_line_says_which_is_preferred(text, better):
    assert place(text) == better


@pytest.mark.parametrize("text", NONE)
def test_no_preference_is_guessed(text):
    assert place(text) is None


@pytest.mark.parametrize(("word", "better"), [
    ("erste", "first"), ("die zweite", "second"), ("zweite Antwort", "second"), ("unentschieden", "tie"),
    ("la première", "first"), ("la seconde", "second"), ("deuxième", "second"), ("égalité", "tie"),
    ("la primera", "first"), ("segunda", "second"), ("empate", "tie"), ("a primeira", "first"),
    ("a segunda resposta", "second"), ("la prima", "first"), ("seconda", "second"), ("pareggio", "tie"),
    ("eerste", "first"), ("het tweede antwoord", "second"), ("gelijkspel", "tie"), ("第一个", "first"),
    ("第二个回答", "second"), ("平局", "tie"), ("1番目", "first"),
    ("2番目の回答", "second"), ("引き分け", "tie"),
    ("첫 번째", "first"), ("두 번째 답변", "second"), ("무승부", "tie"),
    ("回答2", "second"), ("第一", "first"),
])  # fmt: skip
def test_first_second_and_tie_are_read_in_the_languages_people_judge_in(word, better):
    assert place(f"preferred: {word}") == place(word) == better


@pytest.mark.parametrize("text", [
    "Bevorzugt: die zweite Antwort", "Réponse préférée : la seconde", "Preferida: la segunda",
    "Vencedora: segunda",
    "Preferita: la seconda", "Voorkeur: tweede", "更好的回答：第二个", "勝者：2番目", "선호: 두 번째",
])  # fmt: skip
def test_a_tag_is_read_in_the_languages_people_judge_in(text):
    assert place(text) == "second"


@pytest.mark.parametrize(("text", "better"), [
    ("preferred: M", "second"), ("preferred: m", "first"), ("M", "second"),
    ("m", "first"), ("[[M]]", "second"),
    ("preferred: Model M", "second"), ("Winner: 'm'", "first"), ("preferred: first", "first"),
    ("preferred: M (model M)", "second"), ("preferred: M, not m", "second"), ("preferred: m or M", None),
])  # fmt: skip
def test_names_that_differ_in_case_only_are_read_as_they_are_written(text, better):
    assert place(text, ("m", "M")) == better


@pytest.mark.parametrize(("text", "names", "better"), [
    ("preferred: a", ("A", "B"), "first"), ("preferred: OUTPUT (B)", ("Output (a)", "Output (b)"), "second"),
    ("preferred: 1", ("1", "2"), "first"), ("preferred: 1", ("2", "1"), "second"),
    ("preferred: first", ("second", "first"), "second"),
    ("preferred: model_2", ("model_1", "model_2"), "second"),
    ("preferred: left one", ("the left one", "the right one"), None),
    ("preferred: the left one", ("the left one", "the right one"), "first"),
    ("preferred: gpt", ("gpt", "gpt-2"), "first"), ("preferred: gpt-2", ("gpt", "gpt-2"), "second"),
    ("[[C]]", ("A", "B"), "tie"), ("[[A>>B]]", ("A", "B"), "first"), ("[[B>A]]", ("A", "B"), "second"),
    ("[[A<<B]]", ("A", "B"), "second"), ("[[A=B]]", ("A", "B"), "tie"), ("[[A>B>>A]]", ("A", "B"), None),
])  # fmt: skip
def test_what_the_prompt_calls_the_two_counts_before_ordinals(text, names, better):
    assert place(text, names) == better


@pytest.mark.parametrize("text", ["[[0]]", "preferred: 0", "preferred: C", "0", "Verdict: 0", "[[C]]", "C"])
def test_declared_words_say_a_tie(text):
    assert place(text, ("1", "2"), tie_words=("0", "C")) == "tie"
    assert place(text, ("1", "2")) is None


def test_a_declared_word_is_no_tie_where_none_was_offered():
    assert place("preferred: 0", ("1", "2"), tie=False, tie_words=("0",)) is None


@pytest.mark.parametrize(("text", "better"), [
    ("preferred: first\nThe first names", "first"),
    ("The first names the date.\npreferred: fir", None),
    ("preferred: first", None),
    ("The first is better. It names", "first"),
    ("Reasons. The first is better", None),
    ('{"preferred": "first", "rationale": "it nam', None),
])  # fmt: skip
def test_the_end_of_a_reply_that_was_cut_does_not_count(text, better):
    assert (
        read_preference(JudgeReply(text=text, stop_reason="max_tokens"), ("first", "second")).place == better
    )
