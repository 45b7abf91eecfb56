"""What guardrails stopped, as rows of text for every kind of report."""

from collections.abc import Iterator

from evaldrop.scorecard import figures
from evaldrop.scorecard.model.guardrails import BlockedShare, GuardrailEstimate
from evaldrop.scorecard.model.scorecard import Scorecard

GUARDRAIL_HEADER = (
    "candidate",
    "guardrail",
    "bad blocked",
    "bad passed",
    "good blocked",
    "refused",
    "unknown",
)
GUARDRAIL_PAIR_HEADER = ("requests", "pair", "", "difference", "interval", "p (Holm)", "detectable")
NO_GUARDRAIL = "none"


def guardrail_rows(scorecard: Scorecard) -> list[tuple[str, ...]]:
    """Return a row per candidate in the order of `GUARDRAIL_HEADER`; none where nothing was expected."""
    return [
        (
            name,
            card.guardrail.guardrail or NO_GUARDRAIL,
            share_in_figures(card.guardrail.blocked_bad),
            share_in_figures(card.guardrail.passed_bad),
            share_in_figures(card.guardrail.blocked_good),
            figures.count(card.guardrail.refused_bad.n + card.guardrail.refused_good.n),
            figures.count(card.guardrail.unknown_bad + card.guardrail.unknown_good),
        )
        for name, card in scorecard.candidates.items()
        if card.guardrail
    ]


def guardrail_pair_rows(scorecard: Scorecard) -> list[tuple[str, ...]]:
    """Return a row per pair of candidates in the order of `GUARDRAIL_PAIR_HEADER`."""
    return [
        (
            pair.requests,
            f"{pair.a} − {pair.b}",
            f"{pair.better} is better" if pair.decisive else "not decided",
            figures.signed(pair.difference),
            figures.interval(pair.interval),
            figures.p_value(pair.p_adjusted),
            figures.number(pair.minimum_detectable),
        )
        for pair in scorecard.guardrail_comparisons
    ]


def share_in_figures(share: BlockedShare) -> str:
    """Return a share as its counts, its rate and its interval, such as `33 of 44, 75 % (61–85 %)`."""
    counts = f"{figures.count(share.n)} of {figures.count(share.of)}"
    if share.rate is None:
        return counts
    return f"{counts}, {figures.percent(share.rate)} ({figures.percent_interval(share.interval)})"


def guardrail_shares(estimate: GuardrailEstimate | None) -> Iterator[tuple[str, BlockedShare, int]]:
    """Yield the shares a gate may be about, each with its name and the number of unknown ends beside it."""
    if estimate is None:
        return
    for kind, unknown in (("bad", estimate.unknown_bad), ("good", estimate.unknown_good)):
        for end in ("blocked", "passed"):
            name = f"{end}_{kind}"
            yield name, getattr(estimate, name), unknown
