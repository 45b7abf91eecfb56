"""Words of assessment in prompts, less those that are a dataset's subject: a court's judge, say."""

import re
from collections.abc import Iterable, Iterator, Sequence

from evaldrop.prompt_search.overlap import COMMON_SHARE, SeenRecord
from evaldrop.verdicts.injection import fold

_LEAST_RECORDS = 3


class AssessmentWords:
    """
    Tells words that speak of an assessment from words that the records use themselves.

    Args:
        patterns: For folded texts.
        prompts: All texts that each of some prompts says.
        allowed: Texts whose patterns are nobody's fault.
    """

    def __init__(
        self,
        patterns: Iterable[re.Pattern[str]],
        prompts: Iterable[Iterable[str]],
        allowed: Iterable[str],
    ) -> None:
        first = [fold(text) for text in allowed]
        self._patterns = [pattern for pattern in patterns if not any(pattern.search(text) for text in first)]
        said = [fold(text) for texts in prompts for text in texts]
        # Their very words are looked for in the records, and no pattern: of records there may be a million.
        self._counts = dict.fromkeys(self._found(said), 0)
        self._n = 0

    def add(self, record: SeenRecord) -> None:
        """Note which of the words a record has."""
        self._n += 1
        if not self._counts:
            return
        text = fold("\n".join((*record.texts, *record.references)))
        for words in self._counts:
            self._counts[words] += words in text

    def addressed(self, texts: Iterable[str]) -> str | None:
        """Return words of a prompt that speak of an assessment, and that the records do not have."""
        enough = max(_LEAST_RECORDS, COMMON_SHARE * self._n)
        found = self._found([fold(text) for text in texts])
        return next((words for words in found if self._counts.get(words, 0) < enough), None)

    def _found(self, folded: Sequence[str]) -> Iterator[str]:
        for pattern in self._patterns:
            for text in folded:
                yield from (found[0] for found in pattern.finditer(text))
