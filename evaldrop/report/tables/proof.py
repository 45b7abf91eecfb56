"""Whether judges and checks would have noticed: planted faults, false alarms, and drops that are found."""

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
_LOOKS = {"single": "once", "weekly": "weekly gate"}


def proof_tables(scorecard: Scorecard) -> list[Table]:
    """Return a proof's tables; none without a proof, and of several judges each beside all together."""
    if (proof := scorecard.proof) is None:
        return []
    made = [_noticed(scorecard, proof), _power(proof), _false_alarms(proof)]
    return [table for table in made if len(table)]


def _noticed(scorecard: Scorecard, proof: Proof) -> Table:
    found = proof.noticed
    keys = [(each.criterion, each.kind, each.judge or "") for each in found]
    changes = {
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
    ]
    if all(each.judge is None for each in found):
        columns = [column for column in columns if column.heading != "judge"]
    return Table(title="Planted faults that were noticed", caption="Planted faults", columns=columns)


_BY_CHANCE = "Share of unchanged responses that score worse when they are judged again"


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
    found = proof.power
    return Table(
        title="Drops that are found",
        caption="Drops that are found, and what the plan promises",
        columns=[
            words("criterion", [each.criterion for each in found]),
            words("asked", [_LOOKS[each.look] for each in found]),
            words("faults of", [kind_in_words(each.kind) if each.kind else "all kinds" for each in found]),
            Column("drop", [f"{100 * each.drop:g} points" for each in found]),
            Column("found in", [_found(each) for each in found], note="Share of tries"),
            Column("interval", [figures.percent_interval(each.interval) for each in found]),
            Column("plan promises", [figures.percent(each.promised) for each in found]),
            Column("records", [count(each.records) for each in found]),
            Column("faults", [count(each.planted) for each in found]),
            words("", [_reason(each) for each in found]),
        ],
    )


def _found(power: DetectionPower) -> Cell:
    return figures.ABSENT if _untold(power) else (Words(figures.percent(power.share), "strong"),)


def _reason(power: DetectionPower) -> Cell:
    untold = _untold(power)
    return (Words(f"cannot tell: {untold}", "muted"),) if untold else ""


def _untold(power: DetectionPower) -> str | None:
    return why_untold(power.share, power.interval, power.reason)


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
        caption="The same responses judged twice",
        columns=[
            words("criterion", [each.criterion for each in found]),
            Column("responses", [count(each.n) for each in found]),
            Column("score changed", [figures.percent(each.changed) for each in found]),
            Column("false alarms", shares, note="Share of tries in which a difference is claimed"),
            Column("interval", [figures.percent_interval(each.interval) for each in found]),
            Column("second minus first", [figures.signed(each.moved) for each in found]),
            Column("its interval", [figures.interval(each.moved_interval) for each in found]),
            words("second judging", moved),
            words("", [(Words(f"cannot tell: {why}", "muted"),) if why else "" for why in untold]),
        ],
    )
