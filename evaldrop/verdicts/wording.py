"""Parts that replies of every form share: numbers, "not applicable", refusals, fences, thoughts."""

import re
import string

# A reply this long says more than a bare number; a number in it proves nothing.
SHORT_REPLY = 200

# A comma is a decimal one when one or two digits follow ("8,5"); three are thousands.
NUMBER = r"[-+]?(?:[0-9]+(?:[.,][0-9]{1,2}(?![0-9])|\.[0-9]+)?|\.[0-9]+)"
NUMBER_WORDS = {
    word: float(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
}
NOT_APPLICABLE = re.compile(r"(?:n\s?/\s?a|n\.a\.?|not[ _-]+applicable|inapplicable)(?![\w/])", re.IGNORECASE)

_REFUSAL = re.compile(
    r"^\W*(?:(?:i(?:'m| am)(?: (?:so|very|really|truly))? sorry|sorry|i apologi[sz]e|my apologies"
    r"|unfortunately)"
    r"[^.!?\n]{0,80}?)?(?:as an? (?:ai|language|large)[^,.\n]{0,60},? )?(?:but )?(?:i|we)(?:'m| am| are)?"
    r"(?: \w+ly)? ?(?:can(?:'t|not| not)\b|won't\b|will not\b|unable\b|not able\b"
    r"|(?:must |have to )?decline\b|"
    r"refuse\b|not comfortable\b|(?:do not|don't) feel comfortable\b|(?:am|'m) not (?:able|going)\b)",
    re.IGNORECASE,
)
_APOLOGY_ONLY = re.compile(r"^\W*(?:i(?:'m| am) sorry|sorry|i apologi[sz]e)\W*(?:$|[.,!])", re.IGNORECASE)
_THOUGHTS = re.compile(r"<(think|thinking|reasoning|scratchpad)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n`]*$", re.MULTILINE)
_FENCED_INLINE = re.compile(r"^(```|~~~)(?:json|text|python|yaml|xml)?(.*?)\1$", re.DOTALL)
_INVISIBLE = str.maketrans(dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff"))
_PLAIN = str.maketrans(
    {
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width forms
        **dict.fromkeys("\u00a0\u2007\u202f", " "),
        **dict.fromkeys("’‘", "'"),
        **dict.fromkeys("“”", '"'),
        "−": "-",
        "½": ".5",
    }
)
_MARKUP = " \t\n*_`\"'()[]{}<>#|~.,;:!"


def visible_text(reply: str) -> str:
    """
    Return `reply` without what carries no verdict: hidden thoughts, fences, invisible characters.

    A thought that was never closed runs to the end: what the judge only considered is no verdict.
    """
    text = re.sub(r"\r\n?", "\n", reply).translate(_INVISIBLE)
    text = _THOUGHTS.sub("\n", text).strip()
    if inline := _FENCED_INLINE.match(text):
        text = inline.group(2)
    return _FENCE.sub("", text).strip()


def plain_text(visible: str) -> str:
    """Return `visible` with straight quotes and ASCII digits. Not for JSON: it could end a string."""
    return visible.translate(_PLAIN)


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


def lines_of(text: str) -> list[str]:
    """Return the lines that are not blank."""
    return [line for line in text.split("\n") if line.strip(string.whitespace)]
