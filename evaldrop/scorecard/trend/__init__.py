"""
The trend of an evaluation: each candidate's estimates run by run, what was changed between runs, and where
the level moved by itself.

Pure functions over the history's entries; `evaldrop trend` and the history page show what they return. A
deliberate change (another model, prompt, judge, criterion or dataset) begins a new stretch: drift is looked
for only within runs that were made the same way.
"""

from evaldrop.scorecard.trend.alarms import BASELINE_RUNS
from evaldrop.scorecard.trend.changes import changes_between
from evaldrop.scorecard.trend.series import trend_of
from evaldrop.scorecard.trend.types import Change, Series, Shift, Trend, TrendPoint

__all__ = ["BASELINE_RUNS", "Change", "Series", "Shift", "Trend", "TrendPoint", "changes_between", "trend_of"]
