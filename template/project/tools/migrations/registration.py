"""Models that are not registered with Tortoise: they would silently have no tables."""

import importlib
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from tortoise.models import Model

from tools.migrations import models
from tools.migrations.refusal import Refused, loading


def expect_all(package: str, modules: Collection[str]) -> None:
    """Compare the models that are defined in a package with those registered with Tortoise.

    Args:
        package: The name of the package; all its modules are imported.
        modules: The modules that Tortoise reads.

    Raises:
        Refused: A model is not registered, or a module cannot be imported.
    """
    _import_all(package)
    known = set(models.models())
    strangers = {
        f"{model.__module__}.{model.__qualname__}": _advice(model.__module__, package, modules)
        for model in _subclasses(Model)
        if model.__module__.partition(".")[0] == package
        and not model._meta.abstract
        and model not in known
    }
    if strangers:
        found = "; ".join(f"{name}: {advice}" for name, advice in sorted(strangers.items()))
        raise Refused(f"Tortoise does not know {found}.")


def _import_all(package: str) -> None:
    (folder,) = map(Path, importlib.import_module(package).__path__)
    for path in sorted(folder.rglob("*.py")):  # also in folders without __init__.py
        if path.stem != "__main__":
            parts = path.relative_to(folder).with_suffix("").parts
            name = ".".join((package, *parts)).removesuffix(".__init__")
            with loading(name):
                importlib.import_module(name)


def _subclasses(model: type[Model]) -> Iterator[type[Model]]:
    for subclass in model.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _advice(module: str, package: str, modules: Collection[str]) -> str:
    """Return how to register a model of this module: Tortoise reads `models` of listed parts."""
    if module in modules:
        return "define it at the top level of its module"
    folder, _, name = module.rpartition(".")
    if name == "models":
        return f'add "{folder}" to PARTS in {package}/parts.py'
    if hasattr(sys.modules[module], "__path__"):
        folder = module
    above = folder
    while above != package:
        if f"{above}.models" in modules:
            return f"define it in {above}.models, or import it there"
        above = above.rpartition(".")[0]
    if folder == package:
        return "define it in the models.py of a part"
    return f'define it in {folder}.models, and add "{folder}" to PARTS in {package}/parts.py'
