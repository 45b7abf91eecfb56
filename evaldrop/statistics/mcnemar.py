"""McNemar's tests for two candidates that pass or fail the same records."""

from typing import NamedTuple

from scipy import special


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

    exact: 2 · P(X <= min(b, c)), X ~ Binomial(b + c, ½), at most 1. mid-p: exact less P(X = min(b, c)), less
    conservative and still close to its level (Fagerland, Lydersen & Laake 2013). χ²: (b - c)²/(b + c),
    corrected (|b - c| - 1)²/(b + c) (McNemar 1947; Edwards 1948).

    Args:
        only_a: Records the first passes and the second fails.
        only_b: Records the second passes and the first fails.

    Returns:
        p values in [0, 1]; all are 1 where the candidates never differ, since nothing speaks against
        equality.

    Raises:
        ValueError: A count is negative.
    """
    if only_a < 0 or only_b < 0:
        raise ValueError(f"counts are 0 or more, got {only_a} and {only_b}")
    discordant = only_a + only_b
    if discordant == 0:
        return McNemar(exact_p=1.0, mid_p=1.0, chi2=0.0, chi2_p=1.0, chi2_corrected=0.0, chi2_corrected_p=1.0)
    fewer, gap = min(only_a, only_b), abs(only_a - only_b)
    tail = 2 * float(special.bdtr(fewer, discordant, 0.5))
    below = 2 * float(special.bdtr(fewer - 1, discordant, 0.5)) if fewer else 0.0
    chi2, corrected = gap**2 / discordant, (gap - 1) ** 2 / discordant
    return McNemar(
        exact_p=min(1.0, tail),
        mid_p=min(1.0, (tail + below) / 2),
        chi2=chi2,
        chi2_p=float(special.chdtrc(1, chi2)),
        chi2_corrected=corrected,
        chi2_corrected_p=float(special.chdtrc(1, corrected)),
    )
