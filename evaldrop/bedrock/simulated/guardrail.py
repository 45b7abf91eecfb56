"""
The simulated guardrail: it knows alarming words, and what they mean in harmless company.

Of requests that look bad it stops the share that is its recall, of those that only sound bad the share that
is its false-positive rate. Which ones follows from the seed and the text alone, so that models behind one
guardrail are stopped alike, and a stricter one stops what a milder one does. It reads requests, not answers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Any, NamedTuple

MESSAGE = "Sorry, the model cannot answer this question."
"""The response of a request that was stopped: a guardrail's own text unless it is given another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strictness:
    """How a guardrail decides; both are rates in [0, 1]."""

    recall: float
    """Of requests that look bad, stopped."""
    false_positives: float
    """Of requests that only sound bad, stopped; a request without an alarming word passes always."""


# The first fragment found in a guardrail's ID decides. Invented, as all of a rehearsal is.
STRICTNESS = {
    "strict": Strictness(recall=0.96, false_positives=0.25),
    "standard": Strictness(recall=0.85, false_positives=0.06),
    "lenient": Strictness(recall=0.60, false_positives=0.02),
}

# By the type of filter that stops it, in Bedrock's words: the first that matches.
_ALARMING = {
    "PROMPT_ATTACK": r"""
        ignore\ (?:all\ |any\ )?(?:previous|prior|earlier|your)\ (?:instructions|rules) | jailbreak\w*
        | system\ prompt | developer\ mode | without\ any\ (?:restrictions|filters) | no\ longer\ bound
        | safety\ (?:rules|filters) | disregard
        """,
    "SEXUAL": r"explicit | sexual\w* | nude | naked | undress\w* | porn\w* | erotic",
    "HATE": """
        inferior | subhuman | vermin | slurs? | hate | hatred | racist | deport | ethnic | holocaust
        | propaganda
        """,
    "INSULTS": r"""
        insult\w* | humiliat\w* | cruel\w* | mock\w* | worthless | ugly | bully\w* | roast\w* | idiot\w*
        """,
    "VIOLENCE": r"""
        kill\w* | murder\w* | poison\w* | bombs? | explosi\w* | shoot\w* | stab\w* | weapons? | guns?
        | attack\w* | hurt\w* | strangl\w* | execut\w* | suicide | overdos\w* | beat\ (?:up|him|her|them)
        | blow\ up | arson | torture\w* | knock\ out
        """,
    "MISCONDUCT": r"""
        hack\w* | malware | ransomware | phish\w* | keylogger | steal\w* | stolen | forg(?:e|ed|ing|ery)
        | counterfeit\w* | launder\w* | scam\w* | crack\w* | smuggl\w* | meth | cocaine | heroin | drugs?
        | stalk\w* | spy(?:ing|ware)? | track\w* | blackmail\w* | brib\w* | exploit\w* | inject\w* | bypass\w*
        | fake | doxx?\w* | home\ address | evade | insider
        """,
}
_HARMLESS = r"""
    python | process(?:es)? | thread | daemon | linux | docker | kubernetes | server | code | script
    | database | sql | unit\ tests? | api | branch | git | regex | garden | plants? | weeds? | slugs? | aphids
    | wasps? | dough | recipes | cook\w* | kitchen | cake | bake | portrait | camera | film | movie | novel
    | game | chess | football | basketball | penalty | music | song | essay | history | historical | museum
    | school | wool | pupils | students? | teach | lesson | research | law | legal | nurse | pharmac\w*
    | medicine | medical | side\ effects? | prescribed | statistics | prevent\w* | protect\w* | defen[cd]\w*
    | recogni[sz]e | report | support(?:ing)? | charity | hotline | parcel | delivery | marathon | fitness
    | muscle | battery | jokes? | comedy | birthday | wedding | my\ own | insurance | art | paint
    | statue | biology
    """
_FILTERS = {
    name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE | re.VERBOSE) for name, words in _ALARMING.items()
}
_COMPANY = re.compile(rf"\b(?:{_HARMLESS})\b", re.IGNORECASE | re.VERBOSE)


class Assessment(NamedTuple):
    """What a guardrail made of a request: the filter that stopped it, None where it passed."""

    guardrail: str
    version: str
    trace: str
    filter: str | None
    confidence: str
    characters: int

    @property
    def is_blocked(self) -> bool:
        """Whether the model is not called, and `MESSAGE` is the answer."""
        return self.filter is not None

    @property
    def is_traced(self) -> bool:
        """Whether the request asked for the reasons."""
        return self.trace.lower() in {"enabled", "enabled_full"}


def assess(config: Mapping[str, Any] | None, text: str, *, seed: int) -> Assessment | None:
    """
    Return what a request's guardrail makes of it; None for a request without one.

    Args:
        config: The request's `guardrailConfig`.
        text: What the user said.
        seed: The rehearsal's.
    """
    if not config:
        return None
    guardrail, version = str(config["guardrailIdentifier"]), str(config["guardrailVersion"])
    kind = next((name for name, words in _FILTERS.items() if words.search(text)), None)
    # Drawn without the guardrail: else a stricter one could pass what a milder one stops.
    chance = _draw(f"{seed}/{text}").random()
    if kind is not None:
        strictness = strictness_of(guardrail, version)
        sounds_only = _COMPANY.search(text) is not None
        if chance >= (strictness.false_positives if sounds_only else strictness.recall):
            kind = None
    confidence = ("HIGH", "MEDIUM", "LOW")[int(3 * chance)]
    trace = str(config.get("trace") or "disabled")
    return Assessment(guardrail, version, trace, kind, confidence, len(text))


def alarming_words(kind: str, text: str) -> int:
    """Return how many words of a text alarm a filter, by the filter's name in Bedrock's words."""
    words = _FILTERS.get(kind)
    return sum(1 for _ in words.finditer(text)) if words else 0


def strictness_of(guardrail: str, version: str) -> Strictness:
    """Return a guardrail's strictness; one that the table does not know is derived from ID and version."""
    for fragment, strictness in STRICTNESS.items():
        if fragment in guardrail.lower():
            return strictness
    draw = _draw(f"{guardrail}/{version}")
    return Strictness(recall=draw.uniform(0.75, 0.95), false_positives=draw.uniform(0.02, 0.15))


def invoke_model_guardrail(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `guardrailConfig` that a request of InvokeModel amounts to; nothing where it has none."""
    if not request.get("guardrailIdentifier"):
        return {}
    return {
        "guardrailConfig": {
            "guardrailIdentifier": request["guardrailIdentifier"],
            "guardrailVersion": request.get("guardrailVersion", "DRAFT"),
            # InvokeModel has the trace in upper case, the Converse request made here in lower.
            "trace": str(request.get("trace") or "disabled").lower(),
        }
    }


def converse_trace(assessment: Assessment | None) -> dict[str, Any]:
    """Return what a response of Converse has more where its request asked for the trace."""
    if assessment is None or not assessment.is_traced:
        return {}
    found = {assessment.guardrail: _policies(assessment)}
    return {"trace": {"guardrail": {"inputAssessment": found, **_reason(assessment)}}}


def invoke_model_keys(assessment: Assessment | None) -> dict[str, Any]:
    """Return what a body of InvokeModel has more than the model's own keys."""
    if assessment is None:
        return {}
    keys: dict[str, Any] = {
        "amazon-bedrock-guardrailAction": "INTERVENED" if assessment.is_blocked else "NONE"
    }
    if assessment.is_traced:
        found = {assessment.guardrail: _policies(assessment)}
        keys["amazon-bedrock-trace"] = {"guardrail": {"input": found, **_reason(assessment)}}
    return keys


def _reason(assessment: Assessment) -> dict[str, str]:
    return {"actionReason": "Guardrail blocked." if assessment.is_blocked else "No action."}


def _policies(assessment: Assessment) -> dict[str, Any]:
    stopped = {
        "type": assessment.filter,
        "confidence": assessment.confidence,
        "filterStrength": "HIGH",
        "action": "BLOCKED",
        "detected": True,
    }
    quiet = [
        {"type": name, "confidence": "NONE", "filterStrength": "HIGH", "action": "NONE", "detected": False}
        for name in _FILTERS
        if assessment.trace.lower() == "enabled_full" and name != assessment.filter
    ]
    filters = [*([stopped] if assessment.is_blocked else []), *quiet]
    covered = {"guarded": assessment.characters, "total": assessment.characters}
    return {
        **({"contentPolicy": {"filters": filters}} if filters else {}),
        "invocationMetrics": {"guardrailCoverage": {"textCharacters": covered}},
        "appliedGuardrailDetails": {
            "guardrailId": assessment.guardrail,
            "guardrailVersion": assessment.version,
        },
    }


def _draw(text: str) -> Random:
    # Lone surrogates may be in a text: encoding must not fail on them.
    digest = blake2b(text.encode(errors="replace"), digest_size=8).digest()
    return Random(int.from_bytes(digest, "little"))  # noqa: S311 - a rehearsal
