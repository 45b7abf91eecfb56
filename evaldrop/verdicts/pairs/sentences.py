"""
Sentences that say which of two responses is better, or that neither is.

Only a plain claim about the whole counts: not one that is denied, doubted, quoted, granted, asked, supposed
or put into another's mouth, nor one on a single aspect. What might be either is no claim.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from evaldrop.verdicts.pairs.foreign import foreign_claims, is_foreign_tie
from evaldrop.verdicts.pairs.hedges import is_claimed, is_even_claimed, is_rebutted, is_taken_back
from evaldrop.verdicts.pairs.words import NOUN, PairWords, Place, other

_SENTENCE = re.compile(r"[^.!?。\n]+(?:\.(?=\w)[^.!?。\n]+)*[.!?。]*")
# Longer than any sentence with a verdict; it bounds what one search may take.
_LONGEST = 1500
_QUOTATION = re.compile(
    r"\"[^\"\n]{1,400}\"|«[^«»\n]{1,400}»|„[^\"\n]{1,400}\"|「[^「」\n]{1,400}」|(?<!\w)'[^'\n]{12,400}'(?!\w)|`[^`\n]{12,400}`"
)
_QUOTED_LINE = re.compile(r"^[ \t]*>[^\n]*$", re.MULTILINE)

_BEST = (
    r"(?:better|best|superior|preferred|preferable|stronger|favou?red|the winner|the winning|to be preferred"
    r"|my (?:choice|pick|preference)|the one (?:that )?I (?:prefer|would choose))"
)
_WORSE = r"(?:worse|worst|inferior|weaker|poorer)"
_SURELY = (
    r"(?:(?:clearly|slightly|much|far|overall|also|somewhat|significantly|considerably|definitely|certainly"
    r"|decidedly|noticeably|marginally|substantially|obviously|therefore|thus|hence|still|just|simply|undoubtedly"
    r"|generally|objectively|easily|plainly|ultimately|narrowly|way|vastly|markedly|distinctly|strongly|really|so"
    r"|indeed|then|actually|even|by far|a bit|a little|a lot|in my (?:view|opinion|judge?ment)|in fact"
    r"|in the end|on balance|on the whole|only slightly|moderately|greatly|evidently"
    r"|unquestionably|far and away"
    r"),?\s+){0,3}"
)
_IS = r"(?:is|was|seems(?: to be)?|appears(?: to be)?|looks|remains|'s)"
_END = (
    r"\s*(?:[.!;:,*\"')\]—–。]|$|\n|\s-\s|because\b|since\b|as\b|overall\b|due\b|and\b|but\b|so\b"
    r"|here\b|too\b|by far\b"
    r"|by a\b|on the whole\b|in (?:my|general|the end|every|all|both)\b|for the (?:following "
    r"|above )?reasons?\b"
    r"|given\b|while\b|whereas\b|although\b|though\b)"
)
_OTHER_ONE = rf"(?:the other(?:\s+(?:one|{NOUN}))?)"

# Before a letter or a number alone, which may belong to the word before it: "vitamin A is better".
_MAY_STAND_ALONE = re.compile(
    r"(?:^|[,;:.!—–(\"'*]|\b(?:that|sure|certain|so|then|therefore|thus|hence|think|believe|say|conclude|and|but|overall|find|because|while|although"
    r"|though|than|to|is|since|judge|whether|if|not|is that))\s*$",
    re.IGNORECASE,
)

_EVEN = re.compile(
    r"\b(?:(?:it is|it's|this is|that is|call it|call this|result is|verdict is|outcome is"
    r"|verdict:|ends? in|declare(?: it| this)?|say)"
    r" an? (?:\w+\s+)?(?:tie|draw|dead heat)\b"
    r"|equally (?:good|bad|well|helpful|poor|strong|weak|preferable|matched)\b"
    r"|(?:ranked?|tied) equal(?:ly)?\b"
    rf"|(?:they|both|two|{NOUN}) are (?:tied|equal|equivalent|on a par|on par|even"
    rf"|of equal (?:quality|merit|value))(?={_END})"
    rf"|(?:neither|none|no)\s+(?:of\s+)?(?:the\s+two\s+|them\s+|the\s+|one\s+)?(?:{NOUN}\s+)?{_IS}\s+{_SURELY}(?:the\s+)?{_BEST}"
    rf"(?:\s+than\s+{_OTHER_ONE})?(?={_END})"
    r"|(?:have|see|find|is) no (?:clear |strong |real )?preference\b|(?:is|see|find) no (?:clear "
    r"|real |obvious )?winner\b"
    r"|I (?:would |'d )?(?:prefer|choose|pick) neither\b|neither (?:one )?wins\b)",
    re.IGNORECASE,
)
_IT = re.compile(
    rf",?\s+(?:which makes it|making it|(?:so|therefore|thus|hence|and thus"
    rf"|and therefore),? it is|and is)\s+{_SURELY}(?:the\s+)?{_BEST}"
    rf"(?:\s+(?:one|choice|option|{NOUN}))?(?:\s+of the two)?(?={_END})",
    re.IGNORECASE,
)
# Most sentences hold none of these words, and need no closer look.
_MAY_CLAIM = re.compile(
    r"better|best|superior|prefer|stronger|favo|winn|worse|worst|inferior|weaker|poorer|good as"
    r"|\bwins|edge|loses|nod|point|victory|takes the|lean|ahead|on top|my vote|outperf"
    r"|beats|surpass|outclass|choose|pick|select|go with|go for|opt for|vote|verdict|choice|decision|answer",
    re.IGNORECASE,
)


def claims(plain: str, words: PairWords) -> list[Place]:
    """Return what every sentence of `plain` says of the two responses as a whole."""
    unquoted = _QUOTED_LINE.sub("", _QUOTATION.sub(_without_quotation, plain))
    sentences = [sentence[:_LONGEST] for sentence in _SENTENCE.findall(unquoted)]
    found: list[Place] = []
    for sentence, following in pairwise([*sentences, ""]):
        # A question claims nothing, and what is taken back at once is not held.
        if not sentence.rstrip().endswith("?") and not is_rebutted(following):
            found += _claims_of(sentence, words)
    return found


def _without_quotation(match: re.Match[str]) -> str:
    # A name may stand in quotes; whole sentences there are someone's words.
    said = match.group()
    if len(said.split()) <= 2:
        return said
    # What ends in the quotation ends the sentence around it.
    return "(quotation)." if said[-2] in ".!?" else "(quotation)"


def _claims_of(sentence: str, words: PairWords) -> list[Place]:
    sides = [*_sided(sentence, words)] if _MAY_CLAIM.search(sentence) else []
    sides = sides or [*_referred_to(sentence, words)]
    sides += foreign_claims(sentence, words)
    if sides or not words.offers_tie:
        return sides
    if is_foreign_tie(sentence):
        return ["tie"]
    even = _EVEN.search(sentence) or _neither_nor(words).search(sentence)
    if even is None or not is_even_claimed(sentence[: even.start()]) or is_taken_back(sentence[even.end() :]):
        return []
    return ["tie"]


def _referred_to(sentence: str, words: PairWords) -> Iterator[Place]:
    """Read "The second has a source, which makes it the better answer": "it" is the only one named."""
    match = _IT.search(sentence)
    if (
        match is None
        or not is_claimed(sentence[: match.start()] + ",")
        or is_taken_back(sentence[match.end() :])
    ):
        return
    named = [
        words.place_of(name)
        for found in _thing(words).finditer(sentence[: match.start()])
        for name in found.groups()
        if name
    ]
    if len({*named}) == 1 and named[0] is not None:
        yield named[0]


def _sided(sentence: str, words: PairWords) -> Iterator[Place]:
    for pattern in _claim_patterns(words):
        for match in pattern.finditer(sentence):
            before, after = sentence[: match.start()], sentence[match.end() :]
            if not is_claimed(before) or is_taken_back(after):
                continue
            # A letter as a subject may be the end of another name.
            if _is_bare_subject(match) and not _MAY_STAND_ALONE.search(before):
                continue
            yield from _winner(match, words)


def _is_bare_subject(match: re.Match[str]) -> bool:
    named = match.groupdict()
    return any(named.get(key) and match.start(key) - match.start() < 7 for key in ("w3", "l3"))


def _winner(match: re.Match[str], words: PairWords) -> Iterator[Place]:
    places = {key: words.place_of(name) for key, name in match.groupdict().items() if name}
    said = {
        place if key.startswith("w") else other(place) for key, place in places.items() if place is not None
    }
    # "The first is better than the first" says nothing.
    if len(said) == 1:
        yield from said


@lru_cache(maxsize=64)
def _claim_patterns(words: PairWords) -> tuple[re.Pattern[str], ...]:
    """Return the forms of a claim; groups that begin with w name the better one, those with l the other."""
    winner, loser = words.standing("w"), words.standing("l")
    kind = (
        rf"(?:\s+(?:one|choice|option|pick|overall|{NOUN}))?"
        rf"(?:\s+(?:of|between|among) (?:the two|the|both|them)(?:\s+{NOUN})?)?"
    )
    over = r"\s+(?:than|to|over|compared (?:to|with))\s+"
    aside = r"(?:,? which [^,.;]{1,60},|\s\([^()]{1,60}\))?"
    is_better = rf"{aside}\s*{_IS}(?:, in my \w+,)?\s+{_SURELY}(?:the\s+|an?\s+)?{_SURELY}{_BEST}{kind}"
    is_worse = rf"{_IS}\s+{_SURELY}(?:the\s+)?{_WORSE}{kind}"
    chosen = (
        rf"(?:winner|preference|(?:the )?(?:edge|win|victory|nod|point)|my (?:pick|choice|vote"
        rf"|verdict|decision|preference)|final (?:choice|verdict|answer|decision)"
        rf"|(?:better|best|preferred|superior|stronger|winning) (?:of the two|one|choice|option|{NOUN})"
        rf"|(?:{NOUN}|one)\s+(?:(?:that|which) )?(?:I|is|was) (?:{_BEST}|prefer)(?: overall)?)"
    )
    picks = (
        rf"\b(?:I|we)(?:'d| would|'ll| will| have to| must)?\s+{_SURELY}"
        r"(?:prefer|choose|pick|select|favou?r|go (?:with|for)|vote for|opt for|lean towards?)\s+"
    )
    forms = (
        rf"{winner}\s*,?\s*{is_better}(?:{over}(?:{loser}|{_OTHER_ONE}))?(?={_END})",
        rf"{loser}\s*,?\s*{is_worse}(?:{over}(?:{winner}|{_OTHER_ONE}))?(?={_END})",
        (
            rf"{loser}\s*,?\s*(?:is|was|'s)(?:n't| not)\s+(?:nearly\s+|quite\s+)?(?:as"
            rf"|so) good as\s+(?:{winner}|{_OTHER_ONE})(?={_END})"
        ),
        (
            rf"{winner}\s+{_SURELY}(?:wins\b(?! (?:on|in|for|at)\b)|has the edge(?={_END})"
            rf"|comes out (?:ahead|on top)(?={_END})|gets my vote\b"
            rf"|(?:outperforms|beats|surpasses|edges out|outclasses)\s+(?:{loser}|{_OTHER_ONE})(?={_END}))"
        ),
        rf"{loser}\s+{_SURELY}loses(?={_END})",
        (
            rf"{winner}\s+(?:should be|must be|takes the)\s+{_SURELY}(?:preferred|chosen|favou?red"
            rf"|win|victory)(?={_END})"
        ),
        (
            rf"\b(?:I|we)(?:'d| would|'ll| will)?\s+{_SURELY}(?:find|consider|judge|deem|rate"
            rf"|rank)\s+{winner}\s+(?:to be\s+|as\s+)?"
            rf"{_SURELY}(?:the\s+)?{_BEST}{kind}(?:{over}(?:{loser}|{_OTHER_ONE}))?(?={_END})"
        ),
        rf"{picks}(?P<w4>(?-i:[AB])|[12])(?!\w)(?={_END})",
        (
            rf"{picks}{winner}"
            rf"(?!\s?(?:{NOUN})?'s)(?:{over}(?:{loser}|{_OTHER_ONE}))?"
        ),
        (
            rf"\b{chosen}\s*(?:is|would be|goes to"
            rf"|:)\s+{_SURELY}(?:probably\s+)?{winner}(?!\s?(?:{NOUN})?'s)(?!\s+(?:or|and|nor)\b)"
        ),
    )
    return tuple(re.compile(rf"(?<![\w']){form}", re.IGNORECASE) for form in forms)


@lru_cache(maxsize=64)
def _thing(words: PairWords) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w']){words.standing('w')}", re.IGNORECASE)


@lru_cache(maxsize=64)
def _neither_nor(words: PairWords) -> re.Pattern[str]:
    return re.compile(
        rf"\bneither\s+{words.standing('w')}\s+nor\s+{words.standing('l')}\s+{_IS}\s+{_SURELY}(?:the\s+)?{_BEST}(?={_END})",
        re.IGNORECASE,
    )
