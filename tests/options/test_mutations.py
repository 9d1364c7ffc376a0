"""Each answer does something: take away what it brings, piece by piece, and its claims notice."""

import ast
import re
import shutil
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Say, need
from tests.options import promises
from tests.support import harness
from tests.support.harness import Project, Service
from tests.variants import checks
from tests.variants.rows import SPACE, STATIC, Row

TEXTS = {
    "project_name": ("Order Book", "Other"),
    "project_slug": (harness.new_slug("one"), harness.new_slug("other")),
}
"""Questions without choices, and two answers to each."""

UNCLAIMED = {
    checks.RECORD: "it is what Copier remembers",
    "tests/conftest.py": "the service's own `just check` needs it, in each row that is run",
}
"""Files that an answer may change without a claim about it."""

SIMILAR = 0.5
ALONE = " alone"
"""Marks the one way to sign in that is compared with no accounts at all."""


@dataclass(frozen=True)
class Apart:
    """Two services that differ in one answer."""

    answer: str
    on: Project
    off: Project


@dataclass(frozen=True)
class Piece:
    """Something that an answer does to one file, and the file without it."""

    label: str
    name: str
    text: str | None

    def take_from(self, project: Project) -> None:
        """Leave the file without it."""
        path = project / self.name
        if self.text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text, encoding="utf-8")


def answers() -> list[str]:
    """Return each answer of copier.yml as question/answer."""
    return [
        f"{name}/{choice}"
        for name, question in SPACE.questions.items()
        for choice in question.choices
    ] + list(TEXTS)


def test_each_answer_has_a_claim() -> None:
    """The table of claims and the questions have the same answers."""
    claimed = {*promises.READ, *promises.USE, *(f"preset/{name}" for name in promises.PRESETS)}

    assert claimed == set(answers())
    asked = {
        name for name, body in harness.questions().items() if body.get("when", True) is not False
    }
    assert asked == {*SPACE.questions, *TEXTS}


@pytest.fixture
def apart(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Apart:
    """Render two services that differ in the answer."""
    answer = request.param
    on, off = _with_and_without(answer)
    answer = answer.removesuffix(ALONE)
    chosen = {name: given for name, given in on.items() if name in SPACE.questions}
    need(SPACE.with_defaults(chosen)["database"])
    slug = {} if answer == "project_slug" else {"project_slug": harness.new_slug("bite")}
    return Apart(
        answer,
        harness.render(template, tmp_path / "on", slug | on),
        harness.render(template, tmp_path / "off", slug | off),
    )


@pytest.mark.parametrize(
    "apart",
    [*(each for each in answers() if "preset" not in each), f"auth/jwt{ALONE}"],
    indirect=True,
    ids=str,
)
def test_an_answer_is_missed_piece_by_piece(apart: Apart, tmp_path: Path, say: Say) -> None:
    assert _bite(apart, apart.on) == ""
    pieces = list(_pieces(apart))
    unnoticed = []
    for number, piece in enumerate(pieces):
        copy = _copy(apart.on, tmp_path / f"copy{number}")
        piece.take_from(copy)
        if not _bite(apart, copy):
            unnoticed.append(piece.label)

    assert pieces
    assert not unnoticed, "\n".join(unnoticed)
    say(f"bites: {apart.answer}: {len(pieces)} pieces missed when taken away")


@pytest.mark.parametrize("preset", promises.PRESETS)
def test_a_preset_is_missed_condition_by_condition(
    preset: str, template: Path, tmp_path: Path, say: Say
) -> None:
    assert _proposes(template, tmp_path / "whole", preset)
    copies = list(_without_preset(template, tmp_path, preset))
    unnoticed = [what for what, copy in copies if _proposes(copy, copy.with_suffix(".x"), preset)]

    assert copies
    assert unnoticed == []
    say(f"bites: preset/{preset}: {len(copies)} pieces missed when taken away")


def test_a_preset_is_named_only_where_it_is_taken_away() -> None:
    """In another form a condition would not be found by the test above."""
    for name, body in harness.questions().items():
        texts = [text for key, text in body.items() if isinstance(text, str) and key != "help"]
        for text in texts:
            known = re.findall(r"preset (?:==|!=) '\w+'", text)
            assert len(known) == len(re.findall(r"\bpreset\b", text)), name


def _with_and_without(answer: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return answers that differ in one, near to the defaults."""
    question, _, choice = answer.partition("/")
    if answer.endswith(ALONE):
        base = {"example": "none"}
        return base | {question: [choice.removesuffix(ALONE)]}, base | {question: []}
    if question in TEXTS:
        base = {"database": "postgres"}
        this, another = TEXTS[question]
        return base | {question: this}, base | {question: another}
    usual = SPACE.settings(SPACE.with_defaults({})).items()
    candidates = sorted(STATIC, key=lambda row: len(SPACE.settings(row.answers).items() - usual))
    for row in candidates:
        if answer in checks.chosen(row.answers):
            for other in _others(row, question, choice):
                return SPACE.unusual(row.answers), SPACE.unusual(other)
    message = f"No valid combination differs in {answer} alone"
    raise LookupError(message)


def _others(row: Row, question: str, choice: str) -> Iterator[dict[str, Any]]:
    given = row.answers[question]
    for other in SPACE.questions[question].answers:
        if isinstance(given, list) and set(given) - {choice} != set(other):
            continue
        changed = {**row.answers, question: other}
        if other != given and SPACE.allows(SPACE.settings(changed)):
            yield changed


def _pieces(apart: Apart) -> Iterator[Piece]:
    """Take away each difference, as far as somebody must notice.

    That is each group of lines in a file that both services have, the body of a module of its
    own, and each other file that only one of them has.
    """
    on, off = apart.on, apart.off
    for name in sorted({*on.files, *off.files}):
        if name.startswith(tuple(UNCLAIMED)):
            continue
        if name.endswith(".md") and {name} <= {*on.files} & {*off.files}:
            continue  # a word in a page is no wiring
        if name not in on.files:
            yield Piece(f"{name} is there", name, off.text(name))
        elif name in off.files:
            yield from _changed_lines(name, on.text(name), off.text(name))
        elif not (name.startswith("app/") and name.endswith(".py")):
            yield Piece(f"{name} is gone", name, None)
        elif len(ast.parse(on.text(name)).body) > 1:  # more than a docstring
            yield Piece(f"{name} is hollow", name, _hollow(on.text(name)))


def _changed_lines(name: str, on: str, off: str) -> Iterator[Piece]:
    """Undo each change on its own; a file that is another altogether is changed as a whole."""
    lines, others = on.splitlines(keepends=True), off.splitlines(keepends=True)
    matcher = SequenceMatcher(a=lines, b=others, autojunk=False)
    if on == off:
        return
    if name.startswith("migrations/") or matcher.ratio() < SIMILAR:
        yield Piece(f"{name} is another", name, off)
        if name.endswith(".py"):
            yield Piece(f"{name} is hollow", name, _hollow(on))
        return
    for kind, begin, end, other_begin, other_end in matcher.get_opcodes():
        if kind != "equal":
            undone = [*lines[:begin], *others[other_begin:other_end], *lines[end:]]
            yield Piece(f"{name}:{begin + 1}-{end}", name, "".join(undone))


class _Hollow(ast.NodeTransformer):
    """Takes the body out of each function but those that only say what a value is called."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if node.name != "__str__":
            node.body = [ast.Pass()]
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        node.body = [ast.Pass()]
        return node


def _hollow(text: str) -> str:
    """Return a module without the bodies of its functions; without functions, without any body."""
    tree = ast.parse(text)
    hollow = ast.unparse(_Hollow().visit(tree))
    return hollow if hollow != ast.unparse(ast.parse(text)) else ""


def _copy(project: Project, destination: Path) -> Project:
    shutil.copytree(project.path, destination)
    return Project(destination, project.arms, project.said)


def _bite(apart: Apart, project: Project) -> str:
    """Make the claims of the answer, and return what does not hold.

    Raises:
        TimeoutError: It says nothing in time, which may be the machine's fault.
    """
    try:
        promises.read(project, apart.answer)
        if apart.answer not in promises.USE:
            return ""
        with Service(project, project.answers["database"]) as service:
            told = promises.prepare(service)
            service.start()
            with service.client() as client:
                promises.use(promises.Live(service, client, told), apart.answer)
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 - however a broken service shows itself
        line = traceback.extract_tb(error.__traceback__)[-1].line
        return f"{line}: {error!r}"
    return ""


def _without_preset(template: Path, folder: Path, preset: str) -> Iterator[tuple[str, Path]]:
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


def _proposes(template: Path, folder: Path, preset: str) -> bool:
    """Whether the preset leads to the answers that it stands for."""
    for number, (given, wanted) in enumerate(promises.PRESETS[preset]):
        chosen = {} if preset == "starter" else {"preset": preset}
        project = harness.render(template, folder / str(number), chosen | given)
        if {name: project.answers[name] for name in wanted} != wanted:
            return False
    return True
