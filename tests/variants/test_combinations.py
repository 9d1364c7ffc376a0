"""The committed rows cover every pair and triple of valid answers, and the templates' branches."""

import filecmp
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import jinja2
import pytest
import yaml
from jinja2 import nodes

from tests.conftest import RecordFigure, Render
from tests.support import harness
from tests.support.report import NOT_RENDERED, Report, is_excepted
from tests.variants.branches import Branch, all_branches
from tests.variants.cover import EXHAUSTIVE, SEED, cover, groups, starts, uncovered, wanted
from tests.variants.rows import PAIRS, SPACE, STATIC, TRIPLES, Row, drawn
from tests.variants.space import Refused, Space, documents

PLANNED: dict[str, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("planned.yml").read_text(encoding="utf-8")
)
"""The planned questions, and the planned choices of existing ones."""
AGAIN = "run `just cover`"
COVERS = {"pairs": (2, PAIRS), "triples": (3, TRIPLES)}


@pytest.mark.parametrize("kind", COVERS)
def test_the_committed_rows_cover_every_pair_and_triple(
    kind: str, record_figure: RecordFigure
) -> None:
    """If not, `just cover` writes new rows."""
    strength, rows = COVERS[kind]

    left = uncovered(SPACE, _valid(rows), strength)
    assert not left, f"{AGAIN}: {[sorted(map(str, group)) for group in left]}"
    needed = len(wanted(SPACE, strength))
    record_figure(
        f"{kind}: {needed - len(left)} of {needed} valid ones covered by {len(rows)} rows"
    )


@pytest.mark.parametrize("names", EXHAUSTIVE, ids="+".join)
def test_each_combination_of_some_questions_is_run(names: tuple[str, ...]) -> None:
    covered = [SPACE.settings(row.answers) for row in PAIRS]
    wanted_together = list(starts(SPACE, [names]))

    assert wanted_together
    for settings in wanted_together:
        assert any(settings.items() <= row.items() for row in covered), f"{settings}: {AGAIN}"


def test_each_row_is_valid_and_has_its_name() -> None:
    for row in STATIC:
        SPACE.check(row.answers)
        assert SPACE.name(row.answers) == str(row)


def test_no_two_combinations_have_one_name() -> None:
    rows = [*STATIC, *drawn(SEED, 100), *drawn(SEED + 1, 100)]

    assert len({str(row) for row in rows}) == len({repr(row.answers) for row in rows})


@pytest.mark.parametrize("question", SPACE.questions)
@pytest.mark.parametrize("kind", COVERS)
def test_a_new_answer_is_missed_in_the_committed_rows(
    kind: str, question: str, tmp_path: Path
) -> None:
    """A dummy answer is added to the question's own file, as a contributor would do it."""
    strength, rows = COVERS[kind]
    space = Space.of(_with_a_dummy(question, tmp_path))

    left = uncovered(space, _valid(rows), strength)

    assert [group for group in left if any("dummy" in str(setting) for setting in group)]


def test_a_new_question_is_missed_in_the_committed_rows(tmp_path: Path) -> None:
    copy = harness.snapshot(tmp_path / "template")
    path = copy / "template/options/ci/question.yml"
    body = {"type": "str", "help": "Which?", "choices": ["one", "two"], "default": "one"}
    with path.open("a", encoding="utf-8") as file:
        yaml.safe_dump({"dummy": body}, file)

    left = uncovered(Space.of(copy), _valid(PAIRS), 2)

    assert {name for group in left for name, _ in group} >= {"dummy", "database"}


SMALL = Space(
    {
        "preset": {"choices": ["a", "b"], "default": "a"},
        "store": {"choices": ["none", "disk", "cloud"], "default": "disk"},
        "extras": {
            "multiselect": True,
            "choices": ["search", "backup", "share"],
            "default": "{{ ['search'] if preset == 'a' else [] }}",
            "validator": "{% if store == 'none' and extras %}no{% endif %}"
            "{% if 'share' in extras and 'backup' not in extras %}no{% endif %}",
        },
        "region": {
            "choices": ["eu", "us"],
            "default": "eu",
            "validator": "{{ 'no' if region == 'us' and store != 'cloud' }}",
        },
    }
)
"""A space with refusals inside a list, between two questions, and of an earlier by a later one."""


@pytest.mark.parametrize("strength", [2, 3])
def test_every_pair_and_triple_is_one_that_the_whole_space_has(strength: int) -> None:
    """The result equals that of counting every valid combination."""
    found = set()
    for answers in SMALL:
        found |= groups(SMALL.settings(answers), strength)

    assert wanted(SMALL, strength) == found
    rows = cover(SMALL, strength, seed=SEED)
    assert uncovered(SMALL, rows, strength) == set()
    assert uncovered(SMALL, rows[1:], strength) != set()


def test_the_space_refuses_what_copier_refuses(template: Path, tmp_path: Path) -> None:
    """For random answers the verdicts are the same, and so are the reasons."""
    random = Random(SEED)  # noqa: S311 - a sample is no secret
    everything = list(product(*(question.answers for question in SPACE.questions.values())))
    refused = 0
    for number, answers in enumerate(random.sample(everything, 40)):
        given = dict(zip(SPACE.questions, answers, strict=True))
        ours = _verdict(lambda given=given: SPACE.check(given))
        theirs = _verdict(
            lambda given=given, number=number: harness.render(
                template, tmp_path / str(number), given
            )
        )
        assert bool(ours) == bool(theirs), given
        assert ours in theirs
        refused += bool(ours)
    assert 0 < refused < 40


def test_the_space_proposes_what_copier_proposes(render: Render) -> None:
    for answers in SPACE.deviations():
        project = render(**SPACE.non_defaults(answers))
        assert {name: project.answers[name] for name in answers} == answers


def test_the_same_seed_leads_to_the_same_rows() -> None:
    assert sorted(PAIRS, key=str) == _named(cover(SPACE, 2, seed=SEED, exhaustive=EXHAUSTIVE)), (
        AGAIN
    )
    assert sorted(TRIPLES, key=str) == _named(cover(SPACE, 3, seed=SEED)), AGAIN
    assert drawn(7, 20) == drawn(7, 20) != drawn(8, 20)
    assert len(drawn(7, 20)) == 20


def test_the_cover_is_complete_for_every_planned_option(request: pytest.FixtureRequest) -> None:
    """There are hundreds of millions of combinations, too many for a list."""
    space = _with_what_is_planned()
    pairs = cover(space, 2, seed=SEED, exhaustive=EXHAUSTIVE)
    triples = cover(space, 3, seed=SEED)

    assert uncovered(space, pairs, 2) == uncovered(space, triples, 3) == set()
    read = {space.name(answers) for answers in [*pairs, *triples, *space.deviations()]}
    request.node.user_properties.append(("planned", {"pairs": len(pairs), "static": len(read)}))


def test_no_existing_choice_is_listed_as_planned() -> None:
    """For an existing question only further choices are planned."""
    for name in SPACE.questions.keys() & PLANNED.keys():
        assert PLANNED[name].keys() == {"choices"}, name
        assert not {*PLANNED[name]["choices"]} & {*SPACE.questions[name].choices}, name


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"databse": "mysql"}, "No such question, or none with choices: databse"),
        ({"database": "oracle"}, "'oracle' is no answer to database"),
        ({"auth": "jwt"}, "'jwt' is no answer to auth"),
        ({"auth": [], "example": "notes"}, "belongs to accounts"),
    ],
)
def test_a_row_refuses_what_is_unknown_or_not_allowed(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        Row.of(**given)


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({"databse": "mysql"}, KeyError, "No such question: databse"),
        ({"options": ["ci/github"]}, KeyError, "No such question: options"),
        ({"database": "oracle"}, ValueError, "Invalid choice for 'database'"),
        ({"auth": ["oauth1"]}, ValueError, "oauth1"),
        ({"auth": "jwt"}, (TypeError, ValueError), "auth|list"),
        ({"auth": [], "example": "notes"}, ValueError, "belongs to accounts"),
    ],
)
def test_render_refuses_what_is_unknown_or_not_allowed(
    given: dict[str, Any],
    error: type[Exception],
    sentence: str,
    template: Path,
    tmp_path: Path,
) -> None:
    with pytest.raises(error, match=sentence):
        harness.render(template, tmp_path / "service", given)

    assert not (tmp_path / "service").exists()


@pytest.mark.parametrize("row", PAIRS, ids=str)
def test_a_fast_render_equals_that_of_the_command_line(
    row: Row, render: Render, template: Path, tmp_path: Path
) -> None:
    """The command line of Copier runs in a process without the shortcuts of branches.py."""
    given = SPACE.non_defaults(row.answers)
    fast = render(**given)
    data = tmp_path / "data.yml"
    data.write_text(yaml.safe_dump(given), encoding="utf-8")
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet"]
    command += ["--data-file", str(data), str(template), str(tmp_path / "service")]

    subprocess.run(command, check=True, env=harness.clean_environment())

    plain = harness.Project(tmp_path / "service")
    everything = sorted(str(p.relative_to(plain.path)) for p in plain.path.rglob("*"))
    assert everything == sorted(str(p.relative_to(fast.path)) for p in fast.path.rglob("*"))
    _, different, odd = filecmp.cmpfiles(plain.path, fast.path, plain.files, shallow=False)
    assert (different, odd) == ([], [])
    assert [_mode(plain / name) for name in plain.files] == [
        _mode(fast / name) for name in plain.files
    ]


def test_each_branch_of_the_templates_is_rendered_by_a_row_that_is_run(render: Render) -> None:
    """Return whether those rows also succeeded is checked at the end of the run."""
    rendered: set[Branch] = set()
    for row in PAIRS:
        rendered |= render(**SPACE.non_defaults(row.answers)).branches

    missed = [
        str(branch) for branch in sorted(all_branches() - rendered) if not is_excepted(branch)
    ]
    assert not missed, "\n".join(missed)
    assert rendered <= all_branches()


def test_a_branch_that_nobody_can_reach_is_missed(tmp_path: Path) -> None:
    """The render runs in a process of its own, since compiled templates are cached."""
    copy = harness.snapshot(tmp_path / "template")
    path = copy / "template/project/README.md.jinja"
    with path.open("a", encoding="utf-8") as file:
        file.write("{% if auth and not auth %}\n{{ 1 if auth else 2 }}\n{% endif %}\n")
    fragment = copy / "template/options/database/sqlite/forgotten.md"
    fragment.write_text("Nobody includes this.\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["tests/variants/test_combinations.py", "-k", "each_branch"]
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    for step in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *step], cwd=copy, check=True)

    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1, done.stdout + done.stderr
    last = len(path.read_text(encoding="utf-8").splitlines())
    assert f"README.md.jinja:{last - 2} if" in done.stdout
    assert f"README.md.jinja:{last - 1} value if" in done.stdout
    assert "database/sqlite/forgotten.md:1 file" in done.stdout


def test_each_exception_is_about_branches_that_are_not_rendered(render: Render) -> None:
    """Such branches exist, and no row renders them."""
    rendered: set[Branch] = set()
    for row in PAIRS:
        named = {**SPACE.non_defaults(row.answers), "project_slug": "a-name"}
        rendered |= render(**named).branches

    for pattern in NOT_RENDERED:
        excepted = {branch for branch in all_branches() if re.search(pattern, str(branch))}
        assert excepted, pattern
        assert excepted & rendered == set()


def test_every_construct_that_branches_is_marked() -> None:
    """Macros, blocks and inherited templates would need marks of their own."""
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - it makes no HTML
    unknown = (nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.Block, nodes.Extends)
    for path in {branch.path for branch in all_branches() if branch.kind == "file"}:
        tree = environment.parse((harness.ROOT / path).read_text(encoding="utf-8"))
        assert not list(tree.find_all(unknown)), path


def test_branches_are_missed_only_where_every_pair_was_run() -> None:
    """A drawn row, or one pair, says nothing about the branches of the others."""
    one = Report([_report(PAIRS[:1])])
    other_ones = Report([_report(TRIPLES)])
    all_but_one = Report([_report(PAIRS[1:])])
    everything = Report([_report(PAIRS)])

    assert (one.missed, other_ones.missed, all_but_one.missed) == ([], [], [])
    assert len(everything.missed) > 100


def _report(rows: list[Row]) -> pytest.TestReport:
    """Make the report of a test that ran these rows, and went through no branch."""
    properties: list[tuple[str, object]] = [("row", [str(row), 1.0, 1.0]) for row in rows]
    module = "tests/variants/test_rows.py"
    where = (module, 1, "test")
    return pytest.TestReport(
        f"{module}::test", where, {}, "passed", None, "call", user_properties=properties
    )


def test_a_preset_only_proposes() -> None:
    """The same answers are valid under every preset."""
    for row in drawn(SEED, 50):
        for preset in SPACE.questions["preset"].choices:
            SPACE.check({**row.answers, "preset": preset})


def _rows(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        if not _verdict(lambda row=row: SPACE.check(row.answers)):
            yield row


def _valid(rows: list[Row]) -> list[dict[str, Any]]:
    return [row.answers for row in _rows(rows)]


def _named(found: list[dict[str, Any]]) -> list[Row]:
    return sorted((Row(SPACE.name(answers), answers) for answers in found), key=str)


def _verdict(act: Any) -> str:  # noqa: ANN401
    try:
        act()
    except ValueError as error:
        return str(error)
    return ""


def _with_what_is_planned() -> Space:
    """Return the space of the existing and the planned questions."""
    found = {name: dict(body) for name, body in documents(harness.ROOT).items()}
    for name, body in PLANNED.items():
        known = SPACE.questions[name].choices if name in SPACE.questions else ()
        found[name] = {**found.get(name, {}), **body, "choices": [*known, *body["choices"]]}
    return Space(found)


def _with_a_dummy(question: str, folder: Path) -> Path:
    copy = harness.snapshot(folder / "template")
    path = copy / f"template/options/{question}/question.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    choices = document[question]["choices"]
    if isinstance(choices, dict):
        choices["A dummy"] = "dummy"
    else:
        choices.append("dummy")
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return copy


def _mode(path: Path) -> int:
    return path.stat().st_mode
