"""The shapes evaldrop knows: one entry a tool, from its keys to the canonical fields."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from evaldrop.datasets.choices import LIST_KEYS
from evaldrop.datasets.records import CANONICAL_FIELDS
from evaldrop.datasets.shapes import bedrock, conversations, harness, multiple_choice
from evaldrop.datasets.shapes import values as read
from evaldrop.datasets.shapes.inspect_scorers import read_sample
from evaldrop.datasets.shapes.openai_graders import read_item
from evaldrop.datasets.shapes.promptfoo import read_assert, read_test_case, read_vars
from evaldrop.datasets.shapes.promptfoo_tables import EXPECTED_KEYS, read_table_row
from evaldrop.datasets.shapes.shape import Shape, shape
from evaldrop.datasets.texts import is_text

_PROMPT = ("prompt", read.prompt_or_messages)
_MESSAGES = ("messages", read.prompt_or_messages)
_RESPONSE = ("responses", read.response)
_REFERENCE = ("reference", read.reference_text)
_MORE = ("reference", read.more_references)
_ANSWER = ("reference", read.question_answer)
_WORKING = ("reference", read.reference_if_none)
_CONTEXT = ("context", read.context_texts)
_METADATA = ("metadata", read.loose_metadata)

# Keys that name the model whose answer a row holds.
_MODELS = ("generator", "model", "model_id", "model_name", "model_identifier", "modelIdentifier")
_GENERATED = ("responses", read.named_response(*_MODELS))
_UNUSED = ("responses", read.nothing)

CANONICAL = Shape(
    name="evaldrop",
    title="evaldrop rows",
    needs=(("prompt", "messages"),),
    keys={name: name for name in CANONICAL_FIELDS},
    readers={"metadata": read.metadata, "reference": read.own_reference},
)

BEDROCK_EVALUATION = shape(
    "bedrock_evaluation",
    "Bedrock evaluation rows",
    (("prompt",), ("referenceResponse", "modelResponses")),
    {
        "prompt": "prompt",
        "referenceResponse": "reference",
        "modelResponses": ("responses", bedrock.model_responses),
    },
)


def _is_object(key: str) -> Any:
    return lambda row: isinstance(row.get(key), dict)


_MAX_TURNS = 4


def _are_turns(row: Mapping[str, Any]) -> bool:
    """Tell the turns of one question from a column of questions, whose neighbours are lists as long."""
    turns = row.get("prompt")
    if not isinstance(turns, list) or not is_text(turns):
        return False
    are_columns = all(isinstance(value, list) and len(value) == len(turns) for value in row.values())
    # Two lists may be turns and their references; nobody takes more than a few turns.
    return not are_columns or (len(row) <= 2 and len(turns) <= _MAX_TURNS)


def _is_langfuse(row: Mapping[str, Any]) -> bool:
    """Tell Langfuse's items from deepeval's goldens, whose inputs are texts."""
    marks = {"sourceTraceId", "source_trace_id", "datasetId", "dataset_id", "status"}
    return "expectedOutput" in row or not isinstance(row.get("input"), str) or not marks.isdisjoint(row)


def _is_langsmith_example(row: Mapping[str, Any]) -> bool:
    """Tell a dataset's example, whose outputs are ideal, from a run, whose outputs are a system's."""
    marks = {"dataset_id", "source_run_id", "modified_at", "dataset_split", "split", "created_at"}
    return not marks.isdisjoint(row) and not {"reference_outputs", "expectations"} & row.keys()


# Rows that hold a prompt and are yet another tool's; the first that fits is taken.
PROMPT_SHAPES = (
    shape(
        "inspect_log", "samples of an Inspect log",
        (("input",), ("target",), ("output",), ("epoch", "scores")),
        {
            "input": _PROMPT, "target": "reference", "messages": _UNUSED, "events": _UNUSED,
            "choices": ("prompt", multiple_choice.read_inspect_choices),
        },
        also=_is_object("output"), whole=read_sample,
    ),
    shape(
        "promptfoo_table", "promptfoo's table of tests", (EXPECTED_KEYS,), {}, whole=read_table_row,
        further=frozenset(EXPECTED_KEYS),
    ),
    BEDROCK_EVALUATION,
    shape(
        "bedrock_conversation", "Bedrock conversation rows", (("messages",), ("schemaVersion",)),
        {"messages": "messages", "schemaVersion": ("metadata", read.nothing)},
    ),
    shape(
        "fmeval", "fmeval rows", (("model_input",), ("target_output", "model_output")),
        {
            "model_input": "prompt", "target_output": _REFERENCE,
            # An evaluation's output repeats the input as the prompt it was put into.
            "model_output": _RESPONSE,
        },
    ),
    shape(
        "promptfoo_results", "promptfoo results",
        (("prompt",), ("response",), ("vars", "testCase", "provider")),
        {
            "prompt": ("prompt", harness.raw_prompt),
            "response": ("responses", read.named_response("provider")), "provider": _UNUSED,
            "testCase": ("reference, checks, criteria", read_test_case),
        },
        also=_is_object("response"), is_answer=True,
    ),
    shape(
        "mt_bench_prompts", "MT-bench questions", (("prompt",),),
        {"prompt": ("prompt", conversations.first_turn)},
        also=_are_turns,
    ),
    shape(
        "human_eval", "HumanEval rows", (("prompt",), ("canonical_solution",)),
        {"task_id": "id", "prompt": "prompt", "canonical_solution": "reference"},
    ),
    shape(
        "prompt_completion", "tuning rows", (("prompt",), ("completion",)),
        {"prompt": _PROMPT, "completion": _REFERENCE},
        also=lambda row: not any(key in row for key in (*_MODELS, "reference", "ground_truth")),
    ),
    shape(
        "model_answers", "answers of models", (("prompt",), ("response", "output", "completion"), _MODELS),
        {
            "prompt": _PROMPT, "response": _GENERATED, "output": _GENERATED, "completion": _GENERATED,
            **dict.fromkeys(_MODELS, _UNUSED),
        },
        is_answer=True,
    ),
    shape(
        "prompt_response", "rows with a response and a reference",
        (("prompt",), ("response", "completion"), ("reference", "ground_truth")),
        {"prompt": _PROMPT, "response": _RESPONSE, "completion": _RESPONSE, "ground_truth": _REFERENCE},
    ),
    shape(
        "prompt_choices", "multiple choice rows", (("prompt",), (*LIST_KEYS, "A")), {},
        also=multiple_choice.has_own_choices, whole=multiple_choice.read_multiple_choice,
    ),
)  # fmt: skip

FOREIGN_SHAPES = (
    shape(
        "bedrock_rag_evaluation", "Bedrock RAG evaluation rows", (("conversationTurns",),),
        {"conversationTurns": ("prompt", bedrock.conversation_turns)},
    ),
    shape(
        "bedrock_batch_inference", "Bedrock batch inference rows", (("modelInput",),),
        {
            "recordId": "id", "modelInput": ("messages", bedrock.model_input),
            "modelOutput": ("responses", bedrock.model_output),
            "error": ("metadata", bedrock.batch_error),
        },
    ),
    shape(
        "bedrock_evaluation_output", "results of a Bedrock evaluation job", (("inputRecord",),),
        {
            "inputRecord": ("prompt", bedrock.input_record),
            "modelResponses": ("responses", bedrock.model_responses),
        },
    ),
    shape(
        "openai_batch", "OpenAI batch requests", (("custom_id",), ("body",)),
        {"custom_id": "id", "body": ("messages", bedrock.model_input)},
    ),
    shape(
        "gemini", "Gemini conversations", (("contents",),),
        {
            "contents": ("messages", conversations.gemini_contents),
            "systemInstruction": ("system", conversations.gemini_system),
            "system_instruction": ("system", conversations.gemini_system),
        },
    ),
    shape(
        "promptfoo", "promptfoo tests", (("vars",),),
        {"vars": ("prompt", read_vars), "assert": ("reference, checks, criteria", read_assert)},
    ),
    shape(
        "openai_item", "OpenAI eval items", (("item",),), {}, also=_is_object("item"), whole=read_item,
    ),
    shape(
        "openai_evals", "OpenAI evals rows", (("input",), ("ideal",)),
        {"input": _MESSAGES, "ideal": "reference"},
    ),
    shape(
        "inspect", "Inspect rows", (("input",), ("target", "choices")),
        {
            "input": _PROMPT, "target": "reference",
            "choices": ("prompt", multiple_choice.read_inspect_choices),
        },
    ),
    shape(
        "ragas", "ragas 0.2 samples", (("user_input",),),
        {
            "user_input": ("prompt", conversations.ragas_input), "response": _RESPONSE,
            # What was retrieved before what should have been: answers rest on the first.
            "retrieved_contexts": _CONTEXT, "reference_contexts": _CONTEXT,
        },
    ),
    shape(
        "ragas_0_1", "ragas 0.1 rows",
        (
            ("question",), ("ground_truth", "ground_truths", "contexts"),
            ("answer", "ground_truth", "ground_truths"),
        ),
        {
            "question": _PROMPT, "answer": _RESPONSE, "contexts": _CONTEXT,
            "ground_truth": _REFERENCE, "ground_truths": _MORE, "metadata": _METADATA,
        },
    ),
    shape(
        "langfuse", "Langfuse dataset items", (("input",), ("expectedOutput", "expected_output")),
        {
            "input": _PROMPT, "expectedOutput": _REFERENCE, "expected_output": _REFERENCE,
            "metadata": _METADATA,
        },
        also=_is_langfuse,
    ),
    shape(
        "deepeval", "deepeval goldens",
        (
            ("input",),
            (
                "actual_output", "expected_output", "retrieval_context",
                "actualOutput", "expectedOutput", "retrievalContext",
            ),
        ),
        {
            "input": _PROMPT, "actual_output": _RESPONSE, "actualOutput": _RESPONSE,
            "expected_output": _REFERENCE, "expectedOutput": _REFERENCE,
            # In this order, whatever the row's: the ideal context comes before the retrieved one.
            "context": _CONTEXT, "retrieval_context": _CONTEXT, "retrievalContext": _CONTEXT,
            "additional_metadata": _METADATA, "additionalMetadata": _METADATA,
        },
    ),
    shape(
        "langchain_criteria", "LangChain criteria rows",
        (("input",), ("submission", "prediction", "output"), ("submission", "prediction", "criteria")),
        {
            "input": _PROMPT, "submission": _RESPONSE, "prediction": _RESPONSE, "output": _RESPONSE,
            "criteria": "criteria",
        },
    ),
    shape(
        "autoevals", "autoevals rows", (("input",), ("expected", "output")),
        {"input": _PROMPT, "expected": _REFERENCE, "output": ("responses", read.output_response)},
    ),
    shape(
        "alpaca_eval_pairs", "AlpacaEval annotations", (("instruction",), ("output_1",), ("output_2",)),
        {
            "instruction": "prompt", "input": ("prompt", read.instruction_input),
            "output_1": ("responses", read.named_response("generator_1")),
            "output_2": ("responses", read.named_response("generator_2")),
            "generator_1": _UNUSED, "generator_2": _UNUSED, "dataset": "category",
        },
    ),
    shape(
        "alpaca_eval", "AlpacaEval rows", (("instruction",), (*_MODELS, "dataset", "datasplit")),
        # The instruction first, since the input is put below it.
        {
            "instruction": "prompt", "input": ("prompt", read.instruction_input),
            "output": _GENERATED, "response": _GENERATED, "completion": _GENERATED,
            **dict.fromkeys(_MODELS, _UNUSED), "dataset": "category",
        },
        is_answer=True,
    ),
    shape(
        "alpaca", "Alpaca instruction rows", (("instruction",), ("output",)),
        {
            "instruction": "prompt", "input": ("prompt", read.instruction_input), "output": _REFERENCE,
        },
    ),
    shape(
        "dolly", "Dolly instruction rows", (("instruction",), ("response",)),
        {"instruction": "prompt", "input": ("prompt", read.instruction_input), "response": _REFERENCE},
    ),
    shape(
        "langsmith_example", "LangSmith examples", (("inputs",), ("outputs",)),
        {"inputs": _PROMPT, "outputs": _REFERENCE}, also=_is_langsmith_example,
    ),
    shape(
        "langsmith", "LangSmith rows", (("inputs",), ("outputs", "reference_outputs")),
        {
            "inputs": _PROMPT, "outputs": ("responses", read.output_response),
            "reference_outputs": _REFERENCE,
        },
    ),
    shape(
        "mlflow", "MLflow evaluation rows", (("inputs",), ("expectations",)),
        {
            "inputs": _PROMPT, "outputs": _RESPONSE,
            "expectations": ("reference, criteria", read.expectations),
        },
    ),
    shape(
        "mlflow_table", "MLflow evaluation tables", (("inputs",), ("ground_truth", "targets", "predictions")),
        {
            "inputs": _PROMPT, "outputs": _RESPONSE, "predictions": _RESPONSE, "ground_truth": _REFERENCE,
            "targets": _REFERENCE,
        },
    ),
    shape(
        "360_eval", "360-eval scenarios", (("text_prompt",),),
        {
            "text_prompt": "prompt", "golden_answer": "reference", "task": ("category, criteria", read.task),
            "success_criteria": ("criteria", read.success_criteria), "url_image": ("metadata", read.image),
        },
    ),
    shape(
        "mt_bench", "MT-bench questions", (("turns",),),
        {"question_id": "id", "turns": ("prompt", conversations.first_turn)},
    ),
    shape(
        "vicuna", "Vicuna questions", (("question_id",), ("text",)), {"question_id": "id", "text": "prompt"},
        # In its answers the text is a model's.
        also=lambda row: not {"answer_id", "model_id"} & row.keys(),
    ),
    shape(
        "share_gpt", "ShareGPT conversations", (("conversations", "conversation"),),
        {"conversations": _MESSAGES, "conversation": _MESSAGES}, whole=conversations.conversation_model,
    ),
    shape(
        "lm_eval_harness", "lm-evaluation-harness samples", (("doc",), ("arguments",)),
        {
            "doc_id": "id", "arguments": ("prompt", harness.harness_arguments), "target": _REFERENCE,
            "resps": ("responses", harness.harness_responses),
        },
    ),
    shape(
        "helm", "HELM instances", (("input",), ("references",)),
        {"input": _PROMPT, "references": ("reference", harness.helm_references)},
    ),
    shape(
        "multiple_choice", "multiple choice rows", (multiple_choice.QUESTION_KEYS,), {},
        also=multiple_choice.has_choices, whole=multiple_choice.read_multiple_choice,
        further=multiple_choice.KEYS,
    ),
    shape(
        "query_answer", "rows with a query",
        (
            ("query",),
            (
                "response", "ground_truth", "answer", "reference_answer", "expected_response",
                "reference_contexts", "contexts", "reference", "context", "answers",
            ),
        ),
        {
            "query": _PROMPT, "response": _RESPONSE, "ground_truth": _REFERENCE,
            "reference_answer": _REFERENCE, "expected_response": _REFERENCE, "answer": _ANSWER,
            "answers": _ANSWER, "contexts": _CONTEXT, "passages": _CONTEXT,
            "reference_contexts": _CONTEXT, "retrieved_contexts": _CONTEXT,
        },
    ),
    shape(
        "model_answers_to_questions", "answers of models", (("question",), ("response", "output"), _MODELS),
        {
            "question": _PROMPT, "response": _GENERATED, "output": _GENERATED, "answer": _ANSWER,
            "ground_truth": _REFERENCE, **dict.fromkeys(_MODELS, _UNUSED),
        },
        is_answer=True,
    ),
    shape(
        "question_answer", "question and answer rows", (("question",),),
        {
            "question": _PROMPT, "system_prompt": "system", "answer": _ANSWER, "answers": _ANSWER,
            "correct_answer": _MORE, "best_answer": _MORE, "correct_answers": _MORE,
            "reference_answer": _MORE, "context": _CONTEXT, "contexts": _CONTEXT, "passage": _CONTEXT,
            "reference_context": _CONTEXT, "support": _CONTEXT, "metadata": _METADATA,
            "incorrect_answers": ("metadata", multiple_choice.read_incorrect), "answers_spans": _ANSWER,
        },
    ),
    shape(
        "problem_answer", "problems with answers",
        (("problem", "Problem", "Question"), ("answer", "Answer", "solution", "Solution")),
        {
            "problem": _PROMPT, "Problem": _PROMPT, "Question": _PROMPT,
            # The working only where there is no bare answer.
            "answer": _ANSWER, "Answer": _ANSWER, "solution": _WORKING, "Solution": _WORKING,
            "Context": _CONTEXT, "Category": "category", "metadata": _METADATA,
        },
    ),
    shape("input", "rows with an input", (("input",),), {"input": _PROMPT}),
    shape("inputs", "rows with inputs", (("inputs",),), {"inputs": _PROMPT}),
)  # fmt: skip

# Rows of these may be rows of a richer shape without its optional keys; the survey counts them so.
BARE_SHAPES = frozenset({"evaldrop", "question_answer", "input", "inputs", "langsmith"})


KNOWN_SHAPES = {each.name: each for each in (CANONICAL, *PROMPT_SHAPES, *FOREIGN_SHAPES)}
"""All shapes by their names."""


def recognise(row: Mapping[str, Any]) -> Shape | None:
    """Name the shape of a row; None when it fits none, and so holds no prompt."""
    keys = frozenset(row)
    prompts, others = _with_keys(keys) if len(keys) <= _MOST_KEPT_KEYS else _with_keys.__wrapped__(keys)
    # Before evaldrop's own shape, which every row with a prompt fits.
    for known in prompts:
        if known.holds(row):
            return known
    fitting = [known for known in others if known.holds(row)]
    if CANONICAL in fitting:
        return CANONICAL
    return max(fitting, key=lambda known: known.n_known(row), default=None)


_MOST_KEPT_KEYS: Final = 64
"""Of a row; of one with thousands nothing is kept, for a file may have as many of those."""


# The rows of a file mostly have the same keys.
@lru_cache(maxsize=256)
def _with_keys(keys: frozenset[str]) -> tuple[Sequence[Shape], Sequence[Shape]]:
    """Return the shapes that rows with these keys may have: those of prompts, and the others."""
    prompts, others = PROMPT_SHAPES, (CANONICAL, *FOREIGN_SHAPES)
    return (
        tuple(each for each in prompts if each.has_keys(keys)),
        tuple(each for each in others if each.has_keys(keys)),
    )
