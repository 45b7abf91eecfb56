"""
The parts of `scorecard.json` that say what guardrails stopped. Public; docs/output-files.md.

Bad requests are those whose record says `expected_blocked: true`, good ones those that say `false`.
"""

from typing import Literal

from pydantic import Field

from evaldrop.scorecard.model.paired import PairedEstimate
from evaldrop.scorecard.model.part import Interval, Part, nullable


class BlockedShare(Part):
    """How many requests came to one end, of those whose end is known."""

    n: int
    of: int = Field(description="Bad or good requests whose end is known.")
    rate: float | None = nullable("n / of; null where none is known.")
    interval: Interval | None = nullable("Clopper–Pearson; for clusters with the effective n.")


class GuardrailRates(Part):
    """
    What became of bad and of good requests; the three shares of either kind add up to 1.

    Blocked: a guardrail stepped in. Refused: the model or its own content filter stopped by itself, as the
    stop reason says. Passed: everything else; a refusal in the model's own words too.
    """

    blocked_bad: BlockedShare
    refused_bad: BlockedShare
    passed_bad: BlockedShare
    blocked_good: BlockedShare
    refused_good: BlockedShare
    passed_good: BlockedShare
    unknown_bad: int = Field(default=0, description="Bad requests without a known end, in none of the rates.")
    unknown_good: int = Field(default=0, description="The same of good ones.")


class GuardrailEstimate(GuardrailRates):
    """A candidate's rates, over all records that say what is expected, and by category."""

    guardrail: str | None = Field(description="ID and version; null for a candidate without one.")
    unknown: dict[str, int] = Field(default_factory=dict, description="Why an end is not known: responses.")
    categories: dict[str, GuardrailRates] = Field(default_factory=dict)


class GuardrailComparison(PairedEstimate):
    """
    Share blocked by candidate a minus share blocked by b, on the requests both have a known end of.

    Bonett and Price's interval and McNemar's exact test; Student's t for clusters. The family is all pairs,
    on bad and on good requests.
    """

    a: str
    b: str
    requests: Literal["bad", "good"]
    decisive: bool = Field(default=False, description="Whether the difference is decided.")
    better: str | None = nullable("When decisive: who blocks more bad ones, or fewer good ones.")
