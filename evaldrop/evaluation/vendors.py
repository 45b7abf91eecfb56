"""Who made a model, read off its ID: judges favour the style of their own maker's models."""

import re

_VENDORS: tuple[tuple[str, str], ...] = (
    (r"anthropic\.|claude", "Anthropic"),
    (r"amazon\.|\bnova-|titan", "Amazon"),
    (r"meta\.|llama", "Meta"),
    (r"mistral|mixtral|ministral|pixtral", "Mistral"),
    (r"cohere\.|command-r", "Cohere"),
    (r"deepseek", "DeepSeek"),
    (r"qwen", "Qwen"),
    (r"openai\.|\bgpt-|\bo[134](?:-|$)", "OpenAI"),
    (r"google\.|gemma|gemini", "Google"),
    (r"ai21\.|jamba", "AI21"),
    (r"moonshot|kimi", "Moonshot"),
    (r"minimax", "MiniMax"),
    (r"writer\.|palmyra", "Writer"),
    (r"nvidia|nemotron", "NVIDIA"),
)


def model_vendor(model: str) -> str | None:
    """Return who made a model, None when its ID does not tell."""
    return next((vendor for pattern, vendor in _VENDORS if re.search(pattern, model.lower())), None)
