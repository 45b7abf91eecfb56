"""Verdicts: the tool a judge is given, and the one parser for what it replies."""

from evaldrop.verdicts.pairs.comparisons import (
    PREFERENCE_TOOL_NAME,
    SCORES_TOOL_NAME,
    Preference,
    read_pair_scores,
    read_preference,
)
from evaldrop.verdicts.pairs.words import TIE
from evaldrop.verdicts.reading import Form, read_verdicts, unscored_verdicts
from evaldrop.verdicts.tool import VERDICT_TOOL_NAME, verdict_tool
from evaldrop.verdicts.verdict import JudgeReply, Verdict

__all__ = [
    "PREFERENCE_TOOL_NAME",
    "SCORES_TOOL_NAME",
    "TIE",
    "VERDICT_TOOL_NAME",
    "Form",
    "JudgeReply",
    "Preference",
    "Verdict",
    "read_pair_scores",
    "read_preference",
    "read_verdicts",
    "unscored_verdicts",
    "verdict_tool",
]
