"""Notes."""

# add table notes (id, title, body, created_at, updated_at, owner_id)

from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

from tortoise import BaseDBAsyncClient

FOLDER = Path(__file__).parents[1]
sqlite_tables = SimpleNamespace(**run_path(str(FOLDER / "sqlite_tables.py")))

PART = "notes"
DIALECT = "sqlite"
RUN_IN_TRANSACTION = True
MODELS_STATE = "eJyrrgUAAXUA+Q=="
ROLLBACK_DELETES = [
    ("notes", None),
]


async def upgrade(db: BaseDBAsyncClient) -> str:
    return str(
        await sqlite_tables.script(db, __name__, [
            sqlite_tables.execute("""CREATE TABLE IF NOT EXISTS "aerich" (
                "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
                "version" VARCHAR(255) NOT NULL,
                "app" VARCHAR(100) NOT NULL,
                "content" JSON NOT NULL
            )"""),
            sqlite_tables.create("notes", """CREATE TABLE "notes" (
                "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
                "title" VARCHAR(200) NOT NULL,
                "body" TEXT NOT NULL,
                "created_at" TIMESTAMP NOT NULL,
                "updated_at" TIMESTAMP NOT NULL,
                "owner_id" BIGINT NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE
            )"""),
            sqlite_tables.execute('CREATE INDEX IF NOT EXISTS "idx_notes_owner_i_871b33" ON "notes" ("owner_id", "created_at")'),
        ])
    )


async def downgrade(db: BaseDBAsyncClient) -> str:
    return str(
        await sqlite_tables.script(db, __name__, [
            sqlite_tables.drop("notes"),
        ])
    )
