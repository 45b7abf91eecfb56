"""Finding a scorer by what an evaluation calls it: `module:function`, or the name of an entry point."""

import importlib
import re
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any, Final

GROUP: Final = "evaldrop.scorers"
"""The entry points by which packages offer scorers."""
_REFERENCE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_ENTRY_POINT = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


def is_reference(text: str) -> bool:
    """Tell whether a text can name a scorer."""
    return bool(_REFERENCE.fullmatch(text) or _ENTRY_POINT.fullmatch(text))


def find_scorer(reference: str, folders: Sequence[str] = ()) -> Any:
    """
    Import a scorer.

    Args:
        reference: `module:function`, or the name of an entry point of the group `evaldrop.scorers`.
        folders: Where modules are looked for first, in this order.

    Raises:
        LookupError: There is none, or it is nothing that can be called.
        Exception: Whatever its module raises as it is imported.
    """
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]
    module, _, path = reference.partition(":")
    if not path:
        found = _of_entry_point(reference)
    else:
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            # Of what the scorer's module imports itself it says so.
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                raise
            where = f"{', '.join(folders)} and " if folders else ""
            raise LookupError(
                f"there is no module {error.name}; looked in {where}what is installed"
            ) from error
        for name in path.split("."):
            if not hasattr(found, name):
                raise LookupError(f"{module} has no {path}")
            found = getattr(found, name)
    if not callable(found):
        raise LookupError(f"{reference} cannot be called")  # noqa: TRY004 - it is no scorer that was looked for
    return found


def _of_entry_point(name: str) -> Any:
    offered = entry_points(group=GROUP)
    if name not in offered.names:
        told = ", ".join(sorted(offered.names)) or "none"
        raise LookupError(
            f"no installed package offers a scorer {name} (entry points of the group {GROUP}: {told}); "
            "write module:function for one of your own"
        )
    return offered[name].load()
