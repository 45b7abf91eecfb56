"""Verdicts: the tool a judge is given, and the one parser for what it replies."""

from evaldrop.verdicts.comparisons import (
    PREFERENCE_TOOL_NAME,
    SCORES_TOOL_NAME,
    Preference,
    read_pair_scores,
    read_preference,
)
from evaldrop.verdicts.pairs import parse_pair
from evaldrop.verdicts.preferences import TIE, parse_preference, parse_yes_no
from evaldrop.verdicts.rankings import Ranking, parse_ranking
from evaldrop.verdicts.reading import Form, read_verdicts, unscored_verdicts
from evaldrop.verdicts.scores import parse_score
from evaldrop.verdicts.tool import VERDICT_TOOL_NAME, property_names, verdict_tool
from evaldrop.verdicts.verdict import JudgeReply, Reading, UnscoredReason, Verdict

__all__ = [
    "PREFERENCE_TOOL_NAME",
    "SCORES_TOOL_NAME",
    "TIE",
    "VERDICT_TOOL_NAME",
    "Form",
    "JudgeReply",
    "Preference",
    "Ranking",
    "Reading",
    "UnscoredReason",
    "Verdict",
    "parse_pair",
    "parse_preference",
    "parse_ranking",
    "parse_score",
    "parse_yes_no",
    "property_names",
    "read_pair_scores",
    "read_preference",
    "read_verdicts",
    "unscored_verdicts",
    "verdict_tool",
]
