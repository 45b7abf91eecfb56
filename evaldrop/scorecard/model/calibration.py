"""The parts of `scorecard.json` that come from people's labels. Public; docs/output-files.md."""

from typing import Literal

from pydantic import Field

from evaldrop.scorecard.model.paired import RestsOn
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
    pass_rate: float | None = nullable("The share people would have passed, by the same method.")
    pass_interval: Interval | None = None
    method: Literal["ppi++", "labels_only"] | None = None
    decides: bool = Field(
        default=False, description="Whether there are labels enough to decide: the gate then reads these."
    )
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
    kappa: float | None = nullable("Cohen's, weighted where answers have an order.")
    kappa_weights: Literal["none", "quadratic"] = "none"
    ac1: float | None = nullable(
        "Gwet's, unweighted: agreement beyond chance that one dominating answer does not pull down."
    )
    true_positive_rate: float | None = nullable("Of the responses people pass, the share the judge passes.")
    true_negative_rate: float | None = nullable("Of the responses people fail, the share the judge fails.")
    pearson: float | None = nullable("Correlation of the scores; null where answers are names, as the next.")
    spearman: float | None = nullable("Correlation of their ranks.")
    kendall_tau_b: float | None = nullable("Concordant less discordant pairs of responses, ties allowed for.")
    bias: float | None = nullable("Mean of judge minus people.")
    confusion: Confusion | None = None
    reasons: dict[str, str] = Field(default_factory=dict, description="Key: why it is null.")
    intervals: dict[str, Interval] = Field(
        default_factory=dict, description="Key: its interval, records or groups being independent."
    )


class RaterAgreement(Part):
    """Two people on the responses both labelled."""

    a: str
    b: str
    n: int
    agreement: float | None = None
    kappa: float | None = None
    ac1: float | None = nullable("Gwet's.")
    reason: str | None = nullable("Why a number is null.")
    intervals: dict[str, Interval] = Field(default_factory=dict, description="Key: its interval.")


class Favour(Part):
    """Whether the judge prefers one candidate to another beyond what people say, on labelled records."""

    a: str
    b: str
    n: int = Field(description="Records on which people scored both.")
    difference: float | None = nullable("The judge's a less b, less people's, on the criterion's scale.")
    interval: Interval | None = nullable("At the level of the family: all pairs on all criteria.")
    p_value: float | None = None
    p_adjusted: float | None = nullable("Holm, over all pairs and criteria.")
    favours: str | None = nullable("Whom the judge favours; null where it is not decided.")
    corrected: bool = Field(default=False, description="Whether labels correct the comparison of the two.")
    reason: str | None = nullable("Why a number is null.")


class PeoplesPreferences(Part):
    """People's preferences between two candidates beside the judges', and the win rate they make of them."""

    candidate: str
    baseline: str
    n: int = Field(description="Records that people and judges both compared.")
    raters: dict[str, int] = Field(description="Person: preferences.")
    agreement: float | None = nullable("Share of these on which both say the same: a win, a tie or a loss.")
    kappa: float | None = nullable("Cohen's, unweighted.")
    ac1: float | None = nullable("Gwet's.")
    win_rate: float | None = nullable("The candidate's by people: wins and half the ties.")
    judge_win_rate: float | None = nullable("By the judges, on all records they compared.")
    corrected_win_rate: float | None = nullable("What people would have said on all of these.")
    interval: Interval | None = nullable("Of the corrected win rate.")
    p_value: float | None = nullable("That it is 0.5.")
    judge_lean: float | None = nullable("The judges' win rate less people's, where both compared.")
    judge_lean_p_value: float | None = nullable("That judges and people prefer alike: sign flips.")
    n_labelled: int = Field(default=0, description="Records whose preferences by people correct it.")
    rests_on: RestsOn = "judge"
    between_raters: tuple[RaterAgreement, ...] = ()
    reason: str | None = nullable("Why there is no corrected win rate.")


class CriterionCalibration(Part):
    """What people's labels say of the judges on one criterion."""

    n_labelled: int = Field(description="Responses with a label.")
    n_skipped: int = Field(description="Drawn responses on which everybody passed.")
    raters: dict[str, int] = Field(description="Person: labels.")
    random_sample: bool = Field(description="Whether there are labels that may correct this run's numbers.")
    census: bool = Field(
        default=False, description="Whether people labelled every response that the judge scored."
    )
    reason: str | None = nullable("Why labels were kept out of the correction.")
    joined: JudgeAgreement = Field(description="The scorecard's own score: all judges together.")
    judges: dict[str, JudgeAgreement]
    between_raters: tuple[RaterAgreement, ...] = ()
    rater_alpha: float | None = nullable("Krippendorff's, over all people.")
    rater_alpha_interval: Interval | None = None
    favours: tuple[Favour, ...] = Field(default=(), description="Every pair of candidates.")
