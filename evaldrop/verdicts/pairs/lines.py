"""A preference on a line of its own: `preferred: first`, `[[A]]`, `Winner: Response 2`, or the name alone."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from evaldrop.verdicts.pairs.sentences import claims
from evaldrop.verdicts.pairs.words import NOUN, TIE, PairWords, Place
from evaldrop.verdicts.verdict import Reading, agreed
from evaldrop.verdicts.wording import lines_of

# The tag our own prompt asks for, and what judges write instead of it, in the languages they write in.
_STRONG = (
    r"preferred(?:[\s_-](?:response|output|answer|assistant|model|option|candidate|one|choice))?"
    r"|preference|winner|winning[\s_-]\w+"
    r"|(?:better|best|superior|stronger)(?:[\s_-](?:response|output|answer|assistant|model|option"
    r"|candidate|one|choice))?"
    r"|verdict|decision|choice|judge?ment|pick|selection|selected|chosen"
    r"|bevorzugte? ?(?:antwort)?|präferenz|gewinner|sieger|urteil|entscheidung|bessere antwort"
    r"|préférée?|préférence|gagnante?|vainqueur|meilleure réponse|choix|preferid[ao]|preferencia"
    r"|ganadora?|mejor respuesta"
    r"|preferência|vencedora?|melhor resposta|preferit[ao]|preferenza|vincitore|vincitrice"
    r"|migliore risposta|risposta migliore"
    r"|voorkeur|winnaar|beste antwoord|beter antwoord|偏好|首选|优胜者?|更好的回答|胜者"
    r"|获胜者|选择|優先|好み|勝者|優れた回答"
    r"|より良い回答"
    r"|判定|選好|선호|승자|우승|선택|더 나은 (?:답변|응답)"
)
# These name other things as well: they count on the first and the last line only.
_WEAK = r"answer|result|conclusion|outcome|antwort|ergebnis|résultat|resultado|risultato|结论|結論|결론"
_EARLIER = r"(?:first )?draft|initial|tentative|preliminary|provisional|old|previous|earlier|instinctive"
_LATER = r"final|revised|corrected|updated|new|ultimate|overall|correction|endgültige?|finale?|最终|最終|최종"
# Before a second verdict: the judge thought again.
_AGAIN = (
    r"(?:(?:no|but|and),?\s)?(?:(?:up)?on (?:\w{1,10} )?(?:reflection|thoughts?|look|reading|inspection)"
    r"|correction|edit|update|actually|scratch that|(?:no,? )?wait|sorry"
    r"|after [\w-]{1,14}(?: [\w-]{1,14}){0,3})"
)
_TURNS = re.compile(rf"\W*{_AGAIN}\b", re.IGNORECASE)
_TAGGED = re.compile(
    r"^(?P<quote>[\s*_#`+|-]{0,10}>)?[^\w\n]{0,10}(?:[0-9]{1,2}[.)]\s)?"
    r"(?:(?:so|therefore|thus|hence|overall|in conclusion|conclusion|in summary|and)[,:]?\s+)?"
    rf"(?P<again>{_AGAIN}\s?[,:;.–—-]\s?)?"
    rf"(?P<mark>(?:(?:my|the|our|{_LATER}|{_EARLIER}|meine|mon|mi|minha|mia|mijn)[\s_:-]*){{0,4}}?)"
    r"(?:(?:antwort|réponse|respuesta|resposta|risposta|antwoord)\s)?"
    rf"(?:(?P<tag>{_STRONG})|(?P<weak>{_WEAK}))"
    r"(?:\s\([^()\n]{0,40}\))?[\"'*_`\]]{0,4}\s?(?:[:=→]|->|=>|\s?[–—]|\s-|is\b:?"
    r"|goes to\b)(?P<value>[^\n]*)$",
    re.IGNORECASE,
)
_MARKED_ONLY = re.compile(
    rf"^[\s*_#]{{0,6}}(?P<mark>{_LATER})[*_\s]{{0,4}}:(?P<value>[^\n]*)$", re.IGNORECASE
)
_IS_EARLIER = re.compile(rf"\b(?:{_EARLIER})\b", re.IGNORECASE)
_IS_LATER = re.compile(_LATER, re.IGNORECASE)
# A line that announces somebody's words, or the judge's own before it thought again.
_ANNOUNCES = re.compile(
    r"\b(?:says?|said|ends?|contains?|includes?|wrote|writes|reads?|instruct\w*|tells?|told|claims?"
    r"|quot\w+|injected|hidden|states?|adds?"
    r"|appended|embedded|inserted|inside|demands?|asks?|asked|insists?|example|formats?|either"
    r"|one of|draft|initial\w*|instinct|at first"
    r"|first (?:thought|impression|draft|glance|reading)|instructions?|prompt|template|options"
    r"|would be|attempt\w*|tries|inject\w*)\b"
    r"[^\n]*[:：][\s*_`\"']*$"
    r"|\b(?:tells?|told|asks?|asked|instructs?|wants?|orders?|demands?|tries|urges?|contains?)\b[^\n]*"
    r"\b(?:write|say|output|print|answer|reply|end with|the line|this line|the text|this text)\W*$",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?:my|final|verdict is|therefore|conclude|conclusion|decision"
    r"|I (?:say|conclude|answer|choose|decide|find))\b",
    re.IGNORECASE,
)
_RECONSIDERED = re.compile(
    r"\b(?:wait|on reflection|on second thought|reconsider\w*|re-?read\w*|actually|correction"
    r"|i (?:was|am) wrong|scratch that"
    r"|i (?:must|have to|will|need to) (?:change|correct|revise|withdraw)|changed? my mind"
    r"|look(?:ing)? again|re-?check\w*"
    r"|oops|second look|closer look|closer inspection|retract|thinking about it|my (?:error"
    r"|mistake)|not (?:a|my) verdict|that is no verdict"
    r"|i ignored?|ignoring (?:it|that|this)|that was (?:the|a|its|only)|that is what (?:it|the)"
    r"|bei näherem|en fait|pensándolo|ripensandoci)\b",
    re.IGNORECASE,
)
_BOXED = re.compile(
    r"\[\[\s*([^\[\]\n]{1,60}?)\s*\]\]|\\boxed\{\s*(?:\\text\{)?([^{}\n]{1,60}?)\s*\}"
    r"|<(?:answer|verdict|preferred|preference|winner|choice|decision|better|result|output|final_answer"
    r"|final)>\s*([^<>]{1,60}?)\s*</",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\bsubmit_preference\s?\([^()\n]{0,400}?\bpreferred\s?=\s?[\"']([^\"'\n]{1,40})[\"']", re.IGNORECASE
)
_COMPARED = re.compile(r"^(?P<left>.{1,40}?)\s*(?P<sign>>{1,3}|<{1,3}|={1,2}|~)\s*(?P<right>.{1,40})$")

# What may follow a name that is the whole of an answer; any other word makes the name part of something else.
_GOES_ON = re.compile(
    r"\s*(?:because|since|as|for|over|by|with|due|given|and(?! foremost)|but|than|which|though"
    r"|although|while|clearly|slightly|overall|it|instead"
    r"|is|was|wins|weil|denn|da|parce|car|porque|pois|perché|omdat|want|rather than|in my"
    r"|marginally|narrowly|on balance|in all"
    r"|without|by far|hands down|of the two|between)\b",
    re.IGNORECASE,
)
_STOPS = re.compile(r"\s*(?:[^\w\s=<%+/&@#-]|-(?!\w)|\n|$)")
_ALTERNATIVE = re.compile(
    r"^[\s*_`\"')(\]]{0,6}(?:/|\||&|,|;|or\b|and\b|vs\.?|versus\b|oder\b|und\b|ou\b|et\b|o\b|y\b|e\b|of\b"
    r"|en\b|或|或者|和|か|または|또는|와|과|[-–—.]|\()?[\s*_`\"'(]{0,6}",
    re.IGNORECASE,
)
_WITHDRAWN = re.compile(
    r"(?:\b(?:no|wait|actually|correction|rather(?! than)|scratch that|sorry|i mean"
    r"|on second thought|hmm|or|oops|instead(?! of)|make that|nein|non"
    r"|not really|well|maybe|perhaps|possibly|could be|leaning(?: to(?:wards?)?)?|vielleicht|peut-être"
    r"|quizás?|talvez"
    rf"|forse|misschien)\b|\?)[\s,:;.!—–-]*(?:maybe\s|perhaps\s|possibly\s"
    rf"|even\s)?(?:(?:{_STRONG})\s?[:=]\s?)?",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"\s*(?:/|\||&|(?:or|and|vs|versus|oder|und|ou|et|o|y|e)\b|或|和|か|と|또는|와|과)", re.IGNORECASE
)
_NEGATED = re.compile(r"\W*(?:not|never|no|kein\w*|nicht|pas|non|niet|não|不)\b", re.IGNORECASE)
_SYMBOLS = re.compile(r"^[\s\u2190-\u2bff\U0001f000-\U0001faff\ufe0f]+")
# "A response with sources": an article, and not the response A.
_INDEFINITE = re.compile(
    rf"\W*an?\s(?:\w{{1,12}}\s)?{NOUN}\s(?:with|that|which|of|in|to|from|who|having)\b", re.IGNORECASE
)
_NEITHER_NOR = re.compile(r"\W*neither\b[^\n]{0,60}\bnor\b", re.IGNORECASE)
# "Which response is better? The second one."
_ASKED = re.compile(
    r"\b(?:which|who|what)\b[^.?!\n]{0,80}\b(?:better|best|preferred|preferable|wins|stronger"
    r"|superior)\b[^.?!\n]{0,40}\?\s+(?P<answer>[^\n]{1,60})$",
    re.IGNORECASE,
)
# Not "Therefore, Output (a)": there a sentence was begun.
_THEREFORE = re.compile(
    r"^\W*(?:so|therefore|thus|hence|in conclusion|conclusion)(?::\s+|,\s+(?=[^\n]{1,40}[.!]\W*$))",
    re.IGNORECASE,
)
_BY_FAR = re.compile(
    r",?\s+(?:by far|hands down|overall|clearly|slightly|without (?:a )?doubt|by a (?:wide )?margin)(?=\W*$)",
    re.IGNORECASE,
)
_HEADING = re.compile(r"\s*#|.*[:：][\s*_]*$")


class _MarkedLine(NamedTuple):
    """A line with a verdict: its place, what it says, and whether it is a quotation or a draft, or final."""

    at: int
    reading: Reading[Place]
    is_set_aside: bool
    is_later: bool


def marked(plain: str, words: PairWords, *, truncated: bool = False) -> Reading[Place] | None:
    """
    Return what the lines of a reply say that are tagged or boxed, None when none is.

    Quotations, drafts and options that are listed are set aside; a line marked as final or revised decides;
    so does the last line when the judge says before it that it thought again. Else all must agree.
    """
    lines = lines_of(plain)
    if truncated:
        lines = lines[:-1]
    found = [line for line in _marked_lines(lines, words) if not line.is_set_aside]
    found = _without_options(found)
    if later := [line for line in found if line.is_later]:
        found = later
    if len({line.reading for line in found}) > 1 and _thought_again(lines, found[-2].at, found[-1].at):
        found = found[-1:]
    reading = agreed(line.reading for line in found)
    if (
        reading is not None
        and reading.value
        and _is_reconsidered(lines[found[-1].at + 1 :], reading.value, words)
    ):
        return Reading.unread("ambiguous")
    return reading


def _is_reconsidered(after: Sequence[str], place: Place, words: PairWords) -> bool:
    """Tell whether a line behind the last verdict turns to the other response."""
    turned = [line for line in after if _TURNS.match(line) and words.mentions(line)]
    return any({*claims(line, words)} != {place} for line in turned)


def is_announced(before: str) -> bool:
    """Tell whether the last line of `before` announces somebody's words or a draft, not the verdict."""
    line = before.rstrip().rpartition("\n")[2]
    return bool(_ANNOUNCES.search(line)) and not _OWN.search(line)


def _marked_lines(lines: list[str], words: PairWords) -> Iterator[_MarkedLine]:
    for at, line in enumerate(lines):
        announced = at > 0 and is_announced(lines[at - 1])
        boxes = [*_boxes(line, words)]
        for boxed in boxes:
            yield _MarkedLine(at, boxed, announced or line.lstrip().startswith(">"), False)
        tag = None if boxes else _tag_of(lines, at)
        if tag is None:
            continue
        value, mark = tag["value"], tag["mark"]
        if not value.strip(" *_`\"'"):
            value = lines[at + 1] if at + 1 < len(lines) else ""
        reading = stated(value, words)
        if reading is not None:
            later = bool(_IS_LATER.search(mark) or tag.get("again"))
            earlier = bool(_IS_EARLIER.search(mark)) and not later
            yield _MarkedLine(at, reading, bool(tag.get("quote")) or announced or earlier, later)


def _tag_of(lines: Sequence[str], at: int) -> dict[str, Any] | None:
    match = _TAGGED.match(lines[at]) or _MARKED_ONLY.match(lines[at])
    is_last = at == len(lines) - 1
    if match is None and is_last:
        # The tag may end a line of prose.
        match = _TAGGED.match(re.split(r"(?<=[.!?])\s+", lines[at])[-1])
    groups = match.groupdict() if match else None
    if groups and groups.get("weak") and not groups["mark"].strip() and at != 0 and not is_last:
        return None
    return groups


def _without_options(found: Sequence[_MarkedLine]) -> list[_MarkedLine]:
    """Return the lines that are none of the options, beside or below one another, that the prompt offered."""
    blocks: list[list[_MarkedLine]] = []
    for line in found:
        # In the order of lines, of which one may hold several verdicts.
        if blocks and line.at <= blocks[-1][-1].at + 1:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return [line for block in blocks if not _are_options(block, len(found)) for line in block]


def _are_options(block: Sequence[_MarkedLine], found: int) -> bool:
    listed = [line.reading for line in block]
    return len({*listed}) > 1 and len({*listed}) == len(listed) and len(listed) < found


def _thought_again(lines: Sequence[str], earlier: int, later: int) -> bool:
    between = "\n".join(lines[earlier + 1 : later])
    return later == len(lines) - 1 and bool(_RECONSIDERED.search(between))


def _boxes(line: str, words: PairWords) -> Iterator[Reading[Place]]:
    """Yield what is boxed: `[[A]]`, `[[A>>B]]`, `<answer>A</answer>`."""
    for match in (*_BOXED.finditer(line), *_CALLED.finditer(line)):
        # In quotation marks it is somebody's.
        around = line[max(0, match.start() - 1) : match.start()], line[match.end() : match.end() + 1]
        quoted = all(mark in ('"', "`", "'") for mark in around)
        place = None if quoted and len(line) > 40 else _whole(match.group(match.lastindex or 0), words)
        if place is not None:
            yield Reading(place)


def stated(value: str, words: PairWords) -> Reading[Place] | None:
    """Return what the text after a tag says, `ambiguous` when it is not one; None when it names neither."""
    # A tag behind a tag: once, for a reply may go on like that.
    inner = _TAGGED.match(value)
    value = inner["value"] if inner else value
    value = _SYMBOLS.sub("", value)
    if _INDEFINITE.match(value):
        return None
    better = compared(value, words)
    if better is not None:
        return Reading(better)
    if _NEITHER_NOR.match(value) and words.offers_tie:
        return Reading(TIE)
    named = words.head(value)
    reading = _standing(named.place, named.rest, words) if named else None
    if reading is None and _NEGATED.match(value) and words.mentions(value):
        return Reading.unread("ambiguous")
    return reading or agreed(Reading(place) for place in claims(value, words))


def _standing(place: Place, rest: str, words: PairWords) -> Reading[Place] | None:
    """Return the place that the head of a value names, by what follows it; None when it is part of more."""
    if re.match(r"[.,:/-]?[0-9]", rest):
        return None
    if _names_another(place, rest, words) or rest.lstrip(" *_`\"'.").startswith("?"):
        return Reading.unread("ambiguous")
    stands = _STOPS.match(rest) or rest.lstrip().startswith("(") or _GOES_ON.match(rest)
    # "the first is worse" is a sentence.
    return Reading(place) if stands and not re.match(r"\s*(?:is|was)\b", rest) else None


def _names_another(place: Place, rest: str, words: PairWords) -> bool:
    """Tell whether what follows a name puts another beside it: "or second", "(Response 2)"."""
    beside = _ALTERNATIVE.match(rest)
    tail = rest[beside.end() :] if beside else rest
    named = words.head(tail)
    if (
        named
        and named.place != place
        and (_JOINED.match(rest) or re.match(r"\s*(?:[.,;:!?)\]}\n]|$)", named.rest))
    ):
        # "first. Second is too long": there the second name begins a sentence.
        return True
    withdrawn = [words.head(rest[match.end() :]) for match in _WITHDRAWN.finditer(rest[:200])]
    return any(each is not None and each.place != place for each in withdrawn)


def compared(value: str, words: PairWords) -> Place | None:
    """Return the better side of `A>B`, `A<<B` or `A=B`."""
    match = _COMPARED.match(value.strip(" *_`[]()\"'."))
    if match is None:
        return None
    left, right = (words.head(match.group(side)) for side in ("left", "right"))
    if left is None or right is None or left.rest.strip() or right.rest.strip():
        return None
    if left.place == right.place or TIE in (left.place, right.place):
        return None
    sign = match.group("sign")[0]
    if sign in "=~≈":
        return TIE if words.offers_tie else None
    return left.place if sign == ">" else right.place


def bare(plain: str, words: PairWords) -> Iterator[Reading[Place]]:
    """Yield an answer that nothing marks: a name or a word for a tie, alone on the first or the last line."""
    lines = lines_of(plain)
    places = [_whole(line, words) for line in lines]
    alone: dict[int, Place] = {at: place for at, place in enumerate(places) if place is not None}
    edges = alone.keys() & {0, len(lines) - 1}
    # Names over what is said of each are headings.
    headings = {alone[at] for at in alone.keys() - edges}
    for at in sorted(edges):
        if headings <= {alone[at]}:
            yield Reading(alone[at])
    asked = _ASKED.search(lines[-1]) if lines else None
    answer = _whole(asked["answer"], words) if asked else None
    if answer is not None:
        yield Reading(answer)
    if lines and not alone:
        yield from _opening(plain, words)


def _whole(line: str, words: PairWords) -> Place | None:
    if _HEADING.match(line):
        return None
    line = _THEREFORE.sub("", _BY_FAR.sub("", line))
    named = words.head(line)
    if named is None or named.rest.strip(" .!,;*_`\"')]}>|。"):
        return compared(line, words)
    return named.place


def _opening(plain: str, words: PairWords) -> Iterator[Reading[Place]]:
    """Read "B. It is shorter.", "Response 2, because …": the answer is over before the reason."""
    named = words.head(plain)
    # "First, it names no source", "1. It is short": an order or a list, not an answer.
    if named is None or re.match(
        r"\W*(?:[0-9]+\b|(?:first|second|one|two|both|same|equal|none|neither)\b)", plain, re.IGNORECASE
    ):
        return
    others = [words.head(line) for line in re.split(r"(?<=[.!?\n])\s+", named.rest)]
    if any(each is not None and each.place != named.place for each in others):
        return
    if re.match(r"\.\s+\S|\s+[-–—]\s+\S|\s*,?\s+(?:because|since)\b", named.rest):
        reading = _standing(named.place, named.rest, words)
        if reading is not None:
            yield reading
