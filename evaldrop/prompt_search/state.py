"""
A search for a better prompt, as it is kept in the run's folder.

What was proposed, what it was tried on and what came of it is all here, so that the next move follows from
the file alone: a search that was killed goes on, and the report tells it whole.
"""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Part = Literal["train", "dev", "test"]
"""train: read by whoever proposes. dev: chooses among prompts. test: touched once, after the choice."""

SEARCH_FILE = "prompts/search.json"
PARTS_FILE = "prompts/parts.json"

FIRST = "original"
"""The ID of the prompt that a search begins with."""

_SAID_TO_ALL = frozenset({"file", "variables", "max_tokens", "mark", "tool"})
PROPOSER_VARIABLES: Final = {
    "improve": _SAID_TO_ALL | {"task", "records", "tried", "angle", "examples", "quality"},
    "instructions": _SAID_TO_ALL | {"instructions"},
}
"""What a prompt that asks for prompts may use, by its name without the version."""


class _OfASearch(BaseModel):
    # A later version's keys are none of ours.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Tried(_OfASearch):
    """
    What came of a prompt on one record.

    Attributes:
        quality: In [0, 1], over all criteria; None where the response or a verdict failed.
        input_tokens: Of the candidate's request, None where unknown.
        output_tokens: Of its response.
    """

    quality: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class Proposal(_OfASearch):
    """
    A prompt of a search; the first is the original.

    Attributes:
        id: `original`, or `r2p3`: the third of the second round.
        parent: ID of the prompt that it was made from.
        text: The prompt's file.
        changes: What it changes, in the proposer's words, which are untrusted.
        why: Why, likewise.
        refused: Why it was not tried; None where it was or may be.
        dropped: Why it left the race before its end; None where it did not.
        tokens: Of the file's text, estimated.
        dev: By record ID.
        train: By record ID.
    """

    id: str
    parent: str | None = None
    round: int = 0
    text: str
    changes: str = ""
    why: str = ""
    refused: str | None = None
    dropped: str | None = None
    tokens: int = 0
    dev: dict[str, Tried] = Field(default_factory=dict)
    train: dict[str, Tried] = Field(default_factory=dict)


class Search(_OfASearch):
    """
    The search for one candidate's prompt.

    Attributes:
        candidate: Whose prompt it is.
        original: The candidate with the prompt that the search begins with.
        by: Who proposes: a model ID, `bedrock` or `bedrock_job`.
        proposals: All prompts, the original first, in the order they were proposed in.
        round: The round that is under way, from 1; 0 before the first.
        incumbent: ID of the best prompt on dev of the rounds that are over; the first before there is one.
        cost_usd: What proposing and trying has cost; None where a price is unknown.
        proposing_usd: Of it, what proposing has.
        likely_usd: What is counted against budgets for what nobody tells the cost of: that of Bedrock's job.
        winner: ID of the chosen prompt; None while there is none.
        ended: Why the search is over, in words; None while it goes on.
    """

    candidate: str
    original: str
    by: str
    proposals: tuple[Proposal, ...]
    round: int = 0
    incumbent: str = FIRST
    cost_usd: float | None = 0.0
    proposing_usd: float | None = 0.0
    likely_usd: float = 0.0
    winner: str | None = None
    ended: str | None = None

    @property
    def counted_usd(self) -> float:
        """What proposing counts against budgets."""
        return (self.proposing_usd or 0.0) + self.likely_usd

    def proposal(self, which: str) -> Proposal:
        """Return a prompt by its ID."""
        return next(each for each in self.proposals if each.id == which)


class SearchFile(_OfASearch):
    """
    `prompts/search.json`.

    Attributes:
        turn: How often the workflow's loop has been through.
        records: Records in each part.
        judge: Whose verdicts the search goes by; other judges score the test part alone.
        searches: One for each improved candidate.
        doing: What the turn under way is for, in words; nothing once all searches have ended.
    """

    turn: int = 0
    records: dict[Part, int]
    judge: str | None
    searches: tuple[Search, ...]
    doing: str = ""
