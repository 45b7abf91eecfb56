"""Every recognised shape, from a row as its own tool prints it."""

import pytest

from evaldrop.datasets.known_shapes import FOREIGN_SHAPES, recognise
from tests.evaldrop.datasets.reading_of import problems_of, record_of, survey_of

QUESTION = "If books cost $10.21 each and you buy 15 of them with a 20% discount, how much will you pay?"


def text(content):
    return {"content": [{"text": content}]}


# (shape, row, the record's fields that are not empty, metadata aside)
EXAMPLES = [
    (
        "bedrock_evaluation",
        {"prompt": QUESTION, "referenceResponse": "$122.52", "category": "Shopping Math"},
        {"prompt": QUESTION, "reference": ("$122.52",), "category": "Shopping Math"},
    ),
    (
        "bedrock_evaluation",
        {
            "prompt": QUESTION,
            "referenceResponse": "$122.52",
            "modelResponses": [{"response": "$122", "modelIdentifier": "third-party-model"}],
        },
        {"prompt": QUESTION, "reference": ("$122.52",), "responses": {"third-party-model": "$122"}},
    ),
    (
        "bedrock_rag_evaluation",
        {
            "conversationTurns": [
                {
                    "prompt": text("What is Amazon's SEC file number?"),
                    "referenceResponses": [text("000-22513")],
                }
            ]
        },
        {"prompt": "What is Amazon's SEC file number?", "reference": ("000-22513",)},
    ),
    (
        "bedrock_rag_evaluation",
        {
            "conversationTurns": [
                {"prompt": text("Who?"), "output": {"text": "Ada."}},
                {"prompt": text("And when?"), "referenceResponses": [text("1842"), text("1843")]},
                {"prompt": text("Where?"), "referenceResponses": [text("London")]},
            ]
        },
        {
            "messages": [
                ("user", "Who?"),
                ("assistant", "Ada."),
                ("user", "And when?"),
                ("assistant", "1842"),
                ("user", "Where?"),
            ],
            "reference": ("London",),
        },
    ),
    (
        "bedrock_rag_evaluation",
        {
            "conversationTurns": [
                {
                    "prompt": text("File number?"),
                    "output": {
                        "text": "000-22513",
                        "modelIdentifier": "my-rag",
                        "knowledgeBaseIdentifier": "kb",
                        "retrievedPassages": {"retrievalResults": [{"content": {"text": "Form 10-K"}}]},
                    },
                }
            ]
        },
        {"prompt": "File number?", "responses": {"my-rag": "000-22513"}, "context": "Form 10-K"},
    ),
    (
        "bedrock_batch_inference",
        {
            "recordId": "CALL0000001",
            "modelInput": {
                "anthropic_version": "bedrock-2023-05-31",
                "max_tokens": 1024,
                "system": [{"type": "text", "text": "Be brief."}],
                "messages": [{"role": "user", "content": [{"type": "text", "text": "Summarize …"}]}],
            },
        },
        {"id": "CALL0000001", "messages": [("user", "Summarize …")], "system": "Be brief."},
    ),
    (
        "bedrock_batch_inference",
        {
            "recordId": "2",
            "modelInput": {
                "schemaVersion": "messages-v1",
                "system": [{"text": "Be brief."}],
                "messages": [{"role": "user", "content": [{"text": "Summarize …"}]}],
                "inferenceConfig": {"maxTokens": 300},
            },
        },
        {"id": "2", "messages": [("user", "Summarize …")], "system": "Be brief."},
    ),
    (
        "bedrock_batch_inference",
        {"recordId": "3", "modelInput": {"prompt": "Hello", "max_gen_len": 20}},
        {"id": "3", "prompt": "Hello"},
    ),
    (
        "langchain_criteria",
        {"input": "What is 2+2?", "submission": "Four.", "criteria": "correctness: the answer is right"},
        {
            "prompt": "What is 2+2?",
            "responses": {"submission": "Four."},
            "criteria": {"correctness": "the answer is right"},
        },
    ),
    (
        "langchain_criteria",
        {"input": "What is 2+2?", "prediction": "4", "criteria": "conciseness", "reference": "4"},
        {
            "prompt": "What is 2+2?",
            "responses": {"prediction": "4"},
            "criteria": {"conciseness": None},
            "reference": ("4",),
        },
    ),
    (
        "langchain_criteria",
        {"input": "What is 2+2?", "output": "4", "criteria": {"brief": "Is it brief?"}},
        {"prompt": "What is 2+2?", "responses": {"output": "4"}, "criteria": {"brief": "Is it brief?"}},
    ),
    (
        "promptfoo",
        {
            "vars": {"x": 5, "y": 3},
            "assert": [{"type": "equals", "value": "8"}],
            "metadata": {"category": "math"},
        },
        {"prompt": "x: 5\ny: 3", "reference": ("8",), "category": "math"},
    ),
    (
        "inspect",
        {
            "input": "What cookie attributes should I use for strong security?",
            "target": "secure samesite and httponly",
            "id": "q1",
            "metadata": {"level": "hard"},
        },
        {
            "id": "q1",
            "prompt": "What cookie attributes should I use for strong security?",
            "reference": ("secure samesite and httponly",),
        },
    ),
    (
        "inspect",
        {"input": "Which?", "choices": ["Paris", "Rome"], "target": "B"},
        {"prompt": "Which?\n\nA) Paris\nB) Rome", "reference": ("B", "B) Rome", "Rome")},
    ),
    (
        "inspect",
        {
            "input": [{"role": "user", "content": "Which?"}],
            "choices": ["Paris", "Rome"],
            "target": ["A", "B"],
        },
        {
            "messages": [("user", "Which?\n\nA) Paris\nB) Rome")],
            "reference": ("A", "A) Paris", "Paris", "B", "B) Rome", "Rome"),
        },
    ),
    (
        "openai_evals",
        {
            "input": [
                {"role": "system", "content": "Answer shortly"},
                {"role": "user", "content": "Capital of France?"},
            ],
            "ideal": "Paris",
        },
        {"messages": [("system", "Answer shortly"), ("user", "Capital of France?")], "reference": ("Paris",)},
    ),
    (
        "openai_evals",
        {"input": "Capital of France?", "ideal": ["Paris", "paris"], "criteria": "brevity"},
        {"prompt": "Capital of France?", "reference": ("Paris", "paris"), "criteria": {"brevity": None}},
    ),
    (
        "alpaca_eval",
        {
            "instruction": "What are the names of some famous actors…?",
            "output": "Hugh Jackman…",
            "generator": "example",
            "dataset": "helpful_base",
        },
        {
            "prompt": "What are the names of some famous actors…?",
            "responses": {"example": "Hugh Jackman…"},
            "category": "helpful_base",
        },
    ),
    (
        "alpaca",
        {"instruction": "Correct the spelling.", "input": "teh", "output": "the"},
        {"prompt": "Correct the spelling.\n\nteh", "reference": ("the",)},
    ),
    (
        "mlflow",
        {
            "inputs": {"question": "What is MLflow?"},
            "outputs": {"response": "A tracker."},
            "expectations": {"expected_facts": ["open source"], "guidelines": ["Must be concise"]},
        },
        {
            "prompt": "What is MLflow?",
            "responses": {"outputs": "A tracker."},
            "criteria": {
                "expected_facts": "Does the response contain every one of these facts?\n- open source",
                "guidelines": "Does the response follow every one of these guidelines?\n- Must be concise",
            },
        },
    ),
    (
        "mlflow",
        {
            "inputs": {"messages": [{"role": "user", "content": "What is MLflow?"}]},
            "expectations": {"expected_response": "A tracker.", "guidelines": {"tone": ["warm"]}},
        },
        {
            "messages": [("user", "What is MLflow?")],
            "reference": ("A tracker.",),
            "criteria": {"guidelines": "Does the response follow every one of these guidelines?\n- warm"},
        },
    ),
    (
        "langsmith",
        {
            "inputs": "How much has the price of doodads changed?",
            "outputs": "Doodads have increased in price by 10%",
            "reference_outputs": {"answer": "By half."},
        },
        {
            "prompt": "How much has the price of doodads changed?",
            "responses": {"outputs": "Doodads have increased in price by 10%"},
            "reference": ("By half.",),
        },
    ),
    (
        "deepeval",
        {
            "input": "What if these shoes don't fit?",
            "actual_output": "30 days refund",
            "expected_output": "30-day full refund",
            "retrieval_context": ["All customers …", "… 30 days."],
            "additional_metadata": {"tier": "gold"},
        },
        {
            "prompt": "What if these shoes don't fit?",
            "responses": {"actual_output": "30 days refund"},
            "reference": ("30-day full refund",),
            "context": "All customers …\n\n… 30 days.",
        },
    ),
    (
        "360_eval",
        {
            "text_prompt": "Summarize …",
            "expected_output_tokens": 250,
            "task": {"task_type": "Summarization", "task_criteria": "main message kept"},
            "golden_answer": "Short.",
            "success_criteria": {"must_include": ["price"], "definition": "Clear.", "edge_cases": []},
        },
        {
            "prompt": "Summarize …",
            "reference": ("Short.",),
            "category": "Summarization",
            "criteria": {
                "task_criteria": "Does the response meet this: main message kept",
                "success_criteria": "Does the response meet these success criteria?\n"
                "Must include:\n- price\nDefinition:\n- Clear.",
            },
        },
    ),
    (
        "autoevals",
        {"input": "Refund?", "expected": "30 days", "output": "60 days", "metadata": {"topic": "billing"}},
        {"prompt": "Refund?", "reference": ("30 days",), "responses": {"output": "60 days"}},
    ),
    (
        "langfuse",
        {"input": {"question": "Refund?"}, "expectedOutput": {"answer": "30 days"}},
        {"prompt": "Refund?", "reference": ("30 days",)},
    ),
    ("question_answer", {"question": "Why?", "answer": "So."}, {"prompt": "Why?", "reference": ("So.",)}),
    ("input", {"input": "Why?", "context": ["a", "b"]}, {"prompt": "Why?", "context": "a\n\nb"}),
    ("inputs", {"inputs": {"query": "Why?", "n": 3}}, {"prompt": "Why?"}),
    (
        "evaldrop",
        {"prompt": "Why?", "reference": ["So.", 3, True]},
        {"prompt": "Why?", "reference": ("So.", "3", "true")},
    ),
]


@pytest.mark.parametrize(("shape", "row", "expected"), EXAMPLES)
def test_a_real_row_of_each_tool_becomes_the_record_it_means(shape, row, expected):
    recognised = recognise(row)
    assert recognised is not None
    assert recognised.name == shape

    record = record_of(row)
    given = {name: value for name, value in record if value and name not in ("metadata", "line")}
    if "messages" in given:
        given["messages"] = [(message.role, message.content) for message in record.messages]
    assert given == {"id": "row-000001", **expected}


def test_every_shape_has_an_example():
    assert {shape.name for shape in FOREIGN_SHAPES} <= {shape for shape, _, _ in EXAMPLES}


def test_shape_names_are_unique():
    names = [shape.name for shape in FOREIGN_SHAPES]
    assert len(names) == len(set(names))


def test_what_a_shape_does_not_know_is_kept_in_metadata():
    row = {
        "recordId": "1",
        "modelInput": {"messages": [{"role": "user", "content": "x"}], "max_tokens": 9},
        "team": "blue",
    }
    assert record_of(row).metadata == {"modelInput": {"max_tokens": 9}, "team": "blue"}


def test_metadata_and_a_key_of_the_same_name_are_both_kept():
    row = {"prompt": "x", "metadata": {"team": "red"}, "team": "blue"}
    assert record_of(row).metadata == {"team": "red", "row.team": "blue"}


def test_variables_of_a_test_are_there_for_prompt_templates():
    assert record_of({"vars": {"x": 5, "y": "b"}}).metadata == {"x": 5, "y": "b"}


def test_a_row_with_a_prompt_is_evaldrops_own_whatever_else_it_holds():
    record = record_of({"prompt": "Summarise {{input}}", "input": "long", "output": "short", "target": "t"})
    assert record.prompt == "Summarise {{input}}"
    assert record.responses == {}
    assert record.metadata == {"input": "long", "output": "short", "target": "t"}


def test_the_shape_that_knows_most_keys_wins():
    row = {"input": "q", "target": "t", "expected_output": "e", "actual_output": "a", "context": ["c"]}
    assert recognise(row).name == "deepeval"


def test_ideal_context_comes_before_the_retrieved_one_whatever_their_order():
    row = {"input": "q", "retrieval_context": ["found"], "context": ["ideal"], "expected_output": "e"}
    record = record_of(row)
    assert record.context == "ideal"
    assert record.metadata == {"retrieval_context": ["found"]}


def test_images_are_kept_and_said_not_to_be_sent():
    survey = survey_of(
        {"text_prompt": "See", "url_image": "s3://b/x.png"}, {"text_prompt": "Look", "url_image": ""}
    )
    (hint,) = survey.hints
    assert "images are not sent to the candidates (1 row)" in str(hint)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"prompt": "x", "modelResponses": {}}, '"modelResponses" is an object, not a list of objects'),
        ({"prompt": "x", "modelResponses": [{"response": "a"}]}, '"modelResponses[0]" does not hold both'),
        (
            {"prompt": "x", "modelResponses": [{"response": "a", "modelIdentifier": "m"}] * 2},
            '"modelResponses" holds two responses of "m"',
        ),
        ({"conversationTurns": []}, '"conversationTurns" is a list, not a list of objects with at least one'),
        (
            {"conversationTurns": [{"prompt": text("q"), "output": "said"}]},
            '"conversationTurns[0].output" is a string, not an object',
        ),
        ({"conversationTurns": [{}]}, "no prompt"),
        ({"recordId": "1", "modelInput": "x"}, '"modelInput" is a string, not an object'),
        ({"recordId": "1", "modelInput": {"max_tokens": 1}}, "no prompt"),
        ({"vars": ["x"]}, '"vars" is a list, not an object'),
        ({"vars": {"x": "y"}, "assert": "equals"}, '"assert" is a string, not a list of objects'),
        ({"vars": {}}, "no prompt"),
        (
            {"input": "x", "target": {"a": 1}},
            '"target" is an object, not a string, a number or a list of them',
        ),
        ({"input": "x", "choices": "AB", "target": "A"}, '"choices" is a string, not a list of strings'),
        ({"input": 4, "ideal": "x"}, '"input" is a number, not a string'),
        ({"inputs": "x", "expectations": ["y"]}, '"expectations" is a list, not an object'),
        ({"text_prompt": "x", "task": "sum"}, '"task" is a string, not an object'),
        ({"input": "x", "expected": "y", "metadata": "z"}, '"metadata" is a string, not an object'),
        (
            {"recordId": "1", "modelInput": {"messages": [{"role": "user", "content": [{"image": {}}]}]}},
            '"modelInput.messages[0].content" is a list, not a string or a list of text blocks',
        ),
    ],
)
def test_a_wrong_value_is_named_by_the_key_its_tool_uses(row, problem):
    (said,) = problems_of(row)
    assert said.startswith(f"faq.jsonl line 1: {problem}")


@pytest.mark.parametrize(
    ("row", "reference", "responses"),
    [
        (
            {"inputs": "q", "outputs": {"messages": [{"role": "assistant", "content": "a"}]}},
            (),
            {"outputs": "a"},
        ),
        ({"inputs": "q", "outputs": [{"role": "assistant", "content": "a"}]}, (), {"outputs": "a"}),
        ({"inputs": "q", "outputs": {"score": 3}}, (), {"outputs": "3"}),
        ({"inputs": "q", "outputs": {"a": [1], "b": 2}}, (), {"outputs": '{"a": [1], "b": 2}'}),
        ({"inputs": "q", "reference_outputs": {"x": "r"}}, ("r",), {}),
        ({"input": "q", "expected": {"answer": "r", "score": 1}}, ("r",), {}),
    ],
)
def test_an_output_gives_its_text_whatever_its_form(row, reference, responses):
    record = record_of(row)
    assert (record.reference, record.responses) == (reference, responses)


def test_what_the_readers_do_not_use_is_kept():
    assert record_of({"text_prompt": "q", "task": {"note": 1}}).metadata == {"note": 1}
    assert record_of({"inputs": "q", "expectations": {"tone": "warm"}}).metadata == {"tone": "warm"}
    turns = [{"prompt": text("q"), "results": [{"metricName": "m", "result": 1}]}]
    assert record_of({"conversationTurns": turns}).metadata["conversationTurns"]


def test_responses_of_the_wrong_type_are_one_fault_however_many_keys_add_to_them():
    (said,) = problems_of({"input": "q", "output": "a", "responses": ["b"]})
    assert '"responses" is a list, not an object' in said
