"""Parts that replies of every form share: numbers, "not applicable", refusals, fences, thoughts."""

import re
import string
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from evaldrop.verdicts.languages import DIGITS

# A reply this long says more than a bare number; a number in it proves nothing.
SHORT_REPLY = 200

# Characters at the end of a reply that are searched for its verdict. The patterns take time in proportion to
# it, some tenths of a second for so much; a judge that goes on in circles for a megabyte would take minutes.
MOST_READ = 32_000

# A comma is a decimal one when one or two digits follow ("8,5"); three are thousands.
NUMBER = r"[-+]?(?:[0-9]+(?:[.,][0-9]{1,2}(?![0-9])|\.[0-9]+)?|\.[0-9]+)"
NOT_APPLICABLE = re.compile(
    r"(?:n\s?/\s?a|n\.a\.?|not[ _-]+applicable|inapplicable|nicht anwendbar|sans objet|no aplica"
    r"|não se aplica|non applicabile|niet van toepassing|不适用|不適用|該当なし|해당 없음)(?![\w/])",
    re.IGNORECASE,
)

_REFUSAL = re.compile(
    r"^(?!\W*(?:sorry,? )?(?:but )?(?:i|we) (?:cannot|can't|won't) (?:\w+ )?give "
    r"(?!(?:it|this|the \w+) an? (?:score|rating|grade|verdict|mark)\b)(?:it|this|the \w+|more"
    r"|an? [0-9]))"
    r"\W*(?:(?:i(?:'m| am)(?: (?:so|very|really|truly))? sorry|sorry|i apologi[sz]e|my apologies"
    r"|unfortunately)"
    r"[^.!?\n]{0,80}?)?(?:as an? (?:ai|language|large)[^,.\n]{0,60},? )?(?:but )?(?:i|we)(?:'m| am| are)?"
    r"(?: \w+ly)? ?(?:can(?:'t|not| not)\b|won't\b|will not\b|unable\b|not able\b"
    r"|(?:must |have to )?decline\b|"
    r"refuse\b|not comfortable\b|(?:do not|don't) feel comfortable\b|(?:am|'m) not (?:able|going)\b)",
    re.IGNORECASE,
)
# What a judge cannot do and judge all the same: "I cannot give a 5", "I can't verify the date".
_OTHER_MATTER = re.compile(
    r"\s(?:to )?(?:in good (?:conscience|faith) )?(?:\w+ly )?(?:say (?:that|it|this)"
    r"|(?:rate|score|grade|mark) (?:it|this|the \w{1,20}) (?:(?:as )?an?|as|at) [0-9]"
    r"|verify|confirm|fault|find|agree|justify|recommend|overlook|ignore"
    r"|call (?:it|this)"
    r"|go (?:higher|lower|above|below|beyond|further|up|any)|be (?:more|so|that|too)"
    r"|(?:assign|award|give|grant|allow)(?: (?:it|this|the \w{1,20}))? (?:an? [0-9]|[0-9]|full|more|less"
    r"|top|higher|an? (?:higher"
    r"|better|perfect|full|top)|the (?:full|top|maximum|highest))"
    r"|(?:open|follow|reach|load|check|visit) the (?:link|url|source|reference|page|site))(?!\w)",
    re.IGNORECASE,
)
_TO_JUDGE = re.compile(
    r"\b(?:judge|evaluate|assess|rate|score|grade) (?:this|it|the|any)\b(?! an?\b)", re.IGNORECASE
)
_APOLOGY_ONLY = re.compile(r"^\W*(?:i(?:'m| am) sorry|sorry|i apologi[sz]e)\W*(?:$|[.,!])", re.IGNORECASE)
_THOUGHT = (
    r"(?:seed:|ant)?(?:think|thinking|thinks|thoughts?|reasoning|reflection|analysis|scratchpad|cot|working"
    r"|inner[_-]?monologue|internal[_-]?(?:thoughts?|monologue)|chain[_-]?of[_-]?thought|draft|plan)"
)
# In the ways models write it: <think>, [THINK], ◁think▷, <|begin_of_thought|>.
_THOUGHT_MARK = re.compile(
    rf"<(?P<tag>{_THOUGHT})(?:\s[^<>\n]{{0,80}})?>|</(?P<tag_end>{_THOUGHT})\s?>"
    r"|[\[◁](?P<mark>think(?:ing)?)[\]▷]|[\[◁]/(?P<mark_end>think(?:ing)?)[\]▷]"
    r"|<\|?(?P<token>begin_of_thought|start_working_out|start_think(?:ing)?|thinking)\|?>"
    r"|<\|?(?P<token_end>end_of_thought|end_working_out|end_think(?:ing)?|/thinking)\|?>",
    re.IGNORECASE,
)
# harmony: every channel but the last named "final" is for nobody's eyes.
_CHANNEL = re.compile(
    r"(?:<\|start\|>\s?\w{0,20})?\s?<\|channel\|>\s?(?P<channel>\w{0,20})[^<\n]{0,80}"
    r"(?:<\|constrain\|>\s?\w{0,20})?<\|message\|>(?P<said>.*?)(?=<\|(?:end|start|return|call|channel)\|>"
    r"|\Z)",
    re.DOTALL,
)
_CONTROL_TOKEN = re.compile(r"<\|[a-z_]{1,24}\|>")
_WORDS = re.compile(r"[^\W\d_]+")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n`]*$", re.MULTILINE)
_FENCED_INLINE = re.compile(r"^(```|~~~)(?:json|text|python|yaml|xml)?(.*?)\1$", re.DOTALL)
_INVISIBLE = str.maketrans(dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff"))
_PLAIN = str.maketrans(
    {
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width forms
        **{digit: str(value) for digits in DIGITS for value, digit in enumerate(digits)},
        "٫": ".",
        "。": ".",
        "\u3000": " ",
        **dict.fromkeys("「」『』«»„‟", '"'),
        **dict.fromkeys("\u00a0\u2007\u202f", " "),
        **dict.fromkeys("’‘", "'"),
        **dict.fromkeys("“”", '"'),
        "−": "-",
        "½": ".5",
    }
)
_MARKUP = " \t\n*_`\"'()[]{}<>#|~.,;:!"


# A reply about several criteria is read once for each: what depends on the text alone is kept for a moment.
@lru_cache(maxsize=8)
def visible_text(reply: str) -> str:
    """
    Return `reply` without what carries no verdict: hidden thoughts, fences, invisible characters.

    A thought that was never closed runs to the end: what the judge only considered is no verdict. Of what is
    longer than any judgement the end is returned, which begins with a line.
    """
    text = without_runs(reply.replace("\r\n", "\n").replace("\r", "\n").translate(_INVISIBLE))
    text = _without_thoughts(_said_finally(text))
    if "<|" in text:
        text = _CONTROL_TOKEN.sub("\n", text)
    text = text.strip()
    if inline := _FENCED_INLINE.match(text):
        text = inline.group(2)
    return _end_of(_FENCE.sub("", text).strip())


def _end_of(text: str) -> str:
    if len(text) <= MOST_READ:
        return text
    end = text[-MOST_READ:]
    return end[end.find("\n") + 1 :].strip()


def _said_finally(text: str) -> str:
    """Return the final channel of a harmony reply, nothing when it has none; all of any other reply."""
    # JSON that holds the token speaks of it: a reply with channels begins with one.
    if "<|channel|>" not in text or text.lstrip().startswith(("{", "[")):
        return text
    final = ""
    for channel in _CHANNEL.finditer(text):
        if channel.group("channel") == "final":
            final = channel.group("said")
    return final


def _without_thoughts(text: str) -> str:
    """
    Return `text` without thoughts. One that was never closed runs to the end.

    One that was never opened began before the reply did: some servers cut the opening mark off. But a closing
    mark in quotes is spoken of, and ends nothing.
    """
    if "<" not in text and "[" not in text and "◁" not in text:
        return text
    kept: list[str] = []
    inside, at = "", 0
    for mark in _THOUGHT_MARK.finditer(text):
        kind = mark.lastgroup or ""
        # Tokens come in pairs of two names, tags in pairs of one.
        name = "token" if kind.startswith("token") else mark.group(kind).casefold()
        if not kind.endswith("_end"):
            if not inside:
                kept.append(text[at : mark.start()])
                inside = name
        elif inside == name:
            inside, at = "", mark.end()
        elif not inside and text[mark.start() - 1 : mark.start()] not in ("`", "'", '"', "“", "‘"):
            kept.clear()
            at = mark.end()
    return "\n".join([*kept, "" if inside else text[at:]])


@lru_cache(maxsize=8)
def plain_text(visible: str) -> str:
    """Return `visible` with straight quotes, ASCII digits and stops. Not for JSON: it could end a string."""
    return visible.translate(_PLAIN)


# Of anything else a pattern's time grows with its length, of these with the square: it begins anew at each.
_LONG_BLANK = re.compile(r"\s{17,}")
_LONG_NUMBER = re.compile(r"[0-9]{41,}")
_LONG_RUN = re.compile(r"([^\w\s])\1{40,}")


def without_runs(plain: str) -> str:
    """
    Return a text whose runs of blanks, digits and marks are no longer than anybody writes.

    A number of more digits than any scale has is no number any more. Lines stay lines.
    """
    return _LONG_RUN.sub(lambda run: run[0][:40], _LONG_NUMBER.sub("…", _LONG_BLANK.sub(_short_blank, plain)))


def _short_blank(run: re.Match[str]) -> str:
    *breaks, last = run[0].split("\n")
    return "\n" * min(len(breaks), 2) + last[:16]


def any_of(words: Iterable[str]) -> str:
    """Return a pattern that matches any of `words`, the longest first, with any blank for a space in one."""
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return "|".join(re.escape(word).replace(r"\ ", r"\s") for word in ordered)


def bare(text: str) -> str:
    """Return `text` without surrounding markup, quotes, brackets and closing punctuation."""
    return text.strip(_MARKUP)


def to_float(digits: str) -> float:
    """Return the number that `NUMBER` matched."""
    return float(digits.replace(",", "."))


def is_refusal(text: str) -> bool:
    """Return whether the reply opens with the judge declining to judge."""
    opening = text[:400]
    # A long reply may begin with an apology and judge all the same.
    return bool(_REFUSAL.match(opening) or (len(text) <= SHORT_REPLY and _APOLOGY_ONLY.match(opening)))


def judges_all_the_same(text: str, answer_at: int) -> bool:
    """Tell whether what opens like a refusal declines something else than to judge, or goes on with "but"."""
    refusal = _REFUSAL.match(text[:400])
    if refusal is None:
        return False
    between = text[refusal.end() : max(refusal.end(), answer_at)][:200]
    if _OTHER_MATTER.match(text, refusal.end()):
        return not _TO_JUDGE.search(between)
    return bool(re.search(r"^[^.!?\n]{0,80}[,;] but\W(?:my\W)?\s*$", between))


def lines_of(text: str) -> list[str]:
    """Return the lines that are not blank."""
    return [line for line in text.split("\n") if line.strip(string.whitespace)]


@lru_cache(maxsize=8)
def word_starts(text: str) -> Mapping[str, Sequence[int]]:
    """Return where each word of `text` begins, by the word in lower case: where a pattern is worth trying."""
    starts: dict[str, list[int]] = defaultdict(list)
    lower = text.lower()
    # A few letters become two in lower case, and every place after them would be wrong.
    for match in _WORDS.finditer(lower if len(lower) == len(text) else text):
        starts[match.group()].append(match.start())
    return starts


def matches_at(pattern: re.Pattern[str], text: str, words: AbstractSet[str]) -> list[re.Match[str]]:
    """Return the matches of `pattern` that begin with any of `words`, in order, none within another."""
    starts = word_starts(text)
    found: list[re.Match[str]] = []
    end = 0
    for at in sorted(at for word in starts.keys() & words for at in starts[word]):
        match = pattern.match(text, at) if at >= end else None
        if match:
            found.append(match)
            end = match.end()
    return found
