"""The API in a stack, put together from what its function's environment says."""

import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import Final

from evaldrop.api.aws import StackPlace
from evaldrop.api.doors import stack_door
from evaldrop.api.operations import Service
from evaldrop.api.page_settings import PageSettings, SignIn
from evaldrop.api.router import Api, LogLine
from evaldrop.running.deployed import clients
from evaldrop.steps.validate_dataset.caps import NO_CAPS, read_caps
from evaldrop.store.opening import STORE, open_store

_logger: Final = logging.getLogger("evaldrop")


@cache
def stack_api(function_arn: str) -> Api:
    """Return the API of the stack whose function this is; made once in a function's life."""
    return api_of(os.environ, function_arn)


def api_of(environment: Mapping[str, str], function_arn: str) -> Api:
    """Return the API that an environment describes."""
    caps = environment.get("EVALDROP_CAPS")
    place = StackPlace(
        bucket=environment["EVALDROP_INPUT_BUCKET"],
        out=environment["EVALDROP_OUT"],
        machine_arn=environment["EVALDROP_STATE_MACHINE"],
        caps=read_caps(caps) if caps else NO_CAPS,
        function_arn=function_arn,
        simulated=environment.get("EVALDROP_BEDROCK", "").startswith("simulated"),
        s3=clients.addressing_client(),
        states=clients.client("stepfunctions"),
    )
    store = open_store(environment[STORE])
    service = Service(store=store, place=place, page=page_of(environment, place.uploads_to))
    return Api(service, stack_door(store), log=_log, fault=_fault)


def page_of(environment: Mapping[str, str], uploads_to: str) -> PageSettings:
    """Return what the page is told: how to sign in, where people may."""
    sign_in = environment.get("EVALDROP_SIGN_IN")
    return PageSettings(sign_in=SignIn.from_json(sign_in) if sign_in else None, uploads_to=(uploads_to,))


def _log(line: LogLine) -> None:
    # Lambda writes `extra` as JSON fields.
    _logger.info("request", extra=dict(line))


def _fault(error: Exception) -> None:
    _logger.error("a request failed", exc_info=error)
