"""Lint for criteria: what makes a verdict mean less than it seems, found before any money is spent."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from evaldrop.evaluation.criteria.criterion import Criterion


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a criterion, and what to do about it. A finding is advice, never an error."""

    criterion: str
    what: str
    do: str


Doubts = Iterator[tuple[str, str]]
"""What is wrong, and what to do."""

# "A and B" that names one thing, or two ends of one comparison.
_ONE_THING = re.compile(
    r"\b(?:between\b[^.?,;]{1,40}\band|(?:questions?|terms|pros|dos|name|back|black|trial|supply|research|again|"
    r"command|more|less|up|first|true|high(?:er)?|start|beginning) and (?:answers?|conditions|cons|don'?ts|"
    r"address|forth|white|error|demand|development|again|control|more|less|down|foremost|false|low(?:er)?|end))\b",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\b(?:and|and/or|as well as|plus)\b|&", re.IGNORECASE)

_VAGUE = frozenset(
    re.findall(
        r"\w+",
        "good bad nice great best better fine okay ok excellent quality right proper appropriate suitable"
        " adequate acceptable reasonable optimal perfect effective satisfying satisfactory amazing high",
    )
)
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a an and any are as at be by can do does for from given has have how i in is it its much of on or"
        " overall really response answer reply output submission text that the their there this to very was"
        " well what when whether which with would you your not no",
    )
)
_UNSEEN = re.compile(
    r"\b(?:latency|how fast|quick(?:ly)? enough|response time|tokens? used|cost (?:of|to)|"
    r"(?:users?|customers?|readers?) (?:will|satisfied|happy|satisfaction)|satisfaction|conversion|click|"
    r"last (?:week|time|version|release)|previous (?:run|version|release)|other (?:models?|candidates?))\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\b(?:(?:number|count) of (?:words|characters|sentences|tokens)|"
    r"(?:under|below|over|than|within|most|least) \d+ (?:words|characters|sentences|tokens)|"
    r"valid json|match(?:es)? the regex\w*)\b",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:reference(?! (?:to|by|books?|response where|answer where)\b)|ground truth|"
    r"gold(?:en)? (?:answer|standard)|(?:expected|ideal|correct) (?:answer|response))\b",
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r"\b(?:(?:the|given|provided|retrieved|supplied) (?:context|passages?|documents?|sources?))\b",
    re.IGNORECASE,
)

# Content words shared by two questions, of all content words in the shorter one.
_OVERLAP = 0.75
# Names for the same thing, which share no word with each other.
_SAME_THING = (
    {"faithfulness", "groundedness", "hallucination"},
    {"relevance", "answer_relevance"},
    {"conciseness", "brevity"},
    {"toxicity", "harmfulness", "offensiveness", "abusiveness"},
    {"instruction_following", "following_instructions"},
    {"correctness", "accuracy", "factuality"},
    {"fluency", "grammar", "readability"},
    {"stereotyping", "insensitivity", "bias"},
)


def lint_criteria(criteria: Sequence[Criterion]) -> list[Finding]:
    """
    Return what is doubtful about `criteria`, in their order, pairs last.

    Looked for: two questions in one (double-barrelled), a question that what the judge sees cannot answer or
    that a metric answers better, points without a definition, a reference or context that the question needs
    and the criterion does not require, and two criteria with one question.
    """
    alone = [
        Finding(criterion=criterion.name, what=what, do=do)
        for criterion in criteria
        for lint in (_double_barrelled, _unmeasurable, _undefined_points, _missing_material)
        for what, do in lint(criterion)
    ]
    pairs = [
        Finding(
            criterion=second.name,
            what=f"overlaps with {first.name}: both ask the same, so a mean over criteria counts it twice",
            do="keep one of them, or say in the questions what sets them apart",
        )
        for first, second in combinations(criteria, 2)
        if _overlap(first, second)
    ]
    return alone + pairs


def _double_barrelled(criterion: Criterion) -> Doubts:
    # Replaced first: "terms and conditions" is one thing, though an "and" is in it.
    question = _ONE_THING.sub(" ", criterion.question)
    joined = _JOINED.search(question)
    if joined or question.count("?") > 1:
        why = f'"{joined.group()}" joins' if joined else "two question marks make"
        yield (
            f"asks more than one thing at once: {why} two questions, and one score cannot answer both",
            "split it into one criterion for each",
        )


def _unmeasurable(criterion: Criterion) -> Doubts:
    if _content_words(criterion.question) <= _VAGUE:
        yield (
            "cannot be measured: the question asks whether the response is good, not what good is",
            "name what a reader could point at in the response",
        )
    if unseen := _UNSEEN.search(criterion.question):
        yield (
            f'cannot be measured by a judge, who sees one response and nothing of "{unseen.group()}"',
            "use a metric, a comparison of runs or people for it",
        )
    if counted := _COUNTED.search(criterion.question):
        yield (
            f'"{counted.group()}" is counted more surely, and for nothing, without a judge',
            "use a metric for it",
        )


def _undefined_points(criterion: Criterion) -> Doubts:
    scale = criterion.scale
    undefined = [point.label for point in scale.points if not (point.definition or "").strip()]
    # Yes and no explain themselves when the question is clear.
    if undefined and scale.kind != "binary":
        more = f" and {len(undefined) - 4} more" if len(undefined) > 4 else ""
        yield (
            f"no definition for {', '.join(undefined[:4])}{more}: judges place undefined points differently",
            "write what each looks like, as in {1: 'rude: insults the reader'}",
        )
    if scale.kind == "range":
        yield (
            f"a range from {scale.low:g} to {scale.high:g} has no definition for any value in it",
            "use three to five defined points unless the fine steps are meant",
        )


def _missing_material(criterion: Criterion) -> Doubts:
    for kind, pattern, given in (
        ("reference", _REFERENCE, criterion.needs_reference),
        ("context", _CONTEXT, criterion.needs_context),
    ):
        if not given and pattern.search(criterion.question):
            yield (
                f"asks about a {kind} that a record may not have",
                f"set needs_{kind}: true, so that records without one are not applicable",
            )


def _overlap(first: Criterion, second: Criterion) -> bool:
    names = {criterion.name.rpartition(".")[2] for criterion in (first, second)}
    if len(names) == 1 or any(names <= group for group in _SAME_THING):
        return True
    ours, theirs = (_content_words(criterion.question) for criterion in (first, second))
    shorter = min(len(ours), len(theirs))
    # A single word in common is no overlap: short questions share one by chance.
    return shorter > 1 and len(ours & theirs) / shorter >= _OVERLAP


def _content_words(question: str) -> frozenset[str]:
    words = re.findall(r"[^\W\d_]+(?:'[a-z]+)?", question.casefold())
    return frozenset(words) - _EMPTY
