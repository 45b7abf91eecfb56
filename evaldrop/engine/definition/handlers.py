"""Read Retry and Catch."""

from evaldrop.engine import model
from evaldrop.engine.definition.fields import Fields
from evaldrop.engine.definition.variables import assignment
from evaldrop.engine.errors import ALL


def parse_handlers(fields: Fields) -> model.Handlers:
    """Read a state's Retry and Catch; Catch templates count among the state's own."""
    retriers, catchers = [], []
    seen_all: dict[str, bool] = {}
    for each in fields.each("Retry"):
        retriers.append(_retrier(each))
        _check_all(each, "Retry", retriers[-1].errors, seen_all)
        each.finish("a retrier")
    for each in fields.each("Catch"):
        errors = each.texts("ErrorEquals", required=True)
        target = each.text("Next", required=True)
        leave = model.Exit(next=target, output=each.template("Output"), assign=assignment(each))
        catchers.append(model.Catcher(errors=errors, exit=leave))
        _check_all(each, "Catch", errors, seen_all)
        each.finish("a catcher")
        fields.templates.extend(each.templates)
    return model.Handlers(retriers=tuple(retriers), catchers=tuple(catchers))


def _retrier(each: Fields) -> model.Retrier:
    errors = each.texts("ErrorEquals", required=True)
    interval = each.number("IntervalSeconds", minimum=1, maximum=99_999_999)
    attempts = each.number("MaxAttempts", minimum=0, maximum=99_999_999)
    rate = each.number("BackoffRate", minimum=1, whole=False)
    max_delay = each.number("MaxDelaySeconds", minimum=1, maximum=31_622_400)
    jitter = each.choice("JitterStrategy", ("FULL", "NONE"), "NONE")
    return model.Retrier(
        errors=errors,
        interval_s=1 if interval is None else interval,
        max_attempts=3 if attempts is None else int(attempts),
        backoff_rate=2.0 if rate is None else rate,
        max_delay_s=max_delay,
        full_jitter=jitter == "FULL",
    )


def _check_all(each: Fields, where: str, errors: tuple[str, ...], seen_all: dict[str, bool]) -> None:
    if seen_all.get(where):
        each.problems.add(each.path, f"stands after the one for {ALL}, which must be last")
    if ALL in errors:
        seen_all[where] = True
        if len(errors) > 1:
            each.complain("ErrorEquals", f"{ALL} must stand alone")
