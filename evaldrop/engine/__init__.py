"""
The Amazon States Language on one machine, with JSONata as its query language.

`load` checks a definition, `execute` runs it over a table of integrations. It knows ASL, JSONata and AWS
shapes, and imports nothing from the rest of evaldrop.
"""

from evaldrop.engine.arns import ArnParts
from evaldrop.engine.clock import Clock, SystemClock
from evaldrop.engine.definition import load
from evaldrop.engine.errors import (
    DefinitionError,
    EngineError,
    QueryError,
    ServiceError,
    StatesError,
    TaskError,
)
from evaldrop.engine.execution import Execution, execute
from evaldrop.engine.history import History
from evaldrop.engine.integrations import bedrock_invoke_model, lambda_invoke, sdk_integration, sns_publish
from evaldrop.engine.model import StateMachine
from evaldrop.engine.objects import ObjectStore
from evaldrop.engine.observer import Observer
from evaldrop.engine.progress import Progress
from evaldrop.engine.runs import Integration, TaskContext

__all__ = [
    "ArnParts",
    "Clock",
    "DefinitionError",
    "EngineError",
    "Execution",
    "History",
    "Integration",
    "ObjectStore",
    "Observer",
    "Progress",
    "QueryError",
    "ServiceError",
    "StateMachine",
    "StatesError",
    "SystemClock",
    "TaskContext",
    "TaskError",
    "bedrock_invoke_model",
    "execute",
    "lambda_invoke",
    "load",
    "sdk_integration",
    "sns_publish",
]
