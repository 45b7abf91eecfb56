"""
The Amazon States Language on one machine, with JSONata as its query language.

`load` checks a definition, `execute` runs it over a table of integrations. It knows ASL, JSONata and AWS
shapes, and nothing of evaluation.
"""

from typing import TYPE_CHECKING

from evaldrop.late_names import late_names

if TYPE_CHECKING:
    from evaldrop.engine.definition.ahead import compile_ahead as compile_ahead
    from evaldrop.engine.definition.load import load as load
    from evaldrop.engine.errors import DefinitionError as DefinitionError
    from evaldrop.engine.errors import EngineError as EngineError
    from evaldrop.engine.errors import QueryError as QueryError
    from evaldrop.engine.errors import ServiceError as ServiceError
    from evaldrop.engine.errors import StatesError as StatesError
    from evaldrop.engine.errors import TaskError as TaskError
    from evaldrop.engine.execution import Execution as Execution
    from evaldrop.engine.execution import execute as execute
    from evaldrop.engine.integrations.optimised import bedrock_invoke_model as bedrock_invoke_model
    from evaldrop.engine.integrations.optimised import dynamodb_update_item as dynamodb_update_item
    from evaldrop.engine.integrations.optimised import lambda_invoke as lambda_invoke
    from evaldrop.engine.integrations.optimised import sns_publish as sns_publish
    from evaldrop.engine.integrations.sdk import read_ahead as read_ahead
    from evaldrop.engine.integrations.sdk import sdk_integration as sdk_integration
    from evaldrop.engine.machine import StateMachine as StateMachine
    from evaldrop.engine.progress import Progress as Progress
    from evaldrop.engine.runs import Integration as Integration
    from evaldrop.engine.runs import TaskContext as TaskContext
    from evaldrop.engine.surroundings import ArnParts as ArnParts
    from evaldrop.engine.surroundings import Clock as Clock
    from evaldrop.engine.surroundings import EventHistory as EventHistory
    from evaldrop.engine.surroundings import ListedObject as ListedObject
    from evaldrop.engine.surroundings import ObjectStore as ObjectStore
    from evaldrop.engine.surroundings import Observer as Observer

# A name's module is imported when the name is first used. The processes that make a run's calls and run its
# functions import `evaldrop.engine.errors`, and with it this package: imported at once, jsonata and botocore
# would hold up each of them, and every command, by a third of a second.
_NAMES = {
    "definition.ahead": ("compile_ahead",),
    "definition.load": ("load",),
    "errors": ("DefinitionError", "EngineError", "QueryError", "ServiceError", "StatesError", "TaskError"),
    "execution": ("Execution", "execute"),
    "integrations.optimised": (
        "bedrock_invoke_model",
        "dynamodb_update_item",
        "lambda_invoke",
        "sns_publish",
    ),
    "integrations.sdk": ("read_ahead", "sdk_integration"),
    "machine": ("StateMachine",),
    "progress": ("Progress",),
    "runs": ("Integration", "TaskContext"),
    "surroundings": ("ArnParts", "Clock", "EventHistory", "ListedObject", "ObjectStore", "Observer"),
}
__all__, __getattr__ = late_names(__name__, _NAMES)
