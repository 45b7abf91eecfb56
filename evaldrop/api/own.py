"""What a caller has and may choose from: usage, uploads, evaluations, models."""

from http import HTTPStatus

from evaldrop.api.access import scope
from evaldrop.api.answers import (
    CriterionChoice,
    EvaluationNames,
    ModelChoice,
    ModelList,
    OwnUsage,
    UploadAnswer,
    UsageAnswer,
    UsageRow,
)
from evaldrop.api.asked import UploadAsked, UsageParameters
from evaldrop.api.exchange import ApiReply
from evaldrop.api.operations import Ask, Operation
from evaldrop.api.problems import ApiProblem
from evaldrop.datasets.files.formats import DATASET_ENDINGS, ENDINGS_IN_WORDS
from evaldrop.evaluation import model_vendor
from evaldrop.evaluation.criteria.built_in import BUILT_IN
from evaldrop.evaluation.prices import Prices, load_prices, price_of
from evaldrop.steps.start_run.prefixes import ANCHORS
from evaldrop.store.model import Usage


def show_usage(ask: Ask) -> ApiReply:
    """Return what was used in a month: everybody's to an admin, to others their own."""
    service, caller, by = ask.service, ask.caller, ask.parameters.by
    today = service.now()[: len("2026-11-30")]
    month = ask.parameters.month or today[: len("2026-11")]
    owner = caller.owner
    own_name = {"customer": owner.customer, "key": owner.key_id, "user": owner.user}[by]
    sees_all = not scope(caller)
    rows = tuple(
        UsageRow(name=name, **usage.model_dump())
        for name, usage in sorted(service.store.usage(month, by=by).items())
        if sees_all or (name and name == own_name)
    )
    own = OwnUsage(month=_used(ask, month), today=_used(ask, today), limits=caller.limits)
    return ApiReply(content=UsageAnswer(month=month, by=by, own=own, rows=rows))


def _used(ask: Ask, period: str) -> Usage | None:
    key_id = ask.caller.owner.key_id
    return None if key_id is None else ask.service.store.used(key_id, period)


def begin_upload(ask: Ask) -> ApiReply:
    """Return where a dataset can be put."""
    name = ask.content.name
    if not name.endswith(DATASET_ENDINGS):
        raise ApiProblem.at("/name", f"the name of a dataset ends in {ENDINGS_IN_WORDS}.")
    if name.startswith(ANCHORS):
        raise ApiProblem.at("/name", f"{ANCHORS}… is a file of anchors, which starts no run.")
    return ApiReply(status=HTTPStatus.CREATED, content=ask.service.place.upload(name, ask.caller))


def list_evaluations(ask: Ask) -> ApiReply:
    """Return the evaluations and criteria that can be named."""
    criteria = tuple(
        CriterionChoice(name=name, question=criterion.question)
        for name, criterion in BUILT_IN.items()
        if "." not in name
    )
    return ApiReply(content=EvaluationNames(evaluations=ask.service.place.evaluations(), criteria=criteria))


def list_models(ask: Ask) -> ApiReply:
    """Return the models that the stack allows; where all may be called, those whose price is known."""
    prices = load_prices()
    allowed = ask.service.place.caps.models
    known = (name for name, price in prices.models.items() if price is not None)
    # The shipped prices are by name: which versions of a model there are they do not say.
    names = sorted(known if allowed is None else allowed)
    models = tuple(_model_choice(name, prices, is_id=allowed is not None) for name in names)
    return ApiReply(content=ModelList(models=models, prices_date=prices.date))


def _model_choice(model: str, prices: Prices, *, is_id: bool) -> ModelChoice:
    price = price_of(model, prices)
    return ModelChoice(
        model=model,
        is_id=is_id,
        vendor=model_vendor(model),
        input_usd=price and price.input,
        output_usd=price and price.output,
    )


OPERATIONS = (
    Operation(
        name="showUsage",
        method="GET",
        path="/usage",
        summary="Say what was used in a month",
        action="read",
        does=show_usage,
        parameters=UsageParameters,
        answers={HTTPStatus.OK: UsageAnswer},
    ),
    Operation(
        name="beginUpload",
        method="POST",
        path="/uploads",
        summary="Have a place to put a dataset that is too large for POST /runs",
        description="PUT the file at `url`; then POST /runs with `dataset`. Nothing starts before.",
        action="start",
        does=begin_upload,
        content=UploadAsked,
        answers={HTTPStatus.CREATED: UploadAnswer},
        refusals=(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ),
    ),
    Operation(
        name="listEvaluations",
        method="GET",
        path="/evaluations",
        summary="List the evaluations and criteria that can be named",
        action="read",
        does=list_evaluations,
        answers={HTTPStatus.OK: EvaluationNames},
    ),
    Operation(
        name="listModels",
        method="GET",
        path="/models",
        summary="List the models to choose from, with their prices",
        action="read",
        does=list_models,
        answers={HTTPStatus.OK: ModelList},
    ),
)
