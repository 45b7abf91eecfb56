"""The parts of `scorecard.json` that come from people's labels. Public; docs/output-files.md."""

from typing import Literal

from pydantic import Field

from evaldrop.scorecard.model.part import Interval, Part, nullable


class CorrectedRate(Part):
    """Rogan and Gladen's correction of a yes/no mean for the judge's error rates, records independent."""

    rate: float | None = None
    standard_error: float | None = None
    interval: Interval | None = None
    reason: str | None = nullable("Why a number is null.")


class CalibratedMean(Part):
    """
    The mean that people would have given a candidate, from the judge's scores and the labels of a random
    sample.

    `ppi++`: prediction-powered, clustered, its weight tuned. `labels_only`: people labelled every response.
    """

    mean: float | None = None
    standard_error: float | None = None
    interval: Interval | None = nullable("Student's t, cut to the scale's ends.")
    method: Literal["ppi++", "labels_only"] | None = None
    n_labelled: int = Field(description="Records of a random sample that people and the judge both scored.")
    n_unlabelled: int = Field(default=0, description="The other records the judge scored.")
    weight: float | None = nullable("How much the judge was used, 0 to 1; 0 is the labels alone.")
    judge_bias: float | None = nullable("Judge minus people on the labelled records.")
    rogan_gladen: CorrectedRate | None = nullable("On a yes/no scale.")
    reason: str | None = nullable("Why a number is null.")


class Confusion(Part):
    """How often people said a row's answer and the judge a column's."""

    answers: tuple[str, ...] = Field(description="Of rows and columns: the scale's, or fails and passes.")
    counts: tuple[tuple[int, ...], ...]


class JudgeAgreement(Part):
    """A judge against people, over the responses both scored. All candidates together."""

    n: int = Field(description="Responses that both scored.")
    agreement: float | None = nullable(
        "Share at most half a step apart: equal, where both are points. Null on a range."
    )
    pass_agreement: float | None = nullable("Share passed by both or failed by both.")
    kappa: float | None = nullable("Cohen's, on all but yes/no scales weighted.")
    kappa_weights: Literal["none", "quadratic"] = "none"
    true_positive_rate: float | None = nullable("Of the responses people pass, the share the judge passes.")
    true_negative_rate: float | None = nullable("Of the responses people fail, the share the judge fails.")
    spearman: float | None = None
    bias: float | None = nullable("Mean of judge minus people.")
    confusion: Confusion | None = None
    reasons: dict[str, str] = Field(default_factory=dict, description="Key: why it is null.")


class RaterAgreement(Part):
    """Two people on the responses both labelled."""

    a: str
    b: str
    n: int
    agreement: float | None = None
    kappa: float | None = None
    reason: str | None = nullable("Why a number is null.")


class CriterionCalibration(Part):
    """What people's labels say of the judges on one criterion."""

    n_labelled: int = Field(description="Responses with a label.")
    n_skipped: int = Field(description="Drawn responses on which everybody passed.")
    raters: dict[str, int] = Field(description="Person: labels.")
    random_sample: bool = Field(description="Whether there are labels that may correct this run's means.")
    reason: str | None = nullable("Why labels were kept out of the correction.")
    joined: JudgeAgreement = Field(description="The scorecard's own score: all judges together.")
    judges: dict[str, JudgeAgreement]
    between_raters: tuple[RaterAgreement, ...] = ()
    rater_alpha: float | None = nullable("Krippendorff's, over all people.")
