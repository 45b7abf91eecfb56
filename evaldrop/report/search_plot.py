"""Where the prompts of a search are drawn: by round and dev score, beside what the test part shows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor

from evaldrop.report.charts import BEST, FAR_BEHIND, OPEN, Tick
from evaldrop.scorecard.model.prompts import PromptDecision
from evaldrop.scorecard.model.scorecard import Interval

WIDTH, HEIGHT = 420.0, 240.0
# What the test part takes of it, to the right of all rounds.
_TEST = 120.0
_TONES: dict[PromptDecision, str] = {"better": BEST, "worse": FAR_BEHIND}
# Proposals of one round stand side by side.
_SPREAD = 0.55


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPrompt:
    """
    A prompt with a dev score.

    Attributes:
        id: Its ID.
        parent: Its parent's, None of the first.
        round: 0 for the first.
        quality: Mean over its dev records, in [0, 1].
        n: How many they are.
        is_whole: Whether they are all that the first prompt was tried on: others are not to be compared.
    """

    id: str
    parent: str | None
    round: int
    quality: float
    n: int
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the test part shows of a candidate: mean and interval as shares of the scale, 1 for good."""

    name: str
    quality: float
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A prompt on the drawing, and where its parent is."""

    prompt: DrawnPrompt
    x: float
    y: float
    from_x: float | None
    from_y: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestProof:
    """A candidate's mean on the test part, on the drawing."""

    shown: Shown
    x: float
    y: float
    low: float
    high: float
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlot:
    """
    A search on a drawing of `WIDTH` by `HEIGHT`; up is small y.

    Attributes:
        nodes: Prompts by round, with their parents.
        best: The best dev score so far, round by round, as points of a polyline.
        proofs: The original and the improved candidate on the test part.
        edge: Where rounds end and the test part begins.
    """

    nodes: Sequence[Node]
    best: str
    proofs: Sequence[TestProof]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    edge: float
    width: float = WIDTH
    height: float = HEIGHT


def search_plot(
    tried: Sequence[DrawnPrompt], original: Shown, improved: Shown, decision: PromptDecision
) -> SearchPlot | None:
    """Return the drawing of a search; None where no prompt has a dev score."""
    if not tried:
        return None
    low, high = _ends(tried, (original, improved))
    rounds = max(each.round for each in tried)
    edge = WIDTH - _TEST

    def x(at: float) -> float:
        return edge * (at + 0.5) / (rounds + 1)

    def y(quality: float) -> float:
        return HEIGHT * (high - min(high, max(low, quality))) / (high - low)

    places = {each.id: (x(each.round + shift), y(each.quality)) for each, shift in _side_by_side(tried)}
    nodes = []
    for each in tried:
        own, parent = places[each.id], places.get(each.parent or "", (None, None))
        nodes.append(Node(prompt=each, x=own[0], y=own[1], from_x=parent[0], from_y=parent[1]))
    best = " ".join(f"{x(at):.1f},{y(quality):.1f}" for at, quality in best_by_round(tried))
    proofs = [
        _proof(each, edge + _TEST * share, y, tone)
        for each, share, tone in ((original, 0.3, OPEN), (improved, 0.75, _TONES.get(decision, OPEN)))
    ]
    return SearchPlot(
        nodes=nodes,
        best=best,
        proofs=proofs,
        x_ticks=[Tick(at=x(each), text=str(each) if each else "first") for each in range(rounds + 1)],
        y_ticks=[Tick(at=y(each), text=f"{each:.1f}") for each in _levels(low, high)],
        edge=edge,
    )


def best_by_round(tried: Iterable[DrawnPrompt]) -> list[tuple[int, float]]:
    """Return each round and the best mean on all dev records until its end."""
    found: dict[int, float] = {}
    best = 0.0
    for each in sorted((each for each in tried if each.is_whole), key=lambda each: each.round):
        best = max(best, each.quality)
        found[each.round] = best
    return list(found.items())


def _proof(shown: Shown, x: float, y: Callable[[float], float], tone: str) -> TestProof:
    low, high = shown.interval or (shown.quality, shown.quality)
    return TestProof(shown=shown, x=x, y=y(shown.quality), low=y(low), high=y(high), tone=tone)


def _side_by_side(tried: Sequence[DrawnPrompt]) -> Iterable[tuple[DrawnPrompt, float]]:
    for at in sorted({each.round for each in tried}):
        of_round = [each for each in tried if each.round == at]
        for place, each in enumerate(of_round, start=1):
            yield each, _SPREAD * (place / (len(of_round) + 1) - 0.5)


def _ends(tried: Sequence[DrawnPrompt], shown: Iterable[Shown]) -> tuple[float, float]:
    values = [each.quality for each in tried]
    for each in shown:
        values += [each.quality, *(each.interval or ())]
    low, high = floor(min(values) * 10 - 1e-9) / 10, ceil(max(values) * 10 + 1e-9) / 10
    return max(0.0, low), min(1.0, max(high, low + 0.1))


def _levels(low: float, high: float) -> list[float]:
    step = 0.1 if high - low <= 0.5 else 0.2
    return [low + step * place for place in range(floor((high - low) / step + 1e-9) + 1)]
