"""Statements that make small tables, for databases that differ in one thing."""

OTHER = 'CREATE TABLE "other" ("id" INT NOT NULL PRIMARY KEY)'
THIRD = 'CREATE TABLE "third" ("id" INT NOT NULL PRIMARY KEY)'
ONE = 'CREATE TABLE "one" ("id" INT NOT NULL PRIMARY KEY, "a" VARCHAR(20), "b" INT NOT NULL{})'
"""A table with room for more."""
PLAIN = ONE.format("")
KEY = ', FOREIGN KEY ("b") REFERENCES "other" ("id") ON DELETE CASCADE'
