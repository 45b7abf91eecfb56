"""StartRun: uploads and the schedule in; one execution per dataset and version out."""

import os
from typing import Any

from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.steps.services import StackServices, log_step
from evaldrop.steps.start_run.events import Intake, start_runs


def handler(event: dict[str, Any], context: Any) -> dict[str, list[str]]:
    """
    Start the runs an event asks for.

    Raises:
        EvaldropError: A service would not; the event is delivered again, and then kept in the queue.
    """
    services = StackServices(
        machine_arn=os.environ["EVALDROP_STATE_MACHINE"], topic_arn=os.environ["EVALDROP_TOPIC"]
    )
    intake = Intake.from_environment(os.environ)
    lifecycle = Lifecycle.from_environment(os.environ)
    outcome = start_runs(event, intake, services, delivery=context.aws_request_id, lifecycle=lifecycle)
    log_step("StartRun", outcome=outcome)
    return outcome
