"""Statistics as pure functions on arrays: seeded, refusing too little data; nothing here reads or writes."""

from evaldrop.statistics.clusters import (
    AveragedRepeats,
    average_repeats,
    clustered_mean_estimate,
    clustered_pass_interval,
    clustered_standard_error,
    corrected_clustered_standard_error,
)
from evaldrop.statistics.intervals import (
    Estimate,
    Interval,
    beta_interval,
    clopper_pearson_interval,
    mean_estimate,
    normal_quantile,
    t_interval,
    t_quantile,
    wilson_interval,
)

__all__ = [
    "AveragedRepeats",
    "Estimate",
    "Interval",
    "average_repeats",
    "beta_interval",
    "clopper_pearson_interval",
    "clustered_mean_estimate",
    "clustered_pass_interval",
    "clustered_standard_error",
    "corrected_clustered_standard_error",
    "mean_estimate",
    "normal_quantile",
    "t_interval",
    "t_quantile",
    "wilson_interval",
]
