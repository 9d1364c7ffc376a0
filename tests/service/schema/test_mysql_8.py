"""MySQL 8 and MariaDB describe the same table in other words; the planner understands both alike.

The tests of this folder run on whichever server is there. How MySQL 8 spells a table is in
https://dev.mysql.com/doc/refman/8.4/en/show-create-table.html and its chapter on data types.
"""

import json
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
READ = """
import json, sys
from dataclasses import asdict
from tools.migrations.dialect import table_of
print(json.dumps([asdict(table_of("tasks", text)) for text in json.load(sys.stdin)]))
"""


@pytest.fixture(scope="module")
def tables(template: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """Return what the planner of a service understands of either text."""
    folder = tmp_path_factory.mktemp("mysql") / "service"
    service = harness.render(template, folder, {"database": "mysql"})
    done = subprocess.run(
        [sys.executable, "-c", READ],
        cwd=service.path,
        input=json.dumps([MYSQL_8, MARIADB]),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_mysql_8_and_mariadb_are_understood_alike(tables: list[dict[str, object]]) -> None:
    mysql, mariadb = (dict(table) for table in tables)
    columns = [table.pop("columns") for table in (mysql, mariadb)]

    assert mysql == mariadb
    for name, column in columns[0].items():  # type: ignore[attr-defined]  # JSON has no types
        other = columns[1][name]  # type: ignore[index]
        if name == "more":  # what one says as an expression, the other says as a value
            assert (column.pop("default"), other.pop("default")) == ("(_utf8mb4'{}')", "'{}'")
        assert column == other
