"""
Records in three parts: train is read by whoever proposes, dev chooses among prompts, test proves.

No numpy here: every run that improves a prompt splits, and a run that only plans should begin at once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from evaldrop.prompt_search.state import Part

NEEDED_TO_SHOW: Final = 88
"""Independent test records that show a gain of 0.1, where scores vary as Miller's (2024) do: a test holds it
to `required_records(0.1, between=1/9)`."""

FEWEST_TO_CLAIM: Final = 16
"""Independent test records below which nothing is claimed; a test holds it to `provable`, one comparison."""

_DEV_SHARE: Final = 0.25
_GIANT: Final = 0.25
_TEST_SHARES: Final = (0.5, 0.6)
_MOST_TRAIN: Final = 128
_MOST_DEV: Final = 256
_FEWEST_OF_A_STRATUM: Final = 8
_FEWEST_UNITS: Final = 3


class PartRecord(NamedTuple):
    """A record as it is split: `group` and `category` are None where it has none."""

    record_id: str
    group: str | None = None
    category: str | None = None


class PartsOf(NamedTuple):
    """
    What a search may use of the records; of the test part it knows nothing.

    Attributes:
        train: IDs, in an order in which the first ones are of all categories and groups.
        dev: Likewise: prompts meet them in this order.
        groups: The group of each dev record that has one.
    """

    train: tuple[str, ...]
    dev: tuple[str, ...]
    groups: Mapping[str, str] = {}


class _Unit(NamedTuple):
    """Records that stay together, by their IDs' hashes: a group, or one record."""

    hash: bytes
    records: tuple[str, ...]
    category: str | None


class _Shares(NamedTuple):
    train: float
    dev: float


def split(records: Iterable[PartRecord], *, seed: str) -> dict[str, Part]:
    """
    Return each record's part, by its ID, in the order of the records.

    Test has half of the records, and up to 60 % where half would not show a gain of 0.1; dev has a quarter,
    train the rest. Of many records train has at most 128 and dev 256 (their shares are halved until they
    fit): more would cost and not choose better.

    A unit is a group, or a record without one; no unit is torn. Categories of 8 units or more are split each
    for itself, all others together. A group of more than a quarter of the records, the largest, is train,
    where it is only read: what chooses and what proves want many units, and have their shares of the others.
    With fewer than three units all are test, and no search is possible; with three or more no part is empty.

    The same records and seed give the same parts, in whatever order they come. When a record is added, none
    of another category moves, and of its own at most one at each of the three cuts in the order of hashes.
    Only where a part's share changes do more: between 147 and 176 units train grows by what test has too
    much, and at each halving records leave train or dev for test. None goes from train to dev or back,
    unless there are so few that a part would be empty.

    Args:
        records: All of the run, their IDs unique.
        seed: The same for as long as the parts are to be; a run's own would give each run others.
    """
    kept = list(records)
    units = _units(kept, seed)
    found: dict[str, Part] = {}
    if len(units) >= _FEWEST_UNITS:
        chosen = _chosen(units, len(kept), seed)
        found = {record: part for unit, part in chosen for record in unit.records}
    return {record.record_id: found.get(record.record_id, "test") for record in kept}


def records_for(test_units: int) -> int:
    """Return how many records without groups it takes, about, for a test part of so many."""
    needed = test_units
    while needed * (1 - sum(_shares(needed, needed))) < test_units:
        needed += max(1, needed // 200)
    return needed


def parts_of(records: Iterable[PartRecord], parts: Mapping[str, Part], *, seed: str) -> PartsOf:
    """
    Return train and dev in the order in which a search meets them; `parts` as `split` returns them.

    The first records are of as many groups as there are, and of categories in proportion.
    """
    kept = [record for record in records if parts.get(record.record_id, "test") != "test"]
    orders: dict[Part, tuple[str, ...]] = {
        part: _in_order([record for record in kept if parts[record.record_id] == part], seed)
        for part in ("train", "dev")
    }
    groups = {
        each.record_id: each.group
        for each in kept
        if each.group is not None and parts[each.record_id] == "dev"
    }
    return PartsOf(orders["train"], orders["dev"], groups)


def _units(records: Sequence[PartRecord], seed: str) -> list[_Unit]:
    """Return groups and single records by hash."""
    found: list[_Unit] = []
    groups: defaultdict[str, list[PartRecord]] = defaultdict(list)
    for record in records:
        if record.group is None:
            digest = _hash(seed, "record", record.record_id)
            found.append(_Unit(digest, (record.record_id,), record.category))
        else:
            groups[record.group].append(record)
    found.extend(_group(group, members, seed) for group, members in groups.items())
    return sorted(found, key=lambda unit: (unit.hash, unit.records))


def _group(name: str, members: list[PartRecord], seed: str) -> _Unit:
    ids = sorted((each.record_id for each in members), key=lambda record: (_hash(seed, record), record))
    counts = Counter(each.category for each in members)
    # The commonest, and of equally common ones always the same.
    category = min(counts, key=lambda each: (-counts[each], each is None, each or ""))
    return _Unit(_hash(seed, "group", name), tuple(ids), category)


def _chosen(units: list[_Unit], records: int, seed: str) -> list[tuple[_Unit, Part]]:
    shares = _shares(len(units), records)
    largest = max(units, key=lambda unit: (len(unit.records), unit.hash))
    found: list[tuple[_Unit, Part]] = []
    # Of three units each is one of the parts.
    if len(largest.records) > _GIANT * records and len(units) > _FEWEST_UNITS:
        found.append((largest, "train"))
        units = [unit for unit in units if unit is not largest]
    for name, stratum in _strata(units).items():
        found.extend(_of_stratum(stratum, shares, _fraction(_hash(seed, "stratum", name))))
    return _without_empty_parts(found)


def _shares(units: int, records: int) -> _Shares:
    """Return train's and dev's shares: of few records test has more, of many train and dev have less."""
    least, most = _TEST_SHARES
    train = 1 - _DEV_SHARE - min(most, max(least, NEEDED_TO_SHOW / units))
    dev = _DEV_SHARE
    # Halved, and not cut off at a number: with a share that falls with every record, parts would never rest.
    while train * records > _MOST_TRAIN:
        train /= 2
    while dev * records > _MOST_DEV:
        dev /= 2
    return _Shares(train, dev)


def _strata(units: list[_Unit]) -> dict[str, list[_Unit]]:
    """Return units by category; those of small categories, and of none, together."""
    counts = Counter(unit.category for unit in units)
    found: defaultdict[str, list[_Unit]] = defaultdict(list)
    for unit in units:
        is_large = unit.category is not None and counts[unit.category] >= _FEWEST_OF_A_STRATUM
        found[f"category {unit.category}" if is_large else ""].append(unit)
    return found


def _of_stratum(units: list[_Unit], shares: _Shares, offset: float) -> Iterator[tuple[_Unit, Part]]:
    """
    Yield each unit's part by where it is among the records of its stratum, 0 to 1.

    The offset, within a unit, makes shares right on average over strata however few units they have. Dev
    begins in the middle: so no change of shares takes a record from train to dev.
    """
    size = sum(len(unit.records) for unit in units)
    before = 0
    for unit in units:
        place = (before + offset * len(unit.records)) / size
        before += len(unit.records)
        if place < shares.train:
            yield unit, "train"
        elif 0.5 <= place < 0.5 + shares.dev:
            yield unit, "dev"
        else:
            yield unit, "test"


def _without_empty_parts(found: list[tuple[_Unit, Part]]) -> list[tuple[_Unit, Part]]:
    """Return the units so that each part has one, of three units or more: the smallest go where none is."""
    wanted: tuple[Part, ...] = ("test", "dev", "train")
    for part in wanted:
        if any(of_it == part for _, of_it in found):
            continue
        counts = Counter(of_it for _, of_it in found)
        donor = max(counts, key=lambda each: (counts[each], each))
        place = min(
            (place for place, (_, of_it) in enumerate(found) if of_it == donor),
            key=lambda place: (len(found[place][0].records), found[place][0].hash),
        )
        found[place] = (found[place][0], part)
    return found


def _in_order(records: list[PartRecord], seed: str) -> tuple[str, ...]:
    places: list[tuple[int, float, bytes, str]] = []
    for name, stratum in _strata(_units(records, seed)).items():
        offset = _fraction(_hash(seed, "order", name))
        for number, unit in enumerate(stratum):
            # Where it is within its category, so that all categories go on at one pace.
            place = (number + offset) / len(stratum)
            places.extend((nth, place, unit.hash, record) for nth, record in enumerate(unit.records))
    return tuple(record for *_, record in sorted(places))


def _hash(seed: str, *words: str) -> bytes:
    # Lengths first: no two lists of words are the same bytes.
    text = "".join(f"{len(word)}:{word}" for word in (seed, *words))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _fraction(digest: bytes) -> float:
    return int.from_bytes(digest[:6], "big") / 2**48
