"""The check of a response's JSON against the reference's, field by field."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from evaldrop.checks.fields import NEARLY, FieldOptions, FieldResult, compare_fields, overall
from evaldrop.checks.json_values import find_json, read_json
from evaldrop.checks.numbers import read_tolerance
from evaldrop.checks.subject import Outcome, Subject
from evaldrop.checks.texts import NO_REFERENCE
from evaldrop.checks.values import WrongValueError, read_options, read_texts, shortened


def read_fields(value: Any) -> FieldOptions:
    """
    Read how JSON is compared; nothing means all of it.

    Raises:
        ValueError: An option is wrong.
    """
    if value is None or value is True:
        return FieldOptions()
    options = read_options(
        value,
        {
            "exclude": "paths to leave out, such as id or lines[].note",
            "tolerance": 'how far a number may be off: 0.01 or "1%"',
            "exact": "true where case and blanks of texts count",
        },
    )
    exact = options.get("exact", False)
    if not isinstance(exact, bool):
        raise WrongValueError(f"exact is {exact!r}, and has to be true or false")
    tolerance = options.get("tolerance")
    return FieldOptions(
        exclude=frozenset(read_texts(options["exclude"]) if options.get("exclude") else ()),
        tolerance=NEARLY if tolerance is None else read_tolerance(tolerance),
        exact=exact,
    )


def fields(options: FieldOptions, subject: Subject) -> Outcome:
    """Return F1 over the fields of a response's JSON against the reference's; the best of several."""
    if not subject.references:
        return NO_REFERENCE
    found = compared(options, subject)
    if found is None:
        return NO_REFERENCE._replace(unscored_reason="no_json_in_reference")
    if not found.is_json:
        return Outcome(0.0, "Holds no JSON.")
    return Outcome(overall(found.results).f1, _note(found.results))


class FieldComparison(NamedTuple):
    """A response against a reference; where it holds no JSON, all of the reference's fields are missing."""

    results: tuple[FieldResult, ...]
    is_json: bool


def compared(options: FieldOptions, subject: Subject) -> FieldComparison | None:
    """Compare a response with the reference that it is nearest to; None where none of them is JSON."""
    wanted = [value for value in map(_json_of, subject.references) if value is not _NO_JSON]
    if not wanted:
        return None
    found = find_json(subject.response)
    if found is None:
        return FieldComparison(compare_fields(wanted[0], None, options), is_json=False)
    all_of_them = [compare_fields(value, found.value, options) for value in wanted]
    return FieldComparison(max(all_of_them, key=lambda results: overall(results).f1), is_json=True)


_NO_JSON: Final = object()


def _json_of(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError:
        return _NO_JSON


def _note(results: Sequence[FieldResult]) -> str:
    total = overall(results)
    told = [
        f"{kind}: {shortened(', '.join(paths), 120)}"
        for kind in ("wrong", "missing", "extra")
        if (paths := [result.path for result in results if getattr(result, kind)])
    ]
    wanted = total.matched + total.missing + total.wrong
    return "; ".join((f"{total.matched:,} of {wanted:,} fields right", *told)) + "."
