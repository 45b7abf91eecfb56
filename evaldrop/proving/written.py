"""
Faults that a model writes: what it is asked, and what it wrote.

Pure. Models err more smoothly than edits do, but a model may plant nothing, or write another answer: what it
wrote is held against the response, and refused where it is not that response with a fault.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from evaldrop.bedrock.families.converse import CONVERSE
from evaldrop.bedrock.families.replies import read_reply
from evaldrop.bedrock.families.requests import judge_call, takes_system
from evaldrop.evaluation import Judge
from evaldrop.evaluation.defaults import default_inference
from evaldrop.evaluation.definition import Inference
from evaldrop.evaluation.prompts import load_prompt
from evaldrop.json_text import is_unicode
from evaldrop.proving.edits import FaultKind
from evaldrop.proving.json_form import json_form
from evaldrop.proving.material import Planted, RecordTexts, shown
from evaldrop.proving.pieces import content_words
from evaldrop.verdicts.reading import SETTLED, TRUNCATED

JSON = dict[str, Any]

FAULT_PROMPT: Final = "worsen.v1"
FAULT_TOOL: Final = "plant_fault"
MOST_RESPONSE: Final = 20_000
"""Characters of a response that a model is asked to write again."""
_MOST_TEXT: Final = 8_000
_WORDS_TOKENS: Final = 2_000
_FEWEST_KEPT: Final = 0.5
"""Share of a response's words that have to stay, where the fault lets them."""

_FAULTS: Final[dict[FaultKind, str]] = {
    "wrong_number": "one number, amount or date that matters is wrong by a plausible amount.",
    "dropped_step": "one step, condition or fact that is needed is missing, and nothing shows the gap.",
    "contradiction": "one statement says the opposite of the right answer or of the material.",
    "truncation": "the response ends early, in the middle of a sentence, as if it had been cut off.",
    "rudeness": "the tone is condescending and rude to whoever asked; the content is the same.",
    "wrong_language": "the whole response is translated into a language that nobody asked for.",
    "padding": "the response is half as long again by filler that says nothing new; nothing is left out.",
}
_REWRITTEN: Final[frozenset[FaultKind]] = frozenset(("rudeness", "wrong_language"))

_TOOL: Final = {
    "name": FAULT_TOOL,
    "description": "Give the response with one planted fault.",
    "input_schema": {
        "type": "object",
        "properties": {
            "what": {"type": "string", "description": "What the fault is, in one sentence."},
            "response": {
                "type": "string",
                "description": "The whole response with the fault; empty where it gives no hold for one.",
            },
        },
        "required": ["what", "response"],
        "additionalProperties": False,
    },
}
_REMINDER: Final = f"Call {FAULT_TOOL} now; nothing else counts."


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultWriter:
    """
    Who writes faults.

    Attributes:
        model: Model ID, inference profile ID or ARN.
        family: What the evaluation says it is of, where the ID hides it.
    """

    model: str
    family: str | None = None


def fault_request(
    kind: FaultKind, response: str, texts: RecordTexts, *, writer: FaultWriter, nonce: str
) -> JSON | None:
    """
    Return a whole Converse request, in Step Functions' casing, for one fault; None for a very long response.

    Args:
        kind: Of the fault.
        response: To be worsened.
        texts: The record's; they are cut where they are long.
        writer: Who is asked.
        nonce: The run's, hexadecimal.
    """
    if not response.strip() or len(response) > MOST_RESPONSE:
        return None
    asked = _asked_model(writer, response)
    by_tool = asked.verdict == "tool"
    mark = hashlib.blake2b(
        f"{kind}\0{response}".encode(), key=bytes.fromhex(nonce), digest_size=8
    ).hexdigest()
    turns = load_prompt("fault", FAULT_PROMPT).render(
        {
            "prompt": texts.prompt[:_MOST_TEXT],
            "context": (texts.context or "")[:_MOST_TEXT],
            "references": [reference[:_MOST_TEXT] for reference in texts.references[:3]],
            "response": response,
            "fault": _FAULTS[kind],
            "mark": mark,
            "tool": FAULT_TOOL if by_tool else "",
        }
    )
    system = "\n\n".join(turn.text for turn in turns if turn.role == "system")
    user = "\n\n".join(turn.text for turn in turns if turn.role != "system")
    if not takes_system(asked):
        user = f"{system}\n\n{user}"
    call = judge_call(asked, system=system, tool=_TOOL if by_tool else {}, reminder=_REMINDER)
    request: JSON = call["request"]
    return request | CONVERSE.messages([("user", user)])


def _asked_model(writer: FaultWriter, response: str) -> Judge:
    called = {"model": writer.model, "family": writer.family}
    # A token of some scripts is one byte or two, and JSON escapes quotes and line breaks.
    wanted = {"max_tokens": _WORDS_TOKENS + len(response.encode("utf-8", "replace")), "temperature": 1}
    inference = Inference(**default_inference(wanted, called))
    return Judge(name="fault_writer", model=writer.model, family=writer.family, inference=inference)


def read_fault(raw: object, kind: FaultKind, response: str) -> Planted | str:
    """
    Return what a model planted, or a text that says why it is no use. Never raises.

    Args:
        raw: Converse's result as the workflow keeps it, or the error of the call: `{"Error", "Cause"}`.
        kind: What was asked for.
        response: What was to be worsened.
    """
    if isinstance(raw, Mapping) and "Error" in raw:
        return f"the model was not reached: {shown(str(raw['Error']))}"
    reply = read_reply("converse", raw)
    if reply.error is not None:
        return f"the reply is no answer: {shown(str(reply.error.get('Cause')))}"
    if reply.stop_reason in SETTLED:
        return f"the model declined: {reply.stop_reason}"
    if reply.stop_reason in TRUNCATED:
        return "the reply was cut before its end"
    if reply.tool_input is not None:
        text, what = reply.tool_input.get("response"), reply.tool_input.get("what")
    else:
        text, what = _tagged(reply.text, "faulty_response"), _tagged(reply.text, "what")
    if not isinstance(text, str):
        return "the reply has no response in it"
    return _held_against(response, text.strip(), what if isinstance(what, str) else "", kind)


def _held_against(response: str, text: str, what: str, kind: FaultKind) -> Planted | str:
    if not text:
        return "the model found no hold for such a fault"
    if not is_unicode(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if text.split() == response.split():
        return "the model changed nothing"
    if not len(response) / 4 <= len(text) <= 4 * len(response) + 500:
        return "what the model wrote is of quite another length"
    if kind != "truncation" and json_form(response) is not None and json_form(text) is None:
        return "the response was JSON, and what the model wrote is not"
    words = content_words(response if kind != "truncation" else response[: len(text)])
    kept = len(words & content_words(text)) / max(1, len(words))
    # Of a short answer the fault may be all there is.
    if kind not in _REWRITTEN and len(words) > 5 and kept < _FEWEST_KEPT:
        return "what the model wrote is another response"
    return Planted(text, shown(what) or kind.replace("_", " "))


def _tagged(text: str, tag: str) -> str | None:
    start, end = text.find(f"<{tag}>"), text.rfind(f"</{tag}>")
    return None if start < 0 or end < start else text[start + len(tag) + 2 : end].strip()
