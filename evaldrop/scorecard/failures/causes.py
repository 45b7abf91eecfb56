"""Rationales in groups by what they say: deterministic, offline, in any order and any language."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from evaldrop.scorecard.failures.naming import label_of, terms_of
from evaldrop.scorecard.failures.words import parts_of
from evaldrop.scorecard.model.failures import GroupKind
from evaldrop.statistics.vectors import Floats

if TYPE_CHECKING:
    from evaldrop.statistics.grouping import Labels, Rows

# A smaller share of the texts is no group of its own.
_LEAST_SHARE = 0.02
_LEAST = 2
# A text this much less like its group's middle than others are only happens to be there.
_LEAST_LIKENESS = 0.35
_NEAREST = 12
_MOST_PARTS = 4_000

OTHERS: Final = -1


class Cause(NamedTuple):
    """
    A group of texts.

    Attributes:
        kind: "cause", "others" (too few alike), or "no_reason" (the judge wrote nothing).
        label: A piece of one of its texts; empty where it is no cause.
        terms: Words that are its own, the most telling first.
        members: Places of its texts.
    """

    kind: GroupKind
    label: str
    terms: tuple[str, ...]
    members: tuple[int, ...]


def causes_of(texts: Sequence[str]) -> list[Cause]:
    """Return the groups of some texts: causes, the largest first, then others, then those without a word."""
    # Groups must not depend on the order of records, so their places are forgotten until the end.
    order = sorted((place for place, text in enumerate(texts) if text.strip()), key=texts.__getitem__)
    silent = tuple(place for place, text in enumerate(texts) if not text.strip())
    found = _grouped([texts[place] for place in order]) if order else []
    causes = [cause._replace(members=tuple(sorted(order[at] for at in cause.members))) for cause in found]
    causes.sort(key=lambda cause: (cause.kind == "others", -len(cause.members), cause.label))
    return [*causes, *([Cause("no_reason", "", (), silent)] if silent else [])]


def _grouped(texts: Sequence[str]) -> list[Cause]:
    # Imported here: scipy's clustering takes a fifth of a second, and a run without failures needs none.
    from evaldrop.statistics.grouping import FEWEST_ROWS, grouped, weighted

    found = [parts_of(text) for text in texts]
    presence, parts = _presence(found)
    if not parts:
        return [Cause("cause", label_of(texts[:_NEAREST], {}), (), tuple(range(len(texts))))]
    rows = weighted(presence)
    labels = grouped(rows) if len(texts) >= FEWEST_ROWS else _repeated(found)
    labels = _with_others(labels, rows)
    words = _spelled(found)
    causes = []
    for label in sorted(set(labels.tolist())):
        members = np.flatnonzero(labels == label)
        if label == OTHERS:
            causes.append(Cause("others", "", (), tuple(members.tolist())))
            continue
        telling = _telling(presence, rows, members)
        ranked = np.argsort(-telling, kind="stable")[:60]
        likeness = np.asarray(rows[members] @ telling)
        nearest = members[np.argsort(-likeness, kind="stable")[:_NEAREST]]
        causes.append(
            Cause(
                "cause",
                label_of(
                    [texts[at] for at in nearest.tolist()], dict(zip(parts, telling.tolist(), strict=True))
                ),
                terms_of([parts[at] for at in ranked.tolist() if telling[at] > 0], words),
                tuple(members.tolist()),
            )
        )
    return causes


def _presence(found: Sequence[Mapping[str, str]]) -> tuple["Rows", list[str]]:
    """Return which text has which part, shape (texts, parts), and the parts that two texts have."""
    from scipy import sparse

    having = Counter(part for parts in found for part in parts)
    least = 2 if len(found) > 1 else 1
    frequent = [(part, n) for part, n in having.items() if n >= least]
    parts = [part for part, _ in sorted(frequent, key=lambda one: (-one[1], one[0]))[:_MOST_PARTS]]
    places = {part: place for place, part in enumerate(parts)}
    columns = [sorted(places[part] for part in one if part in places) for one in found]
    starts = np.cumsum([0, *map(len, columns)])
    flat = np.array([column for row in columns for column in row], np.int64)
    shape = (len(found), len(parts))
    return sparse.csr_array((np.ones(len(flat)), flat, starts), shape=shape), parts


def _telling(presence: "Rows", rows: "Rows", members: "Labels") -> Floats:
    """Return how much each part tells of a group: its share of the divergence from all other texts."""
    n, size = presence.shape[0], len(members)
    if size == n:
        # Nothing to be told apart from: what is rare and yet shared.
        return np.asarray(rows.mean(axis=0), np.float64)
    having, everywhere = np.asarray(presence[members].sum(axis=0)), np.asarray(presence.sum(axis=0))
    inside, outside = having / size, (everywhere - having + 0.5) / (n - size + 1)
    return np.asarray(inside * np.log((inside + 0.5 / n) / outside), np.float64)


def _repeated(found: Sequence[Mapping[str, str]]) -> "Labels":
    """Return groups of so few texts that only the same words make one; without any, all are one."""
    same = Counter(frozenset(parts) for parts in found)
    groups = [words for words, n in same.items() if n > 1]
    if not groups:
        return np.zeros(len(found), np.int64)
    places = {words: place for place, words in enumerate(groups)}
    return np.array([places.get(frozenset(parts), OTHERS) for parts in found], np.int64)


def _with_others(labels: "Labels", rows: "Rows") -> "Labels":
    """Return the groups without those that are too small, and without texts that only happen to be there."""
    from evaldrop.statistics.grouping import centres_of

    kept = labels.copy()
    # One group is what there is where none was found: nothing is put out of it.
    if labels.max() > 0:
        likeness = np.asarray((rows.multiply(centres_of(rows, np.maximum(labels, 0))[labels])).sum(axis=1))
        for label in range(int(labels.max()) + 1):
            here = labels == label
            kept[here & (likeness < _LEAST_LIKENESS * np.median(likeness[here]))] = OTHERS
        sizes = Counter(kept.tolist())
        least = max(_LEAST, int(_LEAST_SHARE * len(labels)))
        kept[np.isin(kept, [label for label, n in sizes.items() if n < least])] = OTHERS
    return kept if (kept != OTHERS).any() else np.zeros_like(kept)


def _spelled(found: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the word that a part stands for most often."""
    times: dict[str, Counter[str]] = {}
    for parts in found:
        for part, word in parts.items():
            times.setdefault(part, Counter())[word] += 1
    return {part: min(words, key=lambda word: (-words[word], word)) for part, words in times.items()}
