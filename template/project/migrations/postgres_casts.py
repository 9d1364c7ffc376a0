"""What checks of migrations need. Files of any age load it: it never changes."""

from typing import Any

IS_VALID = """
    CREATE OR REPLACE FUNCTION pg_temp.is_valid(value text, type text) RETURNS boolean
    LANGUAGE plpgsql AS $$ BEGIN
      EXECUTE format('SELECT CAST(%L AS %s)', value, type); RETURN true;
    EXCEPTION WHEN data_exception THEN RETURN false; END $$"""


async def prepare(db: Any) -> None:
    """Make a function of this session that tells whether a text can be read as a type."""
    await db.execute_script(IS_VALID)
