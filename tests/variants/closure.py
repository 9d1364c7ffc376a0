"""The modules that a reader of one module may have to open: its imports, transitively."""

import ast
from collections.abc import Iterator
from pathlib import Path


def closure(root: Path, start: str) -> dict[str, int]:
    """Return the modules of `app` that a module reaches, with their lines that have text.

    Imports inside of functions count too; a module that holds only a docstring does not.
    """
    found: dict[str, int] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        path = _path(root, name)
        if name in found or path is None:
            continue
        text = path.read_text(encoding="utf-8")
        found[name] = sum(bool(line.strip()) for line in text.splitlines())
        parents = name.split(".")
        waiting += [".".join(parents[:depth]) for depth in range(1, len(parents))]
        waiting += _imported(ast.parse(text))
    return {name: lines for name, lines in found.items() if not _is_empty(root, name)}


def _path(root: Path, name: str) -> Path | None:
    base = root.joinpath(*name.split("."))
    return next(
        (path for path in (base.with_suffix(".py"), base / "__init__.py") if path.exists()), None
    )


def _is_empty(root: Path, name: str) -> bool:
    path = _path(root, name)
    assert path
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in body)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.startswith("app"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "app":
            assert node.module
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)
