"""
What a proposer is asked: to better a prompt, or to make one of plain instructions.

Pure. Whatever a record, a response, a judge or an earlier proposer said stands between marks with a random
number, and is cut: a request's size is bounded whatever the dataset holds.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evaldrop.bedrock.families.converse import CONVERSE
from evaldrop.bedrock.families.requests import judge_call, takes_system
from evaldrop.evaluation import Judge
from evaldrop.evaluation.defaults import default_inference
from evaldrop.evaluation.definition import Inference
from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.evaluation.prompts import Prompt, load_prompt, preface_and_rest
from evaldrop.prompt_search.replies import PROPOSAL_TOOL
from evaldrop.prompt_search.size import most_prompt_tokens, prompt_tokens
from evaldrop.prompt_search.state import FIRST, Proposal, Search
from evaldrop.prompt_search.tried import shown_tries

JSON = dict[str, Any]

IMPROVE_PROMPT, INSTRUCTIONS_PROMPT = "improve.v1", "instructions.v1"

MOST_RECORDS: Final = 6
"""Records that one request shows."""
MOST_TEXT, MOST_REFERENCE, MOST_RATIONALE = 2_000, 1_000, 600
"""Characters that are shown of a text, a reference and a rationale; a prompt file is shown whole."""
_MOST_ANSWERS = 3

_MEANINGS = {
    "prompt": "what the record asks.",
    "system": "instructions that a record brings for itself.",
    "context": "material that a record brings for its answer.",
}

ANGLES: Final = (
    "This time, write the file anew as you think it is best.",
    "This time, find the one failure that most of these records share, and change no more than ends it.",
    "This time, make it shorter: leave out or join what changes nothing, and mend the worst failure.",
    "This time, be explicit about a response's form: its length, its order, what it has and leaves out.",
    "This time, say how to go about it: what to look for in a request first, what to check before answering.",
    "This time, mind the hard cases: what is missing, ambiguous, contradictory or not the model's business.",
    "This time, make vague words checkable, and say in place of each prohibition what to do instead.",
    "This time, join what was best in the prompts tried so far, and add what none of them has.",
)
"""What each proposal of a round is asked for beside the same records, so that they differ."""
_EXAMPLES = (
    "This time, show two or three of these records with good responses as short examples, in place of "
    "instructions that they make needless."
)

_TOOL = {
    "name": PROPOSAL_TOOL,
    "description": "Propose one complete prompt file.",
    "input_schema": {
        "type": "object",
        "properties": {
            "changes": {"type": "string", "description": "What is changed, in a few sentences."},
            "why": {"type": "string", "description": "Why that should help, in a few sentences."},
            "prompt": {
                "type": "string",
                "description": "The complete prompt file, from its first heading on.",
            },
        },
        "required": ["changes", "why", "prompt"],
        "additionalProperties": False,
    },
}
_REMINDER = f"Call {PROPOSAL_TOOL} now; nothing else counts."
# What a reply holds beside the prompt; and JSON escapes, and tokens that are shorter than estimated.
_WORDS_TOKENS, _ROOM = 1_000, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRecord:
    """
    A train record, and what became of it with the parent's prompt.

    Attributes:
        prompt: What it asks.
        response: What the candidate answered.
        reference: Ideal answers.
        context: Its material.
        rationales: What the judge said of the response, one text for each criterion.
        quality: In [0, 1]; None where there is none.
    """

    prompt: str
    response: str
    reference: tuple[str, ...] = ()
    context: str | None = None
    rationales: tuple[str, ...] = ()
    quality: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """
    What a proposer is shown beside the search.

    Attributes:
        task: What the model is used for, such as the evaluation's description; may be blank.
        records: The parent's train records, the worst first.
        always: Variables that every record has; `prompt` is one.
    """

    task: str = ""
    records: Sequence[TrainRecord] = ()
    always: frozenset[str] = frozenset({"prompt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposer:
    """
    Who writes prompts.

    Attributes:
        model: Model ID, inference profile ID or ARN.
        family: What the evaluation says it is of, where the ID hides it.
    """

    model: str
    family: str | None = None


def proposal_request(
    search: Search,
    parent: str,
    settings: ImprovedPrompt,
    *,
    asked: Asking,
    proposer: Proposer,
    nonce: str,
    number: int,
    prompt: Prompt | None = None,
) -> JSON:
    """
    Return a whole Converse request, in Step Functions' casing, for one proposal of a search's round.

    Args:
        search: As it is: its `round` is the one that proposes.
        parent: ID of the prompt to improve.
        settings: What the evaluation says of it.
        asked: What is shown.
        proposer: Who is asked.
        nonce: The run's, hexadecimal.
        number: Which of the round's proposals it is, from 1.
        prompt: How it is asked; `proposer/improve.v1` when absent.
    """
    first, begun = search.proposal(FIRST), search.proposal(parent)
    most = most_prompt_tokens(settings, first.tokens)
    values = {
        "task": _cut(asked.task, MOST_TEXT),
        "file": preface_and_rest(begun.text)[1].strip(),
        "records": [_shown(each) for each in asked.records[:MOST_RECORDS]],
        "tried": shown_tries(search, besides=parent),
        "angle": _angle(search.round, number, settings),
        "examples": settings.examples,
        **_train_quality(begun),
    }
    place = ("propose", search.candidate, search.round, number)
    prompt = prompt or load_prompt("proposer", IMPROVE_PROMPT)
    return _request(prompt, values, first.text, asked.always, most, proposer, _mark(nonce, *place))


def instructions_request(
    instructions: str,
    original: str,
    settings: ImprovedPrompt,
    *,
    always: frozenset[str] = frozenset({"prompt"}),
    proposer: Proposer,
    nonce: str,
    prompt: Prompt | None = None,
) -> JSON:
    """
    Return a whole Converse request, in Step Functions' casing, that asks for a prompt of instructions.

    Args:
        instructions: In plain words.
        original: The prompt file that says them as they are.
        settings: What the evaluation says of it.
        always: Variables that every record has.
        proposer: Who is asked.
        nonce: The run's, hexadecimal.
        prompt: How it is asked; `proposer/instructions.v1` when absent.
    """
    most = most_prompt_tokens(settings, prompt_tokens(original))
    values = {"instructions": instructions, "file": preface_and_rest(original)[1].strip()}
    prompt = prompt or load_prompt("proposer", INSTRUCTIONS_PROMPT)
    return _request(prompt, values, original, always, most, proposer, _mark(nonce, "instructions", original))


def _request(
    prompt: Prompt,
    values: Mapping[str, Any],
    original: str,
    always: frozenset[str],
    most: int,
    proposer: Proposer,
    mark: str,
) -> JSON:
    asked = _asked_model(proposer, most)
    by_tool = asked.verdict == "tool"
    shown = {
        **values,
        "variables": list(_variables(original, always)),
        "max_tokens": most,
        "mark": mark,
        "tool": PROPOSAL_TOOL if by_tool else "",
    }
    turns = prompt.render(shown)
    system = "\n\n".join(turn.text for turn in turns if turn.role == "system")
    user = "\n\n".join(turn.text for turn in turns if turn.role != "system")
    if not takes_system(asked):
        user = f"{system}\n\n{user}"
    call = judge_call(asked, system=system, tool=_TOOL if by_tool else {}, reminder=_REMINDER)
    request: JSON = call["request"]
    return request | CONVERSE.messages([("user", user)])


def _asked_model(proposer: Proposer, most: int) -> Judge:
    """Return who is asked, as a judge is: by a tool where the model takes one."""
    called = {"model": proposer.model, "family": proposer.family}
    # Variety is wanted: several prompts are made of the same parent.
    wanted = {"max_tokens": _WORDS_TOKENS + _ROOM * most, "temperature": 1}
    inference = Inference(**default_inference(wanted, called))
    return Judge(name="proposer", model=proposer.model, family=proposer.family, inference=inference)


def _variables(original: str, always: frozenset[str]) -> Iterator[JSON]:
    used = Prompt(name="candidate/original", text=original).variables - {"reference"}
    for name in sorted(
        used | {"prompt"} | (always & _MEANINGS.keys()), key=lambda each: (each != "prompt", each)
    ):
        meaning = _MEANINGS.get(name, "a field of the record.")
        yield {"name": name, "meaning": meaning, "is_always": name in always or name == "prompt"}


def _shown(record: TrainRecord) -> JSON:
    return {
        "prompt": _cut(record.prompt, MOST_TEXT),
        "context": _cut(record.context or "", MOST_TEXT),
        "response": _cut(record.response, MOST_TEXT),
        "reference": [_cut(each, MOST_REFERENCE) for each in record.reference[:_MOST_ANSWERS]],
        "rationales": [_cut(each, MOST_RATIONALE) for each in record.rationales[:_MOST_ANSWERS] if each],
        "quality": "" if record.quality is None else f"{record.quality:.2f}",
    }


def _train_quality(begun: Proposal) -> JSON:
    scored = [each.quality for each in begun.train.values() if each.quality is not None]
    return {"quality": f"{sum(scored) / len(scored):.2f}"} if scored else {}


def _angle(of_round: int, number: int, settings: ImprovedPrompt) -> str:
    angles = (*ANGLES[:2], _EXAMPLES, *ANGLES[2:]) if settings.examples else ANGLES
    # A later round goes on where the one before ended, and does not ask for the same again.
    return angles[((max(of_round, 1) - 1) * settings.proposals + number - 1) % len(angles)]


def _mark(nonce: str, *names: object) -> str:
    """Return a random number that nothing shown can know, the same whenever a run is resumed."""
    words = "\0".join(map(str, names)).encode()
    return hashlib.blake2b(words, key=bytes.fromhex(nonce), digest_size=8).hexdigest()


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    tail = most // 4
    left_out = f"{len(text) - most:,} characters are left out here"
    return f"{text[: most - tail].rstrip()}\n[… {left_out} …]\n{text[len(text) - tail :].lstrip()}"
