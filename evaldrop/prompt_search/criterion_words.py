"""Whether a prompt has its words from a criterion or a judge prompt, which are none of its matter."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from evaldrop.evaluation.criteria import Criterion
from evaldrop.prompt_search.overlap import Run, runs

CRITERION_RUN: Final = 6
JUDGE_RUN: Final = 8
_SHORTEST_POINT, _LONGEST_POINT = 4, CRITERION_RUN - 1
# Of words that are not in every sentence; .
_LEAST_CONTENT = 2
_TAG = re.compile(r"\{[{%#].{0,400}?[}%#]\}", re.DOTALL)
# Words of which any sentence is full: a run of them is nobody's wording.
_OFTEN = """
a about above after all also an and any are as at be been but by can could do does each for from had has have
how i if in into is it its just may more most much must no nor not of on one only or other our out should so
some than that the their them then there these they this those to too up was we were what when where which who
will with without would you your response answer question user asked ask asks
"""
_FUNCTION_WORDS = frozenset(_OFTEN.split())


class CriterionWords:
    """
    Finds the wording of criteria and judge prompts in prompts.

    Args:
        criteria: The run's.
        judge_prompts: Texts of the judge prompts' files.
        allowed: What may be said, for the prompt that a search began with says it, too.
    """

    def __init__(
        self, criteria: Iterable[Criterion], judge_prompts: Iterable[str], *, allowed: Iterable[str]
    ) -> None:
        self._known: dict[int, set[Run]] = {}
        for criterion in criteria:
            for text in _texts_of(criterion):
                for size in (*range(_SHORTEST_POINT, _LONGEST_POINT + 1), CRITERION_RUN):
                    found = list(runs(text, size))
                    # Of a short text, all of it; of others, any run.
                    if size == CRITERION_RUN or len(found) == 1:
                        self._add(size, found)
        for text in judge_prompts:
            for piece in _TAG.split(text):
                self._add(JUDGE_RUN, runs(piece, JUDGE_RUN))
        said = list(allowed)
        for size, known in self._known.items():
            known.difference_update(*(runs(text, size) for text in said))

    def found(self, texts: Iterable[str]) -> str | None:
        """Return words that a prompt's texts and a criterion have in common; None where there are none."""
        said = list(texts)
        for size in sorted(self._known, reverse=True):
            shared = set().union(*(self._known[size].intersection(runs(text, size)) for text in said))
            if shared:
                return " ".join(min(shared))
        return None

    def _add(self, size: int, found: Iterable[Run]) -> None:
        own = {run for run in found if sum(word not in _FUNCTION_WORDS for word in run) >= _LEAST_CONTENT}
        self._known.setdefault(size, set()).update(own)


def _texts_of(criterion: Criterion) -> Iterator[str]:
    yield criterion.question
    for point in criterion.scale.points:
        yield f"{point.label} {point.definition or ''}"
        yield point.definition or ""
    yield from (*criterion.must_include, *criterion.must_not_include)
    for example in criterion.examples:
        yield from (example.prompt, example.response, example.rationale)
