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


_Home = str | tuple[str, read.KeyReader]


def _shape(name: str, title: str, needs: tuple[tuple[str, ...], ...], homes: Mapping[str, _Home]) -> Shape:
    """Describe a tool's rows: each key's canonical field, with a reader where its value is not canonical."""
    # Shared keys are read first, so that a reader can add to them (a rubric to the row's criteria).
    keys = {key: key for key in SHARED_KEYS if key not in homes}
    readers: dict[str, read.KeyReader] = {"metadata": read.metadata}
    for key, home in homes.items():
        if isinstance(home, str):
            keys[key] = home
        else:
            keys[key], readers[key] = home
    return Shape(name=name, title=title, needs=needs, keys=keys, readers=readers)


_PROMPT = ("prompt", read.prompt_or_messages)
_RESPONSE = ("responses", read.response)
_REFERENCE = ("reference", read.reference_text)

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
    {
        "prompt": "prompt",
        "referenceResponse": "reference",
        "modelResponses": ("responses", read.model_responses),
    },
)

FOREIGN_SHAPES = (
    _shape(
        "bedrock_rag_evaluation", "Bedrock RAG evaluation rows", (("conversationTurns",),),
        {"conversationTurns": ("prompt", read.conversation_turns)},
    ),
    _shape(
        "bedrock_batch_inference", "Bedrock batch inference rows", (("modelInput",),),
        {"recordId": "id", "modelInput": ("messages", read.model_input)},
    ),
    _shape(
        "promptfoo", "promptfoo tests", (("vars",),),
        {"vars": ("prompt", read_vars), "assert": ("reference, criteria", read_assert)},
    ),
    _shape(
        "openai_evals", "OpenAI evals rows", (("input",), ("ideal",)),
        {"input": ("messages", read.prompt_or_messages), "ideal": "reference"},
    ),
    _shape(
        "inspect", "Inspect rows", (("input",), ("target", "choices")),
        {"input": _PROMPT, "target": "reference", "choices": ("prompt", read.choices)},
    ),
    _shape(
        "deepeval", "deepeval goldens",
        (("input",), ("actual_output", "expected_output", "retrieval_context")),
        {
            "input": "prompt", "actual_output": _RESPONSE, "expected_output": "reference",
            # In this order, whatever the row's: the ideal context comes before the retrieved one.
            "context": "context", "retrieval_context": ("context", read.context_unless_given),
            "additional_metadata": ("metadata", read.metadata),
        },
    ),
    _shape(
        "langchain_criteria", "LangChain criteria rows",
        (("input",), ("submission", "prediction", "output"), ("submission", "prediction", "criteria")),
        {
            "input": _PROMPT, "submission": _RESPONSE, "prediction": _RESPONSE, "output": _RESPONSE,
            "criteria": "criteria",
        },
    ),
    _shape(
        "autoevals", "autoevals rows", (("input",), ("expected", "output")),
        {"input": _PROMPT, "expected": _REFERENCE, "output": _RESPONSE},
    ),
    _shape(
        "langfuse", "Langfuse dataset items", (("input",), ("expectedOutput",)),
        {"input": _PROMPT, "expectedOutput": _REFERENCE},
    ),
    _shape(
        "alpaca", "Alpaca instruction rows", (("instruction",), ("input",), ("output",)),
        # The instruction first, since the input is put below it.
        {"instruction": "prompt", "input": ("prompt", read.instruction_input), "output": "reference"},
    ),
    _shape(
        "alpaca_eval", "AlpacaEval rows", (("instruction",), ("output", "generator", "dataset")),
        {
            "instruction": "prompt", "output": ("responses", read.generator_response),
            "generator": ("responses", read.nothing), "dataset": "category",
        },
    ),
    _shape(
        "langsmith", "LangSmith rows", (("inputs",), ("outputs", "reference_outputs")),
        {"inputs": _PROMPT, "outputs": _RESPONSE, "reference_outputs": _REFERENCE},
    ),
    _shape(
        "mlflow", "MLflow evaluation rows", (("inputs",), ("expectations",)),
        {
            "inputs": _PROMPT, "outputs": _RESPONSE,
            "expectations": ("reference, criteria", read.expectations),
        },
    ),
    _shape(
        "360_eval", "360-eval scenarios", (("text_prompt",),),
        {
            "text_prompt": "prompt", "golden_answer": "reference", "task": ("category, criteria", read.task),
            "success_criteria": ("criteria", read.success_criteria), "url_image": ("metadata", read.image),
        },
    ),
    _shape(
        "question_answer", "question and answer rows", (("question",),),
        {"question": "prompt", "answer": "reference", "answers": "reference"},
    ),
    _shape("input", "rows with an input", (("input",),), {"input": _PROMPT}),
    _shape("inputs", "rows with inputs", (("inputs",),), {"inputs": _PROMPT}),
)  # fmt: skip

# Rows of these may be rows of a richer shape without its optional keys; the survey counts them so.
BARE_SHAPES = frozenset({"evaldrop", "question_answer", "input", "inputs", "langsmith"})


def recognise(row: Mapping[str, Any]) -> Shape | None:
    """Name the shape of a row; None when it fits none, and so holds no prompt."""
    # Before evaldrop's own shape, which every row with a prompt fits.
    if BEDROCK_EVALUATION.fits(row):
        return BEDROCK_EVALUATION
    if CANONICAL.fits(row):
        return CANONICAL
    fitting = [shape for shape in FOREIGN_SHAPES if shape.fits(row)]
    return max(fitting, key=lambda shape: sum(key in shape.keys for key in row), default=None)
