"""Words of assessment in prompts, less those that are a dataset's subject: a court's judge, say."""

import re
from collections.abc import Iterable, Sequence

from evaldrop.prompt_search.overlap import COMMON_SHARE, SeenRecord
from evaldrop.verdicts.injection import fold

_LEAST_RECORDS = 3


class Subject:
    """
    Tells words that speak of an assessment from words that the records use themselves.

    Args:
        patterns: For folded texts.
        prompts: All texts that each of some prompts says: only patterns that one of them has are looked for.
        allowed: Texts whose patterns are nobody's fault.
    """

    def __init__(
        self,
        patterns: Iterable[re.Pattern[str]],
        prompts: Iterable[Iterable[str]],
        allowed: Iterable[str],
    ) -> None:
        said = [fold(text) for texts in prompts for text in texts]
        first = [fold(text) for text in allowed]
        self._patterns = [pattern for pattern in patterns if _any(pattern, said) and not _any(pattern, first)]
        self._counts = [0] * len(self._patterns)
        self._n = 0

    def add(self, record: SeenRecord) -> None:
        """Note which patterns a record has."""
        self._n += 1
        if not self._patterns:
            return
        texts = [fold(text) for text in (*record.texts, *record.references)]
        for place, pattern in enumerate(self._patterns):
            self._counts[place] += _any(pattern, texts)

    def addressed(self, texts: Iterable[str]) -> str | None:
        """Return words of a prompt that speak of an assessment, and of no subject of the records."""
        folded = [fold(text) for text in texts]
        enough = max(_LEAST_RECORDS, COMMON_SHARE * self._n)
        for pattern, count in zip(self._patterns, self._counts, strict=True):
            if count < enough:
                for text in folded:
                    if found := pattern.search(text):
                        return found[0]
        return None


def _any(pattern: re.Pattern[str], texts: Sequence[str]) -> bool:
    return any(pattern.search(text) for text in texts)
