"""Whether judges and checks would have noticed: planted faults, false alarms, and drops that are found."""

from collections.abc import Iterator, Sequence

from evaldrop.proving.words import alarm_untold, kind_in_words, why_untold
from evaldrop.report.changes import ChangeDot, on_one_axis, plot
from evaldrop.report.charts import BEST, FAR_BEHIND, OPEN
from evaldrop.report.columns import Cell, Column, Table, Tone, Words, words
from evaldrop.scorecard import figures
from evaldrop.scorecard.figures import count
from evaldrop.scorecard.model.proof import DetectionPower, Noticed, Proof
from evaldrop.scorecard.model.scorecard import Scorecard

_DECISIONS: dict[str, tuple[str, Tone]] = {
    "noticed": (BEST, "good"),
    "rewarded": (FAR_BEHIND, "bad"),
    "undecided": (OPEN, "muted"),
}


def proof_tables(scorecard: Scorecard) -> list[Table]:
    """Return a proof's tables; none without a proof, and of several judges each beside all together."""
    if (proof := scorecard.proof) is None:
        return []
    made = [_noticed(scorecard, proof), _power(proof), _false_alarms(proof)]
    return [table for table in made if len(table)]


def _noticed(scorecard: Scorecard, proof: Proof) -> Table:
    order = list(dict.fromkeys(each.criterion for each in proof.noticed))
    found = sorted(proof.noticed, key=lambda each: (order.index(each.criterion), not each.is_expected))
    keys = [(each.criterion, each.kind, each.judge or "") for each in found]
    changes: dict[tuple[str, ...], ChangeDot] = {
        key: dot
        for key, each in zip(keys, found, strict=True)
        if (dot := _change(scorecard, each)) is not None
    }
    judges: list[Cell] = [each.judge or (Words("all", "muted"),) for each in found]
    columns = [
        words("criterion", [each.criterion for each in found]),
        words("planted fault", [_fault(each) for each in found]),
        words("judge", judges),
        words("decision", [(Words(each.decision, _DECISIONS[each.decision][1]),) for each in found]),
        plot("change of score", on_one_axis(changes), keys),
        Column("scores worse", [figures.percent(each.share) for each in found]),
        Column("interval", [figures.percent_interval(each.interval) for each in found]),
        Column("by chance", [figures.percent(each.by_chance) for each in found], note=_BY_CHANCE),
        Column("faults", [count(each.n) for each in found]),
        *_power_by_kind(proof, found),
    ]
    if all(each.judge is None for each in found):
        columns = [column for column in columns if column.heading != "judge"]
    return Table(title="Planted faults that were noticed", caption="Faults", columns=columns)


def _power_by_kind(proof: Proof, found: Sequence[Noticed]) -> Iterator[Column]:
    """Yield the column of what a drop by faults of one kind alone is found in, where it was asked about."""
    by_kind = {(each.criterion, each.kind): each for each in proof.power if each.kind is not None}
    for drop in {each.drop for each in by_kind.values()}:
        cells = [
            _found(by_kind.get((each.criterion, each.kind)) if each.judge is None else None) for each in found
        ]
        note = "Share of tries in which a drop of the pass rate by such faults alone is found"
        yield Column(f"{100 * drop:g} points found in", cells, note=note)


_BY_CHANCE = "Share of the same responses, unchanged, that score worse when they are judged again"


def _change(scorecard: Scorecard, found: Noticed) -> ChangeDot | None:
    info = scorecard.criteria.get(found.criterion)
    if info is None or found.change is None:
        return None
    scale = info.high - info.low
    low, high = found.change_interval or (0.0, 0.0)
    return ChangeDot(
        value=found.change / scale,
        interval=(low / scale, high / scale) if found.change_interval else None,
        tone=_DECISIONS[found.decision][0],
    )


def _fault(found: Noticed) -> Cell:
    name = kind_in_words(found.kind)
    return name if found.is_expected else (Words(name), Words("beside the criterion", "muted"))


def _power(proof: Proof) -> Table:
    looks = {(each.criterion, each.drop, each.look): each for each in proof.power if each.kind is None}
    once = [each for (_, _, look), each in looks.items() if look == "single"]
    weekly = [looks.get((each.criterion, each.drop, "weekly")) for each in once]
    untold = [_untold(each) or _untold(week) for each, week in zip(once, weekly, strict=True)]
    return Table(
        title="Drops that are found",
        caption="Drops found",
        columns=[
            words("criterion", [each.criterion for each in once]),
            Column("drop", [f"{100 * each.drop:g} points" for each in once]),
            Column("found in", [_found(each) for each in once], note="Share of tries, asked once"),
            Column("interval", [figures.percent_interval(each.interval) for each in once]),
            Column("plan promises", [figures.percent(each.promised) for each in once]),
            Column("in the weekly gate", [_found(each) for each in weekly]),
            Column(
                "its interval", [figures.percent_interval(each.interval if each else None) for each in weekly]
            ),
            Column("records", [count(each.records) for each in once], note="Of a run"),
            Column("faults", [count(each.planted) for each in once]),
            *_why(untold),
        ],
    )


def _why(untold: Sequence[str | None]) -> Iterator[Column]:
    """Yield the column of why something cannot be told, where that is so."""
    if any(untold):
        yield words("cannot tell", [(Words(why, "muted"),) if why else "" for why in untold])


def _found(power: DetectionPower | None) -> Cell:
    if power is None or _untold(power):
        return figures.ABSENT
    return (Words(figures.percent(power.share), "strong"),)


def _untold(power: DetectionPower | None) -> str | None:
    """Return why a share cannot be told; None of what was not asked."""
    return None if power is None else why_untold(power.share, power.interval, power.reason)


def _false_alarms(proof: Proof) -> Table:
    found = proof.false_alarms
    untold = [alarm_untold(each) for each in found]
    moved: list[Cell] = [
        (Words("moved", "bad"),) if each.is_moved else (Words("not decided", "muted"),) for each in found
    ]
    shares = [
        figures.ABSENT if why else figures.percent(each.share)
        for each, why in zip(found, untold, strict=True)
    ]
    return Table(
        title="The same responses judged twice",
        caption="Judged twice",
        columns=[
            words("criterion", [each.criterion for each in found]),
            Column("responses", [count(each.n) for each in found]),
            Column("score changed", [figures.percent(each.changed) for each in found]),
            Column("false alarms", shares, note="Share of tries in which a difference is claimed"),
            Column("interval", [figures.percent_interval(each.interval) for each in found]),
            Column("second minus first", [figures.signed(each.moved) for each in found]),
            Column("its interval", [figures.interval(each.moved_interval) for each in found]),
            words("second judging", moved),
            *_why(untold),
        ],
    )
