"""The tables of judges' preferences: a row for each candidate, and one for each pair of them."""

from collections.abc import Mapping, Sequence

from evaldrop.report import behind, links
from evaldrop.report.columns import MARKDOWN, PAGE, TERMINAL, Cell, Column, Table, Words, with_interval, words
from evaldrop.report.links import Link
from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import count, percent, percent_interval
from evaldrop.scorecard.model.pairwise import NOTHING_COMPARED, PairwiseEstimate, Strength, pairs_of
from evaldrop.scorecard.model.part import Interval
from evaldrop.scorecard.model.scorecard import Scorecard

_FLIPPED = "Preferences that changed with the order of the two responses; they count as ties"
_FIRST = "How often the response shown first was preferred; 50 % is fair"
_OF_FAMILY = "Holds for all that are decided together, whatever pairs without a preference would have been"
_ELO = "Bradley–Terry strength: a gap of 400 is odds of 10 to 1"


def preferences(scorecard: Scorecard) -> Table:
    """Return the win rate of every candidate over all it was compared with, and its strength."""
    strengths = scorecard.strengths.candidates if scorecard.strengths else {}
    known = {
        name: card.pairwise
        for name, card in scorecard.candidates.items()
        # A baseline has no win rate, and a strength like the others.
        if card.pairwise is not None or name in strengths
    }
    opponents = {other for one in known.values() if one for other in one.by_baseline}
    over = next(iter(opponents)) if len(opponents) == 1 else "the others"
    # Over a single opponent a candidate's win rate is that of the pair, of which more is known.
    pairs = _only_pairs(scorecard)
    decisions = [_decision(name, *pairs[name]) if name in pairs else figures.ABSENT for name in known]
    return Table(
        title="Preferences",
        caption=f"Judges' preferences over {over}",
        columns=[
            words(f"over {figures.label(over)}", list(known)),
            *([words("", decisions, MARKDOWN)] if pairs else []),
            *_rates(
                scorecard,
                [pairs[name][1] if name in pairs else one for name, one in known.items()],
                [(name, pairs[name][0] if name in pairs else "") for name in known],
            ),
            *([_elo(list(known), strengths)] if strengths else []),
            *([words("decision", decisions, PAGE)] if pairs else []),
        ],
    )


def _only_pairs(scorecard: Scorecard) -> dict[str, tuple[str, PairwiseEstimate]]:
    """Return every candidate's only opponent and their pair; nothing where a candidate has several."""
    rated = {name: card.pairwise.by_baseline for name, card in scorecard.candidates.items() if card.pairwise}
    if any(len(pairs) != 1 for pairs in rated.values()):
        return {}
    return {name: next(iter(pairs.items())) for name, pairs in rated.items()}


def preference_pairs(scorecard: Scorecard) -> Table:
    """
    Return every pair of candidates once: how often the first is preferred over the second.

    It is empty where `preferences` has the pairs already.
    """
    of_candidates = {name: card.pairwise for name, card in scorecard.candidates.items()}
    pairs = {} if _only_pairs(scorecard) else pairs_of(of_candidates)
    decisions = [_decision(name, other, one) for (name, other), one in pairs.items()]
    return Table(
        title="Preferences by pair",
        caption="How often the first is preferred over the second",
        row_classes=["decided" if one.decisive else "open" for one in pairs.values()],
        columns=[
            words("first, second", [f"{name}, {other}" for name, other in pairs]),
            words("", decisions, MARKDOWN),
            *_rates(scorecard, list(pairs.values()), list(pairs)),
            words("decision", decisions, PAGE),
        ],
    )


def _rates(
    scorecard: Scorecard, found: Sequence[PairwiseEstimate | None], sides: Sequence[tuple[str, str]]
) -> list[Column]:
    """Return the columns of some win rates; `sides` are a candidate and its opponent, "" for all of them."""

    def opens(kind: links.Preference) -> list[Link | None]:
        pairs = zip(sides, found, strict=True)
        return [behind.preferences(name, one, kind, other) for (name, other), one in pairs]

    # A baseline's row is of ones that are not there.
    rows = [_told(one or NOTHING_COMPARED) for one in found]
    level = percent(scorecard.confidence)
    apart = zip(rows, opens("won"), opens("lost"), opens("tied"), strict=True)
    counts = [_counted(*each) for each in apart]
    read = opens("read")
    # A win rate is looked at because it stands out among others: that of one alone is too short for it.
    bounds = [percent_interval(one.family_interval or one.interval) for one in rows]
    lost = [count(one.n_lost) for one in rows] if any(one.n_lost for one in rows) else []
    return [
        Column("win rate", [percent(one.win_rate) for one in rows], links=read),
        Column(level, bounds, TERMINAL),
        Column("interval", bounds, MARKDOWN | PAGE, note=_OF_FAMILY, links=read),
        Column("p (Holm)", [figures.p_value(one.p_adjusted) for one in rows], rank=3, links=read),
        Column("won / lost / even", counts, rank=2),
        *(
            [Column("not read", lost, note="Pairs without a preference", links=opens("unread"))]
            if lost
            else []
        ),
        Column("flipped", [percent(one.flip_rate) for one in rows], TERMINAL | MARKDOWN, rank=4),
        Column(
            "flipped",
            [_share(one.flip_rate, one.flip_interval) for one in rows],
            PAGE,
            note=_FLIPPED,
            links=read,
        ),
        Column(
            "first preferred",
            [_share(one.first_shown_rate, one.first_shown_interval) for one in rows],
            PAGE,
            note=_FIRST,
            links=read,
        ),
    ]


def _counted(one: PairwiseEstimate, won: Link | None, lost: Link | None, tied: Link | None) -> Cell:
    # Judges' counts do not make up a rate that people corrected.
    if not one.n or one.rests_on != "judge":
        return figures.ABSENT
    shown = ((one.wins, won), (one.losses, lost), (one.ties, tied))
    first, *others = (Words(count(n), to=link) for n, link in shown)
    return (first, *(part for other in others for part in (Words("/"), other)))


def _told(one: PairwiseEstimate) -> PairwiseEstimate:
    """Return an estimate without the rate of pairs that nobody could read, whatever they are counted as."""
    return NOTHING_COMPARED.model_copy(update={"n_lost": one.n_lost}) if one.coverage == 0 else one


def _share(rate: float | None, bounds: Interval | None) -> Cell:
    return with_interval(percent(rate), percent_interval(bounds))


def _elo(names: Sequence[str], strengths: Mapping[str, Strength]) -> Column:
    """Return the strengths, which rest on every pair that was compared: each opens its candidate's own."""
    found = [strengths.get(name) for name in names]
    cells = [
        figures.ABSENT
        if one is None
        else f"{one.elo:.0f} ({one.elo_interval[0]:.0f} to {one.elo_interval[1]:.0f})"
        for one in found
    ]
    return Column(
        "Elo", cells, rank=1, note=_ELO, links=[links.preferred(name, "", "read", None) for name in names]
    )


def _decision(first: str, second: str, found: PairwiseEstimate) -> Cell:
    if found.decisive:
        return (Words(first if (found.win_rate or 0.0) > 0.5 else second, "strong"), Words("is preferred"))
    missing = ": too many pairs have no preference" if found.open == "missing" else ""
    return (Words(f"not\u00a0decided{missing}", "muted"),)
