"""Step Functions' data plane on one machine: evaldrop.engine behind the service's own actions."""

from evaldrop.running.local_aws.executions.requests import ApiError, IntegrationsFor, Machine, MachineSource
from evaldrop.running.local_aws.executions.service import Executions

__all__ = ["ApiError", "Executions", "IntegrationsFor", "Machine", "MachineSource"]
