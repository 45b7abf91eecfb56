"""A prompt that a search chose, as the next version of its file: what it is called, and where it is from."""

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from evaldrop.evaluation.improvement import BEDROCK, BEDROCK_JOB, ImprovedPrompt
from evaldrop.evaluation.prompts import with_preface
from evaldrop.prompt_search.state import FIRST, Search

_NAME = re.compile(r"([A-Za-z0-9_-]+)\.v([0-9]{1,9})")
_WHO = {BEDROCK: "Bedrock's prompt optimiser", BEDROCK_JOB: "a prompt optimisation job of Bedrock's"}
_HEAD = "Made by a run of evaldrop, and adopted as it was measured. All above the first heading is not sent."


class Adoption(NamedTuple):
    """
    A prompt that is to be adopted.

    Attributes:
        run_id: The run that made it.
        evaluation: What that run evaluated.
        simulated: Whether it was a rehearsal.
        evaluation_uri: The evaluation's file, as far as it is known.
        search: The candidate's.
        improved: What the evaluation says of its prompt.
        claim: What the run shows of it, in words.
    """

    run_id: str
    evaluation: str
    simulated: bool
    evaluation_uri: str | None
    search: Search
    improved: ImprovedPrompt
    claim: str

    @property
    def first(self) -> str:
        """The prompt that the search began with."""
        return self.search.proposal(FIRST).text

    @property
    def chosen(self) -> str:
        """The prompt that it ended with."""
        return self.search.proposal(self.search.winner or FIRST).text

    @property
    def found_better(self) -> bool:
        """Whether that is another one."""
        return self.search.winner not in (None, FIRST)

    def file(self, *, day: str) -> str:
        """
        Return the file: where its prompt is from, which is not sent, then the prompt.

        Args:
            day: On which it is adopted, such as 2026-11-30.
        """
        # A line of it that began with ## user would be a heading: each is kept to one line, behind a mark.
        about = "\n".join(f"- {' '.join(line.split())}" for line in self._about(day))
        return with_preface(f"{_HEAD}\n\n{about}", self.chosen)

    def _about(self, day: str) -> Iterable[str]:
        simulated = ", a rehearsal: SIMULATED" if self.simulated else ""
        yield f"run: {self.run_id} of {self.evaluation}{simulated}"
        yield f"candidate: {self.search.candidate}, prompt {self.search.winner}"
        yield f"written by: {_WHO.get(self.search.by, self.search.by)}"
        yield f"made of: {self.improved.improve or 'instructions'}, sha256 {sha256(self.first)}"
        yield f"as measured: sha256 {sha256(self.chosen)}"
        yield f"test: {self.claim}"
        yield f"adopted: {day}"


def sha256(text: str) -> str:
    """Return the digest of a prompt file's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def family_of(candidate: str, prompt: ImprovedPrompt) -> str:
    """Return what all versions of a prompt are called before their number."""
    if prompt.improve and (found := _NAME.fullmatch(prompt.improve)):
        return found[1]
    return re.sub(r"[^A-Za-z0-9_-]", "-", candidate)


def is_name(name: str) -> bool:
    """Tell whether a prompt can be called so."""
    return _NAME.fullmatch(name) is not None


def next_version(family: str, taken: Iterable[str]) -> str:
    """Return what the next version of a prompt is called, after the highest of those that there are."""
    found = (_NAME.fullmatch(name) for name in taken)
    return f"{family}.v{max((int(each[2]) for each in found if each and each[1] == family), default=0) + 1}"
