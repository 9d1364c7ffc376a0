"""MySQL 8 and MariaDB describe the same table in other words; the planner understands both alike.

The differences are named at the head of the planner, `options/database/mysql/planner.py`.

The tests of this folder run on whichever server is there. How MySQL 8 spells a table is in
https://dev.mysql.com/doc/refman/8.4/en/show-create-table.html and its chapter on data types.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import harness

MYSQL_8 = """\
CREATE TABLE `tasks` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `title` varchar(200) COLLATE utf8mb4_bin NOT NULL DEFAULT 'it''s',
  `data` json DEFAULT NULL,
  `more` json NOT NULL DEFAULT (_utf8mb4'{}'),
  `is_done` tinyint(1) NOT NULL,
  `rank` smallint unsigned DEFAULT NULL,
  `due` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  `owner_id` int NOT NULL COMMENT 'who, and why',
  PRIMARY KEY (`id`),
  UNIQUE KEY `title` (`title`),
  KEY `owner` (`owner_id`),
  CONSTRAINT `owner` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='What to do'"""
MARIADB = """\
CREATE TABLE `tasks` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `title` varchar(200) NOT NULL DEFAULT 'it''s',
  `data` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`data`)),
  `more` longtext CHARACTER SET utf8mb4 NOT NULL DEFAULT '{}' CHECK (json_valid(`more`)),
  `is_done` tinyint(1) NOT NULL,
  `rank` smallint(5) unsigned DEFAULT NULL,
  `due` datetime(6) NOT NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6),
  `owner_id` int(11) NOT NULL COMMENT 'who, and why',
  PRIMARY KEY (`id`),
  UNIQUE KEY `title` (`title`),
  KEY `owner` (`owner_id`),
  CONSTRAINT `owner` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='What to do'"""
OVER_EXPRESSIONS = """\
CREATE TABLE `tasks` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `title` varchar(200) COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `plain` (`id`,`title` DESC),
  UNIQUE KEY `mixed` (`id`,(substr(lower(`title`),1,3)) DESC,`title`(10))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"""
PREFIX = "left(`title`, 10)"
READ = """
import json, sys
from dataclasses import asdict
from tools.migrations.dialect import table_of
print(json.dumps([asdict(table_of("tasks", text)) for text in json.load(sys.stdin)]))
"""


@pytest.fixture(scope="module")
def tables(template: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """Return the tables that the planner of a service reads from the texts."""
    folder = tmp_path_factory.mktemp("mysql") / "service"
    service = harness.render(template, folder, {"database": "mysql"})
    done = subprocess.run(
        [sys.executable, "-c", READ],
        cwd=service.path,
        input=json.dumps([MYSQL_8, MARIADB, OVER_EXPRESSIONS]),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_mysql_8_and_mariadb_are_understood_alike(tables: list[dict[str, object]]) -> None:
    mysql, mariadb = (dict(table) for table in tables[:2])
    columns = [table.pop("columns") for table in (mysql, mariadb)]

    assert mysql == mariadb
    for name, column in columns[0].items():  # type: ignore[attr-defined]  # JSON has no types
        other = columns[1][name]  # type: ignore[index]
        if name == "more":  # what one says as an expression, the other says as a value
            assert (column.pop("default"), other.pop("default")) == ("(_utf8mb4'{}')", "'{}'")
        assert column == other


def test_an_index_over_expressions_is_no_index_over_their_columns(
    tables: list[dict[str, object]],
) -> None:
    """MySQL 8 alone has such indexes; uniqueness is checked for their expressions."""
    keys: list[dict[str, object]] = tables[2]["keys"]  # type: ignore[assignment]  # JSON

    parts = {key["name"]: key["parts"] for key in keys if key["name"]}

    assert parts == {"plain": [], "mixed": ["`id`", "(substr(lower(`title`),1,3))", PREFIX]}


def test_no_regular_expression_is_asked_of_bytes(template: Path, tmp_path: Path) -> None:
    """MySQL 8 answers with error 3995 where MariaDB compares."""
    service = harness.render(template, tmp_path / "service", {"database": "mysql"})

    assert not re.search(r"BINARY [^\n]* REGEXP", service.text("tools/migrations/dialect.py"))
