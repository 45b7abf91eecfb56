"""Every recognised shape, from a row as its own tool prints it."""

import json

import pytest

from evaldrop.datasets.shapes.known import FOREIGN_SHAPES, PROMPT_SHAPES, recognise
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
        {"prompt": "x: 5\ny: 3", "reference": ("8",), "checks": ({"equals": "8"},), "category": "math"},
    ),
    (
        "promptfoo_table",
        {"text": "Hello, world!", "__expected": "equals:Bonjour le monde", "__metric": "French"},
        {
            "prompt": "Hello, world!",
            "reference": ("Bonjour le monde",),
            "checks": ({"equals": "Bonjour le monde", "name": "French"},),
        },
    ),
    (
        "inspect_log",
        {
            "id": "q1",
            "epoch": 2,
            "input": "Capital of France?",
            "target": "Paris",
            "messages": [{"role": "user", "content": "Capital of France?"}],
            "output": {"model": "m", "choices": [{"message": {"role": "assistant", "content": "Paris."}}]},
            "scores": {"includes": {"value": "C"}},
        },
        {
            "id": "q1-epoch-2",
            "group": "q1",
            "prompt": "Capital of France?",
            "reference": ("Paris",),
            "responses": {"m": "Paris."},
        },
    ),
    (
        "openai_item",
        {"item": {"ticket_text": "My monitor won't turn on!", "correct_label": "Hardware"}},
        {"prompt": "My monitor won't turn on!", "reference": ("Hardware",)},
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
    (
        "bedrock_conversation",
        {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": "Be brief."}],
            "messages": [{"role": "user", "content": [{"text": "When did the shop open?"}]}],
        },
        {"messages": [("user", "When did the shop open?")], "system": "Be brief."},
    ),
    (
        "bedrock_batch_inference",
        {
            "recordId": "4",
            "modelInput": {"messages": [{"role": "user", "content": "Capital?"}], "max_tokens": 9},
            "modelOutput": {
                "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Paris"}],
                "stop_reason": "end_turn",
            },
        },
        {"id": "4", "messages": [("user", "Capital?")], "responses": {"modelOutput": "Paris"}},
    ),
    (
        "bedrock_evaluation_output",
        {
            "inputRecord": {"prompt": "Capital?", "referenceResponse": "Paris", "category": "geo"},
            "modelResponses": [{"response": "Rome", "modelIdentifier": "m"}],
            "automatedEvaluationResult": {"scores": [{"metricName": "Builtin.Correctness", "result": 0}]},
        },
        {"prompt": "Capital?", "reference": ("Paris",), "category": "geo", "responses": {"m": "Rome"}},
    ),
    (
        "bedrock_rag_evaluation",
        {
            "conversationTurns": [
                {
                    "inputRecord": {"prompt": text("When?"), "referenceResponses": [text("1978")]},
                    "output": {"text": "In 1987", "knowledgeBaseIdentifier": "kb"},
                    "results": [{"metricName": "Builtin.Correctness", "result": 0}],
                }
            ]
        },
        {"prompt": "When?", "reference": ("1978",), "responses": {"kb": "In 1987"}},
    ),
    (
        "bedrock_rag_evaluation",
        {"conversationTurns": [{"prompt": text("When?"), "referenceContexts": [text("In May 1978.")]}]},
        {"prompt": "When?", "context": "In May 1978."},
    ),
    (
        "openai_batch",
        {
            "custom_id": "r1",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
        },
        {"id": "r1", "messages": [("user", "Hi")]},
    ),
    (
        "gemini",
        {
            "systemInstruction": {"role": "system", "parts": [{"text": "Be brief."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "Capital?"}]},
                {"role": "model", "parts": [{"text": "Paris"}]},
            ],
        },
        {"messages": [("user", "Capital?")], "system": "Be brief.", "reference": ("Paris",)},
    ),
    (
        "openai_evals",
        {
            "input": [
                {"role": "system", "content": "Answer with a number."},
                {"role": "system", "name": "example_user", "content": "What is 1 + 1?"},
                {"role": "system", "name": "example_assistant", "content": "2"},
                {"role": "user", "content": "What is 21 x 2?"},
            ],
            "ideal": "42",
        },
        {
            "messages": [
                ("system", "Answer with a number."),
                ("user", "What is 1 + 1?"),
                ("assistant", "2"),
                ("user", "What is 21 x 2?"),
            ],
            "reference": ("42",),
        },
    ),
    (
        "fmeval",
        {
            "model_input": "Capital?",
            "target_output": "Paris<OR>paris",
            "model_output": "Rome",
            "category": "geo",
        },
        {
            "prompt": "Capital?",
            "reference": ("Paris", "paris"),
            "responses": {"model_output": "Rome"},
            "category": "geo",
        },
    ),
    (
        "promptfoo_results",
        {
            "vars": {"x": "1"},
            "prompt": {"raw": "Say 1", "label": "say"},
            "provider": {"id": "bedrock:m"},
            "response": {"output": "1", "tokenUsage": {"total": 3}},
        },
        {"prompt": "Say 1", "responses": {"bedrock:m": "1"}},
    ),
    (
        "human_eval",
        {"task_id": "T/0", "prompt": "def f():", "canonical_solution": "    return 1", "test": "assert f()"},
        {"id": "T/0", "prompt": "def f():", "reference": ("    return 1",)},
    ),
    (
        "prompt_completion",
        {"prompt": "2 + 2 =", "completion": " 4"},
        {"prompt": "2 + 2 =", "reference": (" 4",)},
    ),
    (
        "model_answers",
        {"prompt": "Capital?", "response": "Rome", "model": "m"},
        {"prompt": "Capital?", "responses": {"m": "Rome"}},
    ),
    (
        "model_answers_to_questions",
        {"question": "Capital?", "response": "Rome", "model_id": "m", "ground_truth": "Paris"},
        {"prompt": "Capital?", "responses": {"m": "Rome"}, "reference": ("Paris",)},
    ),
    (
        "prompt_response",
        {"prompt": "Capital?", "response": "Rome", "reference": "Paris"},
        {"prompt": "Capital?", "responses": {"response": "Rome"}, "reference": ("Paris",)},
    ),
    (
        "prompt_choices",
        {"prompt": "Capital?", "choices": ["Paris", "Rome"], "answer": "A"},
        {"prompt": "Capital?\n\nA) Paris\nB) Rome", "reference": ("A", "A) Paris", "Paris")},
    ),
    (
        "multiple_choice",
        {"input": "Capital?", "target_scores": {"Rome": 0, "Paris": 1}},
        {"prompt": "Capital?\n\nA) Rome\nB) Paris", "reference": ("B", "B) Paris", "Paris")},
    ),
    (
        "multiple_choice",
        {"question": "Which is prime?", "subject": "math", "choices": ["9", "15", "17"], "answer": 2},
        {
            "prompt": "Which is prime?\n\nA) 9\nB) 15\nC) 17",
            "reference": ("C", "C) 17", "17"),
            "category": "math",
        },
    ),
    (
        "ragas",
        {
            "user_input": "When?",
            "response": "In 1987.",
            "retrieved_contexts": ["It opened in May 1978."],
            "reference_contexts": ["May 1978."],
            "reference": "May 1978",
        },
        {
            "prompt": "When?",
            "responses": {"response": "In 1987."},
            "context": "It opened in May 1978.",
            "reference": ("May 1978",),
        },
    ),
    (
        "ragas",
        {
            "user_input": [
                {"content": "Hi", "type": "human"},
                {"content": "Hello. What can I do?", "type": "ai"},
                {"content": "When did it open?", "type": "human"},
                {"content": "In 1987.", "type": "ai", "tool_calls": None},
            ],
            "reference": "May 1978",
        },
        {
            "messages": [
                ("user", "Hi"),
                ("assistant", "Hello. What can I do?"),
                ("user", "When did it open?"),
            ],
            "responses": {"response": "In 1987."},
            "reference": ("May 1978",),
        },
    ),
    (
        "ragas_0_1",
        {
            "question": "When?",
            "answer": "In 1987.",
            "contexts": ["It opened in May 1978."],
            "ground_truth": "May 1978",
        },
        {
            "prompt": "When?",
            "responses": {"answer": "In 1987."},
            "context": "It opened in May 1978.",
            "reference": ("May 1978",),
        },
    ),
    (
        "alpaca_eval_pairs",
        {
            "instruction": "Name a bird.",
            "output_1": "Rook",
            "generator_1": "a",
            "output_2": "Owl",
            "generator_2": "b",
        },
        {"prompt": "Name a bird.", "responses": {"a": "Rook", "b": "Owl"}},
    ),
    (
        "alpaca_eval",
        {
            "instruction": "Sort the list.",
            "input": "3, 1, 2",
            "output": "1, 2, 3",
            "generator": "model_a",
            "dataset": "selfinstruct",
        },
        {
            "prompt": "Sort the list.\n\n3, 1, 2",
            "responses": {"model_a": "1, 2, 3"},
            "category": "selfinstruct",
        },
    ),
    (
        "alpaca",
        {"instruction": "Name a bird.", "output": "Rook"},
        {"prompt": "Name a bird.", "reference": ("Rook",)},
    ),
    (
        "dolly",
        {"instruction": "When?", "context": "In 1978.", "response": "1978", "category": "closed_qa"},
        {"prompt": "When?", "context": "In 1978.", "reference": ("1978",), "category": "closed_qa"},
    ),
    (
        "langsmith_example",
        {"inputs": {"question": "Why?"}, "outputs": {"answer": "So."}, "dataset_id": "d", "metadata": None},
        {"prompt": "Why?", "reference": ("So.",)},
    ),
    (
        "mlflow_table",
        {"inputs": "Why?", "ground_truth": "So.", "predictions": "Dunno."},
        {"prompt": "Why?", "reference": ("So.",), "responses": {"predictions": "Dunno."}},
    ),
    (
        "mt_bench",
        {
            "question_id": 81,
            "category": "writing",
            "turns": ["Write a haiku.", "Make it rhyme."],
            "reference": ["A haiku", "A rhyme"],
        },
        {"id": "81", "prompt": "Write a haiku.", "reference": ("A haiku",), "category": "writing"},
    ),
    (
        "mt_bench_prompts",
        {"prompt": ["Write a haiku.", "Make it rhyme."], "prompt_id": 7, "reference": ["A haiku", "A rhyme"]},
        {"prompt": "Write a haiku.", "reference": ("A haiku",)},
    ),
    (
        "vicuna",
        {"question_id": 1, "text": "Why?", "category": "generic"},
        {"id": "1", "prompt": "Why?", "category": "generic"},
    ),
    (
        "share_gpt",
        {
            "id": "s1",
            "conversations": [
                {"from": "system", "value": "Be brief."},
                {"from": "human", "value": "Capital?"},
                {"from": "gpt", "value": "Paris"},
            ],
        },
        {"id": "s1", "messages": [("system", "Be brief."), ("user", "Capital?")], "reference": ("Paris",)},
    ),
    (
        "share_gpt",
        {
            "model": "vicuna",
            "conversation": [
                {"role": "user", "content": "Capital?"},
                {"role": "assistant", "content": "Rome"},
            ],
        },
        {"messages": [("user", "Capital?")], "responses": {"vicuna": "Rome"}},
    ),
    (
        "lm_eval_harness",
        {
            "doc_id": 7,
            "doc": {"q": "Capital?"},
            "target": "Paris",
            "arguments": [["Q: Capital?\nA:", {"until": ["\n"]}]],
            "resps": [["Rome"]],
        },
        {"id": "7", "prompt": "Q: Capital?\nA:", "reference": ("Paris",), "responses": {"resps": "Rome"}},
    ),
    (
        "lm_eval_harness",
        {"doc": {}, "target": "Paris", "arguments": {"gen_args_0": {"arg_0": "Capital?", "arg_1": {}}}},
        {"prompt": "Capital?", "reference": ("Paris",)},
    ),
    (
        "helm",
        {
            "input": {"text": "Capital?"},
            "references": [
                {"output": {"text": "Rome"}, "tags": []},
                {"output": {"text": "Paris"}, "tags": ["correct"]},
            ],
        },
        {"prompt": "Capital?\n\nA) Rome\nB) Paris", "reference": ("B", "B) Paris", "Paris")},
    ),
    (
        "query_answer",
        {"query": "When?", "response": "1987", "ground_truth": "1978", "context": "It opened in 1978."},
        {
            "prompt": "When?",
            "responses": {"response": "1987"},
            "reference": ("1978",),
            "context": "It opened in 1978.",
        },
    ),
    (
        "deepeval",
        {
            "input": "Shoes?",
            "actualOutput": "30 days",
            "expectedOutput": "30-day refund",
            "retrievalContext": ["All customers …"],
            "additionalMetadata": {"tier": "gold"},
        },
        {
            "prompt": "Shoes?",
            "responses": {"actualOutput": "30 days"},
            "reference": ("30-day refund",),
            "context": "All customers …",
        },
    ),
    (
        "langfuse",
        {"input": {"messages": [{"role": "user", "content": "Hi"}]}, "expected_output": {"text": "Hello"}},
        {"messages": [("user", "Hi")], "reference": ("Hello",)},
    ),
    (
        "langfuse",
        {
            "id": "i1",
            "input": {"question": "When?", "context": "In 1978."},
            "expectedOutput": "1978",
            "metadata": {"category": "shop"},
            "status": "ACTIVE",
            "sourceTraceId": None,
        },
        {
            "id": "i1",
            "prompt": "When?",
            "context": "In 1978.",
            "reference": ("1978",),
            "category": "shop",
        },
    ),
    (
        "problem_answer",
        {"problem": "6 x 7?", "level": "Level 1", "solution": "It is \\boxed{42}.", "answer": "42"},
        {"prompt": "6 x 7?", "reference": ("42",)},
    ),
    (
        "problem_answer",
        {"problem": "6 x 7?", "solution": "It is \\boxed{42}."},
        {"prompt": "6 x 7?", "reference": ("It is \\boxed{42}.",)},
    ),
    (
        "problem_answer",
        {"Question": "When?", "Answer": "1978", "Category": "history"},
        {"prompt": "When?", "reference": ("1978",), "category": "history"},
    ),
    (
        "question_answer",
        {
            "question": "Who?",
            "answer": "Ada",
            "context": {"title": ["A"], "sentences": [["She did. ", "So."]]},
        },
        {"prompt": "Who?", "reference": ("Ada",), "context": "A: She did. So."},
    ),
    (
        "question_answer",
        {"question": "Do they?", "context": {"contexts": ["One.", "Two."], "labels": ["B", "R"]}},
        {"prompt": "Do they?", "context": "One.\n\nTwo."},
    ),
    (
        "question_answer",
        {"passage": "He ran.", "question": "Who ran?", "answers_spans": {"spans": ["he"], "types": ["span"]}},
        {"prompt": "Who ran?", "reference": ("he",), "context": "He ran."},
    ),
    (
        "query_answer",
        {"query": "why", "answers": ["so"], "passages": {"is_selected": [1], "passage_text": ["P."]}},
        {"prompt": "why", "reference": ("so",), "context": "P."},
    ),
    (
        "question_answer",
        {
            "id": "q1",
            "context": "Opened in 1978.",
            "question": "When?",
            "answers": {"text": ["1978", "1978"]},
        },
        {"id": "q1", "context": "Opened in 1978.", "prompt": "When?", "reference": ("1978",)},
    ),
    (
        "question_answer",
        {"question": "2 + 2?", "answer": "2 and 2 make <<2+2=4>>4.\n#### 4"},
        {"prompt": "2 + 2?", "reference": ("4",)},
    ),
    (
        "question_answer",
        {"question": "Is it?", "passage": "It is.", "answer": True},
        {"prompt": "Is it?", "context": "It is.", "reference": ("yes", "true")},
    ),
    (
        "question_answer",
        {
            "question": "Who?",
            "best_answer": "Ada",
            "correct_answers": ["Ada", "Lovelace"],
            "incorrect_answers": ["Bob"],
        },
        {"prompt": "Who?", "reference": ("Ada", "Lovelace")},
    ),
    (
        "question_answer",
        {"question": "Who?", "answer": {"value": "Ada", "aliases": ["Ada", "Lovelace"]}},
        {"prompt": "Who?", "reference": ("Ada", "Lovelace")},
    ),
    (
        "evaldrop",
        {"messages": [{"role": "user", "content": "Capital?"}, {"role": "assistant", "content": "Paris"}]},
        {"messages": [("user", "Capital?")], "reference": ("Paris",)},
    ),
    (
        "evaldrop",
        {"prompt": [{"role": "user", "content": "Capital?"}], "reference": "Paris<OR> paris"},
        {"messages": [("user", "Capital?")], "reference": ("Paris", "paris")},
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


@pytest.mark.parametrize(
    ("given", "prompt"),
    [
        ({"messages": [{"role": "user", "content": "Why?"}]}, "Why?"),
        ({"role": "user", "content": "Why?"}, "Why?"),
        ([{"role": "user", "content": "Why?"}], "Why?"),
        ({"question": "Why?", "lang": "en"}, "Why?"),
        ({"args": ["Why?"], "kwargs": {}}, "Why?"),
        ({"args": [], "kwargs": {"query": "Why?"}}, "Why?"),
        ({"args": [{"text": "Why?"}], "kwargs": {}}, "Why?"),
        ({"args": [1, 2], "kwargs": {}}, "args: [1, 2]\nkwargs: {}"),
        ({"topic": "rain", "tone": "dry"}, "topic: rain\ntone: dry"),
        ("Why?", "Why?"),
    ],
)
@pytest.mark.parametrize("key", ["expectedOutput", "expected_output"])
def test_langfuses_inputs_are_read_whatever_their_form(key, given, prompt):
    record = record_of({"input": given, key: {"answer": "So."}, "metadata": None})
    assert record.prompt_text == prompt
    assert record.reference == ("So.",)


@pytest.mark.parametrize("below", ["3, 1", ["3", "1"], 31, {"list": [3, 1]}])
@pytest.mark.parametrize("further", [{}, {"generator": "m"}, {"generator": "m", "datasplit": "eval"}])
def test_an_instructions_input_is_always_below_it(below, further):
    shown = below if isinstance(below, str) else json.dumps(below)
    assert (
        record_of({"instruction": "Sort.", "input": below, "output": "x", **further}).prompt
        == f"Sort.\n\n{shown}"
    )


@pytest.mark.parametrize("cell", ["['In 1978.', \"It's old.\"]", '["In 1978.", "It\'s old."]'])
def test_a_list_that_a_table_holds_as_text_is_a_list(cell):
    record = record_of({"question": "When?", "contexts": cell, "answer": "x", "ground_truths": cell})
    assert record.context == "In 1978.\n\nIt's old."
    assert record.reference == ("In 1978.", "It's old.")
    assert (
        record_of({"question": "When?", "contexts": "[1] says so.", "answer": "x"}).context == "[1] says so."
    )


@pytest.mark.parametrize(
    "cell", ["[" * 150_000, "[" + "-" * 150_000 + "1]", "['\\d']", "[1, {2: 3}]", "[x for x in y]"]
)
def test_a_text_that_only_begins_like_a_list_is_a_text(cell):
    record = record_of({"question": "When?", "contexts": cell, "answer": "x"})
    assert record.context in (cell, "\\d")


@pytest.mark.parametrize("empty", ["", None, " ", [], {}])
def test_an_empty_input_adds_nothing(empty):
    assert record_of({"instruction": "Sort.", "input": empty, "output": "x"}).prompt == "Sort."


@pytest.mark.parametrize(("shape", "row", "expected"), EXAMPLES)
def test_neither_the_order_of_keys_nor_empty_extras_change_what_a_row_means(shape, row, expected):
    turned = dict(reversed(row.items()))
    assert recognise({**turned, "extra_column": None}).name == shape
    assert record_of(turned).model_copy(update={"metadata": {}}) == record_of(row).model_copy(
        update={"metadata": {}}
    )


def test_every_shape_has_an_example():
    assert {shape.name for shape in (*PROMPT_SHAPES, *FOREIGN_SHAPES)} <= {shape for shape, _, _ in EXAMPLES}


def test_shape_names_are_unique():
    names = [shape.name for shape in (*PROMPT_SHAPES, *FOREIGN_SHAPES)]
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
