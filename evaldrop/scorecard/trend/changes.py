"""What was changed on purpose between runs, whom it concerns, and whether it begins a new stretch."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from evaldrop.evaluation.improvement import is_made_by_run
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.trend.entries import HistoryEntry
from evaldrop.scorecard.trend.types import Change, What

# What has a digest of its own in every entry, and how its change is said.
_DIGESTS: Mapping[What, str] = {
    "dataset": "the dataset changed",
    "anchors": "the anchors changed",
    "workflow": "the workflow changed",
}
# The workflow decides how a run is carried out and not its requests: marked, but no new stretch.
_NO_NEW_STRETCH = frozenset({"workflow"})


class SeriesKey(NamedTuple):
    """What identifies a series."""

    name: str
    criterion: str
    is_anchor: bool


def changes_between(before: HistoryEntry, now: HistoryEntry) -> Iterator[Change]:
    """Yield what was changed on purpose between two runs; digests that are not known are no change."""

    def change(what: What, name: str, sentence: str) -> Change:
        return Change(run_id=now.run_id, started_at=now.started_at, what=what, name=name, sentence=sentence)

    for name, card in now.candidates.items():
        # A candidate that is new in this run begins a series and changes none.
        if name in before.candidates and name not in now.anchors:
            for what, words in _differences(before.candidates[name], card):
                yield change(what, name, f"{name}: {words}")
    for name in sorted(before.judges.keys() | now.judges.keys()):
        old, new = before.judges.get(name), now.judges.get(name)
        if old is not None and new is not None:
            for _, words in _differences(old, new):
                yield change("judge", name, f"judge {name}: {words}")
        elif before.judges and now.judges:
            # An entry of an earlier version knows no judges at all.
            yield change("judge", name, f"judge {name} {'left' if new is None else 'joined'}")
    for name, digest in now.criteria.items():
        # A criterion that is new, or that an older entry did not keep, has no question to differ from.
        if before.criteria.get(name, digest) != digest:
            yield change("criterion", name, f"criterion {name}: another question or scale")
    if before.criteria and now.criteria and _overall_of(before) != _overall_of(now):
        yield change("criterion", OVERALL, "overall: other criteria or weights")
    for what, words in _DIGESTS.items():
        if _both_known_and_different(getattr(before, f"{what}_sha256"), getattr(now, f"{what}_sha256")):
            yield change(what, "", words)


def concerns(change: Change, key: SeriesKey) -> bool:
    """Tell whether a change may move a series."""
    if change.what in ("model", "prompt", "settings"):
        return change.name == key.name and not key.is_anchor
    if change.what == "anchors":
        return key.is_anchor
    if change.what == "criterion":
        return change.name == key.criterion or (key.criterion == OVERALL and change.name != key.criterion)
    return True


def begins_stretch(change: Change) -> bool:
    """Tell whether runs from this change on are made in another way than those before."""
    return change.what not in _NO_NEW_STRETCH


def _differences(before: Any, now: Any) -> Iterator[tuple[What, str]]:
    if before.model != now.model:
        yield "model", f"model {before.model} → {now.model}"
    if before.prompt != now.prompt:
        yield "prompt", f"prompt {before.prompt} → {now.prompt}"
    # Another prompt has another text as well: one change is to be said once.
    elif _both_known_and_different(before.prompt_sha256, now.prompt_sha256):
        found = ", found anew by its run" if is_made_by_run(now.prompt) else ""
        yield "prompt", f"prompt {now.prompt} has another text{found}"
    if _both_known_and_different(before.settings, now.settings):
        yield "settings", "other settings"


def _both_known_and_different(before: str | None, now: str | None) -> bool:
    return bool(before and now and before != now)


def _overall_of(entry: HistoryEntry) -> Mapping[str, float]:
    # A criterion of weight 0 comes and goes without moving overall.
    return {name: weight for name, weight in entry.weights.items() if weight}
