"""The planner of migrations, on values; tests/database compares real databases."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from tools.migrations import dialect, files
from tools.migrations.catalogue import Column, Key, Table, without
from tools.migrations.changes import Change, Rename, differences
from tools.migrations.checks import checks
from tools.migrations.files import Direction, Migration
from tools.migrations.make import Options
from tools.migrations.plan import plan
from tools.migrations.refusal import Refused

NUMBER = Column("number", "int", is_null=True)
TITLE = Column("title", "varchar(50)", is_null=False)
LINK = Key("foreign key", ("owner",), "", "link", "users", ("id",), given_name="link")
TASKS = Table("tasks", {"number": NUMBER, "title": TITLE}, ())


def with_columns(*columns: Column) -> Table:
    return replace(TASKS, columns={column.name: column for column in columns})


def words(old: Table, new: Table) -> list[str]:
    return [str(each) for each in differences({"tasks": old}, {"tasks": new})]


def test_a_change_is_described_in_words() -> None:
    wide = replace(TITLE, type="varchar(80)")

    assert words(TASKS, with_columns(NUMBER)) == ["drop tasks.title varchar(50) not null"]
    assert words(TASKS, with_columns(NUMBER, wide)) == [
        "change tasks.title varchar(50) not null → varchar(80) not null"
    ]
    assert words(TASKS, TASKS) == []
    assert str(Change("tasks", None, TASKS)) == "add table tasks (number, title)"
    assert str(Rename("tasks", "remark", "text")) == "rename tasks.text → remark"


def test_a_change_names_the_table_or_column_that_it_deletes() -> None:
    assert Change("tasks", TITLE, None).loses == ("tasks", "title")
    assert Change("tasks", TASKS, None).loses == ("tasks", None)
    assert Change("tasks", None, TITLE).loses is None


def test_a_foreign_key_that_differs_only_in_name_is_renamed() -> None:
    old, new = (replace(TASKS, keys=(replace(LINK, name=name),)) for name in ("old", "new"))

    assert words(old, new) == ["rename foreign key old → new"]


def test_foreign_keys_are_dropped_first_and_added_last() -> None:
    old, new = replace(TASKS, keys=(LINK,)), replace(with_columns(NUMBER), keys=())
    there, back = ({"tasks": old}, {"tasks": new}), ({"tasks": new}, {"tasks": old})

    assert plan(differences(*there), *there, {})[0].old == LINK
    assert plan(differences(*back), *back, {})[-1].new == LINK


def test_rows_without_a_required_value_are_counted() -> None:
    required = replace(NUMBER, is_null=False)
    changes = differences({"tasks": TASKS}, {"tasks": with_columns(required, TITLE)})

    (check,) = checks(changes, {"tasks": TASKS}, {}, [Rename("tasks", "number", "amount")])

    assert f"{dialect.quote('amount')} AS {dialect.quote('number')}" in check.query
    assert check.query.endswith(f".{dialect.quote('number')} IS NULL")
    assert "--fill tasks.number=VALUE" in check.sentence
    assert checks(changes, {"tasks": TASKS}, {("tasks", "number"): "0"}, []) == []


def test_a_type_that_cannot_become_another_is_refused() -> None:
    moment = replace(NUMBER, type="date")
    changes = differences({"tasks": TASKS}, {"tasks": with_columns(moment, TITLE)})

    with pytest.raises(Refused, match="cannot change from int to date"):
        checks(changes, {"tasks": TASKS}, {}, [])


def test_a_file_is_python_that_aerich_can_read(tmp_path: Path) -> None:
    step = Rename("tasks", "remark", "no\"te's")
    migration = Migration("it's", ['say """', "x"], Direction([step]), deletes=[("tasks", None)])
    path = files.next_path(tmp_path, 'a "name"\n')
    path.write_text(migration.text(), encoding="utf-8")

    parsed = ast.parse(migration.text()).body
    functions = [each.name for each in parsed if isinstance(each, ast.AsyncFunctionDef)]
    assert functions == ["upgrade", "downgrade"]
    assert path.name.endswith("_a_name.py")
    assert files.constant(path, "ROLLBACK_DELETES") == [("tasks", None)]
    assert files.constant(path, "DIALECT") == dialect.NAME


def test_a_file_comes_after_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "99991231235959999_last.py").touch()

    assert files.next_path(tmp_path, "more").name == "99991231235960000_more.py"


def test_unmanaged_objects_are_left_out_of_the_comparison(tmp_path: Path) -> None:
    (tmp_path / "20260101000000000_first.py").touch()
    path = files.write_empty(tmp_path, "index of titles")
    text = path.read_text(encoding="utf-8").replace(
        "UNMANAGED: list[str] = []", "UNMANAGED = ['i']"
    )
    path.write_text(text, encoding="utf-8")

    assert files.unmanaged(tmp_path) == {"i"}
    assert without({"tasks": TASKS}, {"tasks"}) == {}
    assert without({"tasks": TASKS}, {"tasks.title"}) == {"tasks": with_columns(NUMBER)}


def test_a_rename_is_not_assumed_by_default() -> None:
    assert Options().ask(Rename("tasks", "remark", "text")) is False
