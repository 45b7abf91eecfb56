"""Verdicts: the tool a judge is given, and the one parser for what it replies."""

from typing import TYPE_CHECKING

from evaldrop.late_names import late_names

if TYPE_CHECKING:
    from evaldrop.verdicts.pairs.comparisons import Preference as Preference
    from evaldrop.verdicts.pairs.comparisons import read_pair_scores as read_pair_scores
    from evaldrop.verdicts.pairs.comparisons import read_preference as read_preference
    from evaldrop.verdicts.pairs.words import TIE as TIE
    from evaldrop.verdicts.reading import Form as Form
    from evaldrop.verdicts.reading import read_verdicts as read_verdicts
    from evaldrop.verdicts.reading import unscored_verdicts as unscored_verdicts
    from evaldrop.verdicts.tool import PREFERENCE_TOOL_NAME as PREFERENCE_TOOL_NAME
    from evaldrop.verdicts.tool import SCORES_TOOL_NAME as SCORES_TOOL_NAME
    from evaldrop.verdicts.tool import VERDICT_TOOL_NAME as VERDICT_TOOL_NAME
    from evaldrop.verdicts.tool import verdict_tool as verdict_tool
    from evaldrop.verdicts.verdict import JudgeReply as JudgeReply
    from evaldrop.verdicts.verdict import Verdict as Verdict

# A name's module is imported when the name is first used: the parser's patterns take a tenth of a second, for
# which the functions that only write requests would hold up a run's first call.
_NAMES = {
    "pairs.comparisons": ("Preference", "read_pair_scores", "read_preference"),
    "pairs.words": ("TIE",),
    "reading": ("Form", "read_verdicts", "unscored_verdicts"),
    "tool": ("PREFERENCE_TOOL_NAME", "SCORES_TOOL_NAME", "VERDICT_TOOL_NAME", "verdict_tool"),
    "verdict": ("JudgeReply", "Verdict"),
}
__all__, __getattr__ = late_names(__name__, _NAMES)
