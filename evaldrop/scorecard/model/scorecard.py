"""
`scorecard.json` as types: counts and estimates of a run. Public; documented in docs/output-files.md.

A number that does not exist is null, never 0; where its absence is not plain, a reason is beside it.
Rates are fractions in [0, 1]; units end the names.
"""

from collections.abc import Iterable
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from evaldrop.evaluation.delivery import Delivery
from evaldrop.scorecard.model.answers import FieldsEstimate, LabelsEstimate
from evaldrop.scorecard.model.baseline import Baseline
from evaldrop.scorecard.model.biases import Biases
from evaldrop.scorecard.model.calibration import CalibratedMean, CriterionCalibration, PeoplesPreferences
from evaldrop.scorecard.model.failures import FailureGroups
from evaldrop.scorecard.model.guardrails import GuardrailComparison, GuardrailEstimate
from evaldrop.scorecard.model.judges import NO_BUDGET_LEFT
from evaldrop.scorecard.model.judges import Agreement as Agreement
from evaldrop.scorecard.model.judges import AnchorEstimate as AnchorEstimate
from evaldrop.scorecard.model.judges import AnchorMiss as AnchorMiss
from evaldrop.scorecard.model.judges import AnchorScores as AnchorScores
from evaldrop.scorecard.model.judges import AnchorVerdict as AnchorVerdict
from evaldrop.scorecard.model.judges import JudgeHealth as JudgeHealth
from evaldrop.scorecard.model.paired import PairedEstimate
from evaldrop.scorecard.model.pairwise import CandidatePairwise as CandidatePairwise
from evaldrop.scorecard.model.pairwise import PairScores as PairScores
from evaldrop.scorecard.model.pairwise import PairwiseEstimate as PairwiseEstimate
from evaldrop.scorecard.model.pairwise import Strength as Strength
from evaldrop.scorecard.model.pairwise import Strengths as Strengths
from evaldrop.scorecard.model.part import Interval as Interval
from evaldrop.scorecard.model.part import OpenInterval as OpenInterval
from evaldrop.scorecard.model.part import Part as Part
from evaldrop.scorecard.model.part import nullable
from evaldrop.scorecard.model.prompts import PromptImprovement, RecordParts
from evaldrop.scorecard.model.proof import Proof
from evaldrop.scorecard.model.recommendation import Recommendation
from evaldrop.scorecard.model.usefulness import (
    ChecksAgainstJudges,
    CriterionPair,
    CriterionUse,
    FrontierPoint,
    LengthRelation,
)

# Slices beyond these are too many to read; the largest are kept.
MOST_CATEGORIES = 60


Decision = Literal["pass", "fail", "inconclusive"]
GateDecision = Literal["pass", "fail", "inconclusive", "no gate"]

NO_GATE: Final = "no gate"


class Records(Part):
    """Where the dataset's records went."""

    read: int = Field(description="Rows of the dataset that were read.")
    rejected: int = Field(description="Rows refused by validation; they are in rejected.jsonl.")
    evaluated: int = Field(description="Records whose child workflow gave a result.")
    missing: int = Field(description="Prepared records without a result.")
    missing_reasons: dict[str, int] = Field(
        default_factory=dict, description="Why they are missing: number of records."
    )
    skipped: int = Field(
        default=0, description="Records that were not begun, for the budget was spent. No failure."
    )
    repeated: int = Field(
        default=0,
        description="Records evaluated more than once, as Express workflows may be. One result counts.",
    )


class ResponseCounts(Part):
    """What became of a candidate's responses."""

    n: int = Field(description="Responses there should be: one per prepared record.")
    errors: int = Field(description="Calls that failed after their retries, and replies that are no answers.")
    missing: int = Field(default=0, description="Responses of records that are in no result.")
    skipped: int = Field(
        default=0, description="Responses of records that were not begun; not in `n`, and no failure."
    )
    given: int = Field(default=0, description="Responses that came with the dataset or an earlier run.")
    refused: int = Field(default=0, description="Responses that the model or its own filter refused.")
    blocked: int = Field(default=0, description="Responses in whose place a guardrail stepped in.")
    truncated: int = Field(
        default=0, description="Responses cut off at max_tokens, or where the context was full."
    )
    empty: int = Field(default=0, description="Responses without a text; judged as empty ones.")
    thinking: int = Field(
        default=0, description="Replies that hold thinking, which is no part of a response."
    )
    thinking_characters: int = Field(default=0, description="Characters of thinking, where it can be read.")
    unknown_stop_reasons: dict[str, int] = Field(
        default_factory=dict, description="Stop reason that is not known: responses."
    )
    retries: int = Field(default=0, description="Calls repeated by the workflow, most of them throttled.")
    error_names: dict[str, int] = Field(default_factory=dict, description="Error name: responses.")
    error_example: str | None = nullable("What the first of the most frequent errors said, on one line.")
    error_advice: str | None = nullable("What to do about it, where that is known.")
    flagged: int = Field(
        default=0, description="Responses that try to talk a judge round, or to harm a reader."
    )
    flags: dict[str, int] = Field(default_factory=dict, description="Flag (docs/judging.md): responses.")


class CandidateCost(Part):
    """USD. Null when a price or a token count is unknown, never 0."""

    candidate: float | None = Field(description="The candidate's own calls.")
    judge: float | None = Field(description="Judging this candidate's responses.")
    per_1000_records: float | None = nullable(
        "The candidate's own calls, per 1,000 records; an earlier run's calls at their price."
    )
    per_1000_interval: Interval | None = nullable("Of per_1000_records: Hall's, for skewed amounts.")
    robustness: float | None = Field(
        default=0.0, description="Calls on perturbed copies and judging them; in neither of the others."
    )
    repeated: float | None = Field(
        default=0.0,
        description="The candidate's own calls for records evaluated again; in none of the others.",
    )


class Tokens(Part):
    """Tokens, as far as replies tell; those of replies taken from an earlier run are in them too."""

    input: int = 0
    output: int = 0
    judge_input: int = 0
    judge_output: int = 0


class Latency(Part):
    """
    Percentiles of a candidate's calls in ms, as the model measured them.

    Their intervals come from order statistics; an end is null where there are too few calls to bound it.
    """

    n: int = Field(default=0, description="Calls with a latency.")
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    p50_interval: OpenInterval | None = None
    p90_interval: OpenInterval | None = None
    p99_interval: OpenInterval | None = None
    calls_needed: dict[str, int] = Field(
        default_factory=dict, description="Percentile whose interval lacks an end: calls that both ends need."
    )
    reason: str | None = nullable("Why there is no interval.")


class MeanEstimate(Part):
    """A mean over records with what it rests on."""

    n: int = Field(description="Records with a value.")
    mean: float | None = None
    sd: float | None = nullable("Standard deviation over records.")
    standard_error: float | None = nullable("Clustered where records have groups.")
    interval: Interval | None = nullable(
        "Clopper–Pearson for yes/no values; Student's t, on a scale with a pseudo-record at each end."
    )
    bounds: Interval | None = nullable(
        "The mean if every lost verdict were the worst, and if it were the best."
    )
    bounds_interval: Interval | None = nullable(
        "What the interval may reach, whatever the lost verdicts were; null when none is lost."
    )
    reason: str | None = nullable("Why a number is null.")
    calibrated: CalibratedMean | None = nullable(
        "Of overall quality: corrected by people's labels, where there are labels."
    )


class CriterionEstimate(Part):
    """
    Verdicts on one criterion, over records. Repeats and several judges are averaged within a record first.

    `mean` is on the criterion's own scale; `pass_rate` counts what is at least as good as its pass mark.
    `interval` is Student's t with a pseudo-record at each end of the scale, on a binary one Clopper–Pearson.
    """

    n_scored: int
    n_unscored: int = Field(description="Records without a score; not_applicable ones too.")
    unscored: dict[str, int] = Field(default_factory=dict, description="Reason: records.")
    coverage: float | None = nullable("Scored share of the records the criterion applies to.")
    mean: float | None = None
    sd: float | None = None
    standard_error: float | None = None
    interval: Interval | None = None
    confidence: float
    pass_rate: float | None = None
    pass_interval: Interval | None = nullable("Clopper–Pearson; for clusters with the effective n.")
    bounds: Interval | None = nullable(
        "The lowest and the highest mean that any scores of the lost verdicts could give."
    )
    pass_bounds: Interval | None = nullable("The same for the pass rate.")
    bounds_interval: Interval | None = nullable(
        "What the mean's interval may reach, whatever the lost verdicts were; null when none is lost."
    )
    pass_bounds_interval: Interval | None = nullable("The same for the pass rate.")
    reason: str | None = nullable("Why a number is null.")
    calibrated: CalibratedMean | None = nullable(
        "The mean corrected by people's labels, where there are labels."
    )


def coverage_of(
    estimates: Iterable[CriterionEstimate], pairs: Iterable[PairwiseEstimate] = ()
) -> float | None:
    """Return the scored share of all verdicts and preferences that apply; None where none does."""
    scored = lost = 0
    for estimate in estimates:
        scored += estimate.n_scored
        lost += estimate.n_unscored - estimate.unscored.get("not_applicable", 0)
    for pair in pairs:
        scored += pair.n + pair.n_unscored - pair.n_lost
        lost += pair.n_lost
    return scored / (scored + lost) if scored + lost else None


class Slice(Part):
    """A candidate's estimates on the records of one category."""

    n: int = Field(description="Records of this category.")
    criteria: dict[str, CriterionEstimate]


class RobustnessDrop(PairedEstimate):
    """
    What perturbing the prompt takes from a score: the record's minus the copy's, paired, clustered by record.

    Above 0 is worse, on a criterion's own scale whichever way it runs; of a metric simply the difference. The
    family is all candidates and perturbations of the run.
    """

    records: int = Field(description="Clusters the pairs come from.")
    drop: float | None = nullable("The difference.")
    decisive: bool = Field(default=False, description="Whether the difference is decided.")


class RobustnessEstimate(Part):
    """A candidate's responses to prompts perturbed in one way."""

    copies: int
    missing: int = Field(description="Copies without a response.")
    overall: RobustnessDrop | None
    criteria: dict[str, RobustnessDrop]
    metrics: dict[str, RobustnessDrop]


class CandidateScorecard(Part):
    """All that is estimated about one candidate."""

    model: str
    prompt: str
    responses: ResponseCounts
    cost_usd: CandidateCost
    tokens: Tokens
    latency_ms: Latency
    criteria: dict[str, CriterionEstimate]
    overall: MeanEstimate | None = nullable(
        "Weighted mean of all criteria as shares of their scales, 1 is good; null without any."
    )
    metrics: dict[str, MeanEstimate] = Field(default_factory=dict)
    categories: dict[str, Slice] = Field(default_factory=dict)
    pairwise: CandidatePairwise | None = nullable(
        "Preferences over the others; null for the baseline, and without pairwise."
    )
    score_by_length: dict[str, LengthRelation] = Field(
        default_factory=dict, description='Criterion, and "overall": scores against response length.'
    )
    robustness: dict[str, RobustnessEstimate] = Field(
        default_factory=dict, description="Perturbation: what it costs. Copies are in no other estimate."
    )
    guardrail: GuardrailEstimate | None = nullable(
        "What was blocked; null where no record says `expected_blocked`."
    )


class Comparison(PairedEstimate):
    """Candidate a minus candidate b on the records both have, on the criterion's own scale."""

    a: str
    b: str
    criterion: str = Field(description='A criterion, or "overall".')
    decisive: bool = Field(default=False, description="Whether the difference is decided.")
    better: str | None = nullable("The better candidate, when decisive.")


class SliceComparisons(Part):
    """Pairs of candidates on the records of one category; p values are adjusted over all slices."""

    n: int = Field(description="Records of this category.")
    warning: str | None = nullable("Why little can be read from this slice.")
    comparisons: tuple[Comparison, ...] = ()


class GateCheck(Part):
    """One rule, judged once: for one candidate or judge, and one criterion, where it is about several."""

    expression: str
    decision: Decision
    sentence: str
    candidate: str | None = None
    judge: str | None = nullable("Where it is about a judge.")
    criterion: str | None = nullable("Where the rule names none and is about each.")


class Gate(Part):
    """The gate's decision, and why."""

    decision: GateDecision = Field(description='"no gate" where no rule was set and nothing is amiss.')
    reasons: tuple[str, ...] = Field(default=(), description="A sentence per check.")
    checks: tuple[GateCheck, ...] = Field(default=(), description="The same, with rule and decision apart.")

    @model_validator(mode="before")
    @classmethod
    def _nothing_passed_without_a_rule(cls, content: Any) -> Any:
        # Files of earlier versions say "pass" where there was no rule.
        if isinstance(content, dict) and content.get("decision") == "pass":
            judged = content.get("checks") or tuple(content.get("reasons") or ()) not in {(), (NO_GATE,)}
            return content if judged else {**content, "decision": NO_GATE}
        return content


class DeliveryCost(Part):
    """
    Calls of a candidate or judge that were asked for in one delivery and billed as one.

    They differ where the flex tier was asked for and the default one served. A judge's second asking after a
    reply that could not be read is no call of its own.
    """

    role: Literal["candidate", "judge"]
    name: str
    delivery: Delivery = Field(description="As asked for. What a job did not answer was asked for on demand.")
    billed_as: Delivery
    calls: int = Field(description="Answered calls.")
    cost_usd: float | None
    cache_read_tokens: int = Field(default=0, description="Of the input tokens, those of a prompt cache.")
    cache_write_tokens: int = 0
    cache_saved_usd: float | None = Field(
        default=0.0, description="Against no cache; below 0 where writing it cost more. Null when unknown."
    )


class CostTotals(Part):
    """USD of the whole run. A total with an unknown part is null; `known` is what is known of it."""

    candidates: float | None
    judges: float | None
    checks: float | None = Field(
        default=None,
        description="Of the total, what checks cost that are calls; null without one, or when unknown.",
    )
    prompt_search: float | None = Field(
        default=None,
        description="Of the total, what the search for prompts cost; null without one, or when unknown.",
    )
    total: float | None
    known: float
    unknown_models: tuple[str, ...] = Field(
        default=(), description="Models whose price or tokens are unknown."
    )
    evaluation_jobs_at_most: float = Field(
        default=0.0,
        description="What evaluation jobs may have cost: no row of theirs tells it, nor is it in the others.",
    )
    prices_date: str | None = None
    deliveries: tuple[DeliveryCost, ...] = Field(
        default=(),
        description="The same dollars by delivery, without what an earlier run had paid for, and without the "
        "search for prompts: `prompt_search` and these come to the total.",
    )


class Reused(Part):
    """What a run took from its parent instead of paying for it again."""

    parent: str = Field(description="The parent's run ID.")
    how: Literal["rescored", "rejudged"]
    responses: int
    judge_replies: int
    saved_usd: float | None = Field(description="What they cost at this run's prices; null when unknown.")


class CriterionInfo(Part):
    """What a reader needs to know of a criterion to read its numbers."""

    question: str
    kind: str
    low: float
    high: float
    pass_at: float
    higher_is_better: bool
    weight: float = 1.0
    check: str | None = nullable("The kind of check that it is; null where judges are asked.")


class DatasetInfo(Part):
    """What was evaluated on."""

    uri: str
    version: str | None = None
    sha256: str | None = None
    notes: tuple[str, ...] = ()


class Scorecard(Part):
    """Counts and estimates of a run."""

    run_id: str
    evaluation: str
    simulated: bool = Field(
        description="True: stand-ins answered, no model did. Nothing here is about a model."
    )
    started_at: str
    duration_s: float | None = None
    customer: str | None = nullable("On whose account the run goes; null where nobody is named.")
    dataset: DatasetInfo
    records: Records
    budget_usd: float | None = nullable("What the run might cost, in USD; null: anything.")
    confidence: float = Field(description="Two-sided level of every interval.")
    coverage: float | None = nullable("Scored share of all verdicts and preferences that apply.")
    criteria: dict[str, CriterionInfo] = Field(default_factory=dict)
    preferences_by_people: tuple[PeoplesPreferences, ...] = Field(
        default=(), description="People's preferences between two candidates, beside the judges'."
    )
    calibration: dict[str, CriterionCalibration] = Field(
        default_factory=dict, description="Judges against people's labels, by criterion."
    )
    candidates: dict[str, CandidateScorecard]
    comparisons: tuple[Comparison, ...] = ()
    slices: dict[str, SliceComparisons] = Field(
        default_factory=dict, description="Category: pairs of candidates on its records."
    )
    guardrail_comparisons: tuple[GuardrailComparison, ...] = Field(
        default=(), description="Pairs of candidates on what they block."
    )
    criteria_use: dict[str, CriterionUse] = Field(
        default_factory=dict, description="Criterion: whether it tells responses and candidates apart."
    )
    criterion_pairs: tuple[CriterionPair, ...] = Field(
        default=(), description="Pairs of criteria and how far they say the same."
    )
    checks_against_judges: dict[str, ChecksAgainstJudges] = Field(
        default_factory=dict, description="Candidate: how often checks and judges say different things."
    )
    fields: dict[str, dict[str, FieldsEstimate]] = Field(
        default_factory=dict, description="Check of fields, and candidate: its JSON, field by field."
    )
    labels: dict[str, dict[str, LabelsEstimate]] = Field(
        default_factory=dict, description="Check of labels, and candidate: its confusion matrix."
    )
    frontier: tuple[FrontierPoint, ...] = Field(
        default=(), description="Candidates with a known price, the cheapest first."
    )
    judges: dict[str, JudgeHealth] = Field(default_factory=dict)
    agreement: dict[str, Agreement] = Field(
        default_factory=dict, description="Criterion: how far judges agree; with two or more judges."
    )
    strengths: Strengths | None = nullable("With pairwise comparisons of three or more candidates.")
    cost_usd: CostTotals
    gate: Gate = Gate(decision=NO_GATE)
    alarms: tuple[str, ...] = ()
    hints: tuple[str, ...] = Field(
        default=(), description="What would make the next evaluation better, a sentence each."
    )
    anchors: dict[str, AnchorEstimate] = Field(
        default_factory=dict, description="Judge: what it made of the evaluation's anchors."
    )
    biases: Biases = Field(default=Biases(), description="What judges give for no good reason, tested.")
    judge_trusted: bool | None = nullable("Whether every judge gets the anchors right; null without anchors.")
    baseline: Baseline | None = nullable(
        "This run against its evaluation's blessed one; null when there is none."
    )
    reused: Reused | None = nullable("What came from a parent run; null without one.")
    prompts: dict[str, PromptImprovement] = Field(
        default_factory=dict, description="Candidate: what became of its prompt, which the run made."
    )
    parts: RecordParts | None = nullable("How records were parted, where prompts were tried on some.")
    failure_groups: dict[str, FailureGroups] = Field(
        default_factory=dict, description="Criterion: why responses failed it, by what judges wrote."
    )
    proof: Proof | None = nullable(
        "Whether judges and checks notice planted faults: of this run, or of an earlier one judged alike."
    )
    summary: str = Field(default="", description="The verdict in words.")
    recommendation: Recommendation | None = nullable(
        "Which candidate to ship, and why; null in files of before there was one."
    )

    @property
    def unasked(self) -> int:
        """Verdicts that the budget had no evaluation job for, though all records were begun."""
        if self.records.skipped:
            return 0
        return sum(judge.unscored.get(NO_BUDGET_LEFT, 0) for judge in self.judges.values())
