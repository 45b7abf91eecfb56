"""Checks of how long a response is, how long it took and what it cost."""

from evaldrop.checks.similarity import count_words
from evaldrop.checks.subject import Outcome, Subject


def max_words(most: int, subject: Subject) -> Outcome:
    """Tell whether a response has at most so many words."""
    words = count_words(subject.response)
    return Outcome(float(words <= most), f"{words:,} words.")


def min_words(least: int, subject: Subject) -> Outcome:
    """Tell whether a response has at least so many words."""
    words = count_words(subject.response)
    return Outcome(float(words >= least), f"{words:,} words.")


def max_chars(most: int, subject: Subject) -> Outcome:
    """Tell whether a response has at most so many Unicode code points."""
    return Outcome(float(len(subject.response) <= most), f"{len(subject.response):,} characters.")


def max_latency_ms(most: float, subject: Subject) -> Outcome:
    """Tell whether a response took at most so many milliseconds."""
    if subject.latency_ms is None:
        return Outcome(None, unscored_reason="unknown_latency")
    return Outcome(float(subject.latency_ms <= most), f"{subject.latency_ms:,.0f} ms.")


def max_cost_usd(most: float, subject: Subject) -> Outcome:
    """Tell whether a response cost at most so many US dollars."""
    if subject.cost_usd is None:
        return Outcome(None, unscored_reason="unknown_cost")
    return Outcome(float(subject.cost_usd <= most), f"${subject.cost_usd:.6f}.")
