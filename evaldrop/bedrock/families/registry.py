"""The families that there are. A new one is its module, a name here, and a row of `evaluation.model_ids`."""

from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.families.anthropic import ANTHROPIC
from evaldrop.bedrock.families.chat import CHAT
from evaldrop.bedrock.families.cohere import COHERE, COMMAND
from evaldrop.bedrock.families.converse import CONVERSE
from evaldrop.bedrock.families.deepseek import DEEPSEEK
from evaldrop.bedrock.families.family import Family, Layout
from evaldrop.bedrock.families.llama import LLAMA
from evaldrop.bedrock.families.mistral import MISTRAL
from evaldrop.bedrock.families.nova import NOVA
from evaldrop.bedrock.families.titan import JURASSIC, TITAN

# By what an evaluation calls them. Those that only their bodies' own keys tell come before those that the
# rehearsal recognises by less: any body with messages could be one of chat's, any prompt one of Llama's.
FAMILIES: dict[str, Family] = {
    "anthropic": ANTHROPIC,
    "nova": NOVA,
    "mistral": MISTRAL,
    "deepseek": DEEPSEEK,
    "cohere": COHERE,
    "cohere_command": COMMAND,
    "titan": TITAN,
    "jurassic": JURASSIC,
    "llama": LLAMA,
    "chat": CHAT,
}


def layout_named(name: str) -> Layout:
    """Return the layout of requests that `evaluation.definition.layout` names."""
    return CONVERSE if name == "converse" else FAMILIES[name]


def recognised(model_id: str, body: Mapping[str, Any]) -> Family | None:
    """Return the family that a request's body is of, None when no family has such bodies."""
    return next((family for family in FAMILIES.values() if family.recognises(model_id, body)), None)


def answering(body: Mapping[str, Any]) -> Family | None:
    """Return the family that a reply's body is of, None when no family has such bodies."""
    # By the reply and not by the model's ID, which an ARN or an imported model hides.
    return next((family for family in FAMILIES.values() if family.reply_key in body), None)
