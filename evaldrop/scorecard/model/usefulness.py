"""Parts of `scorecard.json` that say what criteria and candidates are good for; documented as the others."""

from pydantic import Field

from evaldrop.scorecard.model.part import Interval, Part, nullable


class LengthQuartile(Part):
    """Responses of about one length."""

    low: int = Field(description="The shortest of them, in characters.")
    high: int = Field(description="The longest of them, in characters.")
    n: int
    mean: float = Field(description="Their mean score.")


class LengthRelation(Part):
    """How a candidate's scores go with the length of its responses. It says nothing about why."""

    n: int = Field(description="Responses with a score.")
    spearman: float | None = nullable("Above 0: longer responses score higher.")
    p_value: float | None = nullable("Of this correlation alone; not adjusted.")
    quartiles: tuple[LengthQuartile, ...] = Field(
        default=(), description="From the shortest quarter to the longest; fewer where lengths are equal."
    )
    reason: str | None = nullable("Why a number is null.")


class CriterionUse(Part):
    """Whether a criterion tells responses and candidates apart."""

    n: int = Field(description="Scores, over all candidates.")
    commonest_score: float | None = None
    commonest_share: float | None = nullable("Share of scores that are that one.")
    differing_share: float | None = nullable(
        "Share of the records with several candidates' scores on which these differ."
    )
    finding: str | None = nullable("What is wrong with it, as a sentence.")


class CriterionPair(Part):
    """Two criteria on the same responses, all candidates together."""

    a: str
    b: str
    n: int = Field(description="Responses with a score on both.")
    correlation: float | None = nullable(
        "Pearson's, both turned so that more is good; null where one never varies."
    )
    finding: str | None = nullable("Says so when the two say the same.")


class ChecksAgainstJudges(Part):
    """A candidate's responses on which both a check and a judged criterion have a score."""

    n: int
    check_failed: int = Field(description="A check failed, and all that judges were asked passed.")
    judge_failed: int = Field(description="All checks passed, and a judged criterion failed.")


class FrontierPoint(Part):
    """A candidate's quality and price, and who is at least as good for no more."""

    candidate: str
    quality: float = Field(
        description="Its `overall` mean over the verdicts that all candidates have. Who is better is told by "
        "the comparison of two, on what both have."
    )
    cost_usd_per_1000_records: float
    dominated_by: tuple[str, ...] = Field(
        default=(), description="Candidates at least as good and no dearer, one of both strictly."
    )
    over: str | None = nullable("The next cheaper candidate that nobody dominates.")
    usd_per_point: float | None = nullable("What 0.01 more quality costs over it, in USD per 1,000 records.")
    usd_per_point_interval: Interval | None = nullable(
        "Fieller's; null where the difference in quality may be 0: then nothing bounds the ratio."
    )
    decisive: bool | None = nullable(
        "Whether it is decidedly better than `over`, or worse than who dominates it."
    )
    reason: str | None = nullable("Why `usd_per_point` has no interval.")
