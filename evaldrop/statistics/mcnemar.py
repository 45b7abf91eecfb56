"""Two candidates that pass or fail the same independent records: McNemar's exact test and the difference."""

from math import sqrt

from scipy import special

from evaldrop.errors import NotEnoughData


def mcnemar_p_value(only_a: int, only_b: int) -> float:
    """
    Test exactly whether two candidates pass equally often, from the records on which they differ.

    2 · P(X <= min(b, c)), X ~ Binomial(b + c, ½), at most 1 (McNemar 1947). Exact rather than mid-p: it never
    decides where the interval with `paired_pass_standard_error` holds 0: both can be printed side by side.

    Args:
        only_a: Records the first passes and the second fails.
        only_b: Records the second passes and the first fails.

    Returns:
        The two-sided p value; 1 where the candidates never differ, since nothing speaks against equality.

    Raises:
        ValueError: A count is negative.
    """
    only_a, only_b = _checked_discordant(only_a, only_b)
    tail = float(special.bdtr(min(only_a, only_b), only_a + only_b, 0.5))
    # With equal counts the middle term is in both tails, and twice the tail is above 1.
    return min(1.0, 2 * tail)


def paired_pass_standard_error(only_a: int, only_b: int, *, records: int) -> float:
    """
    Return the standard error of the difference of two pass rates on the same records (Bonett & Price 2012).

    With one more of each discordant kind, p_a = (only_a + 1)/(n + 2) and p_b likewise: √((p_a + p_b - (p_a -
    p_b)²)/(n + 2)), never 0. The interval is around (only_a - only_b)/(n + 2), and holds its level with few
    records or few discordant ones, where Student's is too narrow; for clustered records take that one.

    Args:
        only_a: Records the first passes and the second fails.
        only_b: Records the second passes and the first fails.
        records: n, all records both were scored on.

    Raises:
        NotEnoughData: No records.
        ValueError: A count is negative, or more records are discordant than there are.
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
    # Counts from a table's column are numpy's; what is made of them here must be plain numbers.
    return int(only_a), int(only_b)
