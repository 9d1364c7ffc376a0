"""Mutations of a rendered service: what an answer adds is removed, piece by piece.

No list says what an answer adds: it is the difference between two services that differ in the
answer alone. For each piece some promise of the answer must break.
"""

import ast
import re
import shutil
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from tests.options import promises
from tests.support import harness
from tests.support.answers import Answer, chosen
from tests.support.harness import Project, Service
from tests.support.live import Live, prepare
from tests.variants import checks
from tests.variants.rows import SPACE, STATIC, Row

Given = dict[str, Any]

NOT_MUTATED = {
    checks.ANSWERS_FILE: "it is what Copier remembers",
    "tests/conftest.py": "the service's own `just check` needs it, in each row that is run",
}
"""Files that an answer may change without a promise, and why."""

SAME_FILE_RATIO = 0.5
"""Below this similarity two versions of a file count as two files."""


@dataclass(frozen=True)
class ServicePair:
    """Two services that differ in one answer."""

    answer: Answer
    on: Project
    off: Project


@dataclass(frozen=True)
class Mutation:
    """A file without one change that an answer makes to it."""

    label: str
    name: str
    text: str | None

    def apply_to(self, project: Project) -> None:
        """Write the changed file, or remove it."""
        path = project / self.name
        if self.text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text, encoding="utf-8")


def with_and_without(name: str) -> tuple[Given, Given]:
    """Return answers that differ in one, as near to the defaults as a valid row is."""
    question, _, choice = name.partition("/")
    usual = SPACE.settings(SPACE.with_defaults({})).items()
    candidates = sorted(STATIC, key=lambda row: len(SPACE.settings(row.answers).items() - usual))
    for row in candidates:
        if name in chosen(row.answers):
            for other in _others(row, question, choice):
                return SPACE.non_defaults(row.answers), SPACE.non_defaults(other)
    raise LookupError(f"No valid combination differs in {name} alone")


def _others(row: Row, question: str, choice: str) -> Iterator[Given]:
    given = row.answers[question]
    for other in SPACE.questions[question].answers:
        if isinstance(given, list) and set(given) - {choice} != set(other):
            continue
        changed = {**row.answers, question: other}
        if other != given and SPACE.allows(SPACE.settings(changed)):
            yield changed


def mutations(pair: ServicePair) -> Iterator[Mutation]:
    """Yield a mutation for each difference that a promise must cover.

    That is each group of lines in a file that both services have, the body of a module of its
    own, and each other file that only one of them has.
    """
    on, off = pair.on, pair.off
    for name in sorted({*on.files, *off.files}):
        is_in_both = name in on.files and name in off.files
        if name.startswith(tuple(NOT_MUTATED)) or (
            is_in_both and not _has_code(name, on.text(name))
        ):
            continue
        if is_in_both:
            yield from _changed_lines(name, on.text(name), off.text(name))
        elif name in off.files:
            yield Mutation(f"{name} is added", name, off.text(name))
        elif not (name.startswith("app/") and name.endswith(".py")):
            yield Mutation(f"{name} is removed", name, None)
        elif _has_code(name, on.text(name)):
            yield Mutation(f"{name} is stubbed", name, _stubbed(on.text(name)))


def _has_code(name: str, text: str) -> bool:
    """Return whether a file is more than a page or a docstring."""
    if name.endswith(".py"):
        return len(ast.parse(text).body) > 1
    return not name.endswith(".md")


def _changed_lines(name: str, on: str, off: str) -> Iterator[Mutation]:
    """Undo each change on its own; a file that differs too much is replaced as a whole."""
    if on == off:
        return
    lines, others = on.splitlines(keepends=True), off.splitlines(keepends=True)
    matcher = SequenceMatcher(a=lines, b=others, autojunk=False)
    if name.startswith("migrations/") or matcher.ratio() < SAME_FILE_RATIO:
        yield Mutation(f"{name} is replaced", name, off)
        if name.endswith(".py"):
            yield Mutation(f"{name} is stubbed", name, _stubbed(on))
        return
    for kind, begin, end, other_begin, other_end in matcher.get_opcodes():
        if kind != "equal":
            undone = [*lines[:begin], *others[other_begin:other_end], *lines[end:]]
            yield Mutation(f"{name}:{begin + 1}-{end}", name, "".join(undone))


class _Stubber(ast.NodeTransformer):
    """Replaces the body of each function by `pass`, except `__str__`."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if node.name != "__str__":
            node.body = [ast.Pass()]
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        node.body = [ast.Pass()]
        return node


def _stubbed(text: str) -> str:
    """Return a module whose functions do nothing, or an empty one if it has no functions."""
    tree = ast.parse(text)
    stubbed = ast.unparse(_Stubber().visit(tree))
    return stubbed if stubbed != ast.unparse(ast.parse(text)) else ""


def survivors(pair: ServicePair, folder: Path) -> Iterator[tuple[Mutation, bool]]:
    """Apply each mutation to a copy, and yield it with whether it survived: no promise broke."""
    for number, mutation in enumerate(mutations(pair)):
        copy = Project(folder / f"copy{number}", pair.on.branches, pair.on.output)
        shutil.copytree(pair.on.path, copy.path)
        mutation.apply_to(copy)
        yield mutation, not broken_promise(pair.answer, copy)


def broken_promise(answer: Answer, project: Project) -> str:
    """Check the promises of an answer, and describe the one that is broken, if any.

    Raises:
        TimeoutError: The service does not respond in time, perhaps because the machine is busy.
    """
    try:
        promises.read(project, answer.name)
        if not answer.uses:
            return ""
        with Service(project, project.answers["database"]) as service:
            told = prepare(service)
            service.start()
            with service.client() as client:
                promises.use(Live(service, client, told), answer.name)
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 - however a broken service shows itself
        line = traceback.extract_tb(error.__traceback__)[-1].line
        return f"{line}: {error!r}"
    return ""


def without_preset(template: Path, folder: Path, preset: str) -> Iterator[tuple[str, Path]]:
    """Yield copies of the template in which one question does not know the preset."""
    for path in sorted(template.glob("template/options/*/question.yml")):
        text = path.read_text(encoding="utf-8")
        pattern = f"preset (==|!=) '{preset}'|default: {preset}$"
        for number, found in enumerate(re.finditer(pattern, text, re.MULTILINE)):
            without = {"==": "false", "!=": "true"}.get(found.group(1), "default: minimal")
            copy = folder / f"{path.parent.name}{number}"
            shutil.copytree(template, copy)
            changed = text[: found.start()] + without + text[found.end() :]
            (copy / path.relative_to(template)).write_text(changed, encoding="utf-8")
            yield f"{path.relative_to(template)}: {found.group()}", copy


def proposes(
    template: Path, folder: Path, preset: str, expected: tuple[tuple[Given, Given], ...]
) -> bool:
    """Return whether the preset proposes the expected answers."""
    for number, (given, wanted) in enumerate(expected):
        chosen_preset = {} if preset == "starter" else {"preset": preset}
        project = harness.render(template, folder / str(number), chosen_preset | given)
        if {name: project.answers[name] for name in wanted} != wanted:
            return False
    return True
