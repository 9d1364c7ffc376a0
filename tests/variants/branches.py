"""Branch coverage of the templates, and a faster Copier for many renders.

A branch is an arm of a condition (a missing `else` too), the body of a loop, a fragment that
is included, and a file that is written. `python -m copier` knows nothing of this module;
test_combinations.py compares its renders with those made here.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import yaml
from copier import _main
from copier._jinja_ext import SandboxedEnvironment
from jinja2 import nodes
from jinja2.visitor import NodeTransformer

ROOT = Path(__file__).parents[2]
MARK = "branch_of_the_template"
QUESTIONS = {"question.yml", "derived.yml"}
"""Names of files with questions: each text in them is a template of its own."""


@dataclass(frozen=True, order=True)
class Branch:
    """A place in a template that is rendered or not, depending on answers."""

    path: str
    line: int
    kind: str

    def __str__(self) -> str:
        """Return the file, the line (for questions that in their text) and the kind."""
        return f"{self.path}:{self.line} {self.kind}"


_seen: set[Branch] = set()
_code: dict[tuple[object, ...], CodeType] = {}


@contextmanager
def recorded() -> Iterator[set[Branch]]:
    """Record the branches that are rendered in this block."""
    _seen.clear()
    found: set[Branch] = set()
    yield found
    found |= _seen


@contextmanager
def fast_copier() -> Iterator[None]:
    """Compile each template once for all renders, and start no git for each file.

    Copier makes a new environment for each render and so compiles everything anew, and asks git
    for each file whether the index should know it as executable, also where no git is.
    """
    names: tuple[tuple[object, str, object], ...] = (
        (_main, "SandboxedEnvironment", Environment),
        (_main.Worker, "_sync_git_index_executable_bit", _nothing),
    )
    slow = [getattr(owner, name) for owner, name, _ in names]
    for owner, name, fast in names:
        setattr(owner, name, fast)
    try:
        yield
    finally:
        for (owner, name, _), original in zip(names, slow, strict=True):
            setattr(owner, name, original)


def _nothing(*_: object) -> None:
    pass


class Environment(SandboxedEnvironment):
    """Copier's environment, with marks in what it compiles."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - those of Jinja
        """Create an environment, as Jinja does."""
        super().__init__(*arguments, **options)
        self.globals[MARK] = _mark

    def compile(  # type: ignore[override]
        self,
        source: str,
        name: str | None = None,
        filename: str | None = None,
        **options: Any,  # noqa: ANN401 - those of Jinja
    ) -> CodeType:
        """Compile a text once in this process."""
        key = (source, name, self.trim_blocks, self.lstrip_blocks, self.keep_trailing_newline)
        if key not in _code:
            _code[key] = super().compile(source, name, filename, **options)
        return _code[key]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        path = name or _texts().get(source, "")
        if path.startswith(("template/", "copier.yml")):
            tree = Marker(path, is_file=name is not None).visit(tree)
            tree.set_environment(self)
        return tree


class Marker(NodeTransformer):
    """Puts a mark into each branch of a parsed template, and lists them."""

    def __init__(self, path: str, *, is_file: bool) -> None:
        """Mark the branches of this file, or of a text in it."""
        self.path = path
        self.is_file = is_file
        self.branches: set[Branch] = set()
        self._elifs: set[int] = set()
        self._on_line: Counter[tuple[int, str]] = Counter()

    def visit_Template(self, node: nodes.Template) -> nodes.Template:
        """Mark the file itself."""
        self.generic_visit(node)
        if self.is_file:
            node.body.insert(0, self._statement(1, "file"))
        return node

    def visit_If(self, node: nodes.If) -> nodes.If:
        """Mark each branch, and the one that is not written."""
        self._elifs |= {id(each) for each in node.elif_}
        self.generic_visit(node)
        if id(node) in self._elifs:
            node.body.insert(0, self._statement(node.lineno, "elif"))
        else:
            node.body.insert(0, self._statement(node.lineno, "if"))
            node.else_.insert(0, self._statement(node.lineno, "else"))
        return node

    def visit_For(self, node: nodes.For) -> nodes.For:
        """Mark the body, and the `else` for an empty sequence."""
        self.generic_visit(node)
        node.body.insert(0, self._statement(node.lineno, "for"))
        if node.else_:
            node.else_.insert(0, self._statement(node.lineno, "for else"))
        return node

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.CondExpr:
        """Mark both values; a missing `else` stays undefined for filters."""
        self.generic_visit(node)
        node.expr1 = self._call(node.lineno, "value if", node.expr1)
        if node.expr2:
            node.expr2 = self._call(node.lineno, "value else", node.expr2)
        return node

    def _statement(self, line: int, kind: str) -> nodes.Stmt:
        return nodes.ExprStmt(self._call(line, kind, nodes.Const(None)), lineno=line)

    def _call(self, line: int, kind: str, value: nodes.Expr) -> nodes.Call:
        self._on_line[line, kind] += 1
        number = self._on_line[line, kind]
        branch = Branch(self.path, line, f"{kind} ({number})" if number > 1 else kind)
        self.branches.add(branch)
        arguments = [nodes.Const(part) for part in (branch.path, branch.line, branch.kind)]
        name = nodes.Name(MARK, "load")
        return nodes.Call(name, [*arguments, value], [], None, None, lineno=line)


def _mark(path: str, line: int, kind: str, value: object) -> object:
    _seen.add(Branch(path, line, kind))
    return value


@cache
def all_branches() -> frozenset[Branch]:
    """List the branches of every text that Jinja reads: below template/, and in copier.yml."""
    environment = Environment(extensions=EXTENSIONS, trim_blocks=True, lstrip_blocks=True)
    found: set[Branch] = set()
    for path in (ROOT / "template").rglob("*"):
        is_template = path.suffix == ".jinja" or "template/options" in str(path.parent)
        if path.is_file() and is_template and path.name not in QUESTIONS:
            name = str(path.relative_to(ROOT))
            found |= _branches(environment, path.read_text(encoding="utf-8"), name, is_file=True)
    for text, name in _texts().items():
        found |= _branches(environment, text, name, is_file=False)
    return frozenset(found)


EXTENSIONS = ["jinja2_ansible_filters.AnsibleCoreFiltersExtension"]


def _branches(environment: Environment, text: str, name: str, *, is_file: bool) -> set[Branch]:
    marker = Marker(name, is_file=is_file)
    marker.visit(SandboxedEnvironment._parse(environment, text, name, None))  # noqa: SLF001
    return marker.branches


@cache
def _texts() -> dict[str, str]:
    """Return the texts of questions that Jinja renders, by file and key."""
    found: dict[str, str] = {}
    options = ROOT / "template/options"
    for path in sorted(path for path in options.rglob("*.yml") if path.name in QUESTIONS):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        name = str(path.relative_to(ROOT))
        for question, body in document.items():
            parts = body.items() if isinstance(body, dict) else [("row", row) for row in body]
            for key, text in parts:
                if isinstance(text, str) and re.search("{{|{%", text):
                    others = f"{found[text]}, " if text in found else ""
                    found[text] = f"{others}{name} {question}.{key}"
    settings = (ROOT / "copier.yml").read_text(encoding="utf-8").partition("\n---")[0]
    for key, text in yaml.safe_load(settings).items():
        if isinstance(text, str) and re.search("{{|{%", text):
            found[text] = f"copier.yml {key}"
    return found
