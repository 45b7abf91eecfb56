"""
What a search for a prompt will ask: how often, and how long requests and replies are.

How often follows from its settings and the parts of the records. How long the prompts to come are, and what
is said of them, is a guess, or in a rehearsal what its proposer has written.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from evaldrop.datasets import Record
from evaldrop.evaluation import Candidate
from evaldrop.evaluation.improvement import ImprovedPrompt
from evaldrop.evaluation.originals import original_of
from evaldrop.prompt_search.asking import (
    MOST_RATIONALE,
    MOST_RECORDS,
    MOST_REFERENCE,
    MOST_TEXT,
    Asking,
    Proposer,
    TrainRecord,
    instructions_request,
    proposal_request,
)
from evaldrop.prompt_search.calls import Calls, expected_calls
from evaldrop.prompt_search.parts import PartsOf
from evaldrop.prompt_search.size import most_prompt_tokens, prompt_tokens
from evaldrop.prompt_search.state import FIRST, Proposal, Search, Tried
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.validate_dataset.plan import BYTES_PER_TOKEN, tokens
from evaldrop.steps.validate_dataset.planned_lines import Range
from evaldrop.steps.validate_dataset.planned_search import ProposedLengths

JSON = dict[str, Any]
LONGER: Final = (0.5, 100)
"""By how much a proposed prompt is longer than the first, a share of it and tokens: a guess."""
SAID_TOKENS: Final = 200
"""Of a proposal beside the prompt: what it changes, and why. A guess, like the next."""
ESCAPED: Final = 1.15
"""Tokens of a prompt within a reply's JSON, to one of it alone."""
IDLE_ROUNDS: Final = 2
"""A search may be over after so many rounds."""


class SearchRequests:
    """What a search asks, as far as its settings and its first prompt tell."""

    def __init__(
        self, run: RunDefinition, candidate: Candidate, settings: ImprovedPrompt, parts: PartsOf
    ) -> None:
        original = original_of(run.evaluation, candidate)
        assert original is not None
        self._run, self._candidate, self._settings = run, candidate, settings
        self._original, self._parts = original, parts
        self.first = run.prompts[f"candidate/{run.evaluation.prompt_of(original)}"].text
        self.calls = expected_calls(settings, parts)

    @cached_property
    def _most(self) -> int:
        return most_prompt_tokens(self._settings, prompt_tokens(self.first))

    @property
    def _fewest(self) -> Calls:
        few = self._settings.model_copy(update={"rounds": min(IDLE_ROUNDS, self._settings.rounds)})
        return expected_calls(few, self._parts).likely

    @property
    def share_of_a_choice(self) -> float:
        """Return what share of the likely tries it takes to try the first prompt and one other."""
        least = self._settings.model_copy(update={"rounds": 1, "proposals": 1})
        one = expected_calls(least, self._parts).likely
        whole = self.calls.likely
        return (one.tries / whole.tries) if whole.tries else 1.0

    def range_of(self, kind: Any) -> Range:
        """Return how many calls of a kind there are."""
        return Range(low=kind(self._fewest), likely=kind(self.calls.likely), high=kind(self.calls.most))

    def longer(self, known: ProposedLengths | None) -> Range:
        """Return by how many tokens a proposed prompt is longer than the first."""
        first = prompt_tokens(self.first)
        share, more = LONGER
        likely = share * first + more
        if known is not None:
            # Of a prompt's line of ancestors each added as much.
            likely = known.longer * (self._settings.rounds + 1) / 2
        high = max(0.0, self._most - first)
        return Range(low=0.0, likely=min(max(0.0, likely), high), high=high)

    def reply(self, known: ProposedLengths | None, longer: Range) -> Range:
        """Return the tokens of a proposer's reply."""
        first = prompt_tokens(self.first)
        likely = SAID_TOKENS + ESCAPED * (first + longer.likely)
        if known is not None:
            likely = known.reply + longer.likely - known.longer
        most = float(self._request([], tried=0, filler=0)["InferenceConfig"]["MaxTokens"])
        return Range(low=min(float(first), most), likely=min(likely, most), high=most)

    def asked(self, records: Sequence[Record], rationale: float) -> Range:
        """Return the tokens of a request for a proposal, in which records and tried prompts are shown."""
        shown = [_shown(each, round(rationale) * BYTES_PER_TOKEN) for each in records[:MOST_RECORDS]]
        early = tokens(self._request(shown, tried=0, filler=0))
        if not self._settings.is_search:
            return Range(low=early, likely=early, high=early)
        rounds = self._settings.rounds
        late = tokens(self._request(shown, tried=self._settings.proposals, filler=0))
        dear = TrainRecord(
            prompt="x" * MOST_TEXT,
            response="x" * MOST_TEXT,
            reference=("x" * MOST_REFERENCE,) * 3,
            context="x" * MOST_TEXT,
            rationales=("x" * MOST_RATIONALE,) * max(1, len(self._run.criteria)),
            quality=0.0,
        )
        filler = self._most * BYTES_PER_TOKEN
        most = tokens(self._request([dear] * MOST_RECORDS, tried=99, filler=filler))
        return Range(low=early, likely=(early + (rounds - 1) * late) / rounds, high=max(most, late))

    def _request(self, shown: Sequence[TrainRecord], *, tried: int, filler: int) -> JSON:
        settings = self._settings
        proposer = Proposer(model=settings.by or "", family=self._family)
        if settings.instructions is not None:
            return instructions_request(
                settings.instructions, self.first, settings, proposer=proposer, nonce=self._run.nonce
            )
        text = self.first + "x" * max(0, filler - len(self.first.encode()))
        return proposal_request(
            self._search(text, tried),
            FIRST,
            settings,
            asked=Asking(task=self._run.evaluation.description or "", records=list(shown)),
            proposer=proposer,
            nonce=self._run.nonce,
            number=1,
        )

    @property
    def _family(self) -> str | None:
        called = (*self._run.judges, *self._run.candidates)
        return next((each.family for each in called if each.model == self._settings.by), None)

    def _search(self, text: str, tried: int) -> Search:
        """Return a search that has tried so many prompts, all of them like the first."""
        scores = {"record": Tried(quality=0.5)}
        first = Proposal(id=FIRST, text=text, tokens=prompt_tokens(text), dev=scores, train=scores)
        others = [
            first.model_copy(update={"id": f"r1p{number}", "changes": "x" * SAID_TOKENS, "round": 1})
            for number in range(1, tried + 1)
        ]
        return Search(
            candidate=self._candidate.name,
            original=self._original.name,
            by=self._settings.by or "",
            proposals=(first, *others),
            round=2 if tried else 1,
        )

    def first_request(self, records: Sequence[Record]) -> JSON:
        """Return a request as one of the first round will be, but for what candidate and judge have said."""
        return self._request([_shown(each, 0) for each in records[:MOST_RECORDS]], tried=0, filler=0)

    def as_tried(self) -> RunDefinition:
        """Return the run in which the first prompt is tried, judged as tries are."""
        evaluation = self._run.evaluation
        as_first = self._candidate.model_copy(update={"prompt": self._original.prompt})
        return self._run.changed(
            evaluation=evaluation.model_copy(
                update={
                    "candidates": (as_first,),
                    "judges": evaluation.called_judges[:1],
                    "pairwise": None,
                    "anchors": None,
                    "robustness": None,
                    "metrics": (),
                    "gate": (),
                }
            ),
            parent=None,
        )


def _shown(record: Record, said: int) -> TrainRecord:
    # A response is as long as an ideal one.
    response = record.reference[0] if record.reference else "x" * MOST_REFERENCE
    return TrainRecord(
        prompt=record.prompt_text,
        response=response,
        reference=record.reference,
        context=record.context,
        rationales=("x" * said,) if said else (),
        quality=0.0,
    )


def first_request(
    run: RunDefinition, candidate: Candidate, settings: ImprovedPrompt, tried: Sequence[Record]
) -> JSON:
    """Return a request for a proposal as the first round's will be, in Step Functions' casing."""
    return SearchRequests(run, candidate, settings, PartsOf((), ())).first_request(tried)


def first_prompt_tokens(run: RunDefinition, candidate: Candidate, settings: ImprovedPrompt) -> int:
    """Return how long the prompt is that a search begins with, in tokens."""
    return prompt_tokens(SearchRequests(run, candidate, settings, PartsOf((), ())).first)
