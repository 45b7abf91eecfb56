"""docs/output-files.md names everything that is public in a run's files."""

from pathlib import Path

import pytest

from evaldrop.run.tables import comparison_schema, response_schema, robustness_schema, verdict_schema
from evaldrop.scorecard.baseline.blessing import Blessing
from evaldrop.scorecard.baseline.scores_table import score_schema
from evaldrop.scorecard.calibration.label import Label, Sampling
from evaldrop.scorecard.model.answers import FieldScores, FieldsEstimate, LabelCounts, LabelsEstimate
from evaldrop.scorecard.model.baseline import (
    Baseline,
    BaselineCandidate,
    BaselineEstimate,
    Moved,
    WorseRecord,
)
from evaldrop.scorecard.model.calibration import (
    CalibratedMean,
    Confusion,
    CorrectedRate,
    CriterionCalibration,
    Favour,
    JudgeAgreement,
    PeoplesPreferences,
    RaterAgreement,
)
from evaldrop.scorecard.model.guardrails import BlockedShare, GuardrailComparison, GuardrailEstimate
from evaldrop.scorecard.model.judges import JudgeHealth
from evaldrop.scorecard.model.pairwise import CandidatePairwise, PairScores, Strength, Strengths
from evaldrop.scorecard.model.prompts import (
    DevScores,
    JudgeDifference,
    PromptDifference,
    PromptImprovement,
    PromptSearchCost,
    RecordParts,
)
from evaldrop.scorecard.model.proof import DetectionPower, FalseAlarm, Noticed, Proof
from evaldrop.scorecard.model.recommendation import (
    RankedCandidate,
    Recommendation,
    SinceBaseline,
    WouldDecide,
)
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    Comparison,
    CostTotals,
    CriterionEstimate,
    DeliveryCost,
    Gate,
    Records,
    ResponseCounts,
    Reused,
    RobustnessDrop,
    RobustnessEstimate,
    Scorecard,
    SliceComparisons,
)
from evaldrop.scorecard.model.usefulness import (
    CriterionPair,
    CriterionUse,
    FrontierPoint,
    LengthQuartile,
    LengthRelation,
)

DOCS = (Path(__file__).parents[4] / "docs" / "output-files.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("schema", [
    response_schema([]), verdict_schema(), comparison_schema(), score_schema([]), robustness_schema(),
])  # fmt: skip
def test_every_column_is_documented(schema):
    assert [name for name in schema.names if f"`{name}`" not in DOCS] == []


@pytest.mark.parametrize("model", [
    Scorecard, CandidateScorecard, Comparison, CostTotals, CriterionEstimate, DeliveryCost, Gate, Records,
    ResponseCounts,
    CalibratedMean, Confusion, CorrectedRate, CriterionCalibration, Favour, JudgeAgreement,
    PeoplesPreferences, RaterAgreement,
    Label, Sampling, Recommendation, RankedCandidate, SinceBaseline, WouldDecide,
    SliceComparisons, LengthRelation, LengthQuartile, CriterionUse, CriterionPair, FrontierPoint, Baseline,
    BaselineCandidate, BaselineEstimate, WorseRecord, Moved, Blessing,
    CandidatePairwise, PairScores, Strength, Strengths, JudgeHealth,
    PromptImprovement, PromptDifference, JudgeDifference, DevScores, PromptSearchCost, RecordParts,
    Reused, RobustnessDrop, RobustnessEstimate, BlockedShare, GuardrailComparison, GuardrailEstimate,
    FieldsEstimate, FieldScores, LabelsEstimate, LabelCounts,
    Proof, Noticed, FalseAlarm, DetectionPower,
])  # fmt: skip
def test_every_key_of_the_scorecard_is_documented(model):
    assert [name for name in model.model_fields if name not in DOCS] == []


def test_the_scorecard_has_a_json_schema_with_descriptions():
    schema = Scorecard.model_json_schema()
    assert schema["properties"]["simulated"]["description"].startswith("True: stand-ins answered")
