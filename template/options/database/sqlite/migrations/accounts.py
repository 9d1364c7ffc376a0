"""Accounts."""

# add table login_failures (id, key_hash, window, count)
# add table roles (id, name, description, permissions)
# add table tokens (id, kind, secret_hash, family, address, name, prefix, scopes, created_at, last_used_at, rotated_at, expires_at, revoked_at, owner_id)
# add table users (id, username, username_key, email, email_verified, password_hash, age, is_active, created_at, updated_at)
# add table user_roles (user_id, role_id)

from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

from tortoise import BaseDBAsyncClient

FOLDER = Path(__file__).parents[1]
sqlite_tables = SimpleNamespace(**run_path(str(FOLDER / "sqlite_tables.py")))

PART = "accounts"
DIALECT = "sqlite"
RUN_IN_TRANSACTION = True
MODELS_STATE = "eJyrrgUAAXUA+Q=="
ROLLBACK_DELETES = [
    ("login_failures", None),
    ("roles", None),
    ("tokens", None),
    ("users", None),
    ("user_roles", None),
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
            sqlite_tables.create("login_failures", """CREATE TABLE "login_failures" (
                "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
                "key_hash" VARCHAR(64) NOT NULL,
                "window" BIGINT NOT NULL,
                "count" INT NOT NULL,
                CONSTRAINT "uid_login_failu_key_has_fd2e71" UNIQUE ("key_hash", "window")
            )"""),
            sqlite_tables.execute('CREATE INDEX IF NOT EXISTS "idx_login_failu_window_90577f" ON "login_failures" ("window")'),
            sqlite_tables.create("roles", """CREATE TABLE "roles" (
                "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
                "name" VARCHAR(50) NOT NULL UNIQUE,
                "description" VARCHAR(200) NOT NULL,
                "permissions" JSON NOT NULL
            )"""),
            sqlite_tables.create("tokens", """CREATE TABLE "tokens" (
                "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
                "kind" VARCHAR(16) NOT NULL,
                "secret_hash" VARCHAR(64) NOT NULL UNIQUE,
                "family" CHAR(36) NOT NULL,
                "address" VARCHAR(254) NOT NULL,
                "name" VARCHAR(100) NOT NULL,
                "prefix" VARCHAR(16) NOT NULL,
                "scopes" JSON,
                "created_at" TIMESTAMP NOT NULL,
                "last_used_at" TIMESTAMP,
                "rotated_at" TIMESTAMP,
                "expires_at" TIMESTAMP,
                "revoked_at" TIMESTAMP,
                "owner_id" BIGINT NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE
            )"""),
            sqlite_tables.execute('CREATE INDEX IF NOT EXISTS "idx_tokens_owner_i_be4439" ON "tokens" ("owner_id")'),
            sqlite_tables.execute('CREATE INDEX IF NOT EXISTS "idx_tokens_expires_68fa67" ON "tokens" ("expires_at")'),
            sqlite_tables.execute('CREATE INDEX IF NOT EXISTS "idx_tokens_family_f37cee" ON "tokens" ("family")'),
            sqlite_tables.create("users", """CREATE TABLE "users" (
                "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
                "username" VARCHAR(50) NOT NULL,
                "username_key" VARCHAR(200) NOT NULL UNIQUE,
                "email" VARCHAR(254) NOT NULL UNIQUE,
                "email_verified" BOOLEAN NOT NULL,
                "password_hash" VARCHAR(255) NOT NULL,
                "age" SMALLINT,
                "is_active" BOOLEAN NOT NULL,
                "created_at" TIMESTAMP NOT NULL,
                "updated_at" TIMESTAMP NOT NULL
            )"""),
            sqlite_tables.create("user_roles", """CREATE TABLE "user_roles" (
                "user_id" BIGINT NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE,
                "role_id" INT NOT NULL REFERENCES "roles" ("id") ON DELETE CASCADE
            )"""),
            sqlite_tables.execute('CREATE UNIQUE INDEX IF NOT EXISTS "uidx_user_roles_user_id_63f1a8" ON "user_roles" ("user_id", "role_id")'),
        ])
    )


async def downgrade(db: BaseDBAsyncClient) -> str:
    return str(
        await sqlite_tables.script(db, __name__, [
            sqlite_tables.drop("user_roles"),
            sqlite_tables.drop("users"),
            sqlite_tables.drop("tokens"),
            sqlite_tables.drop("roles"),
            sqlite_tables.drop("login_failures"),
        ])
    )
