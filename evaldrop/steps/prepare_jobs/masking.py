"""
`mask_identity` for what is judged in a job: the rules of piece MASK in `infra/workflow.pieces.yaml`.

The workflow masks what it asks itself, in JSONata; a job's rows are written here. A test holds both to the
same patterns and the same answers.
"""

import re

_MAKER = (
    r"(?:OpenAI|Anthropic|Google DeepMind|Google|DeepMind|Meta AI|Meta|Amazon Web Services|Amazon|AWS"
    r"|Mistral AI|Cohere|DeepSeek AI|DeepSeek|Alibaba Cloud|Alibaba|xAI|Microsoft|AI21 Labs|AI21"
    r"|Moonshot AI|NVIDIA|Nvidia|Zhipu AI|Zhipu|MiniMax|Writer)"
)
_MODEL = (
    rf"(?:{_MAKER}['’]s )?(?:(?:Amazon|Meta|Google|Microsoft|Mistral) )?"
    r"(?:Chat ?GPT|GPT|Claude|Gemini|Gemma|Bard|L[Ll]a[Mm][Aa]|Mistral|Mixtral|Ministral|Magistral|Nova"
    r"|Titan|Command|DeepSeek|Qwen|QwQ|Grok|Jamba|Phi|Kimi|Palmyra|Copilot|GLM|MiniMax|Nemotron|Le Chat)"
    r"(?:[ -]?(?:v?\d+(?:\.\d+)*[a-zA-Z]{0,3}|AI|Sonnet|Haiku|Opus|Instant|Lite|Micro|[Pp]ro|Premier"
    r"|[Ff]lash|Ultra|Advanced|[Tt]urbo|[Ll]arge|[Ss]mall|[Mm]edium|[Mm]ini|[Nn]ano|[Mm]ax|[Pp]lus"
    r"|[Ii]nstruct|[Cc]hat|[Cc]oder|[Vv]ision|R\d?\+?|oss)(?![a-z]))*"
)
_ASSISTANT = r"an? (?:[\w-]+ ){0,6}?(?:AI|LLM|model|assistant|chatbot|bot|system|program)"
_MADE_BY = r"(?:made|created|developed|trained|built|designed|provided|powered|offered|released) by"
_ADVERB = r"(?: (?:originally|actually|currently|just|simply|really))?"

_WITHHELD = "[name withheld]"
RULES = (
    (
        rf"((?:\bI am|\bI['’]m|\bI was|\bI have been|\bI['’]ve been){_ADVERB} (?:{_MODEL},? )?"
        rf"(?:{_ASSISTANT}(?: (?:called|named) {_MODEL})?,? )?"
        rf"(?:that (?:was|is) |which (?:was|is) )?{_MADE_BY} ){_MAKER}\b"
    ),
    rf"(\b[Aa]s {_ASSISTANT},? {_MADE_BY} ){_MAKER}(?=,? (?:I\b|my\b))",
    rf"(\b[Aa]s {_MODEL},? (?:{_ASSISTANT},? )?{_MADE_BY} ){_MAKER}(?=,? (?:I\b|my\b))",
    (
        r"((?:\bI am|\bI['’]m|\b[Mm]y name is|\b[Mm]y name['’]s|\bcall me"
        r"|\b[Ii]ch bin|\b[Jj]e suis|\b[Ss]oy|\b[Ss]ono|\b[Ee]u sou"
        rf"){_ADVERB} (?:(?:{_ASSISTANT},? )?(?:called|named|known as|based on|powered by|running on) )?"
        rf"(?:the (?:AI |language )?(?:assistant|model) |an instance of |{_ASSISTANT}, )?"
        rf"|(?:我是|我叫|私は) ?){_MODEL}(?![\w'’]| [A-Z][a-z])"
    ),
    (
        rf"(\b[Aa]s ){_MODEL}(?=,? I\b|, (?:an? (?:AI|large|language|virtual)|your"
        r"|(?:made|created|developed|trained|built|designed) by)\b)"
    ),
    rf"(\b[Mm]y (?:creators?|developers?|makers?),? (?:at |from |is |are )?){_MAKER}\b",
    rf"\b{_MAKER}(?= (?:has |have )?(?:created|made|trained|developed|built|designed) me\b)",
)
"""In the workflow's order. Of each but the last, the first group stays."""

_COMPILED = tuple(re.compile(rule) for rule in RULES)


def with_identity_masked(text: str) -> str:
    """Return a response without the model's or maker's name, where it says that it is one."""
    for pattern in _COMPILED:
        text = pattern.sub(rf"\1{_WITHHELD}" if pattern.groups else _WITHHELD, text)
    return text
