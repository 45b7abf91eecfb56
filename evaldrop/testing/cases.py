"""`@evaldrop.case`: a test that returns what a program answers, which is held to checks without a judge."""

import asyncio
import inspect
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evaldrop import storage
from evaldrop.checks import Check, Subject, check_from_config
from evaldrop.datasets import Record, Rejected, read_records
from evaldrop.datasets.texts import visible
from evaldrop.errors import DatasetError, EvaluationError
from evaldrop.evaluation.finding import find_evaluation
from evaldrop.evaluation.load import read_evaluation

CheckConfig = str | Mapping[str, Any]

_MOST_SHOWN = 2000


def case(
    *,
    prompt: str | None = None,
    reference: str | Sequence[str] = (),
    context: str | None = None,
    dataset: str | None = None,
    checks: CheckConfig | Iterable[CheckConfig] = (),
) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """
    Make a test of a function that answers a prompt.

    The function takes `prompt`, or `record` for all of it, beside any fixtures, and returns the response: a
    text, or a mapping with `response` and, where it is known, `cost_usd`. It may be async. How long it took
    is what `max_latency_ms` looks at. No model is called but what the function calls, and no judge.

        @evaldrop.case(prompt="May I return a plant?", reference="30 days", checks=["contains"])
        def test_returns(prompt):
            return my_program.answer(prompt)

    Args:
        prompt: The one prompt; or else `dataset`.
        reference: Its ideal answer, or several of which any is right.
        context: What the answer may rely on.
        dataset: A file of records, from the test's folder; a test for each. The checks of its evaluation and
            of its records hold as well.
        checks: In `evaluation.yaml`'s form (docs/checks.md).

    Raises:
        EvaluationError: A check cannot be read, or there is none.
        DatasetError: The dataset cannot be read, or a row of it is refused.
    """
    configs = [checks] if isinstance(checks, str | Mapping) else list(checks)

    def make(function: Callable[..., Any]) -> Callable[..., None]:
        import pytest  # not before a test is made: notebooks import evaldrop without it

        if (prompt is None) == (dataset is None):
            raise EvaluationError(f"{function.__name__}: give either prompt or dataset")
        own = list(configs)
        if dataset is None:
            texts = (reference,) if isinstance(reference, str) else tuple(reference)
            records = [Record(id=function.__name__, prompt=prompt, context=context, reference=texts)]
        else:
            place = _beside(function, dataset)
            records = _records(place)
            own = [*_checks_of(place), *own]
        held = [_checks(own, record, function.__name__) for record in records]
        ids = [record.id for record in records] if dataset else ["case"]
        cases = [pytest.param(pair, id=name) for *pair, name in zip(records, held, ids, strict=True)]
        made: Callable[..., None] = pytest.mark.parametrize(_PLACE, cases)(_test_of(function))
        return made

    return make


_PLACE = "evaldrop_case"


def _test_of(function: Callable[..., Any]) -> Callable[..., None]:
    taken = list(inspect.signature(function).parameters.values())
    fixtures = [each for each in taken if each.name not in {"prompt", "record"}]

    def test(**given: Any) -> None:
        record, checks = given.pop(_PLACE)
        offered = {"prompt": record.prompt_text, "record": record}
        shown = {each.name: offered[each.name] for each in taken if each.name in offered}
        began = time.perf_counter()
        answer = function(**given, **shown)
        if inspect.isawaitable(answer):
            answer = asyncio.run(_awaited(answer))
        took_ms = (time.perf_counter() - began) * 1000
        hold(_subject(answer, record, took_ms), checks)

    # Not functools.wraps: pytest would look through it and ask for `prompt` as a fixture.
    test.__name__, test.__doc__, test.__module__ = function.__name__, function.__doc__, function.__module__
    place = inspect.Parameter(_PLACE, inspect.Parameter.KEYWORD_ONLY)
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in fixtures]
    test.__signature__ = inspect.Signature([*named, place])  # type: ignore[attr-defined]  # what pytest reads
    return test


async def _awaited(answer: Any) -> Any:
    return await answer


def _subject(answer: Any, record: Record, took_ms: float) -> Subject:
    told = answer if isinstance(answer, Mapping) else {"response": answer}
    response = told.get("response")
    if not isinstance(response, str):
        raise AssertionError(  # noqa: TRY004 - a test that fails, as others do
            f"the test returned {type(response).__name__}; return the response as a text, or a mapping with "
            '"response"'
        )
    return Subject(
        response=response,
        references=record.reference,
        prompt=record.prompt_text,
        context=record.context,
        metadata=record.metadata,
        latency_ms=took_ms,
        cost_usd=told.get("cost_usd"),
    )


def hold(subject: Subject, checks: Iterable[Check]) -> None:
    """
    Hold a response to checks.

    Raises:
        AssertionError: One does not pass, or none could be made; says which, what was found, and of what.
    """
    failed, made, unscored = [], 0, []
    for check in checks:
        outcome = check.run(subject)
        if outcome.score is None:
            unscored.append(f"{check.name}: {outcome.unscored_reason}")
            continue
        made += 1
        if not check.passes(outcome.score):
            failed.append(f"{check.name}: {outcome.note or check.question}")
    if failed or not made:
        what = failed or ["no check could be made", *unscored]
        response = visible(subject.response[:_MOST_SHOWN])
        raise AssertionError("\n".join([*map(visible, what), f"response: {response}"]))


def _checks(configs: Iterable[CheckConfig], record: Record, name: str) -> list[Check]:
    read = [
        check_from_config(config, path=f"{name}: checks[{place}]")
        for place, config in enumerate([*configs, *record.checks])
    ]
    if not read:
        raise EvaluationError(f"{name}: no checks to hold {record.id} to. Give checks, such as contains")
    for check in read:
        if check.kind.run is None:
            raise EvaluationError(f"{name}: {check.kind.name} calls a model or a function. Use it in a run")
    return read


def _beside(function: Callable[..., Any], dataset: str) -> str:
    if storage.is_s3(dataset):
        return dataset
    return str(Path(inspect.getfile(function)).parent / dataset)


def _records(place: str) -> list[Record]:
    with storage.open_read(place) as stream:
        found = list(read_records(stream, source=place))
    if refused := next((each for each in found if isinstance(each, Rejected)), None):
        raise DatasetError(str(refused.problems[0]))
    records = [each for each in found if isinstance(each, Record)]
    if not records:
        raise DatasetError(f"{place}: holds no record")
    return records


def _checks_of(place: str) -> Sequence[CheckConfig]:
    found = find_evaluation(place)
    return () if found is None else read_evaluation(found).checks
