"""Which language a text is in, for the phrases planted in it: by its script and its commonest words."""

import re
from typing import Final

_SCRIPTS: Final = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u3400-\u9fff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)
_OTHER_SCRIPT: Final = re.compile(r"[\u0370-\u03ff\u0530-\u05ff\u0700-\u10ff]")
_COMMON: Final[dict[str, frozenset[str]]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to is are was a in that it for with not you your be on by or we how do what i my",
        "de": "der die das und ist sind nicht ein eine zu mit von für auf sie den im wird werden es oder",
        "fr": "le la les et est sont des une un pas pour dans que du en vous avec sur il ce par au",
        "es": "el la los las y es son de no una un para en que del con por se su al como",
        "it": "il lo la gli le e è sono di non una un per in che del con si della nel da come",
        "pt": "o a os as e é são de não uma um para em que do da com por se no na como",
        "fi": "ja on ei se että oli ovat joka tai kun niin mutta myös kuin hän ole",
    }.items()
}
_LATIN_WORD: Final = re.compile(r"[^\W\d_]+")


def language_of(text: str) -> str | None:
    """Return a text's language, as an ISO 639-1 code; None where it is not known here or cannot be told."""
    letters = sum(mark.isalpha() for mark in text)
    if letters == 0:
        return None
    for language, script in _SCRIPTS:
        # Japanese and Chinese share characters: some kana are enough.
        if len(script.findall(text)) > letters * (0.1 if language == "ja" else 0.4):
            return language
    if len(_OTHER_SCRIPT.findall(text)) > letters * 0.4:
        return None
    words = [word.casefold() for word in _LATIN_WORD.findall(text)]
    shares = {language: sum(word in common for word in words) for language, common in _COMMON.items()}
    best = max(shares, key=lambda language: shares[language])
    is_alone = sum(share == shares[best] for share in shares.values()) == 1
    return best if is_alone and shares[best] >= max(1, 0.08 * len(words)) else None


def language_to_write(response: str, prompt: str) -> str | None:
    """
    Return the language that a phrase added to a response has to be in.

    A short answer such as a name has none of its own: the prompt's, and English where that has none either.
    None where a text is in another script, which English would stand out from.
    """
    for text in (response, prompt):
        if language := language_of(text):
            return language
    return "en" if not _OTHER_SCRIPT.search(response) else None
