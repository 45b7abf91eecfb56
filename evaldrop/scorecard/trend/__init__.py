"""
The trend of an evaluation: each candidate's estimates run by run, what was changed between runs, and where
the level moved by itself.

Pure functions over the history's entries; `evaldrop trend` and the history page show what they return. A
deliberate change (another model, prompt, judge, criterion or dataset) begins a new stretch: drift is looked
for only within runs that were made the same way.
"""

from evaldrop.scorecard.trend.alarms import BASELINE_RUNS
from evaldrop.scorecard.trend.series import trend_of
from evaldrop.scorecard.trend.types import Series, Trend, TrendPoint

__all__ = ["BASELINE_RUNS", "Series", "Trend", "TrendPoint", "trend_of"]
