"""
What a model thought, apart from what it said, where its text holds both.

The workflow splits the same text by the same rules before a judge sees it (piece `SAID` of
`infra/workflow.pieces.yaml`), in JSONata: a rule of one is a rule of the other, and a test holds both to the
same answers. The patterns are what JavaScript and Python read alike; each takes time linear in the text,
which is a stranger's.
"""

import re
from typing import NamedTuple

# A prefix is a maker's own: <seed:think>, <chain_of_thought>.
_NAME = r"(?:[a-z]{1,12}[:_]){0,2}(?:think(?:ing)?|thoughts?|reasoning|scratchpad)"
_OPENS = rf"[<◁]({_NAME})(?:[ \t][^<>]{{0,80}})?[>▷]"
_CLOSES = rf"[<◁]\/{_NAME}[>▷]"
_OTHER_CLOSES = r"\[\/THINK\]|<\|(?:end_of_thought|END_THINKING)\|>"
_ANY_TAG = rf"[<◁]\/?{_NAME}[ \t>▷]|\[\/?THINK\]|<\|(?:end_of_thought|END_THINKING)\|>"
_FINAL = r"<\|channel\|>final[^<>]{0,40}(?:<\|constrain\|>[^<>]{0,40})?<\|message\|>"
_ANSWER_OPENS = r"[ \t\r\n]*(?:<\|(?:begin_of_solution|START_RESPONSE)\|>[ \t\r\n]*)?"
_REST = r"[\s\S]*"

# Most texts have nothing of the kind, and are not looked at further.
_SIGNS = ("<", "[", "◁", "assistantfinal")
_MARK = re.compile(
    r"[<◁]\/?(?:[a-z]{1,12}[:_]){0,2}(?:think|thought|reasoning|scratchpad)|\[\/?THINK\]|<\|[a-z_]+\|?>"
    r"|assistantfinal",
    re.IGNORECASE,
)
# A thought that was never closed runs to the end: what was only considered is no answer.
_LEADING = re.compile(
    rf"^(?:[ \t\r\n]*(?:{_OPENS}(?:[\s\S]*?[<◁]\/\1[>▷]|[\s\S]*?{_CLOSES}|{_REST})"
    rf"|\[THINK\](?:[\s\S]*?\[\/THINK\]|{_REST})"
    rf"|<\|(?:begin_of_thought|START_THINKING)\|>(?:[\s\S]*?<\|(?:end_of_thought|END_THINKING)\|>|{_REST})"
    rf"|<\|channel>thought(?:[\s\S]*?<channel\|>|{_REST})"
    rf"|(?:<\|start\|>assistant)?(?:{_FINAL}|<\|channel\|>(?:[\s\S]*?{_FINAL}|{_REST}))"
    rf"|analysis[\s\S]*?assistantfinal))+{_ANSWER_OPENS}",
    re.IGNORECASE,
)
# The template of a chat may have opened the thought. A tag in quotes is one that is spoken of.
_ORPHAN = re.compile(
    rf"^[^<◁\[]*(?:(?!{_ANY_TAG}|<\|end\|><\|start\|>assistant<\|channel)[<◁\[][^<◁\[]*)*"
    rf"(?:{_CLOSES}|{_OTHER_CLOSES}|<\|end\|><\|start\|>assistant{_FINAL})(?![`'\"’”]){_ANSWER_OPENS}",
    re.IGNORECASE,
)
# Later ones on lines of their own; code is kept, and a tag within a sentence is part of it.
_LATER = re.compile(
    r"(```[\s\S]*?(?:```|(?![\s\S]))|`[^`\n]*`)"
    rf"|\r?\n[ \t]*{_OPENS}[^<◁]*(?:(?!{_ANY_TAG})[<◁][^<◁]*)*[<◁]\/\2[>▷]"
    r"|\r?\n[ \t]*\[THINK\][^\[]*(?:(?!\[\/?THINK\])\[[^\[]*)*\[\/THINK\]",
    re.IGNORECASE,
)
# What ends an answer whose beginning was marked.
_ANSWER_ENDS = re.compile(
    r"<\|(?:return|end|end_of_solution|END_RESPONSE)\|>[ \t\r\n]*(?![\s\S])", re.IGNORECASE
)
# Without the blanks beside: a search for a run of them would begin anew at each.
_AROUND = re.compile(
    rf"^(?:{_OPENS}|\[THINK\]|<\|channel\|>analysis<\|message\|>)|(?:{_CLOSES}|{_OTHER_CLOSES})$",
    re.IGNORECASE,
)


class Said(NamedTuple):
    """What a model said, and what it thought, None where it did not."""

    text: str
    thinking: str | None = None


def may_hold_thoughts(text: str) -> bool:
    """Tell whether a text has to be split: most have no sign of a thought."""
    for sign in _SIGNS:
        if sign in text:
            return _MARK.search(text) is not None
    return False


def split_thinking(text: str) -> Said:
    """Return what a text says, and the thoughts that it holds beside."""
    if not may_hold_thoughts(text):
        return Said(text)
    thoughts: list[str] = []

    def left_out(found: re.Match[str]) -> str:
        thoughts.append(_AROUND.sub("", found[0].strip()).strip())
        return ""

    rest = _LEADING.sub(left_out, text)
    if not thoughts:
        rest = _ORPHAN.sub(left_out, rest)
    if rest != text:
        rest = _ANSWER_ENDS.sub("", rest)
    rest = _LATER.sub(lambda found: found[1] if found[1] is not None else left_out(found), rest)
    # Models that are told not to think open a thought and close it at once.
    return Said(rest, "\n".join(filter(None, thoughts)) or None)
