"""Names that a package gives without importing their modules before one of them is first used."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def late_names(package: str, names: Mapping[str, Sequence[str]]) -> tuple[list[str], Callable[[str], Any]]:
    """
    Return what a package takes as its `__all__` and its `__getattr__`.

    Args:
        package: The package: its `__name__`.
        names: The names that each of its modules gives, by the module's name within the package.
    """
    modules = {name: module for module, given in names.items() for name in given}

    def attribute(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return sorted(modules), attribute
