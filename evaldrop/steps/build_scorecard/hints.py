"""What would make the next evaluation better: a sentence of each kind; the scorecard's parts have all."""

from collections.abc import Iterable, Iterator, Sequence

from evaldrop.scorecard.figures import percent
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.model.usefulness import CriterionPair, CriterionUse
from evaldrop.steps.build_scorecard.usefulness import SAME_SCORE, frontier_in_words

# Of one kind a reader needs the first few.
_MOST_NAMED = 8
# Spearman correlations with length that are worth a sentence.
_MUCH_LENGTH, _SURE_OF_LENGTH = 0.3, 0.01


def run_hints(scorecard: Scorecard) -> tuple[str, ...]:
    """Return what would make the next evaluation better or cheaper, a sentence of each kind."""
    uses = {name: use for name, use in scorecard.criteria_use.items() if use.finding}
    return (
        *_useless_criteria(uses),
        *_same_criteria([pair for pair in scorecard.criterion_pairs if pair.finding]),
        *_length_hints(scorecard),
        *as_one(frontier_in_words([point for point in scorecard.frontier if point.dominated_by])),
        *as_one(frontier_in_words([point for point in scorecard.frontier if not point.dominated_by])),
        *_slice_hints(scorecard),
    )


def by_subject(found: Iterable[tuple[str, str]], end: str = ".") -> Iterator[str]:
    """
    Yield findings of one kind as one sentence, those of whom the same is said together; nothing for none.

    A finding is whom it is about, and what is said of it.
    """
    said: dict[str, list[str]] = {}
    for name, what in found:
        said.setdefault(what, []).append(name)
    if said:
        yield "; ".join(f"{listed(names)}: {what}" for what, names in said.items()) + end


def as_one(sentences: Iterable[str]) -> Iterator[str]:
    """Yield sentences of one kind as one; nothing for none."""
    if said := [sentence.removesuffix(".") for sentence in sentences]:
        rest = f"; and {len(said) - _MOST_NAMED} more" if len(said) > _MOST_NAMED else ""
        yield f"{'; '.join(said[:_MOST_NAMED])}{rest}."


def listed(names: Sequence[str]) -> str:
    """Return names in a row; of many the first, and how many more there are."""
    if len(names) > _MOST_NAMED:
        return f"{', '.join(names[:_MOST_NAMED])} and {len(names) - _MOST_NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _useless_criteria(found: dict[str, CriterionUse]) -> Iterator[str]:
    same = {name: use for name, use in found.items() if (use.commonest_share or 0.0) >= SAME_SCORE}
    for kind in (same, {name: use for name, use in found.items() if name not in same}):
        if len(kind) == 1:
            yield from (use.finding for use in kind.values() if use.finding)
        elif kind is same and kind:
            named = [
                f"{name} ({use.commonest_score:g} for {percent(use.commonest_share)} of {use.n} responses)"
                for name, use in kind.items()
            ]
            yield (
                f"{listed(named)} tell nothing apart. "
                "Make them harder, or drop them and save their share of the judge's tokens."
            )
        elif kind:
            named = [f"{name} ({percent(use.differing_share)} of the records)" for name, use in kind.items()]
            yield (
                f"{listed(named)} hardly ever differ between candidates: "
                "they say which records are hard, not which candidate is better."
            )


def _same_criteria(found: Sequence[CriterionPair]) -> Iterator[str]:
    if len(found) == 1:
        yield from (pair.finding for pair in found if pair.finding)
    elif found:
        groups = [f"{listed(names)} ({_correlations(names, found)})" for names in _together(found)]
        said = "; ".join(groups)
        yield f"Criteria that say the same: {said}. One of each is enough, or their questions overlap."


def _together(found: Sequence[CriterionPair]) -> list[list[str]]:
    """Return criteria that are joined by pairs, in the order in which they come."""
    groups: list[list[str]] = []
    for pair in found:
        joined = [group for group in groups if pair.a in group or pair.b in group]
        names = dict.fromkeys([*(name for group in joined for name in group), pair.a, pair.b])
        groups = [*(group for group in groups if group not in joined), list(names)]
    return groups


def _correlations(names: Sequence[str], found: Sequence[CriterionPair]) -> str:
    known = [pair.correlation for pair in found if pair.a in names and pair.correlation is not None]
    least, most = (f"{bound:.2f}" for bound in (min(known), max(known)))
    return f"correlation {least}" if least == most else f"correlations {least} to {most}"


def _length_hints(scorecard: Scorecard) -> Iterator[str]:
    gains: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for candidate, card in scorecard.candidates.items():
        for criterion, relation in card.score_by_length.items():
            rho, p_value = relation.spearman, relation.p_value
            if rho is None or p_value is None or abs(rho) < _MUCH_LENGTH or p_value > _SURE_OF_LENGTH:
                continue
            if (info := scorecard.criteria.get(criterion)) is not None and info.check is not None:
                # No judge whose taste it could be.
                continue
            # On a criterion where low is good, a negative correlation is what longer responses gain.
            gain = (rho > 0) == (info is None or info.higher_is_better)
            gains[gain].append((candidate, f"{criterion} (Spearman {rho:.2f}, {relation.n} responses)"))
    for gain, found in gains.items():
        by_candidate = {name: [what for other, what in found if other == name] for name, _ in found}
        said = [f"{name} on {listed(criteria)}" for name, criteria in by_candidate.items()]
        how = "better" if gain else "worse"
        if len(found) == 1:
            (name, what), *_ = found
            yield f"{name}: longer responses do {how} on {what}. That may be so, or the judge's taste."
        elif found:
            yield f"Longer responses do {how}: {'; '.join(said)}. That may be so, or the judge's taste."


def _slice_hints(scorecard: Scorecard) -> Iterator[str]:
    small = [f"{name} ({part.n})" for name, part in scorecard.slices.items() if part.warning]
    if small:
        more = f" and {len(small) - _MOST_NAMED} more" if len(small) > _MOST_NAMED else ""
        named = ", ".join(small[:_MOST_NAMED])
        yield f"Categories with too few records to tell candidates apart: {named}{more}."
