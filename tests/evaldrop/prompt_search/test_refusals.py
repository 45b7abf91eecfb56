"""The one door: prompts that a good proposer writes pass, and what would spoil the proof is refused."""

import pytest

from evaldrop.prompt_search.overlap import SeenRecord
from evaldrop.prompt_search.refusals import QUOTES, Shapes
from tests.evaldrop.prompt_search.proposals import (
    BROKEN,
    CLASSIFY,
    GOOD_CLASSIFY,
    GOOD_RAG,
    GOOD_REWRITE,
    GOOD_SUPPORT,
    LEAKS,
    PLANTED,
    QUESTION,
    RAG,
    REWRITE,
    SUPPORT,
    SYSTEM,
    TRAIN,
    file,
)

GOOD = [(SUPPORT, GOOD_SUPPORT), (RAG, GOOD_RAG), (CLASSIFY, GOOD_CLASSIFY), (REWRITE, GOOD_REWRITE)]


def test_precision_and_recall_on_the_planted_prompts_are_1():
    """44 leaks, each of its own kind, and 22 prompts that are good."""
    missed = [kind for kind, said in LEAKS.items() if not SUPPORT.reasons([file(SYSTEM + said)])[0]]
    wrongly = [reason for sample, files in GOOD for reason in sample.reasons(files) if reason]
    assert (missed, wrongly) == ([], [])
    assert (len(LEAKS), sum(len(files) for _, files in GOOD)) == (44, 22)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_sent_for_each_record_is_refused(text):
    assert SUPPORT.reasons([text])[0]


def test_most_of_what_is_said_in_other_words_is_refused():
    """
    50 paraphrases of "please the judge", written without a look at the patterns.

    20 were refused when they were first tried, before patterns were made wider by them: words alone find no
    meaning, and what passes is measured on records that it cannot know, by judges that do not see it.
    """
    files = [file(SYSTEM + said) for said in PLANTED["paraphrased_leaks"]]
    assert len(files) == 50
    assert sum(map(bool, SUPPORT.reasons(files))) >= 40


def test_a_refusal_says_which_record_is_quoted_and_in_which_words():
    reason = SUPPORT.reasons([file(SYSTEM + f"Mind: {QUESTION.texts[0]}")])[0]
    assert reason.startswith(f"{QUOTES} of the test part, {QUESTION.record_id}: ")
    assert " ".join(QUESTION.texts[0].lower().split()[:4]) in reason


def test_train_records_may_be_quoted_where_examples_are_asked_for():
    quoting = file(SYSTEM + f'Example: "{TRAIN.texts[0]}"')
    assert SUPPORT.reasons([quoting], may_quote_train=True) == [None]
    assert SUPPORT.reasons([quoting])[0].startswith(f"{QUOTES} that its proposer was shown")


def test_test_records_may_not_be_quoted_even_then():
    quoting = file(SYSTEM + f'Example: "{QUESTION.texts[0]}"')
    assert QUOTES in SUPPORT.reasons([quoting], may_quote_train=True)[0]


def test_what_the_first_prompt_says_others_may_say():
    original = file(SYSTEM + f"Mind: {QUESTION.texts[0]} The grader gives 5 for thanks.")
    changed = original.replace("warmly", "kindly")
    assert SUPPORT._replace(original=original).reasons([changed]) == [None]


def test_what_many_records_say_is_the_datasets_way_of_putting_it():
    words = "Answer the question below in one sentence, please, and say why"
    records = [row(f"r{n}", f"{words}: question number {n}") for n in range(9)]
    assert SUPPORT._replace(records=records).reasons([file(f"{words}.")]) == [None]
    assert SUPPORT._replace(records=records[:2]).reasons([file(f"{words}.")])[0].startswith(QUOTES)


def test_records_of_a_group_are_one_for_what_is_common():
    words = "May I bring the ladder back after three weeks of use"
    records = [row(f"r{n}", words, group="ladder") for n in range(9)]
    assert SUPPORT._replace(records=records).reasons([file(f"{words}?")])[0].startswith(QUOTES)


def test_a_judge_that_the_records_are_about_is_no_judge_of_responses():
    records = [row(f"r{n}", f"What did the judge decide in case {n}?") for n in range(9)]
    legal = SUPPORT._replace(records=records)
    assert legal.reasons([file("Say what the judge decided, then why.")]) == [None]
    assert legal.reasons([file("Please the grader, who reads what the judge decided.")])[0]


def test_a_variable_of_the_first_prompt_is_allowed_to_others():
    records = [row("r1", "What is it?")._replace(values={"prompt": "What is it?", "shop": "Larkspur"})]
    own = SUPPORT._replace(original=file("You work for {{ shop }}."), records=records)
    assert own.reasons([file("Answer for {{ shop }} in a sentence.")]) == [None]
    assert "variables" in own.reasons([file("Answer for {{ shop }} of {{ town }}.")])[0]


def test_a_loop_is_allowed_where_the_first_prompt_has_one():
    values = {"prompt": "What is it?", "tags": ["a", "b"]}
    records = [row("r1", "What is it?")._replace(values=values)]
    listing = "About{% for tag in tags %} {{ tag }}{% endfor %}."
    own = SUPPORT._replace(original=file(listing), records=records)
    assert own.reasons([file(f"{listing} Be brief.")]) == [None]


def test_the_second_of_two_equal_prompts_is_refused_and_one_that_was_tried_before():
    new = file(SYSTEM + "Be brief.")
    assert [bool(each) for each in SUPPORT.reasons([new, new.replace("Be ", "be  ")])] == [False, True]
    assert SUPPORT.reasons([new], tried=[new]) == ["it is the same as one that was proposed before"]


def test_chinese_is_compared_by_characters():
    asked = "请问你们的花园工具可以在三十天之内退货吗"
    chinese = SUPPORT._replace(records=[row("r1", asked)])
    assert chinese.reasons([file(f"例如：{asked}？")])[0].startswith(QUOTES)
    assert chinese.reasons([file("你是花园商店的客服。请礼貌地回答顾客的问题，并说明可以退货的条件。")]) == [
        None
    ]


def test_shapes_are_the_sets_of_variables_that_records_have():
    shapes = Shapes()
    for values in ({"prompt": "a", "context": "b"}, {"prompt": "c"}, {"prompt": "d"}):
        shapes.add(values)
    assert shapes.always == {"prompt"}
    assert [set(each) for each in shapes.examples] == [{"prompt", "context"}, {"prompt"}]


def row(record_id, prompt, *, group=None, part="test"):
    return SeenRecord(record_id, part, group or record_id, (prompt,), (), {"prompt": prompt})
