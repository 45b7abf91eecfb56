"""Parts of `scorecard.json` that say what became of the prompts that a run made."""

from typing import Literal

from pydantic import Field

from evaldrop.scorecard.model.part import Interval, Part, nullable

PromptDecision = Literal["better", "worse", "not shown", "same", "too few"]
"""same: none did better than the original on dev. too few: the test part shows no sensible gain."""


class PromptDifference(Part):
    """The improved prompt's quality less the original's, on records that nobody tuned on."""

    criterion: str = Field(description='"overall", or the only criterion.')
    n: int = Field(description="Records that both have a score for.")
    difference: float | None = nullable("Above 0: the improved prompt is better.")
    interval: Interval | None = nullable("As the two candidates' comparison reports it.")
    detectable: float | None = nullable(
        "The smallest true gain that would have been shown in 80 of 100 runs."
    )
    units: int = Field(default=0, description="Independent ones of them: a group counts once.")
    decision: PromptDecision


class JudgeDifference(Part):
    """The same as one judge alone sees it that the search never asked; by itself, and in no decision."""

    judge: str
    n: int = Field(description="Records on which it scored both.")
    difference: float | None = nullable("Above 0: it finds the improved prompt better.")
    interval: Interval | None = nullable("Of this judge alone; null with too few records.")


class DevScores(Part):
    """What prompts were chosen by. It is higher than what the chosen one will reach, and proves nothing."""

    n: int = Field(description="Records that the original was tried on.")
    original: float | None = None
    chosen: float | None = None


class PromptSearchCost(Part):
    """USD that a search for a prompt took; null where a price is unknown."""

    proposing: float | None = 0.0
    trying: float | None = 0.0
    total: float | None = 0.0


class PromptImprovement(Part):
    """What became of a candidate's prompt that the run was to improve, or to make of instructions."""

    original: str = Field(description="The candidate with the prompt that it began with.")
    by: str = Field(description="Who wrote prompts: a model ID, bedrock or bedrock_job.")
    prompt: str = Field(description="What the prompt is called in run.json.")
    prompt_sha256: str
    chosen: str = Field(
        description="ID of the chosen prompt in prompts/search.json; `original` where none was better."
    )
    rounds: int
    proposed: int = Field(description="Prompts that were written.")
    refused: int = Field(description="Of them, those that were not tried, for what they say.")
    ended: str | None = nullable("Why the search was over.")
    dev: DevScores | None = nullable("Null where nothing was tried before it was chosen.")
    test: PromptDifference
    unseen_judges: tuple[JudgeDifference, ...] = Field(
        default=(), description="Judges that the search never asked, each alone."
    )
    tokens_more: float | None = nullable("Input tokens of a request above the original's, on average.")
    usd_more_per_1000_records: float | None = nullable("The candidate's own calls above the original's.")
    cost_usd: PromptSearchCost = Field(description="What the search took.")


class RecordParts(Part):
    """How records were parted. The scorecard is of the test part."""

    train: int = Field(description="Read by whoever wrote prompts.")
    dev: int = Field(description="Chose among prompts.")
    test: int = Field(description="Touched once, after the choice: what this scorecard is of.")
