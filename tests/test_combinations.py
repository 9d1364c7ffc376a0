"""The committed rows cover every pair and triple of valid answers, and the templates' arms."""

import filecmp
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from tests import harness
from tests.conftest import Render, Say
from tests.matrix.arms import Arm, all_arms
from tests.matrix.cover import cover, groups, missing, wanted
from tests.matrix.report import NOT_RENDERED, is_excepted
from tests.matrix.rows import PAIRS, SEED, SPACE, STATIC, TRIPLES, WHOLE, Row, committed, drawn
from tests.matrix.space import Refused, Space

PLANNED = Path(__file__).parent / "matrix/planned.yml"
COVERS = {"pairs": (2, PAIRS), "triples": (3, TRIPLES)}


@pytest.mark.parametrize("kind", COVERS)
def test_the_committed_rows_cover_every_pair_and_triple(kind: str, say: Say) -> None:
    """`just cover` writes them anew."""
    strength, rows = COVERS[kind]

    assert missing(SPACE, _valid(rows), strength) == set()
    needed = len(wanted(SPACE, strength))
    say(f"{kind}: {needed} of {needed} valid ones covered by {len(rows)} rows")


@pytest.mark.parametrize("name", WHOLE)
def test_each_set_of_entries_is_run(name: str) -> None:
    answers = [
        answer
        for answer in SPACE.questions[name].answers
        if SPACE.allows(SPACE.questions[name].settings_of(answer))
    ]

    assert [answer for answer in answers if answer not in [r.answers[name] for r in PAIRS]] == []


def test_each_row_is_valid_and_has_its_name() -> None:
    assert [
        str(row) for row in STATIC if row.answers not in [r.answers for r in _rows(STATIC)]
    ] == []
    assert [str(row) for row in STATIC if SPACE.name(row.answers) != str(row)] == []


def test_no_two_combinations_have_one_name() -> None:
    names = [SPACE.name(answers) for answers in SPACE]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("question", SPACE.questions)
@pytest.mark.parametrize("kind", COVERS)
def test_a_new_answer_is_missed_in_the_committed_rows(
    kind: str, question: str, tmp_path: Path
) -> None:
    """A dummy in the question's own file, as a contributor would add it."""
    strength, rows = COVERS[kind]
    space = Space.of(_with_a_dummy(question, tmp_path))

    left = missing(space, _valid(rows), strength)

    assert [group for group in left if any("dummy" in str(setting) for setting in group)]


def test_a_new_question_is_missed_in_the_committed_rows(tmp_path: Path) -> None:
    copy = harness.snapshot(tmp_path / "template")
    path = copy / "template/options/ci/question.yml"
    body = {"type": "str", "help": "Which?", "choices": ["one", "two"], "default": "one"}
    with path.open("a", encoding="utf-8") as file:
        yaml.safe_dump({"dummy": body}, file)

    left = missing(Space.of(copy), _valid(PAIRS), 2)

    assert {name for group in left for name, _ in group} >= {"dummy", "database"}


def test_every_pair_and_triple_is_one_that_the_whole_space_has() -> None:
    """Counted the slow way: by looking at every valid combination."""
    for strength in (2, 3):
        found = set()
        for answers in SPACE:
            found |= groups(SPACE.settings(answers), strength)
        assert wanted(SPACE, strength) == found


def test_the_space_refuses_what_copier_refuses(template: Path, tmp_path: Path) -> None:
    """Any answer to each question, at random: the verdicts are the same, and so are the words."""
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
        refused += bool(ours)
    assert 0 < refused < 40


def test_the_space_proposes_what_copier_proposes(render: Render) -> None:
    for answers in SPACE.deviations():
        project = render(**SPACE.unusual(answers))
        assert {name: project.answers[name] for name in answers} == answers


def test_the_same_seed_leads_to_the_same_rows() -> None:
    assert committed("pairs") == sorted(_named(cover(SPACE, 2, seed=SEED, whole=WHOLE)), key=str)
    assert committed("triples") == sorted(_named(cover(SPACE, 3, seed=SEED)), key=str)
    assert drawn(7, 20) == drawn(7, 20) != drawn(8, 20)
    assert len(drawn(7, 10_000)) == len(list(SPACE))


def test_the_cover_is_whole_for_every_planned_option(request: pytest.FixtureRequest) -> None:
    """Hundreds of millions of combinations, of which nobody can make a list."""
    space = Space(yaml.safe_load(PLANNED.read_text(encoding="utf-8")))
    pairs = cover(space, 2, seed=SEED, whole=WHOLE)
    triples = cover(space, 3, seed=SEED)

    assert missing(space, pairs, 2) == missing(space, triples, 3) == set()
    read = {space.name(answers) for answers in [*pairs, *triples, *space.deviations()]}
    request.node.user_properties.append(("planned", {"pairs": len(pairs), "static": len(read)}))


def test_what_exists_is_also_planned() -> None:
    space = Space(yaml.safe_load(PLANNED.read_text(encoding="utf-8")))

    for name, question in SPACE.questions.items():
        assert set(question.choices) <= set(space.questions[name].choices), name


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"databse": "mysql"}, "No such question: databse"),
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
        ({"database": "mysql", "migrations": "tortoise"}, ValueError, "--data database=mysql"),
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


@pytest.mark.parametrize("row", PAIRS[:2] + PAIRS[-2:], ids=str)
def test_a_fast_render_is_a_render(
    row: Row, render: Render, template: Path, tmp_path: Path
) -> None:
    """The command line of Copier, in a process that knows nothing of the short cuts."""
    given = SPACE.unusual(row.answers)
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


def test_each_arm_of_the_templates_is_rendered_by_a_row_that_is_run(render: Render) -> None:
    """That those rows also did what their owner does is seen at the end of the run."""
    rendered: set[Arm] = set()
    for row in PAIRS:
        rendered |= render(**SPACE.unusual(row.answers)).arms

    missed = [str(arm) for arm in sorted(all_arms() - rendered) if not is_excepted(arm)]
    assert not missed, "\n".join(missed)
    assert rendered <= all_arms()


def test_an_arm_that_nobody_can_reach_is_missed(tmp_path: Path) -> None:
    """In a process of its own, since what was compiled is kept."""
    copy = harness.snapshot(tmp_path / "template")
    path = copy / "template/project/README.md.jinja"
    with path.open("a", encoding="utf-8") as file:
        file.write("{% if auth and not auth %}\n{{ 1 if auth else 2 }}\n{% endif %}\n")
    fragment = copy / "template/options/database/sqlite/forgotten.md"
    fragment.write_text("Nobody includes this.\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["tests/test_combinations.py", "-k", "each_arm"]
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


def test_each_exception_is_one() -> None:
    """It is about arms that exist, and that are not rendered."""
    for pattern in NOT_RENDERED:
        assert [arm for arm in all_arms() if is_excepted(arm)], pattern


def test_no_pair_of_presets_is_left_out() -> None:
    """A preset proposes answers, no more: the same answers under another preset are the same."""
    by_rest: dict[str, set[str]] = {}
    for answers in SPACE:
        rest = {name: answer for name, answer in answers.items() if name != "preset"}
        by_rest.setdefault(repr(rest), set()).add(answers["preset"])

    assert {frozenset(presets) for presets in by_rest.values()} == {
        frozenset(SPACE.questions["preset"].choices)
    }


def _rows(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        if not _verdict(lambda row=row: SPACE.check(row.answers)):
            yield row


def _valid(rows: list[Row]) -> list[dict[str, Any]]:
    return [row.answers for row in _rows(rows)]


def _named(found: list[dict[str, Any]]) -> list[Row]:
    return [Row(SPACE.name(answers), answers) for answers in found]


def _verdict(act: Any) -> str:  # noqa: ANN401
    try:
        act()
    except ValueError as error:
        return str(error)
    return ""


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
