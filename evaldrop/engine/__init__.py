"""
The Amazon States Language on one machine, with JSONata as its query language.

`load` checks a definition, `execute` runs it over a table of integrations. It knows ASL, JSONata and AWS
shapes, and imports nothing from the rest of evaldrop.

A name's module is imported when the name is first asked for: whoever only raises `ServiceError` does not wait
for a parser.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaldrop.engine.arns import ArnParts
    from evaldrop.engine.clock import Clock, SystemClock
    from evaldrop.engine.definition.load import load
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

_HOMES = {
    "arns": ("ArnParts",),
    "clock": (
        "Clock",
        "SystemClock",
    ),
    "definition.load": ("load",),
    "errors": (
        "DefinitionError",
        "EngineError",
        "QueryError",
        "ServiceError",
        "StatesError",
        "TaskError",
    ),
    "execution": (
        "Execution",
        "execute",
    ),
    "history": ("History",),
    "integrations": (
        "bedrock_invoke_model",
        "lambda_invoke",
        "sdk_integration",
        "sns_publish",
    ),
    "model": ("StateMachine",),
    "objects": ("ObjectStore",),
    "observer": ("Observer",),
    "progress": ("Progress",),
    "runs": (
        "Integration",
        "TaskContext",
    ),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

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


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
