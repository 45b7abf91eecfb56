"""
The first calls of every candidate and judge, looked at before the run fans out.

Their records are whole ones, whose results count: nothing is paid for that would not have been anyway.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from evaldrop import storage
from evaldrop.bedrock.error_names import bare_name, without_ids
from evaldrop.errors import ModelRefused
from evaldrop.evaluation.called_checks import PREFIX, is_called_check
from evaldrop.evaluation.definition import GIVEN
from evaldrop.run.definition import RunDefinition
from evaldrop.run.results import LEFT_OUT, open_lines, parse_row, read_manifest, row_output
from evaldrop.steps.check_first_calls.pace import records_at_a_time
from evaldrop.steps.check_first_calls.refusals import is_lasting, way_out
from evaldrop.steps.check_first_calls.restating import restate

JSON = dict[str, Any]

_MOST_SAID = 500
"""Characters of a refusal that every child of the run gets."""


class Call(NamedTuple):
    """A call that was made; `error` is None where there is a reply."""

    kind: str
    name: str
    error: JSON | None


def check_first_calls(state: Mapping[str, Any], *, has_lanes: bool = True) -> JSON:
    """
    Return what EvaluateRecords goes on with, once the first records' results are there.

    Args:
        state: As PrepareRecords made it, with `results`: where the first Map Run's manifest is.
        has_lanes: Whether calls are held back to what the account may call. Where they are not, fewer records
            are evaluated at a time.

    Raises:
        ModelRefused: A candidate or judge is refused for a reason that will not pass, and the run does not go
            on without it; or no candidate is left to go on with.
    """
    outputs = list(_outputs(state["results"]))
    calls = [call for output in outputs for call in calls_of_record(output)]
    candidates, judges = refused("candidate", calls), refused("judge", calls)
    run = RunDefinition.load(state["run"]["folder"])
    if candidates or judges:
        going_on = bool(state["run"].get("go_on"))
        nobody = {each.name for each in run.candidates} <= candidates.keys()
        if nobody or not going_on:
            raise ModelRefused(
                reason_of_refusal(run, candidates, judges, records=len(outputs), going_on=going_on)
            )
    kept = {key: value for key, value in state.items() if key not in {"rest", "results"}}
    restate(run, outputs)
    if not has_lanes:
        kept["max_concurrency"] = records_at_a_time(run, outputs, kept["max_concurrency"])
    return {
        **kept,
        **state["rest"],
        # A record whose child failed is evaluated again with the others.
        "done": [output["record_id"] for output in outputs],
        "earlier": [state["results"]],
        "refused": {"candidates": left_out(candidates), "judges": left_out(judges)},
    }


def _outputs(results: Mapping[str, str]) -> Iterator[JSON]:
    """Yield what the children gave that have come to an end."""
    for uri in read_manifest(storage.uri_of(results["Bucket"], results["Key"])).succeeded:
        with open_lines(uri) as lines:
            for line in lines:
                if line.strip():
                    yield row_output(parse_row(line))


def calls_of_record(output: Mapping[str, Any]) -> Iterator[Call]:
    """Yield the calls of models that a child's output tells of; what was given or kept is none."""
    for response in output.get("responses") or ():
        if not response.get("given") and response.get("api") != GIVEN:
            yield Call("candidate", response["candidate"], response.get("error"))
        yield from _judges_calls(response.get("judgements") or ())
    yield from _judges_calls(output.get("comparisons") or ())


def _judges_calls(answers: Sequence[Mapping[str, Any]]) -> Iterator[Call]:
    for answer in answers:
        if not answer.get("kept") and not answer.get("skipped"):
            yield Call("judge", answer["judge"], answer.get("error"))


def refused(kind: str, calls: Sequence[Call]) -> dict[str, JSON]:
    """
    Return those of a kind who have answered nothing and were refused for a reason that will not pass.

    By name, with the first such error.
    """
    found: dict[str, JSON] = {}
    for call in calls:
        if call.kind == kind and call.error is not None and is_lasting(call.error):
            found.setdefault(call.name, call.error)
    answering = {call.name for call in calls if call.kind == kind and call.error is None}
    return {name: error for name, error in found.items() if name not in answering}


def reason_of_refusal(
    run: RunDefinition,
    candidates: Mapping[str, JSON],
    judges: Mapping[str, JSON],
    *,
    records: int,
    going_on: bool,
) -> str:
    """Say who is refused, and what can be done about it; `records` is how many were asked about."""
    models = {each.name: each.model for each in run.candidates}
    judging = {name: each.model for name, each in run.answering.items()}
    lines = [
        *(
            refusal_in_words(f"candidate {name}", models[name], error, run)
            for name, error in candidates.items()
        ),
        *(refusal_in_words(_asked(name), judging[name], error, run) for name, error in judges.items()),
    ]
    asked = "1 record was" if records == 1 else f"{records} records were"
    choice = (
        "No candidate is left, so there is nothing to go on with (--go-on)."
        if going_on
        else "To go on without what is refused: --go-on."
    )
    return "\n".join([*lines, f"No more than {asked} asked about. {choice}"])


def _asked(name: str) -> str:
    return f"check {name.removeprefix(PREFIX)}" if is_called_check(name) else f"judge {name}"


def refusal_in_words(who: str, model: str, error: Mapping[str, Any], run: RunDefinition) -> str:
    """Say that a model is refused, and what can be done about it."""
    said = f"{who} ({model}) is refused: {_name(error)}: {_said(error)}"
    hint = way_out(error, model=model, bedrock=run.bedrock)
    return f"{said.rstrip('.')}. {hint}" if hint else said


def left_out(errors: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the errors of those who are not called any more, by name, for what their first calls said."""
    return {
        name: error
        if error.get("Error") == LEFT_OUT
        else {
            "Error": LEFT_OUT,
            "Cause": f"not called, for its first calls were refused ({_name(error)}): {_said(error)}",
        }
        for name, error in errors.items()
    }


def _name(error: Mapping[str, Any]) -> str:
    return bare_name(str(error.get("Error") or ""))


def _said(error: Mapping[str, Any]) -> str:
    return without_ids(str(error.get("Cause") or ""))[:_MOST_SAID]
