"""Read how a state is left: Next or End, Output and Assign, Retry and Catch."""

from evaldrop.engine import machine
from evaldrop.engine.definition.fields import Fields, member_path
from evaldrop.engine.errors import ALL
from evaldrop.engine.machine import MAX_SECONDS
from evaldrop.engine.queries import FUNCTION_NAMES
from evaldrop.engine.templates import Template

MAX_NAME = 80


def parse_exit(fields: Fields, *, is_terminal: bool = False) -> machine.Exit:
    """Read Next or End, Output and Assign."""
    output = fields.template("Output")
    if is_terminal:
        return machine.Exit(next=None, output=output)
    target, assign = fields.text("Next"), assignment(fields)
    has_end = fields.has("End")
    end = fields.flag("End")
    if has_end and not end:
        fields.complain("End", "must be true, or absent")
    if (target is None) == (not end) and not has_end | (target is not None):
        fields.problems.add(fields.path, "Next or End is missing")
    elif target is not None and end:
        fields.problems.add(fields.path, "has both Next and End")
    return machine.Exit(next=target, output=output, assign=assign)


def assignment(fields: Fields) -> Template | None:
    """Read Assign: an object whose keys are variable names."""
    template = fields.object_template("Assign")
    if template is None:
        return None
    if not isinstance(template.literal, dict):
        fields.complain("Assign", "must be an object, so that the names it sets are known")
        return None
    for name in template.literal:
        path = member_path(fields.at("Assign"), name)
        if not name.isidentifier() or len(name) > MAX_NAME:
            problem = f"a variable's name is a letter, then letters, digits and _, at most {MAX_NAME}"
            fields.problems.add(path, problem)
        elif name == "states":
            fields.problems.add(path, "states is reserved")
        elif name in FUNCTION_NAMES:
            fields.problems.add(path, f"would hide the JSONata function ${name}")
    return template


def parse_handlers(fields: Fields) -> machine.Handlers:
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
        leave = machine.Exit(next=target, output=each.template("Output"), assign=assignment(each))
        catchers.append(machine.Catcher(errors=errors, exit=leave))
        _check_all(each, "Catch", errors, seen_all)
        each.finish("a catcher")
        fields.templates.extend(each.templates)
    return machine.Handlers(retriers=tuple(retriers), catchers=tuple(catchers))


def _retrier(each: Fields) -> machine.Retrier:
    errors = each.texts("ErrorEquals", required=True)
    interval = each.number("IntervalSeconds", minimum=1, maximum=MAX_SECONDS)
    attempts = each.number("MaxAttempts", minimum=0, maximum=MAX_SECONDS)
    return machine.Retrier(
        errors=errors,
        interval_s=interval or 1,
        # Unlike the others it may be 0.
        max_attempts=3 if attempts is None else int(attempts),
        backoff_rate=each.number("BackoffRate", minimum=1, whole=False) or 2.0,
        max_delay_s=each.number("MaxDelaySeconds", minimum=1, maximum=31_622_400),
        full_jitter=each.choice("JitterStrategy", ("FULL", "NONE")) == "FULL",
    )


def _check_all(each: Fields, where: str, errors: tuple[str, ...], seen_all: dict[str, bool]) -> None:
    if seen_all.get(where):
        each.problems.add(each.path, f"stands after the one for {ALL}, which must be last")
    if ALL in errors:
        seen_all[where] = True
        if len(errors) > 1:
            each.complain("ErrorEquals", f"{ALL} must stand alone")
