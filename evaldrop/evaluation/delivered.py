"""Who of an evaluation is delivered how, and what follows for what is asked."""

from collections.abc import Iterator, Mapping

from evaldrop.evaluation.definition import GIVEN, Called, Candidate, Evaluation, Judge
from evaldrop.evaluation.delivery import NO_JOBS, Delivery

_TOOLS = ("tools", "toolConfig", "tool_config", "toolChoice", "tool_choice")


def plain_deliveries(evaluation: Evaluation) -> dict[str, Delivery]:
    """
    Return how calls are delivered where an evaluation says so, by "candidate/NAME" or "judge/NAME".

    What is on demand is left out, and so is `auto`, which says nothing yet.
    """
    found: dict[str, Delivery] = {}
    for place, called in _places(evaluation):
        setting = evaluation.delivery_setting(called)
        if setting in ("flex", "batch"):
            found[place] = setting
    return found


def _places(evaluation: Evaluation) -> Iterator[tuple[str, Called]]:
    for candidate in evaluation.candidates:
        if candidate.model != GIVEN:
            yield f"candidate/{candidate.name}", candidate
    for judge in evaluation.judges:
        yield f"judge/{judge.name}", judge


def as_delivered(evaluation: Evaluation, deliveries: Mapping[str, Delivery]) -> Evaluation:
    """
    Return an evaluation as it is asked when it is delivered so.

    A job of Converse rows takes no tools. Its judge gives verdicts in text, in the calls of the same run that
    go on demand, too: one instrument judges all of it.
    """

    def asked(judge: Judge) -> Judge:
        is_text = is_text_in_batch(judge) and deliveries.get(f"judge/{judge.name}") == "batch"
        return judge.model_copy(update={"verdict": "text"}) if is_text else judge

    return evaluation.model_copy(update={"judges": tuple(map(asked, evaluation.judges))})


def is_text_in_batch(judge: Judge) -> bool:
    """Tell whether a judge that calls a tool would answer in text if it were delivered in batch."""
    return judge.api == "converse" and judge.verdict == "tool"


def without_jobs(deliveries: Mapping[str, Delivery]) -> str | None:
    """Say who cannot be delivered in batch where nothing runs jobs, with the ways out; None for nobody."""
    who = [place.replace("/", " ", 1) for place, delivery in deliveries.items() if delivery == "batch"]
    return f"{', '.join(who)}: delivery: batch needs Bedrock's jobs. {NO_JOBS}" if who else None


def batch_problems(evaluation: Evaluation, deliveries: Mapping[str, Delivery]) -> Iterator[str]:
    """Yield why somebody cannot be delivered in batch, with the way out."""
    for place, called in _places(evaluation):
        if deliveries.get(place) != "batch":
            continue
        who, other = place.replace("/", " ", 1), "Say delivery: flex or on_demand for it"
        if isinstance(called, Candidate) and called.guardrail:
            yield f"{who}: a batch job has no guardrail. {other}, or leave the guardrail out."
        if called.api == "converse" and isinstance(called, Candidate) and called.tools:
            yield f"{who}: a batch job by Converse takes no tools. {other}, or api: invoke_model."
        if called.api == "converse" and (tools := [name for name in _TOOLS if name in called.extra]):
            yield (
                f"{who}: a batch job by Converse takes no tools, and extra has {' and '.join(tools)}. "
                f"{other}, or api: invoke_model."
            )
        if ":provisioned-model/" in called.model:
            yield f"{who}: a batch job calls no provisioned model. Say delivery: on_demand for it."
