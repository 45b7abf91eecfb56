"""Which language a response is in."""

import re
import threading
from functools import cache
from typing import Any, Final

from evaldrop.checks.subject import Outcome, Subject
from evaldrop.checks.values import WrongValueError, read_texts

_LEAST_LETTERS: Final = 20
# A Han, kana or Hangul character says more than a letter.
_LEAST_DENSE: Final = 6
_MOST_CHARACTERS: Final = 10_000
_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)
_LETTER: Final = re.compile(r"[^\W\d_]")
_DENSE: Final = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Bokmål and Nynorsk are Norwegian, and told apart by nobody in a sentence.
_SAME: Final = {"nb": "no", "nn": "no"}
_loading = threading.Lock()


@cache
def _identifier() -> Any:
    # It loads 100 ms of tables, which only who checks a language should wait for.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _loaded() -> Any:
    with _loading:
        return _identifier()


def read_languages(value: Any) -> tuple[str, ...]:
    """
    Read a language by its ISO 639-1 code, or several.

    Raises:
        ValueError: It is none, or none that can be told.
    """
    codes = tuple(_SAME.get(code.casefold(), code.casefold()) for code in read_texts(value))
    known = {_SAME.get(code, code) for code in _known()}
    if unknown := [code for code in codes if code not in known]:
        raise WrongValueError(
            f"{', '.join(unknown)} is no language that can be told; write two letters (ISO 639-1): "
            f"{', '.join(sorted(known))}"
        )
    return codes


@cache
def _known() -> tuple[str, ...]:
    return tuple(map(str, _loaded().labels))


def language(wanted: tuple[str, ...], subject: Subject) -> Outcome:
    """Tell whether a response is in one of the languages; code and addresses in it are left out."""
    text = _CODE.sub(" ", subject.response[:_MOST_CHARACTERS])
    letters, dense = len(_LETTER.findall(text)), len(_DENSE.findall(text))
    if letters < _LEAST_LETTERS and dense < _LEAST_DENSE:
        told = f"{letters} letters are too few to tell a language."
        return Outcome(None, told, unscored_reason="too_short")
    code, probability = _loaded().classify(text)
    found = _SAME.get(str(code), str(code))
    return Outcome(float(found in wanted), f"Seems to be {found} ({float(probability):.0%}).")
