"""Accounts."""

# add table login_failures (id, key_hash, window, count)
# add table roles (id, name, description, permissions)
# add table tokens (id, kind, secret_hash, family, address, name, prefix, scopes, created_at, last_used_at, rotated_at, expires_at, revoked_at, owner_id)
# add table users (id, username, username_key, email, email_verified, password_hash, age, is_active, created_at, updated_at)
# add table user_roles (user_id, role_id)

from tortoise import BaseDBAsyncClient

PART = "accounts"
DIALECT = "postgres"
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
    return """
        CREATE TABLE IF NOT EXISTS "aerich" (
            "id" SERIAL NOT NULL PRIMARY KEY,
            "version" VARCHAR(255) NOT NULL,
            "app" VARCHAR(100) NOT NULL,
            "content" JSONB NOT NULL
        );
        CREATE TABLE "login_failures" (
            "id" BIGSERIAL NOT NULL,
            "key_hash" character varying(64) NOT NULL,
            "window" bigint NOT NULL,
            "count" integer NOT NULL,
            CONSTRAINT "login_failures_pkey" PRIMARY KEY (id),
            CONSTRAINT "uid_login_failu_key_has_fd2e71" UNIQUE (key_hash, "window")
        );
        COMMENT ON TABLE "login_failures" IS 'The number of attempts with one key in one window of a rate limit.';
        CREATE INDEX "idx_login_failu_window_90577f" ON "login_failures" USING btree ("window");
        CREATE TABLE "roles" (
            "id" SERIAL NOT NULL,
            "name" character varying(50) NOT NULL,
            "description" character varying(200) NOT NULL,
            "permissions" jsonb NOT NULL,
            CONSTRAINT "roles_name_key" UNIQUE (name),
            CONSTRAINT "roles_pkey" PRIMARY KEY (id)
        );
        COMMENT ON TABLE "roles" IS 'A named set of permissions, such as `user:read`.';
        CREATE TABLE "tokens" (
            "id" BIGSERIAL NOT NULL,
            "kind" character varying(16) NOT NULL,
            "secret_hash" character varying(64) NOT NULL,
            "family" uuid NOT NULL,
            "address" character varying(254) NOT NULL,
            "name" character varying(100) NOT NULL,
            "prefix" character varying(16) NOT NULL,
            "scopes" jsonb,
            "created_at" timestamp with time zone NOT NULL,
            "last_used_at" timestamp with time zone,
            "rotated_at" timestamp with time zone,
            "expires_at" timestamp with time zone,
            "revoked_at" timestamp with time zone,
            "owner_id" bigint NOT NULL,
            CONSTRAINT "tokens_pkey" PRIMARY KEY (id),
            CONSTRAINT "tokens_secret_hash_key" UNIQUE (secret_hash)
        );
        COMMENT ON TABLE "tokens" IS 'An opaque token, issued to its owner.';
        CREATE INDEX "idx_tokens_expires_68fa67" ON "tokens" USING btree (expires_at);
        CREATE INDEX "idx_tokens_family_f37cee" ON "tokens" USING btree (family);
        CREATE INDEX "idx_tokens_owner_i_be4439" ON "tokens" USING btree (owner_id);
        CREATE TABLE "users" (
            "id" BIGSERIAL NOT NULL,
            "username" character varying(50) NOT NULL,
            "username_key" character varying(200) NOT NULL,
            "email" character varying(254) NOT NULL,
            "email_verified" boolean NOT NULL,
            "password_hash" character varying(255) NOT NULL,
            "age" smallint,
            "is_active" boolean NOT NULL,
            "created_at" timestamp with time zone NOT NULL,
            "updated_at" timestamp with time zone NOT NULL,
            CONSTRAINT "users_email_key" UNIQUE (email),
            CONSTRAINT "users_pkey" PRIMARY KEY (id),
            CONSTRAINT "users_username_key_key" UNIQUE (username_key)
        );
        COMMENT ON TABLE "users" IS 'An account.';
        CREATE TABLE "user_roles" (
            "user_id" bigint NOT NULL,
            "role_id" integer NOT NULL
        );
        CREATE UNIQUE INDEX "uidx_user_roles_user_id_63f1a8" ON "user_roles" USING btree (user_id, role_id);
        ALTER TABLE "tokens" ADD CONSTRAINT "tokens_owner_id_fkey" FOREIGN KEY (owner_id) REFERENCES users(id) ON DELETE CASCADE;
        ALTER TABLE "user_roles" ADD CONSTRAINT "user_roles_role_id_fkey" FOREIGN KEY (role_id) REFERENCES roles(id) ON DELETE CASCADE;
        ALTER TABLE "user_roles" ADD CONSTRAINT "user_roles_user_id_fkey" FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
    """


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        ALTER TABLE "tokens" DROP CONSTRAINT "tokens_owner_id_fkey";
        ALTER TABLE "user_roles" DROP CONSTRAINT "user_roles_role_id_fkey";
        ALTER TABLE "user_roles" DROP CONSTRAINT "user_roles_user_id_fkey";
        DROP TABLE "user_roles";
        DROP TABLE "users";
        DROP TABLE "tokens";
        DROP TABLE "roles";
        DROP TABLE "login_failures";
    """
