"""Tables that only MySQL can tell apart."""

from tests.service.schema.alike import PLAIN
from tests.service.schema.dialects import Difference

DIFFERENCES = {
    "AUTO_INCREMENT": Difference(
        ["CREATE TABLE one (id INT NOT NULL PRIMARY KEY)"],
        ["CREATE TABLE one (id INT NOT NULL PRIMARY KEY AUTO_INCREMENT)"],
        "one.id: generated is '', not 'auto_increment'",
    ),
    "a collation": Difference(
        [PLAIN + " COLLATE utf8mb4_bin"],
        [PLAIN + " COLLATE utf8mb4_general_ci"],
        "one: options is 'InnoDB utf8mb4_bin', not 'InnoDB utf8mb4_general_ci'",
    ),
    "a comment": Difference(
        [PLAIN],
        [PLAIN.replace("(20)", "(20) COMMENT 'x'")],
        "one.a: comment is '', not 'x'",
    ),
    "a table's comment": Difference(
        [PLAIN],
        [PLAIN + " COMMENT 'x'"],
        "one: comment is '', not 'x'",
    ),
    "JSON without its check": Difference(
        ["CREATE TABLE one (id INT, a JSON)"],
        ["CREATE TABLE one (id INT, a LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)"],
        "should not be there",
    ),
    "a full-text index": Difference(
        ["CREATE TABLE one (id INT, a TEXT, KEY i (a(9)))"],
        ["CREATE TABLE one (id INT, a TEXT, FULLTEXT KEY i (a))"],
        "one: index (a) by FULLTEXT is missing",
    ),
}
