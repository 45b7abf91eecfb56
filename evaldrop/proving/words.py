"""What a proof says, in sentences; where it cannot tell, it says so and why."""

from collections.abc import Iterator
from typing import Final

from evaldrop.proving.false_alarms import FEWEST_JUDGED_TWICE
from evaldrop.proving.noticing import rewarded
from evaldrop.scorecard import figures
from evaldrop.scorecard.model.part import Interval
from evaldrop.scorecard.model.proof import DetectionPower, FalseAlarm, Noticed, Proof

WIDEST_TOLD: Final = 0.5
"""An interval wider than this holds so much that the share in it is no finding."""


def kind_in_words(kind: str) -> str:
    """Return a kind of fault as a sentence names it."""
    return kind.replace("_", " ")


def sentences_of(proof: Proof) -> Iterator[str]:
    """Yield for each criterion what its judges and checks would find, and whether their judgings moved."""
    alarms = {each.criterion: each for each in proof.false_alarms}
    for criterion in dict.fromkeys((*(each.criterion for each in proof.power), *alarms)):
        better = [each for each in rewarded(proof.noticed) if each.criterion == criterion]
        yield _found(criterion, _middle_drop(proof, criterion), alarms.get(criterion), better)
        if (alarm := alarms.get(criterion)) is not None and alarm.is_moved:
            yield (
                f"Of the same responses the second judging of {criterion} differs from the first by "
                f"{figures.signed(alarm.moved)} ({figures.interval(alarm.moved_interval)}): more than chance."
            )
    if (written := written_in_words(proof)) is not None:
        yield written


def written_in_words(proof: Proof) -> str | None:
    """Return who wrote the faults, and how many were no use; None where code planted them."""
    if proof.written_by is None:
        return None
    said = f"The faults were written by {proof.written_by}."
    if proof.refused:
        reasons = ", ".join(f"{reason}: {figures.count(n)}" for reason, n in proof.refused.items())
        said += f" {figures.count(sum(proof.refused.values()))} that it wrote were no use ({reasons})."
    return said


def why_untold(share: float | None, interval: Interval | None, reason: str | None) -> str | None:
    """Return why a share is no finding; None where it is one."""
    if share is None or interval is None:
        return reason or "there is too little data"
    if interval[1] - interval[0] > WIDEST_TOLD:
        return f"anything from {_range(interval)} % may be true"
    return None


def alarm_untold(alarm: FalseAlarm) -> str | None:
    """Return why a share of false alarms is no finding; None where it is one."""
    few = f"{alarm.n} responses were judged twice; at least {FEWEST_JUDGED_TWICE} are needed"
    return why_untold(alarm.share, alarm.interval, few)


def _middle_drop(proof: Proof, criterion: str) -> list[DetectionPower]:
    """Return what was found of the middle one of the drops, in each look; all kinds together."""
    found = [each for each in proof.power if each.criterion == criterion and each.kind is None]
    drops = sorted({each.drop for each in found})
    return [each for each in found if each.drop == drops[len(drops) // 2]]


def _found(
    criterion: str, power: list[DetectionPower], alarm: FalseAlarm | None, better: list[Noticed]
) -> str:
    parts = [_power(criterion, power)]
    if alarm is not None:
        untold = alarm_untold(alarm)
        parts.append(f"false alarms {figures.percent(alarm.share)}" if untold is None else _alarms(untold))
    parts += [f"{kind_in_words(each.kind)} is rewarded" for each in better]
    return f"{'; '.join(parts)}."


def _alarms(untold: str) -> str:
    return f"false alarms: cannot tell ({untold})"


def _power(criterion: str, power: list[DetectionPower]) -> str:
    single = next((each for each in power if each.look == "single"), None)
    if single is None:
        return f"{criterion}: no drop was asked about"
    what = f"a {100 * single.drop:g}-point drop in {criterion}"
    if (untold := why_untold(single.share, single.interval, single.reason)) is not None:
        return f"Cannot tell whether your setup finds {what} ({untold})"
    said = f"Your setup finds {what} in {_share(single, ' of tries')}{_against_plan(single)}"
    weekly = next((each for each in power if each.look == "weekly"), None)
    if weekly is None:
        return said
    if (untold := why_untold(weekly.share, weekly.interval, weekly.reason)) is not None:
        return f"{said}, in the weekly gate cannot tell ({untold})"
    return f"{said}, in the weekly gate in {_share(weekly)}"


def _share(power: DetectionPower, of: str = "") -> str:
    assert power.interval is not None
    return f"{figures.percent(power.share)}{of} ({_range(power.interval)})"


def _against_plan(power: DetectionPower) -> str:
    """Return how a share compares with what the plan promised, where the interval leaves that out."""
    if power.promised is None or power.interval is None:
        return ""
    low, high = power.interval
    if low <= power.promised <= high:
        return ""
    which = "less" if high < power.promised else "more"
    return f", {which} than the {figures.percent(power.promised)} that the plan promises"


def _range(interval: Interval) -> str:
    return figures.percent_interval(interval).removesuffix(" %")
