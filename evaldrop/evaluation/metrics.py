"""Numbers computed from a response without a judge, by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaldrop.checks.overlap import bleu, chrf, gleu, meteor, rouge_1, rouge_2
from evaldrop.checks.similarity import contains, exact_match, rouge_l, token_f1, tokenise


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """
    One metric by name.

    `compute(response, references)` gives a number in `unit`, or None when the metric needs a reference and
    there is none. Binary metrics give 0.0 or 1.0. `higher_is_better` is None where neither end is good.
    """

    name: str
    compute: Callable[[str, Sequence[str]], float | None]
    needs_reference: bool = True
    is_binary: bool = False
    higher_is_better: bool | None = True
    unit: str = "fraction"


def length_chars(response: str, _references: Sequence[str]) -> float:
    """Return the response's length in Unicode code points."""
    return float(len(response))


def length_words(response: str, _references: Sequence[str]) -> float:
    """Return the response's length in words, Han and kana characters counting one each."""
    return float(len(tokenise(response)))


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(name="exact_match", is_binary=True, compute=exact_match),
        Metric(name="contains", is_binary=True, compute=contains),
        Metric(name="token_f1", compute=token_f1),
        Metric(name="rouge_l", compute=rouge_l),
        Metric(name="rouge_1", compute=rouge_1),
        Metric(name="rouge_2", compute=rouge_2),
        Metric(name="bleu", compute=bleu),
        Metric(name="gleu", compute=gleu),
        Metric(name="chrf", compute=chrf),
        Metric(name="meteor", compute=meteor),
        Metric(
            name="length_chars",
            needs_reference=False,
            higher_is_better=None,
            unit="characters",
            compute=length_chars,
        ),
        Metric(
            name="length_words",
            needs_reference=False,
            higher_is_better=None,
            unit="words",
            compute=length_words,
        ),
    )
}
