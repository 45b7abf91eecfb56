"""
The shapes of datasets evaldrop recognises: one entry a tool, from its keys to the canonical fields.

A row has a shape when it holds a key of every group in `needs`. Where several fit, the one that knows most
of the row's keys wins, then the one named first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evaldrop.datasets import shape_values as read
from evaldrop.datasets.drafts import Draft, scalar_text
from evaldrop.datasets.promptfoo import read_assert, read_vars
from evaldrop.datasets.records import CANONICAL_FIELDS

# A row of any tool may carry these under evaldrop's own names; a row with a prompt is evaldrop's.
SHARED_KEYS = tuple(name for name in CANONICAL_FIELDS if name not in ("prompt", "messages"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """
    One tool's row.

    Attributes:
        name: Stable identifier.
        title: What its rows are called, as in "recognised as <title>".
        needs: Groups of keys; a row must hold one key of every group.
        keys: The row's keys and the canonical field each goes to, in the order they are read.
        readers: How to read the keys whose values are not canonical already.
    """

    name: str
    title: str
    needs: tuple[tuple[str, ...], ...]
    keys: Mapping[str, str]
    readers: Mapping[str, read.KeyReader] = field(default_factory=dict)

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Tell whether the row holds what this shape needs."""
        return all(any(key in row for key in group) for group in self.needs)

    def draft(self, row: Mapping[str, Any]) -> Draft:
        """Read a row; keys the shape does not know are kept in the metadata."""
        draft = Draft()
        for key, name in self.keys.items():
            if row.get(key) is None:
                continue
            if key in self.readers:
                self.readers[key](draft, row[key], key, row)
            else:
                draft.put(name, row[key], key)
        for key, value in row.items():
            if key not in self.keys:
                draft.keep(key, value)
        self._take_category(draft)
        return draft

    def _take_category(self, draft: Draft) -> None:
        """Use metadata's category, where most tools keep it; evaldrop's own rows have a field for it."""
        category = draft.metadata.get("category")
        if self is not CANONICAL and "category" not in draft.values and scalar_text(category) is not None:
            draft.put("category", category, "metadata.category")


def _shape(
    name: str,
    title: str,
    needs: tuple[tuple[str, ...], ...],
    keys: Mapping[str, str],
    readers: Mapping[str, read.KeyReader] | None = None,
) -> Shape:
    # Shared keys are read first, so that a reader can add to them (a rubric to the row's criteria).
    shared = {key: key for key in SHARED_KEYS if key not in keys}
    all_readers = {"metadata": read.metadata, **(readers or {})}
    return Shape(name=name, title=title, needs=needs, keys={**shared, **keys}, readers=all_readers)


CANONICAL = Shape(
    name="evaldrop",
    title="evaldrop rows",
    needs=(("prompt", "messages"),),
    keys={name: name for name in CANONICAL_FIELDS},
    readers={"metadata": read.metadata},
)

BEDROCK_EVALUATION = _shape(
    "bedrock_evaluation",
    "Bedrock evaluation rows",
    (("prompt",), ("referenceResponse", "modelResponses")),
    {"prompt": "prompt", "referenceResponse": "reference", "modelResponses": "responses"},
    {"modelResponses": read.model_responses},
)

FOREIGN_SHAPES = (
    _shape(
        "bedrock_rag_evaluation",
        "Bedrock RAG evaluation rows",
        (("conversationTurns",),),
        {"conversationTurns": "prompt"},
        {"conversationTurns": read.conversation_turns},
    ),
    _shape(
        "bedrock_batch_inference",
        "Bedrock batch inference rows",
        (("modelInput",),),
        {"recordId": "id", "modelInput": "messages"},
        {"modelInput": read.model_input},
    ),
    _shape(
        "promptfoo",
        "promptfoo tests",
        (("vars",),),
        {"vars": "prompt", "assert": "reference, criteria"},
        {"vars": read_vars, "assert": read_assert},
    ),
    _shape(
        "openai_evals",
        "OpenAI evals rows",
        (("input",), ("ideal",)),
        {"input": "messages", "ideal": "reference"},
        {"input": read.prompt_or_messages},
    ),
    _shape(
        "inspect",
        "Inspect rows",
        (("input",), ("target", "choices")),
        {"input": "prompt", "target": "reference", "choices": "prompt"},
        {"input": read.prompt_or_messages, "choices": read.choices},
    ),
    _shape(
        "deepeval",
        "deepeval goldens",
        (("input",), ("actual_output", "expected_output", "retrieval_context")),
        {
            "input": "prompt",
            "actual_output": "responses",
            "expected_output": "reference",
            "context": "context",
            "retrieval_context": "context",
            "additional_metadata": "metadata",
        },
        {
            "actual_output": read.response,
            "retrieval_context": read.context_unless_given,
            "additional_metadata": read.metadata,
        },
    ),
    _shape(
        "langchain_criteria",
        "LangChain criteria rows",
        (("input",), ("submission", "prediction", "output"), ("submission", "prediction", "criteria")),
        {
            "input": "prompt",
            "submission": "responses",
            "prediction": "responses",
            "output": "responses",
            "criteria": "criteria",
        },
        {
            "input": read.prompt_or_messages,
            "submission": read.response,
            "prediction": read.response,
            "output": read.response,
        },
    ),
    _shape(
        "autoevals",
        "autoevals rows",
        (("input",), ("expected", "output")),
        {"input": "prompt", "expected": "reference", "output": "responses"},
        {"input": read.prompt_or_messages, "expected": read.reference_text, "output": read.response},
    ),
    _shape(
        "langfuse",
        "Langfuse dataset items",
        (("input",), ("expectedOutput",)),
        {"input": "prompt", "expectedOutput": "reference"},
        {"input": read.prompt_or_messages, "expectedOutput": read.reference_text},
    ),
    _shape(
        "alpaca",
        "Alpaca instruction rows",
        (("instruction",), ("input",), ("output",)),
        {"instruction": "prompt", "input": "prompt", "output": "reference"},
        {"input": read.instruction_input},
    ),
    _shape(
        "alpaca_eval",
        "AlpacaEval rows",
        (("instruction",), ("output", "generator", "dataset")),
        {"instruction": "prompt", "output": "responses", "generator": "responses", "dataset": "category"},
        {"output": read.generator_response, "generator": read.nothing},
    ),
    _shape(
        "langsmith",
        "LangSmith rows",
        (("inputs",), ("outputs", "reference_outputs")),
        {"inputs": "prompt", "outputs": "responses", "reference_outputs": "reference"},
        {
            "inputs": read.prompt_or_messages,
            "outputs": read.response,
            "reference_outputs": read.reference_text,
        },
    ),
    _shape(
        "mlflow",
        "MLflow evaluation rows",
        (("inputs",), ("expectations",)),
        {"inputs": "prompt", "outputs": "responses", "expectations": "reference, criteria"},
        {"inputs": read.prompt_or_messages, "outputs": read.response, "expectations": read.expectations},
    ),
    _shape(
        "360_eval",
        "360-eval scenarios",
        (("text_prompt",),),
        {
            "text_prompt": "prompt",
            "golden_answer": "reference",
            "task": "category, criteria",
            "success_criteria": "criteria",
            "url_image": "metadata",
        },
        {"task": read.task, "success_criteria": read.success_criteria, "url_image": read.image},
    ),
    _shape(
        "question_answer",
        "question and answer rows",
        (("question",),),
        {"question": "prompt", "answer": "reference", "answers": "reference"},
    ),
    _shape(
        "input",
        "rows with an input",
        (("input",),),
        {"input": "prompt"},
        {"input": read.prompt_or_messages},
    ),
    _shape(
        "inputs",
        "rows with inputs",
        (("inputs",),),
        {"inputs": "prompt"},
        {"inputs": read.prompt_or_messages},
    ),
)

# Rows of these may be rows of a richer shape without its optional keys; the survey counts them so.
BARE_SHAPES = frozenset({"evaldrop", "question_answer", "input", "inputs", "langsmith"})


def recognise(row: Mapping[str, Any]) -> Shape | None:
    """Name the shape of a row; None when it fits none, and so holds no prompt."""
    if BEDROCK_EVALUATION.fits(row):
        return BEDROCK_EVALUATION
    if CANONICAL.fits(row):
        return CANONICAL
    fitting = [shape for shape in FOREIGN_SHAPES if shape.fits(row)]
    return max(fitting, key=lambda shape: sum(key in shape.keys for key in row), default=None)
