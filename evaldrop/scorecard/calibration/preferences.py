"""
People's preferences between two responses, held against the judge's.

Kept with the evaluation as labels are: `<out>/<evaluation>/preferences/`, one file per import.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
from pydantic import ValidationError

from evaldrop import storage
from evaldrop.errors import NotEnoughData, StorageError
from evaldrop.run.definition import RunDefinition
from evaldrop.run.tables import read_rows
from evaldrop.scorecard.calibration.differences import Sides, by_people
from evaldrop.scorecard.calibration.judged import response_facts
from evaldrop.scorecard.model.calibration import PeoplesPreferences, RaterAgreement
from evaldrop.scorecard.model.part import Part
from evaldrop.scorecard.scores import majority
from evaldrop.statistics.agreement import agreement_rate, cohen_kappa, gwet_ac1
from evaldrop.statistics.paired import sign_flip_test
from evaldrop.statistics.preferences import preference_p_value, win_rate
from evaldrop.verdicts import TIE

FOLDER = "preferences"

Pair = tuple[str, str]
# Of the candidate: 1 a win, 0 a tie, -1 a loss; by record.
Outcomes = dict[str, float]


class PeoplesPreference(Part):
    """A line of `<out>/<evaluation>/preferences/*.jsonl`: one person on one record's two responses."""

    run_id: str
    record_id: str
    candidate: str
    baseline: str
    candidate_sha256: str
    baseline_sha256: str
    preferred: Literal["candidate", "baseline", "tie"]
    rater: str
    drawn_at_random: bool
    imported_at: str
    # A reader of the report picked the record.
    by_hand: bool = False

    @property
    def outcome(self) -> float:
        """For the candidate: 1 a win, 0 a tie, -1 a loss."""
        return {"candidate": 1.0, "tie": 0.0, "baseline": -1.0}[self.preferred]


class _People(NamedTuple):
    """What people said of a pair of candidates, by person and record; and records drawn or picked."""

    by_rater: dict[str, Outcomes]
    random: set[str]
    by_hand: set[str]


def write_preferences(run_folder: str, given: Sequence[PeoplesPreference]) -> str:
    """
    Store one import's preferences in a file of its own, and return its URI.

    Raises:
        StorageError: It cannot be written.
    """
    above = storage.parent(run_folder)
    if above is None:
        raise StorageError(f"{run_folder}: preferences are kept in the folder above it, and there is none.")
    content = b"".join(one.model_dump_json().encode() + b"\n" for one in given)
    stamp = re.sub(r"[^0-9TZ]", "", given[0].imported_at.replace("+00:00", "Z"))
    # The digest keeps two imports of the same moment apart.
    name = f"{stamp}-{hashlib.sha256(content).hexdigest()[:8]}.jsonl"
    uri = storage.join(above, FOLDER, name)
    storage.write_bytes(uri, content)
    return uri


def peoples_preferences(run: RunDefinition) -> tuple[PeoplesPreferences, ...]:
    """
    Hold the judges' preferences of a run against people's, pair by pair; empty where there are none.

    Raises:
        StorageError: A table or a preference cannot be read.
    """
    given = _read(run.folder)
    if not given:
        return ()
    wanted = {(one.record_id, name) for one in given for name in (one.candidate, one.baseline)}
    facts = response_facts(run, wanted)
    people: dict[Pair, _People] = {}
    for one in given:
        pair = (one.candidate, one.baseline)
        digests = tuple(facts.digests.get((one.record_id, name)) for name in pair)
        # Of other texts the preference says nothing.
        if digests == (one.candidate_sha256, one.baseline_sha256):
            _add(people, one, pair, run.run_id)
    if not people:
        return ()
    judged = _judges(run)
    return tuple(
        _held(pair, people[pair], judged.get(pair, {}), facts.clusters, run.evaluation.confidence)
        for pair in sorted(people)
    )


def _add(people: dict[Pair, _People], one: PeoplesPreference, pair: Pair, run_id: str) -> None:
    found = people.setdefault(pair, _People({}, set(), set()))
    # Of one person's answers the last one counts.
    found.by_rater.setdefault(one.rater, {})[one.record_id] = one.outcome
    if one.drawn_at_random and one.run_id == run_id:
        found.random.add(one.record_id)
    if one.by_hand:
        found.by_hand.add(one.record_id)


def _held(
    pair: Pair, people: _People, judge: Outcomes, clusters: Mapping[str, int], confidence: float
) -> PeoplesPreferences:
    together = _together(people.by_rater)
    both = [record for record in together if record in judge]
    first, second = (np.array([side[record] for record in both]) for side in (together, judge))
    found = PeoplesPreferences(
        candidate=pair[0],
        baseline=pair[1],
        n=len(both),
        raters={rater: len(given) for rater, given in people.by_rater.items()},
        win_rate=_win_rate(list(together.values())),
        judge_win_rate=_win_rate(list(judge.values())),
        between_raters=tuple(_between(people.by_rater)),
    )
    if both:
        found = found.model_copy(
            update={
                "agreement": agreement_rate(first, second),
                "kappa": _kappa(first, second),
                "ac1": gwet_ac1(first, second, categories=3),
            }
        )
    # Leaving out those on whom people are level would leave no random sample: as with judges they are ties.
    all_given = _together(people.by_rater, level=0.0)
    found = found.model_copy(update=_lean(all_given, judge, clusters))
    return found.model_copy(update=_corrected(all_given, people, judge, clusters, confidence))


def _lean(people: Outcomes, judge: Outcomes, clusters: Mapping[str, int]) -> dict[str, object]:
    """Return how much more often judges than people prefer the candidate, where both compared, and a test."""
    both = [record for record in people if record in judge]
    if not both:
        return {}
    more = np.array([(judge[record] - people[record]) / 2 for record in both])
    found: dict[str, object] = {"judge_lean": float(more.mean())}
    groups = np.array([clusters.get(record, -1 - row) for row, record in enumerate(both)], np.intp)
    if np.unique(groups).size > 1:
        found["judge_lean_p_value"] = sign_flip_test(more, seed=0, groups=groups).p_value
    return found


def _corrected(
    given: Outcomes, people: _People, judge: Outcomes, clusters: Mapping[str, int], confidence: float
) -> dict[str, object]:
    """Return the win rate that people would have given on all records the judge compared."""
    records = list(judge)
    is_census = bool(records) and all(record in given for record in records)
    usable = given.keys() if is_census else given.keys() & people.random
    if not usable and given:
        if given.keys() <= people.by_hand:
            return {
                "reason": "these records were picked by hand while the report was read: "
                "they are no random sample"
            }
        return {
            "reason": "nobody knows how these records were chosen; if they were drawn at random from this "
            "run, import them with --drawn-at-random"
        }
    human = np.array([given[record] if record in usable else np.nan for record in records])
    groups = np.array([clusters.get(record, -1 - row) for row, record in enumerate(records)], np.intp)
    sides = Sides(np.arange(len(records)), np.array(list(judge.values())), human, step=1.0, reach=1.0)
    found = by_people(sides, groups, confidence=confidence)
    if found.pairing is None or found.pairing.difference is None:
        return {"reason": found.reason}
    low, high = (_as_rate(bound) for bound in found.pairing.interval or (-1.0, 1.0))
    p_value = found.pairing.p_value
    if is_census:
        # Nothing is predicted: as judges' win rates, which have an interval where all say the same.
        shares = (1 + human) / 2
        several = groups if np.unique(groups).size < groups.size else None
        low, high = win_rate(shares, several).interval(confidence)
        p_value = preference_p_value(shares, several, seed=0)
    return {
        "corrected_win_rate": _as_rate(found.pairing.difference),
        "interval": (max(0.0, low), min(1.0, high)),
        "p_value": p_value,
        "rests_on": found.rests_on,
        "n_labelled": found.n_labelled,
    }


def _together(by_rater: Mapping[str, Outcomes], *, level: float | None = None) -> Outcomes:
    """Return what most people prefer, record by record; where they are level `level`, or nothing."""
    given: dict[str, list[float]] = {}
    for outcomes in by_rater.values():
        for record, outcome in outcomes.items():
            given.setdefault(record, []).append(outcome)
    votes = {record: majority([one] for one in several) for record, several in given.items()}
    worth = {record: level if vote.is_drawn else vote.worth for record, vote in votes.items()}
    return {record: one for record, one in worth.items() if one is not None}


def _between(by_rater: Mapping[str, Outcomes]) -> Iterator[RaterAgreement]:
    for a, b in combinations(by_rater, 2):
        shared = [record for record in by_rater[a] if record in by_rater[b]]
        if shared:
            first, second = (np.array([by_rater[one][record] for record in shared]) for one in (a, b))
            yield RaterAgreement(
                a=a,
                b=b,
                n=len(shared),
                agreement=agreement_rate(first, second),
                kappa=_kappa(first, second),
                ac1=gwet_ac1(first, second, categories=3),
            )


def _judges(run: RunDefinition) -> dict[Pair, Outcomes]:
    """
    Return what the judges prefer, by pair and record, in either direction.

    As win rates count it: a preference that changes with the order is a tie, one that was not read in an
    order that was asked is none, and of several judges the majority counts, an even split being a tie.
    """
    said: dict[tuple[Pair, str], dict[str, list[float]]] = {}
    columns = ("record_id", "candidate", "baseline", "judge", "preferred")
    for record, candidate, baseline, judge, preferred in read_rows(run.file("comparisons.parquet"), columns):
        outcome = 0.0 if preferred == TIE else 1.0 if preferred == candidate else -1.0
        orders = said.setdefault(((candidate, baseline), record), {}).setdefault(judge, [])
        orders.append(np.nan if preferred is None else outcome)
    found: dict[Pair, Outcomes] = {}
    for ((candidate, baseline), record), judges in said.items():
        votes = [
            orders[0] if len(set(orders)) == 1 else 0.0
            for orders in judges.values()
            if not np.isnan(orders).any()
        ]
        if votes:
            vote = float(np.sign(sum(votes)))
            found.setdefault((candidate, baseline), {})[record] = vote
            found.setdefault((baseline, candidate), {})[record] = -vote
    return found


def _kappa(first: np.ndarray, second: np.ndarray) -> float | None:
    try:
        return cohen_kappa(first, second)
    except NotEnoughData:
        return None


def _as_rate(outcome: float) -> float:
    return (1 + outcome) / 2


def _win_rate(outcomes: Sequence[float]) -> float | None:
    return _as_rate(sum(outcomes) / len(outcomes)) if outcomes else None


def _read(run_folder: str) -> list[PeoplesPreference]:
    above = storage.parent(run_folder)
    if above is None:
        return []
    found = []
    for uri in storage.list_files(storage.join(above, FOLDER)):
        for number, line in enumerate(storage.read_bytes(uri).splitlines(), start=1):
            try:
                found.append(PeoplesPreference.model_validate_json(line))
            except ValidationError as error:
                raise StorageError(f"{uri} line {number}: not a preference ({error})") from error
    return sorted(found, key=lambda one: one.imported_at)
