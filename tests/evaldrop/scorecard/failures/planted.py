"""Rationales of known causes, in varied wording: what a judge may write of failed responses."""

import random

# Of each cause: what is amiss, how, and a detail. A rationale takes one of each into a frame.
CAUSES = {
    "amount": (
        ["the amount", "the total", "the refund amount", "the sum", "the price", "the total amount"],
        [
            "is wrong", "is incorrect", "does not match the reference", "differs from the reference",
            "is not the one in the reference", "was miscalculated",
        ],
        [
            "{n} instead of {m}", "the reference says {n}", "it should be {n} euros", "off by {n} euros",
            "{n} euros were expected", "a wrong figure of {n}",
        ],
    ),
    "omission": (
        ["the deadline", "a required step", "the confirmation step", "an essential condition",
         "the required deadline", "one of the steps"],
        ["is missing", "is omitted", "is never mentioned", "is left out", "is not mentioned",
         "is missing from the answer"],
        [
            "so the answer is incomplete", "the step matters for the {topic}", "incomplete for {topic} cases",
            "an omission the customer will notice", "nothing is said about the condition",
            "the customer misses the deadline",
        ],
    ),
    "invention": (
        ["the policy", "the phone number", "the link", "a claim about the {topic}", "the cited source",
         "the policy it cites"],
        ["is invented", "is made up", "is not supported by the context", "does not exist in the context",
         "is a hallucination", "is nowhere in the context"],
        [
            "the context says nothing of it", "an unsupported claim", "a fabricated source",
            "hallucinated, no context supports it", "unsupported by any source", "invented for {name}",
        ],
    ),
    "tone": (
        ["the tone", "the wording", "the reply to {name}", "the greeting", "the tone of the reply",
         "its wording"],
        ["is rude", "is cold", "is curt and dismissive", "lacks empathy", "sounds impolite", "is unfriendly"],
        [
            "no apology is offered", "without an apology or greeting", "it could upset the customer",
            "cold and dismissive", "an empathetic apology was due", "a rude tone",
        ],
    ),
    "language": (
        ["the language", "the reply language", "the response", "the answer", "the language used"],
        ["is English although {name} wrote German", "is in the wrong language", "switches to English",
         "is not in the language of the question", "is English, not French"],
        [
            "the question was asked in German", "German was expected", "the user wrote in German",
            "a French question got an English reply", "English is the wrong language",
        ],
    ),
    "format": (
        ["the JSON", "the output format", "the JSON object", "the format", "the code fence"],
        ["is not valid", "cannot be parsed", "breaks the parser", "is malformed", "is not valid JSON"],
        [
            "a closing brace is missing", "the keys are not quoted", "prose stands before the object",
            "the parser fails", "a required key is absent from the object", "invalid JSON",
        ],
    ),
}  # fmt: skip
NOISE = "noise"

_FRAMES = [
    "{what} {how}: {detail}.", "In this response {what} {how}, {detail}.", "{what} {how}; {detail}.",
    "{detail}: {what} {how}.", "On the {topic} {what} {how}. {detail}.", "{what} {how}, and {detail}.",
    "{what} {how}. Here {detail}, which fails the criterion.",
    "The response is about the {topic}, but {what} {how}; {detail}.",
]  # fmt: skip
_ASIDES = [
    "", "", "", "Otherwise the {topic} is handled well.", "{name} asked about {topic}.",
    "The {topic} and the {other} are fine.", "The rest is accurate and clear.", "This is serious for {name}.",
    "It reads well and explains the {topic}.",
]  # fmt: skip
_NOISES = [
    "I cannot say more than that the {topic} is bad.", "Not what {name} wanted.", "See above.",
    "{other} and {topic} are mixed up.", "{name} may see it otherwise.", "Poor overall.",
    "{topic} again: weak, vague, little use.", "Hard to follow for {name}.", "{other}, {topic}, all unclear",
]  # fmt: skip
_TOPICS = [
    "refund", "shipping", "password", "invoice", "subscription", "warranty", "order", "login", "account",
    "delivery", "coupon", "voucher", "return", "exchange", "payment", "card", "address", "router", "laptop",
    "phone", "booking", "flight", "hotel", "ticket", "insurance", "claim", "contract", "meter", "tariff",
    "battery", "screen", "printer", "cable", "parcel", "receipt", "membership", "trial", "licence", "upgrade",
]  # fmt: skip
_NAMES = ["Anna", "Bob", "Carla", "David", "Eva", "Farid", "Greta", "Hugo", "Ines", "Jack", "Klara", "Liam"]


def planted(seed, *, n=None, causes=None, noise=0.1):
    """Return texts and their causes, of which a share is noise."""
    chance = random.Random(seed)
    chosen = chance.sample(list(CAUSES), causes or chance.randint(2, 6))
    weights = [chance.uniform(0.5, 2) for _ in chosen]
    found = [
        NOISE if chance.random() < noise else chance.choices(chosen, weights)[0]
        for _ in range(n or chance.choice([60, 120, 180]))
    ]
    return [rationale(chance, cause) for cause in found], found


def rationale(chance, cause):
    """Return what a judge writes of a cause."""
    if cause == NOISE:
        text = chance.choice(_NOISES)
    else:
        what, how, detail = map(chance.choice, CAUSES[cause])
        text = (
            chance.choice(_FRAMES).replace("{what}", what).replace("{how}", how).replace("{detail}", detail)
        )
    aside = chance.choice(_ASIDES)
    text = f"{text} {aside}" if chance.random() < 0.6 else f"{aside} {text}"
    return text.strip().format(
        n=chance.randint(2, 400),
        m=chance.randint(2, 400),
        topic=chance.choice(_TOPICS),
        other=chance.choice(_TOPICS),
        name=chance.choice(_NAMES),
    )


def unstructured(seed, n, *, vocabulary=400, length=15):
    """Return texts of words that are drawn one by one, frequent ones more often."""
    chance = random.Random(seed)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(vocabulary)]
    weights = [1 / (place + 3) for place in range(vocabulary)]
    longest = length * 3 // 2
    return [
        " ".join(chance.choices(words, weights, k=chance.randint(length // 2, longest))) for _ in range(n)
    ]
