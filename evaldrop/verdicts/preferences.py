"""A preference between two."""

import re
from collections.abc import Iterator

from evaldrop.evaluation.criteria.scales import Point, Scale
from evaldrop.verdicts.scores import Evidence, Rank, evidence_of, settled
from evaldrop.verdicts.structured import first_member
from evaldrop.verdicts.verdict import Reading
from evaldrop.verdicts.wording import bare, plain_text, visible_text

TIE = "tie"
_TIE_WORDS = ("tie", "tied", "draw", "equal", "equally good", "both", "same")
_WINNER_KEYS = (
    "winner", "preferred", "preference", "better", "best", "choice", "verdict", "answer", "decision",
    "result",
)  # fmt: skip

# The tags of a final line; our own prompt asks for "preferred: first".
_TAGS = ("winner", "preferred", "preference")

_NOUN = r"(?:output|response|assistant|answer|model|option|candidate|system|submission|text|summary)"
_BEST = r"(?:better|best|superior|preferred|preferable|stronger|the winner)"
# Said of the whole, not of one aspect ("better at rhymes", "better formatted").
_UNQUALIFIED = (
    r"(?=\s*(?:[.!;:,*\"')]|$|\n|because\b|since\b|as\b|overall\b"
    r"|due\b|for the (?:following |above )?reasons?\b"
    rf"|(?:than|to) (?:{_NOUN}\s*)?\W?\w+\W?\s*(?:[.,;!]|$|because\b|since\b|as\b|overall\b)))"
)
_ASPECT = re.compile(
    r"\b(?:in terms of|with respect to|in regards? to|regarding|when it comes to|as for"
    r"|from the perspective|if|whether|neither|nor|one (?:could|might|may)"
    r"|some (?:may|might|would|people))\b",
    re.IGNORECASE,
)
# What is granted ("although A is better, ...") is not what is decided.
_CONCESSION = re.compile(r"\b(?:while|although|though|even if|not|or)\s+(?:the\s+)?$", re.IGNORECASE)
_EQUAL = re.compile(
    r"\b(?:(?:it is|it's|this is|call it|call this|result is|ends? in|declare) an? (?:tie|draw)\b"
    r"|equally (?:good|bad|well|helpful)"
    r"|(?:ranked|tied) equal(?:ly)?\b)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")


def parse_preference(
    text: str, names: tuple[str, str] = ("A", "B"), *, tie: bool = True, truncated: bool = False
) -> Reading[str]:
    """
    Read which of two a judge prefers: one of `names`, or `tie` when the judge was offered one.

    Understands `[[A]]`, `[[A>>B]]`, `[[C]]` (a tie between A and B), tagged lines, JSON, a name alone on the
    first or last line, and sentences ("Therefore, Output (b) is better."). One on a single aspect is none.
    """
    menu = [Point(value=1.0, label=names[0]), Point(value=0.0, label=names[1])]
    if tie:
        words = (*_TIE_WORDS, "C") if set(names) == {"A", "B"} else _TIE_WORDS
        menu += [Point(value=0.5, label=word) for word in words]
    scale = Scale.of_choices(*menu)
    visible = visible_text(text)
    plain = plain_text(visible)
    evidence = [piece for tag in _TAGS for piece in evidence_of(visible, plain, scale, name=tag)]
    evidence += _named_in_json(visible, scale)
    evidence += _comparisons(plain, names, tie=tie)
    evidence += _sentences(plain, names, tie=tie)
    reading = settled(evidence, plain, truncated=truncated)
    outcome = {1.0: names[0], 0.0: names[1], 0.5: TIE, None: None}
    return Reading(outcome[reading.value], reading.reason)


def _named_in_json(visible: str, scale: Scale) -> Iterator[Evidence]:
    named = bare(first_member(visible, _WINNER_KEYS) or "")
    value = scale.value_of(re.sub(rf"^{_NOUN}[\s_]*", "", named, flags=re.IGNORECASE)) if named else None
    if value is not None:
        yield Evidence(Rank.BOXED, Reading(value))


def _comparisons(plain: str, names: tuple[str, str], *, tie: bool) -> Iterator[Evidence]:
    """Read `[[A>>B]]`, `[[A=B]]`."""
    first, second = map(re.escape, names)
    for match in re.finditer(
        rf"\[\[\s*({first}|{second})\s*([<>=]{{1,2}})\s*({first}|{second})\s*\]\]", plain
    ):
        left, sign, right = match.groups()
        winner = {"<": right, ">": left}.get(sign[0])
        if left == right or (winner is None and not tie):
            continue
        value = 0.5 if winner is None else float(winner == names[0])
        yield Evidence(Rank.BOXED, Reading(value))


def _sentences(plain: str, names: tuple[str, str], *, tie: bool) -> Iterator[Evidence]:
    pattern = _winner_pattern(names)
    for match in _SENTENCE.finditer(plain):
        sentence = match.group()
        if tie and _EQUAL.search(sentence):
            yield Evidence(Rank.TAGGED_LINE, Reading(0.5))
        for winner in pattern.finditer(sentence):
            before = sentence[: winner.start()]
            if _ASPECT.search(before) or _CONCESSION.search(before):
                continue
            name = next(group for group in winner.groups() if group is not None)
            yield Evidence(Rank.TAGGED_LINE, Reading(float(name.casefold() == names[0].casefold())))


def _winner_pattern(names: tuple[str, str]) -> re.Pattern[str]:
    either = "|".join(re.escape(name) for name in names)
    thing = rf"{_NOUN}\s?[(\"'*_]{{0,4}}\s?({either})(?!\w)[)\"'*_]{{0,4}}"
    if set(names) == {"first", "second"}:
        # An ordinal comes before what it counts; "a response" would be an article.
        thing = rf"(?:{thing}|(?:the\s+)?({either})\s+(?:{_NOUN}|one))"
    return re.compile(
        rf"\b{thing}\s+(?:is|was)\s+(?:\w+ly\s+|much\s+|far\s+|overall\s+|also\s+)?(?:the\s+)?{_BEST}"
        rf"(?:\s+(?:one|choice|output|response|answer|option))?{_UNQUALIFIED}"
        rf"|\b{thing}\s+wins\b"
        rf"|\bI\s+(?:would\s+)?(?:prefer|choose|pick|select)\s+{thing}"
        rf"|\b(?:winner|(?:better|best|preferred|superior) (?:one|choice|output|response|answer|option))\s+is"
        rf"\s+(?:{_NOUN}\s*)?"
        rf"[(\"'*_]{{0,4}}({either})(?!\w)",
        re.IGNORECASE,
    )
