"""
A record as an evaluation job is to see it: its prompt as one text.

A job's row has one text. What a candidate's prompt file makes of a record is put into it: the system text
first, then the question, or the turns of a conversation with who speaks.
"""

from collections.abc import Sequence

from evaldrop.datasets import Record
from evaldrop.datasets.records import Message
from evaldrop.evaluation.prompts import Turn
from evaldrop.run.records import PreparedRecord


def one_text(turns: Sequence[Turn]) -> str:
    """Return a conversation as one text: a lone question as it is, several turns with who speaks."""
    system = [turn.text for turn in turns if turn.role == "system"]
    said = [turn for turn in turns if turn.role != "system"]
    texts = [turn.text for turn in said] if len(said) == 1 else [f"{turn.role}: {turn.text}" for turn in said]
    return "\n\n".join([*system, *texts])


def record_of(prepared: PreparedRecord) -> Record:
    """Return the dataset's record that was prepared."""
    messages = _messages(prepared.prompt, prepared.messages) if len(prepared.messages) > 1 else ()
    return Record(
        id=prepared.record_id,
        prompt=None if messages else prepared.prompt,
        messages=messages,
        system=prepared.system,
        context=prepared.context,
        reference=prepared.reference,
        category=prepared.category,
        group=prepared.group,
        metadata=dict(prepared.metadata),
    )


def _messages(text: str, turns: Sequence[tuple[str, int]]) -> tuple[Message, ...]:
    """Return a conversation's messages from its text, in which each stands behind its role."""
    messages, start = [], 0
    for role, characters in turns:
        start += len(f"{role}: ")
        messages.append(Message.model_validate({"role": role, "content": text[start : start + characters]}))
        start += characters + len("\n\n")
    return tuple(messages)


def own_turns(record: Record) -> list[Turn]:
    """Return what a record asks by itself, where no prompt file is known."""
    system = "\n\n".join(filter(None, (record.system, record.context)))
    said = [Turn(message.role, message.content) for message in record.messages]
    turns = said if len(said) > 1 else [Turn("user", record.prompt_text)]
    return [Turn("system", system), *turns] if system else turns
