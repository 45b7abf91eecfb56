"""POST /runs and POST /plan: a run is checked, admitted, and put where it starts; or only planned."""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import orjson

from evaldrop.api.access import owner_of
from evaldrop.api.answers import PlanAnswer, RunDetails
from evaldrop.api.asked import RunAsked, StartParameters
from evaldrop.api.checking import Checked, checked
from evaldrop.api.exchange import ApiReply
from evaldrop.api.looking import look_at
from evaldrop.api.operations import Ask, Operation, Service
from evaldrop.api.place import Start
from evaldrop.api.problems import ApiProblem, FieldFault
from evaldrop.errors import EvaldropError
from evaldrop.store.model import ENDED, StoredRun

IDEMPOTENCY_KEY: Final = "idempotency-key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_FIRST_LOOK_S, _LAST_LOOK_S = 0.1, 1.0


def start_run(ask: Ask) -> ApiReply:
    """Start a run, or return the one that the same request has started before."""
    service, asked = ask.service, ask.content
    run_id, is_named = _run_id(ask)
    sha256 = hashlib.sha256(orjson.dumps(ask.request.json(), option=orjson.OPT_SORT_KEYS)).hexdigest()
    known = service.store.run(run_id) if is_named else None
    if known is None or _is_to_be_put(known, sha256, service):
        found = checked(asked, service.place, ask.caller, judge=service.judge)
        run = _admitted(run_id, sha256, asked, found, ask)
    else:
        run = known
    if ask.parameters.wait:
        run = _ended(run, service, ask.parameters.wait, time.sleep)
    details = look_at(run, ask)
    has_ended = bool(ask.parameters.wait) and run.state in ENDED
    status = HTTPStatus.OK if has_ended else HTTPStatus.ACCEPTED
    headers = {"Location": details.links["self"]}
    return ApiReply(status=status, content=details, headers=headers, run_id=run.run_id)


def plan_run(ask: Ask) -> ApiReply:
    """Return what a run would take; nothing is called, counted or kept."""
    owner_of(ask.caller, ask.content.customer)
    found = checked(ask.content, ask.service.place, ask.caller, judge=ask.service.judge)
    plan = found.plan.to_json()
    kept = {name: plan[name] for name in PlanAnswer.model_fields if name in plan}
    answer = PlanAnswer(evaluation=found.evaluation_name, warnings=found.warnings, **kept)
    return ApiReply(content=answer)


def _run_id(ask: Ask) -> tuple[str, bool]:
    """Return the run's ID, and whether the same request leads to it again."""
    key = ask.request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return f"api-{secrets.token_hex(16)}", False
    if not _KEY.fullmatch(key):
        detail = "1 to 255 visible ASCII characters."
        raise ApiProblem(
            HTTPStatus.BAD_REQUEST,
            f"Idempotency-Key: {detail}",
            (FieldFault(pointer="#Idempotency-Key", detail=detail),),
        )
    # Of one caller: another's key of the same name must neither find nor block it.
    digest = hashlib.sha256(f"{ask.caller.account}\0{key}".encode())
    return f"api-{digest.hexdigest()[:32]}", True


def _is_to_be_put(known: StoredRun, sha256: str, service: Service) -> bool:
    """Tell whether a run was admitted and never put, such as where its first request was cut off."""
    if known.request_sha256 != sha256:
        raise ApiProblem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "This Idempotency-Key was sent with another body. Use a new one for a new run.",
        )
    name = known.dataset.rpartition("/")[2]
    return known.state == "admitted" and not service.place.is_put(known.run_id, name)


def _admitted(run_id: str, sha256: str, asked: RunAsked, found: Checked, ask: Ask) -> StoredRun:
    service, caller = ask.service, ask.caller
    owner, now, holder = owner_of(caller, asked.customer), service.now(), secrets.token_hex(8)
    wanted = StoredRun(
        run_id=run_id,
        state="admitted",
        started_at=now,
        dataset=service.place.dataset_uri(run_id, found.dataset),
        evaluation=found.evaluation_name,
        owner=owner,
        labels=asked.labels,
        simulated=service.place.simulated,
        estimate_usd=found.estimate_usd,
        request_sha256=sha256,
        holders=(holder,),
    )
    run, _ = service.store.admit(wanted, caller.limits, now=now)
    start = Start(
        run_id=run_id,
        dataset=found.dataset,
        content=found.content,
        copied_from=found.uploaded,
        files=found.files,
        evaluation=found.evaluation,
        evaluation_name=found.evaluation_name,
        owner=owner,
        limit=asked.limit,
        budget_usd=asked.budget_usd,
        labels=asked.labels,
    )
    try:
        service.place.put(start)
    except EvaldropError:
        # An answer may be lost of what was put all the same, or an equal request has put it: it goes on.
        if not service.place.is_put(run_id, found.dataset):
            service.store.withdraw(run_id, holder)
        raise
    return run


def _ended(run: StoredRun, service: Service, wait_s: float, sleep: Callable[[float], None]) -> StoredRun:
    """Return a run as it is when it has ended, or when the time is up."""
    until, pause = time.monotonic() + wait_s, _FIRST_LOOK_S
    while run.state not in ENDED and time.monotonic() < until:
        sleep(min(pause, max(0.0, until - time.monotonic())))
        pause = min(pause * 1.5, _LAST_LOOK_S)
        run = service.store.run(run.run_id) or run
    return run


_REFUSALS = (
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
OPERATIONS = (
    Operation(
        name="startRun",
        method="POST",
        path="/runs",
        summary="Start a run",
        description="The same Idempotency-Key leads to the same run, however often it is sent. With `wait` "
        "the result is answered (200) if it is there in time; else, and without it, 202.",
        action="start",
        does=start_run,
        parameters=StartParameters,
        content=RunAsked,
        answers={HTTPStatus.ACCEPTED: RunDetails, HTTPStatus.OK: RunDetails},
        headers={"Idempotency-Key": "Any text of your own, such as a UUID, that names this request."},
        refusals=_REFUSALS,
    ),
    Operation(
        name="planRun",
        method="POST",
        path="/plan",
        summary="Say what a run would cost",
        description="Takes what POST /runs takes. Nothing is called and nothing is counted.",
        action="start",
        does=plan_run,
        content=RunAsked,
        answers={HTTPStatus.OK: PlanAnswer},
        refusals=_REFUSALS,
    ),
)
