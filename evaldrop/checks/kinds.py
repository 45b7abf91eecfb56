"""The kinds of checks, by the key that an evaluation gives them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evaldrop.checks.scorers import read_lambda, read_python
from evaldrop.checks.subject import Outcome, Subject
from evaldrop.checks.texts import contains, equals, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """
    One kind of check.

    Attributes:
        name: The key that names it in an evaluation.
        read: Turns what stands behind the key into the parameters of `run`, once per run; raises ValueError,
            whose message says what is wrong and what to write.
        run: Looks at a response. Never raises for what a response or a record holds. None of what the
            workflow asks of somebody else (`called`), whose reply is read in another place.
        is_scored: Whether it gives a fraction in [0, 1] with a pass mark, where others say yes or no.
        needs_reference: Whether it compares with the record's reference where no value is given.
        higher_is_better: False where much is bad, as a severity.
        pass_at: The pass mark of a scored kind where an evaluation gives none.
        question: What it asks, for people, with `{value}` in the place of what stands behind the key.
    """

    name: str
    read: Callable[[Any], Any]
    run: Callable[[Any, Subject], Outcome] | None
    is_scored: bool = False
    needs_reference: bool = False
    higher_is_better: bool = True
    pass_at: float = 0.5
    question: str


def _of_records(value: Any) -> Any:
    return value


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        # What each record brings by this name, and others do not have.
        Kind(
            name="of_records",
            read=_of_records,
            run=None,
            question="Does the response hold to the record's own check ({value})?",
        ),
        Kind(
            name="equals",
            read=read_text,
            run=equals,
            needs_reference=True,
            question="Does the response equal {value}?",
        ),
        Kind(
            name="contains",
            read=read_text,
            run=contains,
            needs_reference=True,
            question="Does the response contain {value}?",
        ),
        Kind(name="python", read=read_python, run=None, is_scored=True, question="The score by {value}"),
        Kind(name="lambda", read=read_lambda, run=None, is_scored=True, question="The score by {value}"),
    )
}
