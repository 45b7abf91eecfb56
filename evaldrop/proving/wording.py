"""Faults of manner: rude words, words that add nothing, and words of a language nobody asked for."""

from collections.abc import Callable, Mapping
from typing import Final

from evaldrop.proving.json_form import is_prose, json_form, path_shown
from evaldrop.proving.languages import language_of, language_to_write
from evaldrop.proving.material import Material, Planted
from evaldrop.proving.phrases import FILLER, FOREIGN, RUDE
from evaldrop.proving.pieces import ITEM, content_words, is_code, pieces

_SPACELESS: Final = ("zh", "ja")
_PADDED_BY: Final = 0.6
"""Filler per response, by length: enough to be seen in a long response too."""
_MOST_FILLER: Final = 40
_PARAGRAPH: Final = "\n\n"


def rudeness(material: Material) -> Planted | None:
    """Insult whoever asked, before the answer, which stays as it is."""
    phrases = _phrases(RUDE, material)
    if phrases is None:
        return None
    phrase, space = material.random.choice(phrases), _space(material)

    def insulted(text: str) -> str:
        between = _PARAGRAPH if "\n" in text else space
        return f"{phrase}{between}{text}"

    return _reworded(material, insulted, "insults")


def padding(material: Material) -> Planted | None:
    """Add sentences that say nothing, over and over, behind the answer, which stays as it is."""
    phrases = _phrases(FILLER, material)
    if phrases is None:
        return None
    first, space = material.random.randrange(len(phrases)), _space(material)

    def padded(text: str) -> str:
        filler = list[str]()
        while len(filler) < 3 or (
            sum(map(len, filler)) < _PADDED_BY * len(text) and len(filler) < _MOST_FILLER
        ):
            filler.append(phrases[(first + len(filler)) % len(phrases)])
        is_open = text.rstrip()[-1].isalnum()
        between = _PARAGRAPH if "\n" in text or is_open else space
        return f"{text.rstrip()}{between}{space.join(filler)}"

    return _reworded(material, padded, "added sentences that say nothing")


def wrong_language(material: Material) -> Planted | None:
    """
    Put sentences of another language for a response's own, as many as it has.

    They say nothing of the record: without a model nothing can be translated. So a judge may notice that the
    content is gone as well as that the language is wrong.
    """
    texts = material.texts
    spoken = {language_of(text) for text in (material.response, texts.prompt, *texts.references)}
    asked = content_words(texts.prompt)
    languages = [language for language in FOREIGN if language not in spoken and not asked & _NAMES[language]]
    if not languages:
        return None
    language = material.random.choice(languages)
    sentences = FOREIGN[language]
    first = material.random.randrange(len(sentences))

    def foreign(text: str) -> str:
        made, at = list[str](), 0
        for count, part in enumerate(part for part in pieces(text) if not part.is_code):
            shown = part.of(text)
            marker = ITEM.match(shown)
            tail = shown[len(shown.rstrip()) :]
            sentence = sentences[(first + count) % len(sentences)]
            # Text without spaces between sentences is now one that has them.
            tail = tail or (" " if part.end < len(text) else "")
            made += [text[at : part.start], marker[0] if marker else "", sentence, tail]
            at = part.end
        return "".join((*made, text[at:]))

    return _reworded(material, foreign, f"sentences in another language ({language}), of other things")


_NAMES: Final = {
    "fi": frozenset(("finnish", "suomi", "suomeksi", "finnisch")),
    "es": frozenset(("spanish", "español", "spanisch", "espagnol")),
    "de": frozenset(("german", "deutsch", "alemán", "allemand")),
}


def _phrases(table: Mapping[str, tuple[str, ...]], material: Material) -> tuple[str, ...] | None:
    language = language_to_write(material.response, material.texts.prompt)
    return None if language is None else table[language]


def _space(material: Material) -> str:
    return "" if language_to_write(material.response, material.texts.prompt) in _SPACELESS else " "


def _reworded(material: Material, change: Callable[[str], str], what: str) -> Planted | None:
    """Change a text; of JSON, its text of most words. Code has no words to change."""
    form = json_form(material.response)
    if form is not None:
        prose = [(path, value) for path, value in form.leaves() if is_prose(value)]
        if not prose:
            return None
        path, value = max(prose, key=lambda each: len(each[1]))
        return Planted(form.with_value(path, change(value)), f"{path_shown(path)}: {what}")
    if is_code(material.response) or not any(not part.is_code for part in pieces(material.response)):
        return None
    return Planted(change(material.response), what)
