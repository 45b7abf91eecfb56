"""Who and what the hard run evaluates: candidates, judges and criteria, and what fails by which cause."""

from typing import Any

REGRESSED = "micro"

CANDIDATES = {
    # Name: model, how likely a response is good, USD per million tokens in and out, usual latency in ms.
    "haiku": ("us.anthropic.claude-haiku-4-5-20251001-v1:0", 0.85, (1.0, 5.0), 900),
    "lite": ("us.amazon.nova-lite-v1:0", 0.45, (0.06, 0.24), 450),
    "llama-3.3-70b-with-retrieval-and-the-long-prompt.v2":
        ("us.meta.llama3-3-70b-instruct-v1:0", 0.6, (0.72, 0.72), 1400),
    REGRESSED: ("us.amazon.nova-micro-v1:0", 0.5, (0.035, 0.14), 300),
    "pro": ("us.amazon.nova-pro-v1:0", 0.7, (0.8, 3.2), 1100),
    "sonnet": ("us.anthropic.claude-sonnet-4-20250514-v1:0", 0.9, (3.0, 15.0), 2600),
    "mistral-large": ("mistral.mistral-large-2407-v1:0", 0.66, (2.0, 6.0), 1900),
    "command-r-plus": ("cohere.command-r-plus-v1:0", 0.55, (3.0, 15.0), 2100),
    "deepseek-r1": ("us.deepseek.r1-v1:0", 0.8, (1.35, 5.4), 7200),
    "jamba-mini": ("ai21.jamba-1-5-mini-v1:0", 0.42, (0.2, 0.4), 600),
    "qwen3-32b": ("qwen.qwen3-32b-v1:0", 0.72, (0.15, 0.6), 800),
    "gpt-oss-20b": ("openai.gpt-oss-20b-1:0", 0.58, (0.07, 0.3), 700),
}  # fmt: skip
JUDGES = {
    "judge-pro": ("us.amazon.nova-pro-v1:0", 2),
    "judge-sonnet": ("us.anthropic.claude-sonnet-4-20250514-v1:0", 1),
    "judge-llama": ("us.meta.llama3-3-70b-instruct-v1:0", 1),
}
"""Judge: its model, and how often it is asked."""

LONG_NAME = "cites_the_policy_paragraph_that_the_answer_relies_on"
CRITERIA: tuple[dict[str, Any], ...] = (
    {"name": "correctness", "question": "Is every figure right?", "scale": "binary"},
    {"name": "tone", "question": "Is the tone warm and professional?", "pass_at": 4,
     "scale": {"1": "rude", "2": "flat", "3": "polite", "4": "warm", "5": "delightful"}},
    {"name": "resolution", "question": "Does it solve what the customer came with?", "pass_at": 1.0,
     "scale": {"choices": {"solved": 1.0, "partly solved": 0.5, "not solved": 0.0}, "ordered": True}},
    {"name": "made_up", "question": "Does it claim what is nowhere in the context?", "scale": "binary",
     "higher_is_better": False},
    {"name": LONG_NAME, "question": "Does it name the paragraph of the policy that it relies on, so that the "
     "customer can look it up, and is this paragraph the one that holds what is claimed?", "scale": "binary"},
    {"name": "completeness", "question": "Is every question answered?", "pass_at": 3,
     "scale": {"1": "nothing", "2": "half", "3": "nearly all", "4": "all"}},
    {"name": "conciseness", "question": "How little could be left out?", "pass_at": 0.6,
     "scale": {"type": "range", "low": 0, "high": 1}},
    {"name": "language_matches", "question": "Is it in the customer's language?", "scale": "binary"},
    {"name": "blame", "question": "How much does it blame the customer?", "higher_is_better": False,
     "pass_at": 2, "scale": {"1": "not at all", "2": "hardly", "3": "somewhat", "4": "openly"}},
    {"name": "formatting", "question": "Does its form help?", "pass_at": 2,
     "scale": {"1": "hinders", "2": "helps", "3": "helps much"}},
)  # fmt: skip

SCORES: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    # Criterion: what a judge says of a good response, and of one that fails it.
    "correctness": (("yes",), ("no",)),
    "tone": ((4, 5, 5), (1, 2, 3)),
    "resolution": (("solved",), ("partly solved", "not solved")),
    "made_up": (("no",), ("yes",)),
    LONG_NAME: (("yes",), ("no",)),
    "completeness": ((3, 4, 4), (1, 2)),
    "conciseness": ((0.7, 0.8, 0.95), (0.1, 0.3, 0.5)),
    "language_matches": (("yes",), ("no",)),
    "blame": ((1, 1, 2), (3, 4)),
    "formatting": ((2, 3), (1,)),
}
SUFFERS = {
    # Cause: criteria that fail by it.
    "amount": ("correctness", "resolution"),
    "policy": (LONG_NAME,),
    "language": ("tone", "resolution", "language_matches"),
    "invented": ("correctness", "made_up"),
    "second": ("resolution", "completeness"),
    "rude": ("tone", "blame", "formatting"),
}
