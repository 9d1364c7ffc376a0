"""SQL as Python source code."""

import re
from textwrap import indent

CONSTANT = re.compile(r"'(?:[^']|'')*'|-?\d+(\.\d+)?|true|false")
"""SQL of a constant."""
QUOTED = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`""")


def as_source(sql: str) -> str:
    """Return a Python string literal, in the most readable form."""
    if '"""' in sql or sql.endswith(('"', "\\")) or _has_long_string(sql):
        return repr(sql)
    raw = "r" if "\\" in sql else ""
    if "\n" not in sql and "'" not in sql and '"' in sql:
        return f"{raw}'{sql}'"
    quotes = '"""' if "\n" in sql or '"' in sql else '"'
    return f"{raw}{quotes}{sql}{quotes}"


def as_literal(text: str | None) -> str:
    """Return a string of Python for any text, or None."""
    return as_source(text) if text is not None and text.isprintable() else repr(text)


def indented(sql: str, margin: int) -> str:
    """Indent a statement, unless that would change a string in it."""
    return sql if _has_long_string(sql) else indent(sql, " " * margin)


def _has_long_string(sql: str) -> bool:
    """Return whether a quoted string or name spans lines."""
    return any("\n" in quoted for quoted in QUOTED.findall(sql))
