"""Two candidates that pass or fail the same independent records: McNemar's tests and the difference."""

from math import sqrt
from typing import NamedTuple

from scipy import special

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.intervals import Interval, normal_quantile


class McNemar(NamedTuple):
    """Two-sided p values of one table; χ² has 1 degree of freedom, corrected means for continuity."""

    exact_p: float
    mid_p: float
    chi2: float
    chi2_p: float
    chi2_corrected: float
    chi2_corrected_p: float


def mcnemar(only_a: int, only_b: int) -> McNemar:
    """
    Test whether two candidates pass equally often, from the records on which they differ.

    exact: 2 · P(X <= min(b, c)), X ~ Binomial(b + c, ½), at most 1. mid-p: exact less P(X = min(b, c)), and 1
    - P(X = b)/2 where b = c; less conservative and still close to its level (Fagerland, Lydersen & Laake
    2013). χ²: (b - c)²/(b + c), corrected (|b - c| - 1)²/(b + c) (McNemar 1947; Edwards 1948).

    Args:
        only_a: Records the first passes and the second fails.
        only_b: Records the second passes and the first fails.

    Returns:
        p values in [0, 1]; all are 1 where the candidates never differ, since nothing speaks against
        equality.

    Raises:
        ValueError: A count is negative.
    """
    only_a, only_b = _checked_discordant(only_a, only_b)
    discordant = only_a + only_b
    if discordant == 0:
        return McNemar(exact_p=1.0, mid_p=1.0, chi2=0.0, chi2_p=1.0, chi2_corrected=0.0, chi2_corrected_p=1.0)
    fewer, gap = min(only_a, only_b), abs(only_a - only_b)
    tail = float(special.bdtr(fewer, discordant, 0.5))
    point = tail - (float(special.bdtr(fewer - 1, discordant, 0.5)) if fewer else 0.0)
    chi2, corrected = gap**2 / discordant, (gap - 1) ** 2 / discordant
    return McNemar(
        exact_p=min(1.0, 2 * tail),
        mid_p=2 * tail - point if gap else 1 - point / 2,
        chi2=chi2,
        chi2_p=float(special.chdtrc(1, chi2)),
        chi2_corrected=corrected,
        chi2_corrected_p=float(special.chdtrc(1, corrected)),
    )


def paired_pass_interval(only_a: int, only_b: int, *, records: int, confidence: float = 0.95) -> Interval:
    """
    Return an interval for the difference of two pass rates on the same records (Bonett & Price 2012).

    With one more of each discordant kind, p_a = (only_a + 1)/(n + 2) and p_b likewise: p_a - p_b ± z √((p_a +
    p_b - (p_a - p_b)²)/(n + 2)). Holds its level with few records or few discordant ones, where the t
    interval of `paired_difference` is too narrow; for clustered records use that one.

    Args:
        only_a: Records the first passes and the second fails.
        only_b: Records the second passes and the first fails.
        records: n, all records both were scored on.
        confidence: Two-sided level, a fraction in (0, 1).

    Returns:
        Bounds on pass rate of a minus pass rate of b, in [-1, 1].

    Raises:
        NotEnoughData: No records.
        ValueError: A count is negative, more records are discordant than there are, or confidence is outside
            (0, 1).
    """
    error = paired_pass_standard_error(only_a, only_b, records=records)
    gap = (int(only_a) - int(only_b)) / (records + 2)
    margin = normal_quantile(confidence) * error
    return Interval(max(-1.0, gap - margin), min(1.0, gap + margin))


def paired_pass_standard_error(only_a: int, only_b: int, *, records: int) -> float:
    """
    Return the standard error behind `paired_pass_interval`; never 0, for it counts one more of each kind.

    √((p_a + p_b - (p_a - p_b)²)/(n + 2)) with p_a = (only_a + 1)/(n + 2), p_b likewise (Bonett & Price 2012).
    Arguments, and what raises, as in `paired_pass_interval`.
    """
    only_a, only_b = _checked_discordant(only_a, only_b)
    if records == 0:
        raise NotEnoughData("no records both candidates were scored on")
    if only_a + only_b > records:
        raise ValueError(f"{only_a + only_b} of {records} records cannot be discordant")
    rate_a, rate_b = (only_a + 1) / (records + 2), (only_b + 1) / (records + 2)
    return sqrt((rate_a + rate_b - (rate_a - rate_b) ** 2) / (records + 2))


def _checked_discordant(only_a: int, only_b: int) -> tuple[int, int]:
    if only_a < 0 or only_b < 0:
        raise ValueError(f"counts are 0 or more, got {only_a} and {only_b}")
    # A table column's 32-bit integers would overflow when squared.
    return int(only_a), int(only_b)
