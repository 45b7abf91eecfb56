"""What a proof says: whether the setup would have noticed faults that were planted on purpose."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from evaldrop.scorecard.model.part import Interval, Part, nullable

GateLook = Literal["single", "weekly"]
"""A question asked once, at the run's level; or the weekly gate's, which shares that level over a year."""


class Noticed(Part):
    """What one instrument, a judge or a check, made of one kind of planted fault."""

    kind: str
    criterion: str
    judge: str | None = nullable("Null: all judges together, as the scorecard has it.")
    n: int = Field(description="Responses that the fault was planted in, and that have both scores.")
    share: float | None = nullable("Share of them that score worse than the same response without the fault.")
    interval: Interval | None = nullable("Of the share; as a rate of a sample.")
    by_chance: float | None = nullable(
        "Share of the same ones, unchanged, that score worse when judged again."
    )
    change: float | None = nullable("Mean change of the score, on the criterion's scale.")
    change_interval: Interval | None = nullable(
        "Of the mean change, simultaneous with all others of the proof."
    )
    decision: Literal["noticed", "rewarded", "undecided"] = Field(
        description="noticed: worse than the response without the fault; rewarded: better; by the interval."
    )
    is_expected: bool = Field(
        default=True, description="Whether the criterion is one that such a fault should lower."
    )


class FalseAlarm(Part):
    """How often a candidate differs from itself, judged a second time in a column of its own."""

    criterion: str
    n: int
    changed: float | None = nullable("Share of responses whose score is another one the second time.")
    tries: int
    share: float | None = nullable("Share of the tries in which a difference is claimed.")
    interval: Interval | None = nullable("Of the share, for the tries there were.")
    moved: float | None = nullable("Mean of the second judging minus the first.")
    moved_interval: Interval | None = None
    is_moved: bool = Field(default=False, description="Whether the two judgings differ by more than chance.")


class DetectionPower(Part):
    """In what share of tries a drop is found; `kind` null: faults of all kinds that should lower it."""

    criterion: str
    drop: float = Field(description="The drop of the pass rate that is asked about, as a fraction.")
    look: GateLook
    kind: str | None = None
    records: int = Field(description="Records of a run that would have to find it.")
    planted: int = Field(description="Responses with a fault that this rests on.")
    tries: int
    share: float | None = nullable("Share of the tries in which the drop is decided; null: cannot be told.")
    interval: Interval | None = nullable("Of the share, for the records that were judged.")
    promised: float | None = nullable("What `evaldrop plan --difference` would have promised for this drop.")
    reason: str | None = nullable("Why it cannot be told.")


class Proof(Part):
    """A test of the instrument, made on a run's own data."""

    candidate: str
    records: int = Field(description="Records of the proof.")
    confidence: float
    simulated: bool = Field(default=False, description="Judged in a rehearsal: no finding about real judges.")
    noticed: tuple[Noticed, ...] = ()
    false_alarms: tuple[FalseAlarm, ...] = ()
    power: tuple[DetectionPower, ...] = ()
    cost_usd: float | None = nullable("What the proof's judges cost.")
    written_by: str | None = nullable("The model that wrote the faults; null: code planted them.")
    refused: Mapping[str, int] = Field(
        default_factory=dict, description="Why faults that the model wrote were no use, and of how many."
    )
    run_id: str | None = nullable("The run that the proof was made on, where that is another one.")
    made_at: str | None = nullable("ISO 8601.")
    sentences: tuple[str, ...] = ()
