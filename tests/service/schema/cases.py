"""Every change that a tool for migrations is tried on."""

from tests.service.schema.case import Case
from tests.service.schema.changes import (
    columns,
    defaults,
    indexes,
    keys,
    many_to_many,
    names,
    renames,
    several,
    tables,
    types,
)

GROUPS = (columns, defaults, types, indexes, keys, many_to_many, tables, renames, names, several)
CASES: tuple[Case, ...] = tuple(case for group in GROUPS for case in group.CASES)
