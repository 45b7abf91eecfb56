"""What importing the statistics loads, since every Lambda cold start pays for it."""

import subprocess
import sys

HOT_PATH = """
import pkgutil, sys
from evaldrop import statistics
for module in pkgutil.iter_modules(statistics.__path__):
    exec(f"from evaldrop.statistics.{module.name} import *")
wilson_interval(8, 10); clopper_pearson_interval(8, 10); mean_estimate([1, 2, 3])
clustered_mean_estimate([1, 2, 3], [1, 1, 2]); paired_difference([1, 2, 4], [1, 3, 2]); holm([0.1, 0.2])
sign_flip_test([1, 2], seed=1); mcnemar_p_value(3, 4); spearman([1, 2, 3], [3, 1, 2])
minimum_detectable_difference(100, between=1.0); paired_t_power(20, effect=0.5)
percentile_interval([1, 2, 3]); cohen_kappa([1, 2], [1, 2]); bradley_terry([[0, 2], [1, 0]])
heavy = {"scipy.stats", "scipy.optimize", "scipy.integrate", "pandas"} & set(sys.modules)
assert not heavy, heavy
"""


def test_the_scorecards_statistics_never_load_scipy_stats():
    done = subprocess.run([sys.executable, "-c", HOT_PATH], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
