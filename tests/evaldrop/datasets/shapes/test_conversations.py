"""Conversations are read alike in every tool's words; an answer at their end is not part of the question."""

import json

import pytest

from evaldrop.datasets import Record
from tests.evaldrop.datasets.reading_of import problems_of, read_bytes, read_row, record_of, survey_of

ASKED = [("user", "Capital?")]
USER = {"role": "user", "content": "Capital?"}
SAID = {"role": "assistant", "content": "Paris"}


def turns_of(record):
    return [(message.role, message.content) for message in record.messages]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [USER, SAID]},
        {"messages": [USER, {"role": "assistant", "content": [{"type": "text", "text": "Paris"}]}]},
        {"messages": [USER, SAID], "tools": [], "parallel_tool_calls": False},
        {"conversations": [{"from": "human", "value": "Capital?"}, {"from": "gpt", "value": "Paris"}]},
        {"conversations": [{"from": "user", "value": "Capital?"}, {"from": "assistant", "value": "Paris"}]},
        {"contents": [
            {"role": "user", "parts": [{"text": "Capital?"}]},
            {"role": "model", "parts": [{"text": "Paris"}]},
        ]},
        {"input": {"messages": [USER, SAID]}},
    ],
)  # fmt: skip
def test_the_assistants_last_turn_of_a_tuning_row_is_the_reference(row):
    record = record_of(row)
    assert turns_of(record) == ASKED
    assert record.reference == ("Paris",)
    assert "(the assistant's last turn)" in survey_of(row).recognised[0]


def test_earlier_turns_stay_the_conversation():
    record = record_of({"messages": [USER, SAID, {"role": "user", "content": "Sure?"}, SAID]})
    assert turns_of(record) == [*ASKED, ("assistant", "Paris"), ("user", "Sure?")]


def test_beside_a_reference_the_last_turn_is_not_guessed_at():
    (said,) = problems_of({"messages": [USER, SAID], "reference": "Rome"})
    assert '"messages" ends with an assistant message' in said


def test_a_prefilled_answer_of_batch_inference_is_no_reference():
    (said,) = problems_of(
        {"recordId": "1", "modelInput": {"messages": [USER, {"role": "assistant", "content": "{"}]}}
    )
    assert said.endswith('"modelInput.messages" ends with an assistant message. End with a user message.')


def test_deepevals_turns_end_with_the_response_of_the_system_under_test():
    record = record_of({"scenario": "s", "turns": [USER, SAID]})
    assert (turns_of(record), record.responses) == (ASKED, {"turns": "Paris"})


@pytest.mark.parametrize("role", ["system", "developer"])
def test_only_examples_of_the_system_become_turns(role):
    named = {"role": "user", "name": "example_user", "content": "Hi"}
    row = {"input": [{"role": role, "content": "Be brief."}, named, USER], "ideal": "Paris"}
    assert turns_of(record_of(row)) == [("system", "Be brief."), ("user", "Hi"), *ASKED]


def test_mt_bench_leaves_later_turns_out_and_says_so():
    row = {"question_id": 1, "turns": ["a", "b"], "reference": ["x", "y"]}
    survey = survey_of(row, {**row, "question_id": 2, "turns": ["c"], "reference": ["z"]})
    assert "only the first turn of turns is asked; the others are left out (1 row)" in str(survey.hints[0])
    record = record_of(row)
    assert record.metadata == {"turns": ["a", "b"], "reference": ["x", "y"]}


@pytest.mark.parametrize("turns", [[], "a", [3]])
def test_turns_that_are_none_are_refused(turns):
    assert not isinstance(read_row({"question_id": 1, "turns": turns}), Record)


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ({"content": [{"type": "text", "text": "Paris"}], "stop_reason": "end_turn"}, "Paris"),
        ({"content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Paris"}]}, "Paris"),
        ({"output": {"message": {"content": [{"reasoningContent": {}}, {"text": "Paris"}]}}}, "Paris"),
        ({"generation": "Paris", "stop_reason": "stop"}, "Paris"),
        ({"results": [{"outputText": "Paris"}]}, "Paris"),
        ({"outputs": [{"text": "Paris", "stop_reason": "stop"}]}, "Paris"),
        ({"choices": [{"message": {"role": "assistant", "content": "Paris"}}]}, "Paris"),
        ({"choices": [{"text": "Paris"}]}, "Paris"),
        ({"generations": [{"text": "Paris"}]}, "Paris"),
        ({"completions": [{"data": {"text": "Paris"}}]}, "Paris"),
        ({"completion": "Paris"}, "Paris"),
        ("Paris", "Paris"),
        ({"content": []}, ""),
    ],
)
def test_what_batch_inference_wrote_is_a_given_response_whatever_the_models_layout(output, text):
    row = {"recordId": "1", "modelInput": {"prompt": "Capital?"}, "modelOutput": output}
    assert record_of(row).responses == {"modelOutput": text}


def test_an_output_whose_layout_is_not_known_is_an_error_and_no_empty_response():
    for output in ({"foo": "Paris"}, {"content": [{"type": "tool_use", "input": {}}]}):
        (said,) = problems_of({"recordId": "1", "modelInput": {"prompt": "x"}, "modelOutput": output})
        assert '"modelOutput" holds no text in a layout of Bedrock\'s models' in said


def test_a_row_that_failed_in_the_batch_is_read_without_a_response():
    row = {"recordId": "1", "modelInput": {"prompt": "x"}, "error": {"errorCode": 400, "errorMessage": "bad"}}
    assert record_of(row).responses == {}
    assert "batch inference got an error for the row" in str(survey_of(row).hints[0])


def test_squads_articles_are_as_many_records_as_they_have_questions():
    article = {
        "title": "Shop",
        "paragraphs": [
            {
                "context": "Opened in 1978.",
                "qas": [
                    {"id": "a", "question": "When?", "answers": [{"text": "1978", "answer_start": 10}]},
                    {"question": "Who?", "answers": [], "is_impossible": True},
                    {"id": None, "question": 5},
                ],
            }
        ],
    }
    survey = survey_of(article)
    assert (survey.n_read, survey.n_accepted) == (3, 2)
    assert survey.with_field["reference"] == 1
    assert 'faq.jsonl line 1: paragraphs[0].qas[2]: "question" is a number' in str(survey.problems[0])


@pytest.mark.parametrize("answers", [[], {"text": [], "answer_start": []}])
def test_a_question_that_has_no_answer_is_told(answers):
    (hint,) = survey_of({"id": "a", "context": "c", "question": "Who?", "answers": answers}).hints
    assert '"answers" holds no text: the question has no answer' in str(hint)


def test_squads_wrapping_is_opened():
    qas = [
        {"id": "a", "question": "When?", "answers": [{"text": "1978"}]},
        {"question": "Who?", "answers": []},
    ]
    data = {"version": "v2.0", "data": [{"title": "t", "paragraphs": [{"context": "c", "qas": qas}]}]}
    records = read_bytes(json.dumps(data).encode(), source="dev.json")
    assert [(record.id, record.prompt, record.context) for record in records] == [
        ("a", "When?", "c"),
        ("row-000001-2", "Who?", "c"),
    ]


@pytest.mark.parametrize(
    "turn",
    [
        {"role": "assistant", "tool_calls": [{"id": "c1"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1"}]},
        {"role": "assistant", "content": "I look it up.", "tool_calls": [{"id": "c1"}]},
        {"role": "assistant", "content": "I look it up.", "function_call": {"name": "f"}},
        {"role": "tool", "content": "20", "tool_call_id": "c1"},
        {"from": "function_call", "value": "{}"},
        {"from": "observation", "value": "20"},
    ],
)
@pytest.mark.parametrize("after", [[], [USER]])
def test_a_tool_call_is_never_taken_for_words(turn, after):
    (said,) = problems_of({"messages": [USER, turn, *after]})
    assert '"messages[1]" is part of a tool call, which is not evaluated' in said


def test_tools_beside_messages_are_said_not_to_be_sent():
    (hint,) = survey_of({"messages": [USER], "tools": [{"type": "function"}]}).hints
    assert "tools are not sent" in str(hint)


def test_a_prompt_that_repeats_the_users_first_message_is_no_second_question():
    row = {"prompt": "Capital?", "prompt_id": "p1", "messages": [USER, SAID]}
    record = record_of(row)
    assert turns_of(record) == ASKED
    assert record.reference == ("Paris",)
    assert "(prompt is the user's first)" in survey_of(row).recognised[0]
    (said,) = problems_of({**row, "prompt": "River?"})
    assert 'both "prompt" and "messages" are given' in said


def test_what_is_not_seen_in_a_role_is_named():
    (said,) = problems_of({"messages": [{"role": "user\u200b", "content": "Capital?"}]})
    assert '"user<U+200B>"' in said


def test_coheres_preamble_and_history_are_part_of_the_question():
    history = [{"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": "Hello"}]
    asked = {"message": "Capital?", "preamble": "Be brief.", "chat_history": history}
    record = record_of({"modelInput": asked, "modelOutput": {"text": "Paris", "generation_id": "g"}})
    assert turns_of(record) == [("user", "Hi"), ("assistant", "Hello"), *ASKED]
    assert record.system == "Be brief."
    assert record.responses == {"modelOutput": "Paris"}


def test_openais_responses_requests_keep_their_instructions():
    body = {"model": "m", "input": "Capital?", "instructions": "Be brief."}
    record = record_of({"custom_id": "r1", "body": body})
    assert (record.prompt, record.system) == ("Capital?", "Be brief.")
    listed = record_of({"custom_id": "r1", "body": {**body, "input": [USER]}})
    assert turns_of(listed) == ASKED
