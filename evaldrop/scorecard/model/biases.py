"""The `biases` part of `scorecard.json`: what judges give to a place, a length, a maker, and by chance."""

from typing import Literal

from pydantic import Field

from evaldrop.scorecard.model.part import Interval, Part, nullable


class BiasEstimate(Part):
    """A bias of a size, tested. Sizes are in the criterion's own unit, above 0 for what is called better."""

    n: int = Field(description="What it rests on: pairs, records or anchors, as the kind says.")
    size: float | None = None
    interval: Interval | None = nullable("At the level of all biases together.")
    p_value: float | None = nullable("Null where nothing was tested.")
    p_adjusted: float | None = nullable("Holm, over all biases of the run.")
    decisive: bool = Field(
        default=False, description="Whether there is an alarm: more than chance, and large enough to matter."
    )
    reason: str | None = nullable("Why it was not tested.")


class PositionBias(BiasEstimate):
    """A pairwise judge: `size` is the share of preferences for the response shown first; 0.5 is fair."""

    judge: str
    n_both_orders: int = Field(description="Pairs whose preference was read in both orders.")
    order_decides: float | None = nullable("Share of them whose preference changed with the order.")


class LengthBias(BiasEstimate):
    """
    What being the longer of two responses to a record brings.

    `size` is what the judge gives for it beyond `against`, half the difference between records on which the
    one or the other candidate's response is longer.
    """

    criterion: str
    against: str | None = nullable("`people`, or the metric against the reference; null: nothing tells.")
    n_compared: int = Field(default=0, description="Pairs of responses of different lengths.")
    longer_gains: float | None = nullable(
        "The longer one's score minus the shorter one's, whatever the reason."
    )
    longer_gains_interval: Interval | None = None
    longer_gains_p_value: float | None = None


class SelfPreferenceBias(BiasEstimate):
    """
    A judge and the candidates of its own maker, on the records that both sides have.

    `size` is what it gives its own beyond what it gives the others, both less what `against` gave them.
    """

    judge: str
    criterion: str
    maker: str
    own: tuple[str, ...]
    others: tuple[str, ...] = ()
    against: str | None = nullable("`people`, or the judges of other makers; null: nothing tells.")
    bias: float | None = nullable("P(judged good | good, own) minus P(judged good | good, other).")
    bias_interval: Interval | None = None
    false_positive_gap: float | None = nullable("The same among responses that people call bad.")
    false_positive_gap_interval: Interval | None = None


class IdenticalTexts(BiasEstimate):
    """One text to one record, judged several times: `size` is the share of records on which scores differ."""

    judge: str
    criterion: str
    of: Literal["candidates", "repeats"]
    mean_gap: float | None = nullable("Mean difference of two scores of one text, where they differ or not.")
    noise: float | None = nullable(
        "What this alone can make of the difference between two candidates' means, in 95 of 100 runs."
    )


class AnchorDrift(BiasEstimate):
    """A judge's anchors: `size` is what it gives them now minus what it gave them in the baseline."""

    judge: str
    criterion: str


class Biases(Part):
    """Biases of the judges. Over all that were tested, one in twenty runs of fair judges has an alarm."""

    tested: int = Field(default=0, description="How many were tested.")
    position: tuple[PositionBias, ...] = ()
    verbosity: tuple[LengthBias, ...] = ()
    self_preference: tuple[SelfPreferenceBias, ...] = ()
    identical_texts: tuple[IdenticalTexts, ...] = ()
    anchor_drift: tuple[AnchorDrift, ...] = ()
