"""What guardrails stop."""

from evaldrop.report import behind, links
from evaldrop.report.columns import (
    MARKDOWN,
    PAGE,
    TERMINAL,
    Cell,
    Column,
    Table,
    Words,
    words,
)
from evaldrop.report.tables.decisions import difference, strong, tested, undecided
from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.guardrails import BlockedShare
from evaldrop.scorecard.model.scorecard import (
    Scorecard,
)


def guardrails(scorecard: Scorecard) -> Table:
    """Return what guardrails stopped, a row per candidate; none where no record says what is expected."""
    known = {name: card.guardrail for name, card in scorecard.candidates.items() if card.guardrail}
    found = list(known.values())
    ids = [one.guardrail or "none" for one in found]
    texts = TERMINAL | MARKDOWN
    shares = {
        ("bad", "blocked"): [one.blocked_bad for one in found],
        ("bad", "passed"): [one.passed_bad for one in found],
        ("good", "blocked"): [one.blocked_good for one in found],
    }
    ends = {
        "refused": [one.refused_bad.n + one.refused_good.n for one in found],
        "unknown": [one.unknown_bad + one.unknown_good for one in found],
    }
    return Table(
        title="What guardrails stopped",
        columns=[
            words("candidate", list(known)),
            words("guardrail", ids, texts, wrap="anywhere"),
            *(Column(" ".join(end), list(map(_share, one)), texts) for end, one in shares.items()),
            Column("guardrail", ids, PAGE),
            *(
                Column(
                    ", ".join(end),
                    list(map(share_in_parts, one)),
                    PAGE,
                    links=[behind.guarded(name, each, end[1], end[0]) for name, each in known.items()],
                )
                for end, one in shares.items()
            ),
            *(
                Column(
                    end,
                    list(map(count, numbers)),
                    links=[
                        links.guarded(name, "any", end, n) for name, n in zip(known, numbers, strict=True)
                    ],
                )
                for end, numbers in ends.items()
            ),
        ],
    )


def _share(share: BlockedShare) -> str:
    counts = f"{count(share.n)} of {count(share.of)}"
    if share.rate is None:
        return counts
    return f"{counts}, {figures.percent(share.rate)} ({figures.percent_interval(share.interval)})"


def share_in_parts(share: BlockedShare) -> Cell:
    """Return a share as its rate, its interval and its counts."""
    if share.rate is None:
        return (Words(figures.ABSENT, "muted"),)
    bounds = figures.percent_interval(share.interval)
    counts = f"{count(share.n)} of {count(share.of)}"
    return (Words(figures.percent(share.rate), "strong"), Words(bounds, "muted"), Words(counts, "small"))


def guardrail_pairs(scorecard: Scorecard) -> Table:
    """Return the comparisons of two candidates on what their guardrails block."""
    found = scorecard.guardrail_comparisons
    requests = [pair.requests for pair in found]
    better = [pair.decisive and f"{pair.better} is better" for pair in found]
    reasons = [undecided(pair.reason, "not decided") for pair in found]
    known = [behind.both_guarded(pair) for pair in found]
    return Table(
        title="Pairs of candidates on what they block",
        caption="Share blocked, first minus second, on the same requests",
        columns=[
            words("requests", requests, MARKDOWN),
            words("pair", [f"{pair.a} − {pair.b}" for pair in found]),
            Column("requests", requests, PAGE),
            words("", [said or "not decided" for said in better], MARKDOWN),
            *difference(found, known),
            *tested(found, known),
            Column("decision", list(map(strong, better, reasons)), PAGE),
        ],
    )
