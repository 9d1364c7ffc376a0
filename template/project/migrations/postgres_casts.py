"""Helper of the checks of migrations. Files of any age load this module: keep it stable."""

from typing import Any

IS_VALID = """
    CREATE OR REPLACE FUNCTION pg_temp.is_valid(value text, type text) RETURNS boolean
    LANGUAGE plpgsql AS $$ BEGIN
      EXECUTE format('SELECT CAST(%L AS %s)', value, type); RETURN true;
    EXCEPTION WHEN data_exception THEN RETURN false; END $$"""


async def prepare(db: Any) -> None:
    """Create a function, for this session, that tests whether a text can be cast to a type."""
    await db.execute_script(IS_VALID)
