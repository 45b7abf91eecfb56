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
    alone = [finding for criterion in criteria for finding in _lint_one(criterion)]
    return alone + [finding for pair in combinations(criteria, 2) for finding in _overlap(*pair)]


def _lint_one(criterion: Criterion) -> Iterator[Finding]:
    yield from _double_barrelled(criterion)
    yield from _unmeasurable(criterion)
    yield from _undefined_points(criterion)
    yield from _missing_material(criterion)


def _double_barrelled(criterion: Criterion) -> Iterator[Finding]:
    question = _ONE_THING.sub(" ", criterion.question)
    joined = _JOINED.search(question)
    if joined or question.count("?") > 1:
        why = f'"{joined.group()}" joins' if joined else "two question marks make"
        yield Finding(
            criterion=criterion.name,
            what=f"asks more than one thing at once: {why} two questions, and one score cannot answer both",
            do="split it into one criterion for each",
        )


def _unmeasurable(criterion: Criterion) -> Iterator[Finding]:
    words = _content_words(criterion.question)
    if words <= _VAGUE:
        yield Finding(
            criterion=criterion.name,
            what="cannot be measured: the question asks whether the response is good, not what good is",
            do="name what a reader could point at in the response",
        )
    if unseen := _UNSEEN.search(criterion.question):
        yield Finding(
            criterion=criterion.name,
            what=f'cannot be measured by a judge, who sees one response and nothing of "{unseen.group()}"',
            do="use a metric, a comparison of runs or people for it",
        )
    if counted := _COUNTED.search(criterion.question):
        yield Finding(
            criterion=criterion.name,
            what=f'"{counted.group()}" is counted more surely, and for nothing, without a judge',
            do="use a metric for it",
        )


def _undefined_points(criterion: Criterion) -> Iterator[Finding]:
    scale = criterion.scale
    undefined = [point.label for point in scale.points if not (point.definition or "").strip()]
    # Yes and no explain themselves when the question is clear.
    if undefined and scale.kind != "binary":
        yield Finding(
            criterion=criterion.name,
            what=f"no definition for {_listed(undefined)}: judges place undefined points differently",
            do="write what each looks like, as in {1: 'rude: insults the reader'}",
        )
    if scale.kind == "range":
        yield Finding(
            criterion=criterion.name,
            what=f"a range from {scale.low:g} to {scale.high:g} has no definition for any value in it",
            do="use three to five defined points unless the fine steps are meant",
        )


def _missing_material(criterion: Criterion) -> Iterator[Finding]:
    for kind, pattern, given in (
        ("reference", _REFERENCE, criterion.needs_reference),
        ("context", _CONTEXT, criterion.needs_context),
    ):
        if not given and pattern.search(criterion.question):
            yield Finding(
                criterion=criterion.name,
                what=f"asks about a {kind} that a record may not have",
                do=f"set needs_{kind}: true, so that records without one are not applicable",
            )


def _overlap(first: Criterion, second: Criterion) -> Iterator[Finding]:
    names = {criterion.name.rpartition(".")[2] for criterion in (first, second)}
    same_name = len(names) == 1 or any(names <= group for group in _SAME_THING)
    ours, theirs = (_content_words(criterion.question) for criterion in (first, second))
    shared = len(ours & theirs) / max(1, min(len(ours), len(theirs)))
    if same_name or (shared >= _OVERLAP and min(len(ours), len(theirs)) > 1):
        yield Finding(
            criterion=second.name,
            what=f"overlaps with {first.name}: both ask the same, so a mean over criteria counts it twice",
            do="keep one of them, or say in the questions what sets them apart",
        )


def _content_words(question: str) -> frozenset[str]:
    words = re.findall(r"[^\W\d_]+(?:'[a-z]+)?", question.casefold())
    return frozenset(words) - _EMPTY


def _listed(labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:4])
    return shown if len(labels) <= 4 else f"{shown} and {len(labels) - 4} more"
